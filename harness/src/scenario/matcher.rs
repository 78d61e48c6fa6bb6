//! Patterns that answers, messages and items are compared with: EventBridge's pattern language
//! (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html>).
//!
//! A list holds alternatives, and a list in what is compared matches where one of its members does. For
//! convenience a single value stands for a list of it: `status: PLACED` is `status: [PLACED]`. A [`Matcher`]
//! is written out in full: its leaves are non-empty lists, and the top is an object or one such list.

use std::borrow::Cow;
use std::fmt;

use rehearsal_emulator::eventbridge::pattern::Pattern;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value, json};

use super::capture::{Captured, Substitute, UnknownCapture, has_references};
use crate::diagnostic::nearest;
use crate::yaml::quoted;

/// The content filters that may stand among a leaf's alternatives.
const FILTERS: [&str; 8] =
    ["prefix", "suffix", "anything-but", "numeric", "exists", "equals-ignore-case", "wildcard", "cidr"];

/// A pattern in EventBridge's language, written out in full.
#[derive(Clone, Debug, PartialEq)]
pub struct Matcher(Value);

impl Matcher {
    /// The pattern: an object, or a list of alternatives.
    pub fn value(&self) -> &Value {
        &self.0
    }

    /// The pattern and what to compare with it, both as objects: EventBridge compares nothing else, so a
    /// list of alternatives is put under the key `value`, and what it is compared with too.
    pub fn against(&self, actual: Value) -> (Value, Value) {
        match &self.0 {
            Value::Object(_) => (self.0.clone(), actual),
            leaf => (json!({ "value": leaf }), json!({ "value": actual })),
        }
    }
}

impl Substitute for Matcher {
    fn substitute(&mut self, captured: &Captured) -> Result<(), UnknownCapture> {
        self.0.substitute(captured)
    }
}

/// Whether an alternative of a leaf is valid. With captures in it, that is known once they are put in.
///
/// # Errors
/// Why it is not.
fn validate(alternative: &Value) -> Result<(), String> {
    match alternative {
        Value::Array(_) => return Err("a list among the alternatives of a pattern".to_owned()),
        Value::Object(filter) => filter_name(filter)?,
        _ => {}
    }
    if has_references(alternative) {
        return Ok(());
    }
    Pattern::parse(&json!({ "value": [alternative] })).map(|_| ()).map_err(|error| error.message)
}

/// A content filter is an object with one key, the filter's name.
fn filter_name(filter: &Map<String, Value>) -> Result<(), String> {
    let names: Vec<_> = filter.keys().map(String::as_str).collect();
    match names.as_slice() {
        [name] if FILTERS.contains(name) => Ok(()),
        [name] => Err(match nearest(name, FILTERS) {
            Some(near) => format!("`{name}` is not a content filter: did you mean `{near}`?"),
            None => not_a_filter(name),
        }),
        [name, ..] if !names.iter().any(|name| FILTERS.contains(name)) => Err(not_a_filter(name)),
        _ => Err(format!("a content filter has one name, one of {}", quoted(FILTERS))),
    }
}

fn not_a_filter(name: &str) -> String {
    format!(
        "`{name}` is not a content filter (a list holds alternatives; a list's members are matched by a pattern \
         without the list)"
    )
}

impl<'de> Deserialize<'de> for Matcher {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PatternVisitor).map(Self)
    }
}

/// For serde: a pattern for one value, not for an object.
pub(super) fn leaf<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Matcher>, D::Error> {
    Leaf::deserialize(deserializer).map(|Leaf(matcher)| Some(matcher))
}

/// A pattern for one value: alternatives, or a single value.
pub(super) struct Leaf(pub Matcher);

impl<'de> Deserialize<'de> for Leaf {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let matcher = Matcher::deserialize(deserializer)?;
        if matcher.0.is_array() {
            return Ok(Self(matcher));
        }
        Err(D::Error::custom("expected a value or a list of alternatives, found a mapping"))
    }
}

/// A pattern for an object.
pub(super) struct Fields(pub Matcher);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let matcher = Matcher::deserialize(deserializer)?;
        if matcher.0.is_object() {
            return Ok(Self(matcher));
        }
        Err(D::Error::custom("expected a pattern for an object: a mapping"))
    }
}

struct PatternVisitor;

