//! The files of an app: its templates, and those of their nested stacks, each read once for every stack that is made
//! of it. Which files there are does not depend on any value, so that all are read before anything is evaluated.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::call::is_call;
use super::includes;
use super::report::Report;
use super::{Naming, assembly};
use crate::diagnostic::Source;
use crate::yaml::{Content, Node, parse};

/// CloudFormation's type for a stack in a stack.
pub const STACK: &str = "AWS::CloudFormation::Stack";
/// SAM's.
pub const APPLICATION: &str = "AWS::Serverless::Application";

/// How many files an app may have. A file can name another one many times.
pub const MAX_FILES: usize = 200;

/// A template to be read: its text, and where the files are that it names.
#[derive(Clone, Debug)]
pub struct Template {
    pub source: Arc<Source>,
    /// `None` where it is known as text only: then its nested stacks are elsewhere.
    pub directory: Option<PathBuf>,
}

impl Template {
    /// A template's file, with the files that it names beside it.
    ///
    /// # Errors
    /// The file cannot be read, or is not UTF-8 text.
    pub fn of_file(path: &Path) -> std::io::Result<Self> {
        let source = Source::new(crate::words::shown(path), std::fs::read_to_string(path)?);
        Ok(Self { source, directory: path.parent().map(Path::to_owned) })
    }

    /// The templates at a path: the file's, or those of the stacks in a folder that `cdk synth` wrote, in the order of
    /// their deployment.
    ///
    /// # Errors
    /// A file cannot be read or is not UTF-8 text, or a folder has no stacks.
    pub fn all_at(path: &Path) -> std::io::Result<Vec<Self>> {
        if !std::fs::metadata(path)?.is_dir() {
            return Ok(vec![Self::of_file(path)?]);
        }
        match assembly::stacks(path).filter(|stacks| !stacks.is_empty()) {
            Some(stacks) => stacks.iter().map(|file| Self::of_file(file)).collect(),
            None => Err(std::io::Error::other("it is a folder without the `manifest.json` and stacks of `cdk synth`")),
        }
    }

    /// The parameters that it declares; none where it cannot be read.
    pub fn parameters(&self) -> Vec<String> {
        let root = parse(&self.source).ok();
        root.iter().flat_map(super::parameters::names).map(str::to_owned).collect()
    }
}

/// A template's tree, and what is to be known of it before it is evaluated.
pub struct Document {
    pub naming: Naming,
    /// What comes before the logical ids of this stack where another stack has the same: the way to it from the app's
    /// templates.
    pub path: String,
    pub root: Node,
    /// The tree once its loops are expanded, where it has any.
    pub expanded: OnceCell<Node>,
    /// The nested stacks, by logical id.
    pub nested: BTreeMap<String, Nested>,
}

/// The template of a nested stack.
pub enum Nested {
    Here(Box<Document>),
    /// In a bucket or in the application repository.
    Elsewhere,
    /// It should be here; why it is not.
    Missing(String),
}

/// Reads the template and those below it. What is wrong with their syntax is reported.
pub fn read(template: &Template, naming: Naming, path: String, report: &mut Report) -> Option<Document> {
    let mut reader = Reader { report, files: Vec::new(), assets: BTreeMap::new() };
    reader.document(&template.source, template.directory.as_deref(), naming, path)
}

struct Reader<'r> {
    report: &'r mut Report,
    /// The files that lead to the one that is being read.
    files: Vec<PathBuf>,
    /// The assets of the folders that have been looked into.
    assets: BTreeMap<PathBuf, BTreeMap<String, String>>,
}

