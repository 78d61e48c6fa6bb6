//! The canonical text of the tables' final state, and its comparison with the committed snapshot.
//!
//! What always holds: the text depends only on what the tables mean. Items are sorted by key, a generated
//! id is the same placeholder wherever it stands, and what differs between two replays that differ only
//! in seed and start time is masked and listed. So one snapshot serves every backend, every seed and every day.
//!
//! Snapshot files are insta's: `cargo insta review` and `INSTA_UPDATE` work on them.

mod canonical;
mod ids;
mod volatile;

pub use canonical::{Canonical, Learned, Selected, Tables, canonical};

use std::path::{Path, PathBuf};

use similar::TextDiff;

/// How the state compares with its snapshot file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    Same,
    /// There is no snapshot file.
    Missing,
    /// A readable difference, lines of the snapshot marked `-` and of the new state `+`.
    Different(String),
}

/// Where a scenario's snapshot is: `snapshots/<scenario>.snap` beside it.
pub fn path_of(scenario: &Path) -> PathBuf {
    let name = scenario.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    scenario.parent().unwrap_or(Path::new("")).join("snapshots").join(format!("{name}.snap"))
}

/// Compares a state's text with a snapshot file.
///
/// # Errors
/// The file is there and is not one of insta's.
pub fn compare(path: &Path, text: &str) -> Result<Comparison, String> {
    if !path.exists() {
        return Ok(Comparison::Missing);
    }
    let snapshot = insta::Snapshot::from_file(path).map_err(|error| error.to_string())?;
    let committed = snapshot.as_text().map(ToString::to_string).ok_or("not a text snapshot")?;
    if committed.trim_end() == text.trim_end() {
        return Ok(Comparison::Same);
    }
    Ok(Comparison::Different(difference(committed.trim_end(), text.trim_end())))
}

/// Writes a snapshot file as insta does.
///
/// # Errors
/// What the file system says.
pub fn write(path: &Path, scenario: &str, text: &str) -> std::io::Result<()> {
    std::fs::create_dir_all(path.parent().unwrap_or(Path::new("")))?;
    let description = serde_json::Value::from(scenario);
    let header = format!("---\nsource: tests/scenarios.rs\ndescription: {description}\n---\n");
    std::fs::write(path, format!("{header}{}\n", text.trim_end()))
}

/// How many lines of a difference are shown.
const SHOWN_LINES: usize = 60;

fn difference(old: &str, new: &str) -> String {
    let diff = TextDiff::from_lines(old, new);
    let unified = diff.unified_diff().context_radius(2).to_string();
    let mut lines: Vec<&str> = unified.lines().filter(|line| !line.starts_with('\\')).collect();
    let left_out = lines.len().saturating_sub(SHOWN_LINES);
    lines.truncate(SHOWN_LINES);
    let more = if left_out > 0 { format!("\n… and {left_out} more lines") } else { String::new() };
    lines.join("\n") + &more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_snapshot_is_found_the_same_and_a_change_is_shown() {
        let directory = std::env::temp_dir().join(format!("rehearsal-snapshot-{}", std::process::id()));
        let path = directory.join("snapshots/a.snap");
        assert_eq!(compare(&path, "Orders: 1 item\n"), Ok(Comparison::Missing));
        write(&path, "An order: \"quoted\"", "Orders: 1 item\n{\"id\":1}\n").expect("the directory can be written");
        assert_eq!(compare(&path, "Orders: 1 item\n{\"id\":1}"), Ok(Comparison::Same));
        let Ok(Comparison::Different(difference)) = compare(&path, "Orders: 1 item\n{\"id\":2}") else {
            panic!("the id is another one");
        };
        assert!(difference.contains("-{\"id\":1}\n+{\"id\":2}"), "{difference}");
        std::fs::remove_dir_all(&directory).expect("it was made here");
    }
}
