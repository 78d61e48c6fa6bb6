//! What reading a template collects on the way: problems, and what is accepted but left out.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::made_up::MadeUp;
use crate::diagnostic::{Diagnostic, Diagnostics, Source, Span};
use crate::stack::NotSimulated;
use crate::yaml::{Content, Node};

/// The tag of a value whose fault has been reported; no other tag is left in a resolved tree.
const REPORTED: &str = "reported";

/// What is found in the templates of one app. They are read as if their files stood behind each other: a place is a
/// range of bytes in all of them, so that whatever holds one need not know which file it is of.
#[derive(Default)]
pub struct Report {
    /// The files, each with where it begins.
    sources: Vec<(usize, Arc<Source>)>,
    pub diagnostics: Diagnostics,
    pub not_simulated: Vec<NotSimulated>,
    /// What the templates export, by name, each with the number of its template.
    exports: BTreeMap<String, (usize, String)>,
    /// The number of the template that is being read, of those of the app. Nested stacks have their parent's.
    pub template: usize,
    /// The made-up values of parameters, where they are wanted.
    pub placeholders: Option<MadeUp>,
    /// Whether parameters get their values on the command line.
    pub values_are_options: bool,
    /// The files of nested stacks.
    pub nested_files: Vec<PathBuf>,
    /// What is not simulated and nobody needs, while that is no fault.
    tolerated: Option<Diagnostics>,
}

impl Report {
    /// A report on templates whose parameters get made-up values where they have none.
    pub fn with_placeholders() -> Self {
        Self { placeholders: Some(MadeUp::default()), ..Self::default() }
    }

    /// Adds a file behind the others; the answer is where it begins.
    pub fn add(&mut self, source: &Arc<Source>) -> usize {
        let start = self.sources.last().map_or(0, |(start, last)| start + last.text.len() + 1);
        self.sources.push((start, Arc::clone(source)));
        start
    }

    /// How to give a parameter the value that it lacks.
    pub fn how_to_give(&self, parameter: &str) -> String {
        match self.values_are_options {
            true => format!("give it one with `--parameter {parameter}=…`"),
            false => "give it one under the scenario's `parameters`".to_owned(),
        }
    }

    /// Notes an export; answers no where there is one with this name.
    pub fn export(&mut self, name: &str, value: &str) -> bool {
        self.exports.insert(name.to_owned(), (self.template, value.to_owned())).is_none()
    }

    /// What a template that is deployed before the present one exports, or the present one.
    pub fn exported(&self, name: &str) -> Option<&str> {
        self.exports.get(name).filter(|(template, _)| *template <= self.template).map(|(_, value)| value.as_str())
    }

    /// The names of those exports.
    pub fn export_names(&self) -> Vec<String> {
        let before = self.exports.iter().filter(|(_, (template, _))| *template <= self.template);
        before.map(|(name, _)| name.clone()).collect()
    }

    /// How many files there are.
    pub fn files(&self) -> usize {
        self.sources.len()
    }

    /// A place for a message about another one: `template.yaml:3`.
    pub fn shown(&self, span: &Span) -> String {
        let (source, span) = self.place(span);
        format!("{}:{}", source.path, source.line(span.start))
    }

    /// Adds a problem; the answer can be given a label and help. One with a made-up value is not the template's.
    pub fn error(&mut self, span: &Span, message: impl Into<String>) -> &mut Diagnostic {
        let excused = self.placeholders.as_mut().filter(|made_up| made_up.covers(span));
        let (source, span) = place(&self.sources, span);
        excused.map_or(&mut self.diagnostics, |made_up| &mut made_up.excused).error(&source, span, message)
    }

    /// How often a made-up value has been looked at.
    pub fn made_up_uses(&self) -> usize {
        self.placeholders.as_ref().map_or(0, MadeUp::uses)
    }

    /// Notes that a value comes of a made-up one, if one has been looked at since there were so many uses.
    pub fn made_up_since(&mut self, uses: usize, at: &Span) {
        if let Some(made_up) = self.placeholders.as_mut().filter(|made_up| made_up.uses() > uses) {
            made_up.mark(at);
        }
    }

