//! Names of fields as paths: `.` within a name leads into an object.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern.html#eb-create-pattern-considerations>

use std::borrow::Cow;

use serde_json::{Map, Value};

/// A document in which no name has a `.`.
pub(super) fn spread(document: &Value) -> Cow<'_, Value> {
    if has_dots(document) { Cow::Owned(spread_value(document)) } else { Cow::Borrowed(document) }
}

/// Whether a pattern is written with an object for a field.
pub(super) fn nests(pattern: &Value) -> bool {
    let nested = |(name, value): (&String, &Value)| match value {
        Value::Object(_) => true,
        Value::Array(alternatives) => name == "$or" && alternatives.iter().any(nests),
        _ => false,
    };
    pattern.as_object().is_some_and(|fields| fields.iter().any(nested))
}

fn has_dots(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('.') || has_dots(value)),
        Value::Array(items) => items.iter().any(has_dots),
        _ => false,
    }
}

fn spread_value(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut spread = Map::new();
            for (name, value) in fields {
                put(&mut spread, name, spread_value(value));
            }
            Value::Object(spread)
        }
        Value::Array(items) => items.iter().map(spread_value).collect(),
        leaf => leaf.clone(),
    }
}

/// Puts a value at the path that a name is. What is at it already is kept beside it, as in an array.
fn put(fields: &mut Map<String, Value>, name: &str, value: Value) {
    let Some((name, inner)) = name.split_once('.') else {
        return add(fields, name, value);
    };
    if let Some(Value::Object(known)) = fields.get_mut(name) {
        return put(known, inner, value);
    }
    let mut nested = Map::new();
    put(&mut nested, inner, value);
    add(fields, name, Value::Object(nested));
}

fn add(fields: &mut Map<String, Value>, name: &str, value: Value) {
    match (fields.get_mut(name), value) {
        (None, value) => {
            fields.insert(name.to_owned(), value);
        }
        (Some(Value::Object(known)), Value::Object(added)) => {
            for (name, value) in added {
                put(known, &name, value);
            }
        }
        (Some(known), value) => *known = Value::Array(vec![known.take(), value]),
    }
}
