//! A folder of its own for each document, laid out as the repository's `scenarios/` is.

use std::fs;
use std::path::{Path, PathBuf};

/// Where a document's commands run.
pub struct Scratch(PathBuf);

impl Scratch {
    /// A fresh folder with copies of the scenarios, the wrong ones included. Templates are links: an app is bound to the real file.
    pub fn new(document: &Path) -> Self {
        let name = document.file_stem().expect("a document has a name");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("documents").join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).expect("a folder of an earlier run can be removed");
        }
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        for copied in ["scenarios", "tests/bad"] {
            copy(&root.join(copied), &folder.join(copied));
        }
        Self(folder)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).unwrap_or_else(|error| panic!("{name}: {error}"));
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the target folder can be written");
    for entry in fs::read_dir(from).expect("the repository can be read") {
        let path = entry.expect("the repository can be read").path();
        let target = to.join(path.file_name().expect("an entry has a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else if path.ends_with("template.yaml") {
            std::os::unix::fs::symlink(&path, &target).expect("links can be made");
        } else {
            fs::copy(&path, &target).expect("files can be copied");
        }
    }
}
