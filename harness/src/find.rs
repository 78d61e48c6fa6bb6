//! Which files are scenarios: all YAML files but templates, so that a misspelt one is refused and not overlooked.

use std::io;
use std::path::{Path, PathBuf};

use crate::template::stacks_of_assembly;
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

/// The templates below a folder, YAML or JSON, in the order of their names; a folder that `cdk synth` wrote stands for
/// those of its stacks. Hidden folders, and those in which tools keep what they made or fetched, are passed over.
///
/// # Errors
/// The folder is not there or cannot be read.
pub fn templates(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    templates_below(&std::path::absolute(folder)?, &mut found)?;
    Ok(found)
}

fn templates_below(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    const MADE: [&str; 3] = ["node_modules", "snapshots", "target"];
    let stacks = stacks_of_assembly(folder).unwrap_or_default();
    if !stacks.is_empty() {
        found.push(folder.to_owned());
    }
    let mut entries = std::fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if stacks.contains(&path) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            if !name.starts_with(['.', '_']) && !name.starts_with("asset.") && !MADE.contains(&name.as_str()) {
                templates_below(&path, found)?;
            }
        } else if [".yaml", ".yml", ".json", ".template"].iter().any(|end| name.ends_with(end)) && is_template(&path)? {
            found.push(path);
        }
    }
    Ok(())
}

/// How a line of YAML begins that is the key of a template's resources.
const KEYS: [&[u8]; 3] = [b"Resources:", b"\"Resources\":", b"'Resources':"];

/// A template has resources at its top level, which no scenario has.
pub fn is_template(path: &Path) -> io::Result<bool> {
    let bytes = std::fs::read(path)?;
    let begins = |line: &[u8]| KEYS.iter().any(|key| line.starts_with(key));
    let has_key = bytes.split(|byte| *byte == b'\n').any(begins);
    Ok(has_key || bytes.windows(11).any(|window| window == b"\"Resources\"") && is_json_template(&bytes))
}

/// JSON that does not parse is a template if it looks like one, so that its fault is told.
fn is_json_template(bytes: &[u8]) -> bool {
    match serde_json::from_slice::<serde_json::Value>(bytes) {
        Ok(value) => value["Resources"].is_object(),
        Err(_) => bytes.trim_ascii_start().starts_with(b"{"),
    }
}

/// Whether a YAML file has a key of a scenario that other kinds of file have not.
pub fn looks_like_scenario(path: &Path) -> bool {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().any(|line| ["template:", "given:", "steps:", "expect:"].iter().any(|key| line.starts_with(key)))
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
