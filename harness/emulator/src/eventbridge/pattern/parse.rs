//! From JSON to a pattern, refusing what EventBridge refuses.

use serde_json::{Map, Value};

use super::operators::comparison;
use super::{Field, Fields, Leaf, PatternError, join};

/// `$or` may not multiply to more combinations than this.
const MAX_COMBINATIONS: usize = 1000;

/// What a field beside others of an alternative cannot be called, since it would look like an operator.
const RESERVED: [&str; 24] = [
    "exactly",
    "equals-ignore-case",
    "prefix",
    "suffix",
    "anything-but",
    "exists",
    "wildcard",
    "numeric",
    "cidr",
    "=",
    "<",
    "<=",
    ">",
    ">=",
    "regex",
    "not-wildcard",
    "not-equals-ignore-case",
    "date-after",
    "date-on-or-after",
    "date-before",
    "date-on-or-before",
    "in-date-range",
    "ip-address-in-range",
    "ip-address-not-in-range",
];

pub(super) fn pattern(pattern: &Value) -> Result<Fields, PatternError> {
    let Value::Object(object) = pattern else { return refuse("", "Filter is not an object") };
    let fields = fields("", object, false)?;
    if fields.combinations() > MAX_COMBINATIONS {
        return refuse("", format!("Too many combinations of $or, at most {MAX_COMBINATIONS} are allowed"));
    }
    Ok(fields)
}

impl Fields {
    fn combinations(&self) -> usize {
        let nested = self.named.iter().map(|(_, field)| match field {
            Field::Nested(fields) => fields.combinations(),
            Field::Leaf(_) => 1,
        });
        let either = self.either.iter().map(Self::combinations).fold(0, usize::saturating_add).max(1);
        nested.fold(either, usize::saturating_mul)
    }
}

fn fields(path: &str, object: &Map<String, Value>, in_or: bool) -> Result<Fields, PatternError> {
    if object.is_empty() {
        return refuse(path, "Empty objects are not allowed");
    }
    let mut fields = Fields { named: Vec::new(), either: Vec::new() };
    for (name, value) in object {
        let path = join(path, name);
        if name == "$or" {
            fields.either = alternatives(&path, value)?;
        } else if in_or && RESERVED.contains(&name.as_str()) {
            return refuse(&path, format!("{name} is Ruler reserved fieldName which cannot be used inside $or."));
        } else {
            fields.put(name, field(&path, name, value, in_or)?);
        }
    }
    Ok(fields)
}

impl Fields {
    /// Puts a field by its name, in which `.` leads into an object as nesting does: `a.b` is `b` within `a`.
    fn put(&mut self, name: &str, field: Field) {
        let (name, field) = match name.split_once('.') {
            None => (name, field),
            Some((name, inner)) => {
                let mut fields = Self { named: Vec::new(), either: Vec::new() };
                fields.put(inner, field);
                (name, Field::Nested(fields))
            }
        };
        let same_name = self.named.iter_mut().filter(|(known, _)| known == name).map(|(_, known)| known);
        match field {
            // One element of an array must have all the fields that are asked of it, however they are written.
            Field::Nested(added) => {
                let mut nested = same_name.filter_map(Field::nested_mut);
                match nested.find(|known| known.either.is_empty() || added.either.is_empty()) {
                    Some(known) => known.merge(added),
                    None => self.named.push((name.to_owned(), Field::Nested(added))),
                }
            }
            leaf @ Field::Leaf(_) => self.named.push((name.to_owned(), leaf)),
        }
    }

    fn merge(&mut self, added: Self) {
        for (name, field) in added.named {
            self.put(&name, field);
        }
        if !added.either.is_empty() {
            self.either = added.either;
        }
    }
}

impl Field {
    fn nested_mut(&mut self) -> Option<&mut Fields> {
        match self {
            Self::Nested(fields) => Some(fields),
            Self::Leaf(_) => None,
        }
    }
}

fn alternatives(path: &str, value: &Value) -> Result<Vec<Fields>, PatternError> {
    let Value::Array(list) = value else { return refuse(path, "It must be an Array followed with $or.") };
    let alternative = |entry: &Value| match entry {
        Value::Object(object) => fields(path, object, true),
        _ => refuse(path, "Only JSON object is allowed in array of $or relationship."),
    };
    let alternatives = list.iter().map(alternative).collect::<Result<Vec<_>, _>>()?;
    if alternatives.len() < 2 {
        return refuse(path, "There must have at least 2 Objects in $or relationship.");
    }
    Ok(alternatives)
}

fn field(path: &str, name: &str, value: &Value, in_or: bool) -> Result<Field, PatternError> {
    match value {
        Value::Object(object) => Ok(Field::Nested(fields(path, object, in_or)?)),
        Value::Array(list) if list.is_empty() => refuse(path, "Empty arrays are not allowed"),
        Value::Array(list) => {
            let any_of = list.iter().map(|entry| comparison(path, entry)).collect::<Result<_, _>>()?;
            Ok(Field::Leaf(Leaf { any_of, written: list.clone() }))
        }
        _ => refuse(path, format!("\"{name}\" must be an object or an array")),
    }
}

pub(super) fn refuse<T>(path: &str, message: impl Into<String>) -> Result<T, PatternError> {
    let path = if path.is_empty() { "$" } else { path };
    Err(PatternError { path: path.to_owned(), message: message.into() })
}
