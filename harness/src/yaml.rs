//! YAML (and with it JSON) as a tree whose every node knows where it stands, with tags kept.
//!
//! Scalars follow YAML 1.2's core schema: only `true` and `false` are booleans, `no` is text. A mapping
//! with the same key twice is refused, and aliases are expanded up to a limit, so that no file can make
//! the tree explode. The tree also serves serde: [`Node`] is a deserializer whose errors carry a place.

mod decode;
mod located;
mod parse;

pub(crate) use decode::quoted;
pub use decode::{DecodeError, decode};
pub use located::{Located, Scalar, Scalars};
pub use parse::parse;

use serde_json::Value;

use crate::diagnostic::Span;

/// A value of a YAML file and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub span: Span,
    /// A local tag without its exclamation mark: `Sub` for `!Sub`.
    pub tag: Option<String>,
    pub content: Content,
}

/// What a node holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    Null,
    Bool(bool),
    /// A number, with the text that it was written as.
    Number(serde_json::Number, String),
    Text(String),
    Sequence(Vec<Node>),
    Mapping(Vec<(Node, Node)>),
}

impl Node {
    /// The text of a scalar, numbers and booleans as they were written.
    pub fn scalar(&self) -> Option<String> {
        match &self.content {
            Content::Bool(value) => Some(value.to_string()),
            Content::Number(_, text) | Content::Text(text) => Some(text.clone()),
            Content::Null | Content::Sequence(_) | Content::Mapping(_) => None,
        }
    }

    /// The text of a text scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The members of a sequence.
    pub fn sequence(&self) -> Option<&[Node]> {
        match &self.content {
            Content::Sequence(members) => Some(members),
            _ => None,
        }
    }

    /// The entries of a mapping, in order.
    pub fn mapping(&self) -> Option<&[(Node, Node)]> {
        match &self.content {
            Content::Mapping(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value under a key of a mapping.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|(_, value)| value)
    }

    /// The key and the value under a key of a mapping.
    pub fn entry(&self, key: &str) -> Option<&(Node, Node)> {
        self.mapping()?.iter().find(|(name, _)| name.text() == Some(key))
    }

    /// What the node is, for messages: "a mapping", "text".
    pub fn kind(&self) -> &'static str {
        match &self.content {
            Content::Null => "nothing",
            Content::Bool(_) => "a boolean",
            Content::Number(..) => "a number",
            Content::Text(_) => "text",
            Content::Sequence(_) => "a list",
            Content::Mapping(_) => "a mapping",
        }
    }

    /// The node as JSON, tags left out.
    pub fn to_json(&self) -> Value {
        match &self.content {
            Content::Null => Value::Null,
            Content::Bool(value) => Value::Bool(*value),
            Content::Number(value, _) => Value::Number(value.clone()),
            Content::Text(text) => Value::String(text.clone()),
            Content::Sequence(members) => members.iter().map(Node::to_json).collect(),
            Content::Mapping(entries) => Value::Object(
                entries.iter().map(|(key, value)| (key.scalar().unwrap_or_default(), value.to_json())).collect(),
            ),
        }
    }
}
