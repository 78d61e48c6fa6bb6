//! Reading the properties of a resource, or of a part of one: which there may be ([`Shape`]) and what
//! type each has ([`Object`]). Every property is either read, or descriptive, or listed as not simulated,
//! or refused by name.

use std::ops::RangeInclusive;

use super::report::{Report, is_reported};
use crate::diagnostic::{Span, nearest};
use crate::yaml::Node;

/// The properties that something may have.
pub struct Shape {
    /// Those that a replay acts on.
    pub reads: &'static [&'static str],
    /// Those that only describe, or say how to build and deploy.
    pub descriptive: &'static [&'static str],
    /// Those that are left out because they cannot change what is delivered.
    pub harmless: &'static [&'static str],
    /// Those that change what is delivered, and are not simulated. With none, the shape names all there are.
    pub refused: &'static [&'static str],
}

impl Shape {
    /// A shape with nothing but properties that are read.
    pub const fn of(reads: &'static [&'static str]) -> Self {
        Self { reads, descriptive: &[], harmless: &[], refused: &[] }
    }

    /// Reports every property that is refused or unknown, and lists the harmless ones.
    pub fn check(&self, report: &mut Report, logical_id: &str, what: &str, entries: &[(Node, Node)]) {
        for (key, _) in entries {
            let name = key.text().unwrap_or_default();
            if self.harmless.contains(&name) {
                report.left_out(logical_id, format!("{what}.{name}"));
            } else if !self.reads.contains(&name) && !self.descriptive.contains(&name) {
                self.refuse(report, what, key, name);
            }
        }
    }

    fn refuse(&self, report: &mut Report, what: &str, key: &Node, name: &str) {
        let known = || self.reads.iter().chain(self.descriptive).chain(self.harmless).copied();
        let is_refused = self.refused.contains(&name);
        if name.starts_with("Fn::") {
            report.error(&key.span, format!("`{name}` cannot stand in the place of a property of {what}"));
            return;
        }
        if !is_refused && (self.refused.is_empty() || nearest(name, known()).is_some()) {
            let problem = report.error(&key.span, format!("`{name}` is not a property of {what}"));
            problem.did_you_mean(name, known());
        } else {
            report
                .error(&key.span, format!("`{name}` of {what} is not simulated"))
                .label("could change what the workflow does")
                .help("leave it out of the template that is replayed, for example behind a condition");
        }
    }
}

/// A mapping of resolved values that is read property by property.
#[derive(Clone)]
pub struct Object<'a> {
    /// What it is a part of, for messages: `AWS::SQS::Queue.RedrivePolicy`.
    pub what: String,
    /// Where to point when something is missing.
    pub place: Span,
    entries: &'a [(Node, Node)],
}

impl<'a> Object<'a> {
    /// The properties of a resource, whose names have been checked already.
    pub fn of_resource(type_name: &str, place: &Span, properties: &'a [(Node, Node)]) -> Self {
        Self { what: type_name.to_owned(), place: place.clone(), entries: properties }
    }

    /// A part of a resource; `None` once it is reported that it is no mapping.
    pub fn open(
        report: &mut Report,
        logical_id: &str,
        what: String,
        place: &Span,
        node: &'a Node,
        shape: &Shape,
    ) -> Option<Self> {
        if is_reported(node) {
            return None;
        }
        let Some(entries) = node.mapping() else {
            report.error(&node.span, format!("{what} must be a mapping, not {}", node.kind()));
            return None;
        };
        shape.check(report, logical_id, &what, entries);
        Some(Self { what, place: place.clone(), entries })
    }