    /// Whether a value comes of a made-up one.
    pub fn is_made_up(&self, at: &Span) -> bool {
        self.placeholders.as_ref().is_some_and(|made_up| made_up.covers(at))
    }

    /// Adds a problem with a value that is right and not simulated, unless that is tolerated here.
    pub fn unsimulated(&mut self, span: &Span, message: impl Into<String>) -> &mut Diagnostic {
        let (source, span) = self.place(span);
        self.tolerated.as_mut().unwrap_or(&mut self.diagnostics).error(&source, span, message)
    }

    /// Whether a value that is not simulated is no fault at the moment.
    pub fn tolerates(&self) -> bool {
        self.tolerated.is_some()
    }

    /// From here on a value that is not simulated is no fault.
    pub fn tolerate(&mut self) {
        self.tolerated = Some(Diagnostics::default());
    }

    /// From here on it is one, until [`Self::tolerate_as`] gives back what this answers.
    pub fn tolerate_nothing(&mut self) -> Option<Diagnostics> {
        self.tolerated.take()
    }

    /// Goes on as before [`Self::tolerate_nothing`].
    pub fn tolerate_as(&mut self, before: Option<Diagnostics>) {
        self.tolerated = before;
    }

    /// From here on it is one again. What was tolerated, or nothing.
    pub fn insist(&mut self) -> Option<Diagnostics> {
        self.tolerated.take().filter(|tolerated| !tolerated.is_empty())
    }

    /// The file that a place is in, and the place in that file.
    pub fn place(&self, span: &Span) -> (Arc<Source>, Span) {
        place(&self.sources, span)
    }

    /// Notes that a resource, or a property of one, is accepted and left out.
    pub fn left_out(&mut self, logical_id: &str, what: impl Into<String>) {
        self.list(NotSimulated {
            logical_id: logical_id.to_owned(),
            what: what.into(),
            harmless: true,
            delivers_to: Vec::new(),
        });
    }

    /// Notes that a resource is left out which a replay does not have, and which could deliver to these.
    pub fn missing(&mut self, logical_id: &str, what: impl Into<String>, delivers_to: Vec<String>) {
        self.list(NotSimulated { logical_id: logical_id.to_owned(), what: what.into(), harmless: false, delivers_to });
    }

    fn list(&mut self, entry: NotSimulated) {
        if !self.not_simulated.contains(&entry) {
            self.not_simulated.push(entry);
        }
    }

    /// The first character of a place that is long.
    pub fn beginning(&self, span: &Span) -> Span {
        let (source, place) = self.place(span);
        let first = source.text.get(place).and_then(|text| text.chars().next());
        span.start..span.start + first.map_or(0, char::len_utf8)
    }

    /// Where a piece of a scalar's text stands, or the whole scalar where it is not written as such.
    pub fn within(&self, node: &Node, piece: &str) -> Span {
        let (source, span) = self.place(&node.span);
        let written = source.text.get(span).unwrap_or_default();
        match written.find(piece) {
            Some(at) => node.span.start + at..node.span.start + at + piece.len(),
            None => node.span.clone(),
        }
    }
}

/// The file among several behind each other that a place is in, and the place in that file.
fn place(sources: &[(usize, Arc<Source>)], span: &Span) -> (Arc<Source>, Span) {
    let (start, source) =
        sources.iter().rev().find(|(start, _)| *start <= span.start).expect("the first file starts at 0");
    (Arc::clone(source), span.start - start..span.end.max(span.start) - start)
}

/// What stands for a value whose fault has been reported, so that it is not reported again.
pub fn reported(span: &Span) -> Node {
    Node { span: span.clone(), tag: Some(REPORTED.to_owned()), content: Content::Null }
}

/// Whether a resolved value's fault has been reported.
pub fn is_reported(node: &Node) -> bool {
    node.tag.as_deref() == Some(REPORTED)
}

/// Whether a resolved value, or one within it, has a fault that has been reported.
pub fn has_reported(node: &Node) -> bool {
    is_reported(node)
        || node.sequence().unwrap_or_default().iter().any(has_reported)
        || node.mapping().unwrap_or_default().iter().any(|(_, value)| has_reported(value))
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
