//! Which files are scenarios: all YAML files but templates, so that a misspelt one is refused and not overlooked.

use std::io;
use std::path::{Path, PathBuf};

use crate::words::shown;

/// The scenarios at a path: the file itself, or those below a folder, in the order of their names.
/// Folders named `data` and `snapshots`, hidden ones, and files that are templates are passed over.
///
/// # Errors
/// The path is not there or cannot be read.
pub fn scenarios(path: &Path) -> io::Result<Vec<PathBuf>> {
    if std::fs::metadata(path)?.is_file() {
        return Ok(vec![std::path::absolute(path)?]);
    }
    let mut found = Vec::new();
    below(&std::path::absolute(path)?, &mut found)?;
    Ok(found)
}

fn below(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries = std::fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if path.is_dir() {
            if !name.starts_with('.') && name != "data" && name != "snapshots" {
                below(&path, found)?;
            }
        } else if (name.ends_with(".yaml") || name.ends_with(".yml")) && !is_template(&path)? {
            found.push(path);
        }
    }
    Ok(())
}

/// A template has resources at its top level, which no scenario has.
fn is_template(path: &Path) -> io::Result<bool> {
    let bytes = std::fs::read(path)?;
    Ok(bytes.starts_with(b"Resources:") || bytes.windows(11).any(|window| window == b"\nResources:"))
}

/// Whether a scenario's name, or its path as it is shown, has a text in it, in any case.
pub fn is_selected(file: &Path, text: &str) -> bool {
    let wanted = text.to_lowercase();
    let name = std::fs::read_to_string(file).ok().and_then(|content| {
        let line = content.lines().find(|line| line.starts_with("name:"))?;
        Some(line.to_lowercase())
    });
    shown(file).to_lowercase().contains(&wanted) || name.is_some_and(|name| name.contains(&wanted))
}