    /// The value of a property, unless it is missing or its fault has been reported.
    pub fn value(&self, key: &str) -> Option<&'a Node> {
        self.entry(key).map(|(_, value)| value).filter(|value| !is_reported(value))
    }

    /// Whether the property is written at all.
    pub fn has(&self, key: &str) -> bool {
        self.entry(key).is_some()
    }

    /// Where the property's name stands, or the object's place where it is missing.
    pub fn place_of(&self, key: &str) -> Span {
        self.entry(key).map_or(self.place.clone(), |(name, _)| name.span.clone())
    }

    /// Reports a property that must be there and is not; says whether it is there.
    pub fn require(&self, report: &mut Report, key: &str) -> bool {
        if !self.has(key) {
            report.error(&self.place, format!("{} needs `{key}`", self.what)).label("missing here");
        }
        self.has(key)
    }

    /// A scalar as text.
    pub fn text(&self, report: &mut Report, key: &str) -> Option<String> {
        let node = self.value(key)?;
        let text = node.scalar();
        if text.is_none() {
            report.error(&node.span, format!("`{key}` of {} must be text, not {}", self.what, node.kind()));
        }
        text
    }

    /// A scalar that must be there.
    pub fn required_text(&self, report: &mut Report, key: &str) -> Option<String> {
        if self.require(report, key) { self.text(report, key) } else { None }
    }

    /// One of several words.
    pub fn word(&self, report: &mut Report, key: &str, words: &[&'static str]) -> Option<&'static str> {
        let node = self.value(key)?;
        let text = self.text(report, key)?;
        let word = words.iter().find(|word| **word == text).copied();
        if word.is_none() {
            let message = format!("`{key}` of {} cannot be `{text}`", self.what);
            let problem = report.error(&node.span, message);
            problem.help(format!("it can be {}", one_of(words))).did_you_mean(&text, words.iter().copied());
        }
        word
    }

    /// A whole number within a range.
    pub fn integer(&self, report: &mut Report, key: &str, range: RangeInclusive<u32>) -> Option<u32> {
        let node = self.value(key)?;
        let number = node.scalar().and_then(|text| text.parse::<u32>().ok()).filter(|number| range.contains(number));
        if number.is_none() {
            let (from, to) = (range.start(), range.end());
            report.error(&node.span, format!("`{key}` of {} must be a whole number from {from} to {to}", self.what));
        }
        number
    }

    /// A whole number within a range, or -1 for no limit.
    pub fn limit(&self, report: &mut Report, key: &str, range: RangeInclusive<u32>) -> Option<u32> {
        let text = self.value(key)?.scalar().unwrap_or_default();
        let number = text.parse::<u32>().ok().filter(|number| range.contains(number));
        if number.is_none() && text != "-1" {
            let (what, from, to) = (&self.what, range.start(), range.end());
            let message = format!("`{key}` of {what} must be -1 or a whole number from {from} to {to}");
            report.error(&self.value(key)?.span, message);
        }
        number
    }

    /// `true` or `false`, also as text.
    pub fn boolean(&self, report: &mut Report, key: &str) -> Option<bool> {
        let node = self.value(key)?;
        let value = match node.scalar().as_deref() {
            Some("true" | "True") => Some(true),
            Some("false" | "False") => Some(false),
            _ => None,
        };
        if value.is_none() {
            report.error(&node.span, format!("`{key}` of {} must be true or false", self.what));
        }
        value
    }

    /// The members of a list; none where it is missing.
    pub fn list(&self, report: &mut Report, key: &str) -> Vec<&'a Node> {
        let Some(node) = self.value(key) else { return Vec::new() };
        match node.sequence() {
            Some(members) => members.iter().filter(|member| !is_reported(member)).collect(),
            None => {
                report.error(&node.span, format!("`{key}` of {} must be a list, not {}", self.what, node.kind()));
                Vec::new()
            }
        }
    }

    /// The entries of a mapping; none where it is missing.
    pub fn mapping(&self, report: &mut Report, key: &str) -> &'a [(Node, Node)] {
        let Some(node) = self.value(key) else { return &[] };
        node.mapping().unwrap_or_else(|| {
            report.error(&node.span, format!("`{key}` of {} must be a mapping, not {}", self.what, node.kind()));
            &[]
        })
    }

    /// A property that is an object of its own.
    pub fn object(&self, report: &mut Report, logical_id: &str, key: &str, shape: &Shape) -> Option<Object<'a>> {
        let node = self.value(key)?;
        Object::open(report, logical_id, format!("{}.{key}", self.what), &self.place_of(key), node, shape)
    }

    /// A property that is a list of objects.
    pub fn objects(&self, report: &mut Report, logical_id: &str, key: &str, shape: &Shape) -> Vec<Object<'a>> {
        let what = format!("{}.{key}", self.what);
        let members = self.list(report, key);
        let place = self.place_of(key);
        members
            .into_iter()
            .filter_map(|node| Object::open(report, logical_id, what.clone(), &first_place(node, &place), node, shape))
            .collect()
    }

    fn entry(&self, key: &str) -> Option<&'a (Node, Node)> {
        self.entries.iter().find(|(name, _)| name.text() == Some(key))
    }
}

/// Where a member of a list starts: its first key, because a caret under all of its lines helps nobody.
fn first_place(node: &Node, otherwise: &Span) -> Span {
    node.mapping().and_then(|entries| entries.first()).map_or(otherwise.clone(), |(key, _)| key.span.clone())
}

fn one_of(words: &[&str]) -> String {
    let quoted: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    quoted.join(" or ")
}
