//! The committed JSON Schema is the one of the format, and every scenario names it for editors.

use std::path::{Path, PathBuf};

use rstest::rstest;

#[test]
fn the_committed_schema_is_that_of_the_format() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/schema.json");
    let committed = std::fs::read_to_string(path).expect("the schema is committed");
    let schema = serde_json::to_string_pretty(&rehearsal::scenario::json_schema()).expect("a schema is plain data");
    assert!(committed == format!("{schema}\n"), "write it anew: cargo run -q -- schema > scenarios/schema.json");
}

#[rstest]
fn a_scenario_names_the_schema(
    #[files("scenarios/**/*.yaml")]
    #[exclude("(^|/)(template\\.yaml|data/.*|snapshots/.*)$")]
    path: PathBuf,
) {
    let text = std::fs::read_to_string(&path).expect("it was found");
    assert_eq!(text.lines().next(), Some("# yaml-language-server: $schema=../schema.json"));
}
