//! Every scenario file is a test of its own on each backend. New files are found without touching this one.

use std::path::PathBuf;

use rstest::rstest;

#[rstest]
fn scenario(
    #[files("scenarios/**/*.yaml")]
    #[exclude("(^|/)(template\\.yaml|data/.*|snapshots/.*)$")]
    path: PathBuf,
    #[values("embedded", "localstack")] backend: &str,
) {
    rehearsal::assert_scenario!(&workflows::apps(), &path, backend);
}
