//! Captures: values that one step takes out of an answer and later steps put into their text.
//!
//! `$order_id` and `${order_id}` stand for a captured value, `$$` for a dollar sign, and a `$` in front of
//! anything else is itself. Keys are never touched.

use std::collections::BTreeMap;
use std::ops::Range;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// The values captured so far, by name.
pub type Captured = BTreeMap<String, Value>;

/// The name of a capture: a letter or `_`, then letters, digits and `_`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub struct CaptureName(#[schemars(regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$"))] String);

/// A JSON pointer into an answer, such as `/orderId` or `/items/0/sku`; an empty one is the whole answer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub struct Pointer(#[schemars(regex(pattern = r"^(/.*)?$"))] String);

/// A name that no earlier step has captured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nothing has been captured as `{name}`")]
pub struct UnknownCapture {
    pub name: String,
}

impl CaptureName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for CaptureName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        if !name.is_empty() && identifier(&name) == name.len() {
            return Ok(Self(name));
        }
        Err(format!("`{name}` cannot name a capture: use letters, digits and `_`, no digit first"))
    }
}

impl Pointer {
    /// The place that the pointer means in an answer, if it has it.
    pub fn find<'v>(&self, answer: &'v Value) -> Option<&'v Value> {
        answer.pointer(&self.0)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Pointer {
    type Error = String;

    fn try_from(pointer: String) -> Result<Self, String> {
        if pointer.is_empty() || pointer.starts_with('/') {
            return Ok(Self(pointer));
        }
        Err(format!("`{pointer}` is not a JSON pointer: one starts with a slash, such as `/{pointer}`"))
    }
}

/// The text with its captures put in: a captured text as it is, any other value as JSON.
///
/// # Errors
/// The first name that has not been captured.
pub fn substitute(text: &str, captured: &Captured) -> Result<String, UnknownCapture> {
    pieces(text)
        .map(|piece| match piece {
            Piece::Literal(literal) => Ok(literal.to_owned()),
            Piece::Reference { name, .. } => Ok(match look_up(name, captured)? {
                Value::String(value) => value.clone(),
                other => other.to_string(),
            }),
        })
        .collect()
}

/// Whatever has text that captures are put into.
pub trait Substitute {
    /// Puts the captured values in.
    ///
    /// # Errors
    /// The first name that has not been captured.
    fn substitute(&mut self, captured: &Captured) -> Result<(), UnknownCapture>;
}

/// `Substitute` for a type whose text is in some of its fields.
macro_rules! substitute_in {
    ($type:ty: $($field:ident),+) => {
        impl $crate::scenario::Substitute for $type {
            fn substitute(
                &mut self,
                captured: &$crate::scenario::Captured,
            ) -> Result<(), $crate::scenario::UnknownCapture> {
                $($crate::scenario::Substitute::substitute(&mut self.$field, captured)?;)+
                Ok(())
            }
        }
    };
}
pub(super) use substitute_in;

impl Substitute for String {
    fn substitute(&mut self, captured: &Captured) -> Result<(), UnknownCapture> {
        *self = substitute(self, captured)?;
        Ok(())
    }
}

/// A text that is a reference and nothing else becomes the captured value itself, a number included.
impl Substitute for Value {
    fn substitute(&mut self, captured: &Captured) -> Result<(), UnknownCapture> {
        match self {
            Value::String(text) => {
                *self = in_json(text, captured)?;
                Ok(())
            }
            Value::Array(members) => members.substitute(captured),
            Value::Object(entries) => entries.substitute(captured),
            Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
        }
    }
}

impl Substitute for serde_json::Map<String, Value> {
    fn substitute(&mut self, captured: &Captured) -> Result<(), UnknownCapture> {
        self.values_mut().try_for_each(|value| value.substitute(captured))
    }
}

impl<T: Substitute> Substitute for Option<T> {
    fn substitute(&mut self, captured: &Captured) -> Result<(), UnknownCapture> {
        self.iter_mut().try_for_each(|value| value.substitute(captured))
    }
}

impl<T: Substitute> Substitute for Vec<T> {
    fn substitute(&mut self, captured: &Captured) -> Result<(), UnknownCapture> {
        self.iter_mut().try_for_each(|value| value.substitute(captured))
    }
}

