//! `docs/rules.md` names the tests that hold each rule of delivery: each of them is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A line of the page: a rule, a colon, and tests in backticks to the line's end.
fn named_tests(line: &str) -> Option<Vec<&str>> {
    let (_, tests) = line.strip_prefix("- ")?.rsplit_once(": `")?;
    Some(tests.split('`').filter(|part| part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')).collect())
}

#[test]
fn every_rule_is_held_by_tests_that_exist() {
    let page = fs::read_to_string(root().join("docs/rules.md")).unwrap();
    let all = functions();
    for line in page.lines().filter(|line| line.starts_with("- ")) {
        let tests = named_tests(line).unwrap_or_else(|| panic!("a rule names no test: {line}"));
        assert!(!tests.is_empty(), "a rule names no test: {line}");
        for test in tests.into_iter().filter(|test| !test.is_empty()) {
            assert!(all.contains(test), "there is no test `{test}`, which this rule names: {line}");
        }
    }
}

/// The names of all functions in test code.
fn functions() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for folder in ["tests", "harness", "handlers"] {
        for file in files(&root().join(folder)) {
            let text = fs::read_to_string(&file).unwrap();
            let starts = text.match_indices("fn ").map(|(at, _)| &text[at + 3..]);
            names.extend(starts.map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()));
        }
    }
    names
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => files(&path),
            false if path.extension().is_some_and(|extension| extension == "rs") => vec![path],
            false => Vec::new(),
        })
        .collect()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