impl Reader<'_> {
    fn document(
        &mut self,
        source: &Arc<Source>,
        directory: Option<&Path>,
        naming: Naming,
        path: String,
    ) -> Option<Document> {
        let start = self.report.add(source);
        let mut root = match parse(source) {
            Ok(root) => root,
            Err(diagnostics) => {
                self.report.diagnostics.extend(diagnostics);
                return None;
            }
        };
        shift(&mut root, start);
        includes::expand(&mut root, directory, self.report);
        let mut nested = BTreeMap::new();
        for (key, resource) in root.get("Resources").and_then(Node::mapping).unwrap_or_default() {
            let logical_id = key.text().unwrap_or_default();
            if let Some(location) = location(resource) {
                let stack_name = format!("{}-{logical_id}", naming.stack_name);
                let naming = Naming { stack_name, ..naming.clone() };
                let path = if path.is_empty() { logical_id.to_owned() } else { format!("{path}/{logical_id}") };
                nested.insert(logical_id.to_owned(), self.nested(location, directory, naming, path));
            }
        }
        Some(Document { naming, path, root, expanded: OnceCell::new(), nested })
    }

    fn nested(&mut self, location: &Node, directory: Option<&Path>, naming: Naming, stack: String) -> Nested {
        let Some(directory) = directory else { return Nested::Elsewhere };
        let Some(file) = self.file(location, directory) else { return Nested::Elsewhere };
        let path = directory.join(&file);
        let text = match std::fs::read(&path).map(String::from_utf8) {
            Ok(Ok(text)) => text,
            Ok(Err(_)) => return Nested::Missing(format!("`{file}` is not UTF-8 text")),
            Err(error) => return Nested::Missing(format!("the template `{file}` cannot be read: {}", error.kind())),
        };
        let known = path.canonicalize().unwrap_or_else(|_| path.clone());
        if self.files.contains(&known) {
            return Nested::Missing(format!("the template `{file}` nests itself"));
        }
        if self.report.files() >= MAX_FILES {
            return Nested::Missing(format!("there are more than {MAX_FILES} nested stacks"));
        }
        self.report.nested_files.push(known.clone());
        self.files.push(known);
        let source = Source::new(crate::words::shown(&path), text);
        let document = self.document(&source, path.parent(), naming, stack);
        self.files.pop();
        document.map_or_else(
            || Nested::Missing(format!("the template `{file}` is not valid")),
            |it| Nested::Here(Box::new(it)),
        )
    }

    /// The file that a location means: one that is named, or an asset of CDK's whose address in a bucket is written.
    fn file(&mut self, location: &Node, directory: &Path) -> Option<String> {
        let is_elsewhere = |text: &str| text.contains("://") || text.contains("{{resolve:");
        if let Some(file) = location.text().filter(|text| !is_call(location) && !is_elsewhere(text)) {
            return Some(file.to_owned());
        }
        let key = last_text(location)?.rsplit('/').next()?;
        let assets = self.assets.entry(directory.to_owned()).or_insert_with(|| assembly::assets(directory));
        assets.get(key).cloned()
    }
}

/// The last text in a value, such as the end of an address that functions make up.
fn last_text(node: &Node) -> Option<&str> {
    match &node.content {
        Content::Text(text) => Some(text),
        Content::Sequence(members) => members.iter().rev().find_map(last_text),
        Content::Mapping(entries) => entries.iter().rev().find_map(|(_, value)| last_text(value)),
        _ => None,
    }
}

/// Where the template of a nested stack is, as written. CDK names the file in the metadata, unless it is told not to, and
/// means its address in a bucket by the property.
fn location(resource: &Node) -> Option<&Node> {
    let properties = resource.get("Properties");
    let property = |name: &str| properties.and_then(|properties| properties.get(name));
    match resource.get("Type")?.text()? {
        STACK => {
            resource.get("Metadata").and_then(|metadata| metadata.get("aws:asset:path")).or(property("TemplateURL"))
        }
        APPLICATION => property("Location"),
        _ => None,
    }
}

/// Moves all places of a tree.
pub fn shift(node: &mut Node, by: usize) {
    if by == 0 {
        return;
    }
    node.span = node.span.start + by..node.span.end + by;
    match &mut node.content {
        Content::Sequence(members) => members.iter_mut().for_each(|member| shift(member, by)),
        Content::Mapping(entries) => entries.iter_mut().for_each(|(key, value)| {
            shift(key, by);
            shift(value, by);
        }),
        _ => {}
    }
}
