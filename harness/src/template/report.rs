//! What reading a template collects on the way: problems, and what is accepted but left out.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Diagnostics, Source, Span};
use crate::stack::NotSimulated;
use crate::yaml::{Content, Node};

/// The tag of a value whose fault has been reported; no other tag is left in a resolved tree.
const REPORTED: &str = "reported";

/// The problems of one template so far.
pub struct Report {
    pub source: Arc<Source>,
    pub diagnostics: Diagnostics,
    pub not_simulated: Vec<NotSimulated>,
}

impl Report {
    pub fn new(source: &Arc<Source>) -> Self {
        Self { source: Arc::clone(source), diagnostics: Diagnostics::default(), not_simulated: Vec::new() }
    }

    /// Adds a problem; the answer can be given a label and help.
    pub fn error(&mut self, span: &Span, message: impl Into<String>) -> &mut Diagnostic {
        self.diagnostics.error(&self.source, span.clone(), message)
    }

    /// Notes that a resource, or a property of one, is accepted and left out.
    pub fn left_out(&mut self, logical_id: &str, what: impl Into<String>) {
        let entry = NotSimulated { logical_id: logical_id.to_owned(), what: what.into() };
        if !self.not_simulated.contains(&entry) {
            self.not_simulated.push(entry);
        }
    }

    /// Where a piece of a scalar's text stands, or the whole scalar where it is not written as such.
    pub fn within(&self, node: &Node, piece: &str) -> Span {
        let written = self.source.text.get(node.span.clone()).unwrap_or_default();
        match written.find(piece) {
            Some(at) => node.span.start + at..node.span.start + at + piece.len(),
            None => node.span.clone(),
        }
    }
}

/// What stands for a value whose fault has been reported, so that it is not reported again.
pub fn reported(span: &Span) -> Node {
    Node { span: span.clone(), tag: Some(REPORTED.to_owned()), content: Content::Null }
}

/// Whether a resolved value's fault has been reported.
pub fn is_reported(node: &Node) -> bool {
    node.tag.as_deref() == Some(REPORTED)
}

/// A text scalar that stands where another node does.
pub fn text_at(span: &Span, text: impl Into<String>) -> Node {
    Node { span: span.clone(), tag: None, content: Content::Text(text.into()) }
}

/// A list that stands where another node does.
pub fn list_at(span: &Span, members: Vec<Node>) -> Node {
    Node { span: span.clone(), tag: None, content: Content::Sequence(members) }
}

/// A mapping that stands where another node does.
pub fn mapping_at(span: &Span, entries: Vec<(Node, Node)>) -> Node {
    Node { span: span.clone(), tag: None, content: Content::Mapping(entries) }
}
