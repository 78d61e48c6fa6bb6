//! The folder that `cdk synth` writes, a cloud assembly: a manifest of stacks, and beside them lists of their assets, of
//! which the templates of nested stacks are some. A stage is an assembly of its own in a folder within.
//! <https://docs.aws.amazon.com/cdk/v2/guide/deploy.html>

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The templates of the stacks that are deployed of an assembly, each behind those that it depends on; nothing where a
/// folder is no assembly. Stacks that depend on each other are in the manifest's order.
pub fn stacks(folder: &Path) -> Option<Vec<PathBuf>> {
    let manifest = json(&folder.join("manifest.json"))?;
    let artifacts = manifest["artifacts"].as_object()?;
    let stacks: BTreeMap<&str, Stack<'_>> = artifacts.iter().filter_map(Stack::of).collect();
    let (mut seen, mut placed) = (BTreeSet::new(), Vec::new());
    for id in artifacts.keys() {
        // Each is visited when it is met, and placed when all that it depends on has been.
        let mut path = vec![(id.as_str(), false)];
        while let Some((id, is_visited)) = path.pop() {
            let Some(stack) = stacks.get(id) else { continue };
            if is_visited {
                placed.push(folder.join(stack.file));
            } else if seen.insert(id) {
                path.push((id, true));
                path.extend(stack.dependencies.iter().rev().map(|id| (*id, false)));
            }
        }
    }
    // A stack without resources is not deployed.
    let is_deployed = |file: &PathBuf| json(file).is_none_or(|template| template.get("Resources").is_some());
    Some(placed.into_iter().filter(is_deployed).collect())
}

struct Stack<'m> {
    file: &'m str,
    /// The ids of artifacts, of which some are stacks.
    dependencies: Vec<&'m str>,
}

impl<'m> Stack<'m> {
    fn of((id, artifact): (&'m String, &'m Value)) -> Option<(&'m str, Self)> {
        let is_stack = artifact["type"] == "aws:cloudformation:stack";
        let file = artifact["properties"]["templateFile"].as_str().filter(|_| is_stack)?;
        let dependencies =
            artifact["dependencies"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        Some((id, Self { file, dependencies }))
    }
}

/// The files that the stacks of a folder have as assets, by the keys that they get in a bucket.
pub fn assets(folder: &Path) -> BTreeMap<String, String> {
    let lists = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let lists = lists.filter(|path| path.to_string_lossy().ends_with(".assets.json"));
    let mut files = BTreeMap::new();
    for list in lists.filter_map(|path| json(&path)) {
        for asset in list["files"].as_object().into_iter().flat_map(|assets| assets.values()) {
            let Some(file) = asset["source"]["path"].as_str() else { continue };
            let places = asset["destinations"].as_object().into_iter().flat_map(|places| places.values());
            let keys = places.filter_map(|place| place["objectKey"].as_str());
            files.extend(keys.map(|key| (key.to_owned(), file.to_owned())));
        }
    }
    files
}

fn json(file: &Path) -> Option<Value> {
    serde_json::from_slice(&std::fs::read(file).ok()?).ok()
}
