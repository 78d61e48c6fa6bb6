//! Files that stand in a template for what is in them: `AWS::Include`, and the OpenAPI documents that SAM's APIs name in
//! `DefinitionUri`. Both are taken from the template's folder, as packaging for deployment takes them; what is in a
//! bucket stays as it is written, and is refused later.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-include.html>
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-api.html>

use std::path::Path;

use super::call::is_call;
use super::documents::{MAX_FILES, shift};
use super::report::{Report, reported, text_at};
use crate::diagnostic::{Source, Span};
use crate::yaml::{Content, Node, parse};

const INCLUDE: &str = "AWS::Include";
const TRANSFORM: &str = "Fn::Transform";

/// Puts the files in their places. What they include themselves is not looked for, as CloudFormation has it.
pub fn expand(root: &mut Node, directory: Option<&Path>, report: &mut Report) {
    let Some(directory) = directory else { return };
    let mut reader = Reader { directory, report };
    if let Some(resources) = entry_mut(root, "Resources").and_then(|(_, resources)| entries_mut(resources)) {
        resources.iter_mut().for_each(|(_, resource)| reader.definition(resource));
    }
    reader.includes(root);
}

struct Reader<'r> {
    directory: &'r Path,
    report: &'r mut Report,
}

impl Reader<'_> {
    /// An API's document. CloudFormation does not look into it, so that nothing in it is evaluated.
    fn definition(&mut self, resource: &mut Node) {
        let kind = resource.get("Type").and_then(Node::text);
        if !matches!(kind, Some("AWS::Serverless::Api" | "AWS::Serverless::HttpApi")) {
            return;
        }
        let properties = entry_mut(resource, "Properties").map(|(_, properties)| properties);
        let Some((key, value)) = properties.and_then(|properties| entry_mut(properties, "DefinitionUri")) else {
            return;
        };
        let Some(file) = value.text().filter(|file| is_beside(file) && !is_call(value)) else { return };
        let read = self.read(file, &value.span);
        if let Some(place) = read.as_ref().and_then(first_call) {
            let problem = self.report.error(&place, "functions are not evaluated in the file of a `DefinitionUri`");
            problem.help("include the file with `Fn::Transform` and `AWS::Include` in `DefinitionBody`");
        }
        *value = read.unwrap_or_else(|| reported(&value.span));
        *key = text_at(&key.span, "DefinitionBody");
    }

    /// Whatever is included below a node: in its place, or beside what else is in a mapping.
    fn includes(&mut self, node: &mut Node) {
        if let Some(file) = location(node).filter(|file| is_beside(file)) {
            let span = node.span.clone();
            *node = self.read(&file, &span).unwrap_or_else(|| reported(&span));
            return;
        }
        match &mut node.content {
            Content::Sequence(members) => members.iter_mut().for_each(|member| self.includes(member)),
            Content::Mapping(entries) => {
                let at = entries.iter().position(|(key, _)| key.text() == Some(TRANSFORM));
                if let Some(at) = at.filter(|_| entries.len() > 1)
                    && let Some(file) = of_argument(&entries[at].1).filter(|file| is_beside(file))
                {
                    let (_, argument) = entries.remove(at);
                    let read = self.read(&file, &argument.span);
                    entries.extend(read.and_then(|root| root.mapping().map(<[_]>::to_vec)).unwrap_or_default());
                    return;
                }
                entries.iter_mut().for_each(|(_, value)| self.includes(value));
            }
            _ => {}
        }
    }

    fn read(&mut self, file: &str, place: &Span) -> Option<Node> {
        let path = self.directory.join(file);
        let text = std::fs::read(&path).map(String::from_utf8);
        let problem = match &text {
            _ if self.report.files() >= MAX_FILES => Some(format!("there are more than {MAX_FILES} files")),
            Ok(Ok(_)) => None,
            Ok(Err(_)) => Some(format!("`{file}` is not UTF-8 text")),
            Err(error) => Some(format!("the file `{file}` cannot be read: {}", error.kind())),
        };
        if let Some(problem) = problem {
            self.report.error(place, problem).help("files are found relative to the template's own folder");
            return None;
        }
        self.report.nested_files.push(path.canonicalize().unwrap_or_else(|_| path.clone()));
        let source = Source::new(crate::words::shown(&path), text.ok()?.ok()?);
        let start = self.report.add(&source);
        match parse(&source) {
            Ok(mut root) => {
                shift(&mut root, start);
                Some(root)
            }
            Err(diagnostics) => {
                self.report.diagnostics.extend(diagnostics);
                None
            }
        }
    }
}

/// The file that a node which is nothing but `Fn::Transform` includes.
fn location(node: &Node) -> Option<String> {
    if node.tag.as_deref() == Some("Transform") {
        return of_argument(node);
    }
    match node.mapping()? {
        [(key, argument)] if key.text() == Some(TRANSFORM) => of_argument(argument),
        _ => None,
    }
}

fn of_argument(argument: &Node) -> Option<String> {
    let location = argument.get("Parameters")?.get("Location")?;
    let is_include = argument.get("Name").and_then(Node::text) == Some(INCLUDE) && !is_call(location);
    location.text().filter(|_| is_include).map(str::to_owned)
}

fn is_beside(file: &str) -> bool {
    !file.contains("://")
}

/// Where a function is called in a tree.
fn first_call(node: &Node) -> Option<Span> {
    if is_call(node) {
        return Some(node.span.clone());
    }
    let members = node.sequence().unwrap_or_default().iter();
    let values = node.mapping().unwrap_or_default().iter().map(|(_, value)| value);
    members.chain(values).find_map(first_call)
}

fn entries_mut(node: &mut Node) -> Option<&mut Vec<(Node, Node)>> {
    match &mut node.content {
        Content::Mapping(entries) => Some(entries),
        _ => None,
    }
}

fn entry_mut<'n>(node: &'n mut Node, key: &str) -> Option<&'n mut (Node, Node)> {
    entries_mut(node)?.iter_mut().find(|(name, _)| name.text() == Some(key))
}
