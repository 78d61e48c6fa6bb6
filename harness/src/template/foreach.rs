//! `Fn::ForEach`, the loop of `AWS::LanguageExtensions`: before anything else, each is replaced by what it comes to.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html>

use std::collections::BTreeSet;

use super::call::{FOR_EACH, call};
use super::intrinsic::Evaluator;
use super::report::{is_reported, text_at};
use super::sections::Entry;
use crate::yaml::{Content, Node};

/// The sections that may have loops, at their top or in the properties of what they hold.
const SECTIONS: [&str; 3] = ["Conditions", "Resources", "Outputs"];
/// How many values the loops of a template may come to.
const MAX_NODES: usize = 200_000;

/// Whether a template has a loop anywhere.
pub fn has_loops(node: &Node) -> bool {
    let member = |node: &Node| node.sequence().is_some_and(|members| members.iter().any(has_loops));
    let entry = |(key, value): &Entry| is_loop(key) || has_loops(value);
    member(node) || node.mapping().is_some_and(|entries| entries.iter().any(entry))
}

fn is_loop(key: &Node) -> bool {
    key.text().and_then(|key| key.strip_prefix(FOR_EACH)).is_some_and(|name| name.starts_with("::"))
}

/// A template with its loops expanded. What is wrong with one is reported, and the loop is left out.
pub fn expand(root: &Node, evaluator: &mut Evaluator<'_>) -> Node {
    let mut expansion = Expansion { evaluator, room: MAX_NODES };
    let mut root = root.clone();
    if let Content::Mapping(sections) = &mut root.content {
        for (key, section) in sections {
            if key.text().is_some_and(|name| SECTIONS.contains(&name)) {
                *section = expansion.node(section, &[]);
            }
        }
    }
    root
}

/// A loop's variable and its value.
type Variable = (String, String);

struct Expansion<'e, 'a> {
    evaluator: &'e mut Evaluator<'a>,
    room: usize,
}

impl Expansion<'_, '_> {
    fn node(&mut self, node: &Node, variables: &[Variable]) -> Node {
        if self.room == 0 {
            return Node { span: node.span.clone(), tag: None, content: Content::Null };
        }
        self.room -= 1;
        if self.room == 0 {
            let message = format!("the loops of this template come to more than {MAX_NODES} values");
            self.evaluator.report.error(&node.span, message);
        }
        if let Some(value) = variable(node, variables) {
            return text_at(&node.span, value);
        }
        let content = match &node.content {
            Content::Text(_) if !variables.is_empty() => Content::Text(self.substituted(node, variables)),
            Content::Sequence(members) => {
                Content::Sequence(members.iter().map(|member| self.node(member, variables)).collect())
            }
            Content::Mapping(entries) => Content::Mapping(self.entries(entries, variables)),
            other => other.clone(),
        };
        Node { span: node.span.clone(), tag: node.tag.clone(), content }
    }

    fn entries(&mut self, entries: &[Entry], variables: &[Variable]) -> Vec<Entry> {
        let (mut expanded, mut names) = (Vec::new(), BTreeSet::new());
        for (key, value) in entries {
            let added = if is_loop(key) {
                self.repeat(key, value, variables)
            } else {
                let name = text_at(&key.span, self.substituted(key, variables));
                vec![(name, self.node(value, variables))]
            };
            for (key, value) in added {
                if !names.insert(key.text().unwrap_or_default().to_owned()) {
                    let name = key.text().unwrap_or_default();
                    let message = format!("the key `{name}` stands here twice once the loops are expanded");
                    self.evaluator.report.error(&key.span, message).help("put the loop's variable into the key");
                } else {
                    expanded.push((key, value));
                }
            }
        }
        expanded
    }

    /// What a loop comes to, loops within it included.
    fn repeat(&mut self, key: &Node, value: &Node, variables: &[Variable]) -> Vec<Entry> {
        let parts = value.sequence().unwrap_or_default();
        let [name, collection, body] = parts else { return self.malformed(key) };
        let (Some(name), Some(body)) = (name.text(), body.mapping()) else { return self.malformed(key) };
        let collection = self.node(collection, variables);
        let Some(items) = self.items(&collection) else { return Vec::new() };
        let mut expanded = Vec::new();
        for item in items {
            let mut inner = variables.to_vec();
            inner.push((name.to_owned(), item));
            expanded.extend(self.entries(body, &inner));
            if self.room == 0 {
                break;
            }
        }
        expanded
    }

    /// `${Variable}` and `&{Variable}` in a text; the latter leaves out what may not stand in a logical id.
    fn substituted(&mut self, node: &Node, variables: &[Variable]) -> String {
        let mut text = node.text().unwrap_or_default().to_owned();
        for (name, value) in variables.iter().rev() {
            let alphanumeric: String = value.chars().filter(char::is_ascii_alphanumeric).collect();
            for (written, value) in [(format!("${{{name}}}"), value), (format!("&{{{name}}}"), &alphanumeric)] {
                let times = text.matches(&written).count();
                if times > 0 && self.evaluator.take_room(text.len() + times * value.len(), &node.span) {
                    text = text.replace(&written, value);
                }
            }
        }
        text
    }

    fn malformed(&mut self, key: &Node) -> Vec<Entry> {
        let name = key.text().unwrap_or_default();
        let form = "[Variable, [values], { \"Key${Variable}\": value }]";
        self.evaluator.report.error(&key.span, format!("`{name}` must be written as `{form}`"));
        Vec::new()
    }

    /// The texts that a loop goes over: none is a resource's, because resources are not known yet.
    fn items(&mut self, collection: &Node) -> Option<Vec<String>> {
        let value = self.evaluator.value(collection);
        let members = value.sequence().map(|members| members.iter().map(Node::scalar).collect::<Option<Vec<String>>>());
        match members {
            Some(Some(items)) => return Some(items),
            _ if is_reported(&value) => {}
            _ => {
                let message = format!("a loop goes over a list of texts, not {}", value.kind());
                self.evaluator.report.error(&collection.span, message);
            }
        }
        None
    }
}

/// The value of a loop's variable, where a node is `Ref` to it.
fn variable<'v>(node: &Node, variables: &'v [Variable]) -> Option<&'v str> {
    if variables.is_empty() {
        return None;
    }
    let call = call(node).filter(|call| call.name == "Ref")?;
    let name = call.argument.text()?;
    variables.iter().rev().find(|(variable, _)| variable == name).map(|(_, value)| value.as_str())
}