impl<T: Substitute> Substitute for BTreeMap<String, T> {
    fn substitute(&mut self, captured: &Captured) -> Result<(), UnknownCapture> {
        self.values_mut().try_for_each(|value| value.substitute(captured))
    }
}

/// What a text becomes among JSON values.
fn in_json(text: &str, captured: &Captured) -> Result<Value, UnknownCapture> {
    let mut all = pieces(text);
    match (all.next(), all.next()) {
        (Some(Piece::Reference { name, .. }), None) => look_up(name, captured).cloned(),
        _ => substitute(text, captured).map(Value::String),
    }
}

fn look_up<'c>(name: &str, captured: &'c Captured) -> Result<&'c Value, UnknownCapture> {
    captured.get(name).ok_or_else(|| UnknownCapture { name: name.to_owned() })
}

/// The references in a text: the name, and where the reference stands, its dollar sign included.
pub(super) fn references(text: &str) -> impl Iterator<Item = (&str, Range<usize>)> {
    pieces(text).filter_map(|piece| match piece {
        Piece::Literal(_) => None,
        Piece::Reference { name, range } => Some((name, range)),
    })
}

/// Whether captures are put into some text of a JSON value.
pub(super) fn has_references(value: &Value) -> bool {
    match value {
        Value::String(text) => references(text).next().is_some(),
        Value::Array(members) => members.iter().any(has_references),
        Value::Object(entries) => entries.values().any(has_references),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

enum Piece<'t> {
    Literal(&'t str),
    Reference { name: &'t str, range: Range<usize> },
}

fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let (piece, length) = piece(text, at)?;
        at += length;
        Some(piece)
    })
}

/// The piece that starts at a byte, and its length.
fn piece(text: &str, at: usize) -> Option<(Piece<'_>, usize)> {
    let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
    let Some(after) = rest.strip_prefix('$') else {
        let length = rest.find('$').unwrap_or(rest.len());
        return Some((Piece::Literal(&rest[..length]), length));
    };
    if after.starts_with('$') {
        return Some((Piece::Literal("$"), 2));
    }
    let (name, length) = match after.strip_prefix('{').and_then(|braced| braced.split_once('}')) {
        Some((name, _)) if identifier(name) == name.len() => (name, name.len() + 3),
        _ => (&after[..identifier(after)], identifier(after) + 1),
    };
    if name.is_empty() {
        return Some((Piece::Literal("$"), 1));
    }
    Some((Piece::Reference { name, range: at..at + length }, length))
}

/// How long the identifier is that a text starts with.
fn identifier(text: &str) -> usize {
    if text.starts_with(|first: char| first.is_ascii_digit()) {
        return 0;
    }
    text.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn captured() -> Captured {
        BTreeMap::from([("id".to_owned(), json!("o-1")), ("total".to_owned(), json!(1250))])
    }

    #[test]
    fn references_are_replaced_and_other_dollars_stay() {
        for (text, expected) in [
            ("plain", "plain"),
            ("/orders/$id", "/orders/o-1"),
            ("/orders/$id/items", "/orders/o-1/items"),
            ("${id}x and $total", "o-1x and 1250"),
            ("$$id", "$id"),
            ("$$$id", "$o-1"),
            ("$5, ${}, ${1x}, ${not closed, 5$", "$5, ${}, ${1x}, ${not closed, 5$"),
            ("", ""),
        ] {
            assert_eq!(substitute(text, &captured()).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn an_unknown_name_is_an_error() {
        assert_eq!(substitute("$id $nobody", &captured()), Err(UnknownCapture { name: "nobody".to_owned() }));
        assert_eq!(substitute("${total2}", &captured()), Err(UnknownCapture { name: "total2".to_owned() }));
    }

    #[test]
    fn in_json_a_reference_alone_is_the_value_itself_and_keys_stay() {
        let mut value = json!({ "$id": ["$total", "n$total", { "deep": "${id}" }], "n": 1 });
        assert_eq!(value.substitute(&captured()), Ok(()));
        assert_eq!(value, json!({ "$id": [1250, "n1250", { "deep": "o-1" }], "n": 1 }));
    }

    #[test]
    fn references_know_their_place() {
        let found: Vec<_> = references("a $id ${total} $$no").collect();
        assert_eq!(found, [("id", 2..5), ("total", 6..14)]);
    }
}
