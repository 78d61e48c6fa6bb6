//! Every scenario file is a test of its own. New files are found without touching this one.

use std::path::PathBuf;

use rstest::rstest;

#[rstest]
fn scenario(#[files("scenarios/**/*.yaml")] path: PathBuf, #[values("embedded", "localstack")] backend: &str) {
    rehearsal::assert_scenario!(&payments::apps(), &path, backend);
}
