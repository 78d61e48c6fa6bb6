//! Event patterns: which JSON documents a rule takes.
//!
//! A pattern has the shape of the documents that it matches. What always holds: a pattern that was parsed
//! is one that EventBridge accepts, and [`Pattern::matches`] is [`Pattern::mismatches`] without the words.
//!
//! Rules followed: <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html> and
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html>. Numbers in
//! a plain list are compared as they are written (300 is not 300.0), numbers of `numeric` by their value.
//! A `.` in a field's name leads into an object, in patterns and documents: `{"a.b": …}` is `{"a": {"b": …}}`.
//! Fields of one pattern object must be met by one and the same element where the document has an array of
//! objects. AWS's refusal of wildcard patterns that it finds too complex is not simulated.

mod comparison;
mod operators;
mod parse;
mod paths;
mod text;

use serde_json::{Map, Value};

use comparison::Comparison;

/// A parsed event pattern.
#[derive(Clone, Debug)]
pub struct Pattern {
    root: Fields,
    nested: bool,
}

/// Why a pattern is not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct PatternError {
    /// Where in the pattern, such as `detail.total`; `$` for the pattern as a whole.
    pub path: String,
    pub message: String,
}

impl Pattern {
    /// Reads a pattern, or says what EventBridge would refuse in it.
    pub fn parse(pattern: &Value) -> Result<Self, PatternError> {
        parse::pattern(pattern).map(|root| Self { root, nested: paths::nests(pattern) })
    }

    /// Whether a document matches.
    pub fn matches(&self, document: &Value) -> bool {
        self.mismatches(document).is_empty()
    }

    /// Why a document does not match, a line for each field that does not: `detail.total: 5 does not match
    /// {"numeric":[">",10]}`. Empty where it matches.
    pub fn mismatches(&self, document: &Value) -> Vec<String> {
        let document = paths::spread(document);
        let objects = objects(&document);
        self.root.mismatches("", &objects, &objects)
    }

    /// Whether a field's pattern is written as an object of its own.
    pub(crate) fn is_nested(&self) -> bool {
        self.nested
    }
}

/// The fields that one object must have.
#[derive(Clone, Debug)]
struct Fields {
    named: Vec<(String, Field)>,
    /// `$or`: one of these must hold too. Empty where there is none.
    either: Vec<Fields>,
}

#[derive(Clone, Debug)]
enum Field {
    Nested(Fields),
    Leaf(Leaf),
}

/// What a value must be: one of several.
#[derive(Clone, Debug)]
struct Leaf {
    any_of: Vec<Comparison>,
    /// The list as it is written, for people.
    written: Vec<Value>,
}

impl Fields {
    /// The mismatches of the object that comes nearest among `own`. `all` are the objects at this path in
    /// the whole document: that a field is absent must be true of every one of them.
    fn mismatches(&self, path: &str, own: &[&Map<String, Value>], all: &[&Map<String, Value>]) -> Vec<String> {
        let nothing = Map::new();
        let candidates = if own.is_empty() { &[&nothing][..] } else { own };
        let mut nearest: Option<Vec<String>> = None;
        for candidate in candidates {
            let mismatches = self.mismatches_of(path, candidate, all);
            if mismatches.is_empty() {
                return mismatches;
            }
            if nearest.as_ref().is_none_or(|nearest| mismatches.len() < nearest.len()) {
                nearest = Some(mismatches);
            }
        }
        nearest.unwrap_or_default()
    }

    fn mismatches_of(&self, path: &str, own: &Map<String, Value>, all: &[&Map<String, Value>]) -> Vec<String> {
        let mut mismatches = Vec::new();
        for (name, field) in &self.named {
            let path = join(path, name);
            let everywhere = all.iter().filter_map(|object| object.get(name));
            match field {
                Field::Nested(fields) => {
                    let own: Vec<_> = own.get(name).map(objects).unwrap_or_default();
                    let all: Vec<_> = everywhere.flat_map(objects).collect();
                    mismatches.extend(fields.mismatches(&path, &own, &all));
                }
                Field::Leaf(leaf) => {
                    let absent = everywhere.flat_map(leaves).next().is_none();
                    mismatches.extend(leaf.mismatch(&path, own.get(name), absent));
                }
            }
        }
        mismatches.extend(self.no_alternative(path, own, all));
        mismatches
    }

    fn no_alternative(&self, path: &str, own: &Map<String, Value>, all: &[&Map<String, Value>]) -> Option<String> {
        let mut reasons = Vec::new();
        for alternative in &self.either {
            let mismatches = alternative.mismatches_of(path, own, all);
            if mismatches.is_empty() {
                return None;
            }
            reasons.push(mismatches.join(" and "));
        }
        (!reasons.is_empty()).then(|| format!("{}: no alternative holds ({})", join(path, "$or"), reasons.join("; ")))
    }
}

impl Leaf {
    /// Why no value at this path matches. `absent` tells that there is none anywhere in the document.
    fn mismatch(&self, path: &str, value: Option<&Value>, absent: bool) -> Option<String> {
        let present = value.map(leaves).unwrap_or_default();
        let holds = |comparison: &Comparison| {
            (absent && comparison.wants_absence()) || present.iter().any(|value| comparison.holds(value))
        };
        if self.any_of.iter().any(holds) {
            return None;
        }
        let wanted: Vec<_> = self.written.iter().map(Value::to_string).collect();
        let wanted = if wanted.len() == 1 { wanted[0].clone() } else { format!("any of {}", wanted.join(", ")) };
        Some(match value {
            None => format!("{path}: is missing and does not match {wanted}"),
            Some(Value::Object(_)) => format!("{path}: is an object and does not match {wanted}"),
            Some(value) => format!("{path}: {value} does not match {wanted}"),
        })
    }
}

/// The objects that a value is or holds as an array.
fn objects(value: &Value) -> Vec<&Map<String, Value>> {
    match value {
        Value::Object(object) => vec![object],
        Value::Array(items) => items.iter().flat_map(objects).collect(),
        _ => Vec::new(),
    }
}

/// The values, neither objects nor arrays, that a value is or holds as an array.
fn leaves(value: &Value) -> Vec<&Value> {
    match value {
        Value::Object(_) => Vec::new(),
        Value::Array(items) => items.iter().flat_map(leaves).collect(),
        leaf => vec![leaf],
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[cfg(test)]
mod tests;