/// Visits one level, so that a mistake is reported at the place of its own value.
impl<'de> Visitor<'de> for PatternVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a pattern")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(json!([null]))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(json!([value]))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(json!([value]))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(json!([value]))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(json!([value]))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(json!([value]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut alternatives = Vec::new();
        while let Some(Alternative(alternative)) = members.next_element()? {
            alternatives.push(alternative);
        }
        if alternatives.is_empty() {
            return Err(A::Error::custom("an empty list matches nothing: name the alternatives"));
        }
        Ok(Value::Array(alternatives))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut pattern = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let value = if key == "$or" {
                let Branches(branches) = entries.next_value()?;
                Value::Array(branches)
            } else {
                entries.next_value::<Matcher>()?.0
            };
            pattern.insert(key, value);
        }
        if pattern.is_empty() {
            return Err(A::Error::custom("an empty pattern: leave it out, or name what must match"));
        }
        Ok(Value::Object(pattern))
    }
}

/// One alternative of a leaf; a mistake in it is reported at its own place.
struct Alternative(Value);

impl<'de> Deserialize<'de> for Alternative {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        validate(&value).map_err(D::Error::custom)?;
        Ok(Self(value))
    }
}

/// The patterns under `$or`, of which one must match.
struct Branches(Vec<Value>);

impl<'de> Deserialize<'de> for Branches {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let branches = Vec::<Fields>::deserialize(deserializer)?;
        if branches.len() < 2 {
            return Err(D::Error::custom("`$or` takes two patterns or more"));
        }
        Ok(Self(branches.into_iter().map(|Fields(matcher)| matcher.0).collect()))
    }
}

impl JsonSchema for Matcher {
    fn schema_name() -> Cow<'static, str> {
        "Pattern".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "description": "A pattern in EventBridge's language: a list holds alternatives or content filters \
                            such as {prefix: a}; a single value stands for itself",
            "type": ["object", "array", "string", "number", "boolean", "null"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: Value) -> Result<Value, String> {
        Matcher::deserialize(&value).map(|matcher| matcher.0).map_err(|error| error.to_string())
    }

    #[test]
    fn a_single_value_stands_for_a_list_of_it() {
        for (written, full) in [
            (json!(201), json!([201])),
            (json!(null), json!([null])),
            (json!({"status": "PLACED"}), json!({"status": ["PLACED"]})),
            (json!({"a": {"b": 12.5, "c": [true]}}), json!({"a": {"b": [12.5], "c": [true]}})),
            (json!({"k": [{"prefix": "a"}, "b"]}), json!({"k": [{"prefix": "a"}, "b"]})),
            (json!({"$or": [{"a": 1}, {"b": {"c": [2]}}]}), json!({"$or": [{"a": [1]}, {"b": {"c": [2]}}]})),
        ] {
            assert_eq!(read(written.clone()), Ok(full), "{written}");
        }
    }

    #[test]
    fn what_eventbridge_would_refuse_is_refused() {
        for (written, reason) in [
            (json!({"a": []}), "empty list"),
            (json!({}), "empty pattern"),
            (json!({"a": {}}), "empty pattern"),
            (json!({"a": [[1]]}), "a list among"),
            (json!({"a": [{"prefx": "b"}]}), "did you mean `prefix`"),
            (json!({"items": [{"colour": "b"}]}), "without the list"),
            (json!({"a": [{"prefix": "b", "suffix": "c"}]}), "one name"),
            (json!({"$or": [{"a": 1}]}), "two patterns"),
            (json!({"a": [{"numeric": ["about", 5]}]}), "numeric"),
            (json!({"a": [{"exists": "yes"}]}), "exists"),
        ] {
            let message = read(written.clone()).expect_err("invalid");
            assert!(message.contains(reason), "{written}: {message}");
        }
    }

    #[test]
    fn a_filter_with_a_capture_is_judged_once_the_capture_is_put_in() {
        assert!(read(json!({"total": [{"numeric": [">", "$total"]}]})).is_ok());
        assert!(read(json!({"total": [{"numeric": [">", "$$total"]}]})).is_err());
    }

    #[test]
    fn alternatives_are_compared_under_a_key() {
        let matcher = Matcher(json!(["a"]));
        assert_eq!(matcher.against(json!("a")), (json!({"value": ["a"]}), json!({"value": "a"})));
    }
}
