//! From JSON to a pattern, refusing what EventBridge refuses.

use serde_json::{Map, Value};

use super::comparison::{Comparison, Network, Order};
use super::text::{TextTest, Wildcard};
use super::{Field, Fields, Leaf, PatternError, join};

/// `$or` may not multiply to more combinations than this.
const MAX_COMBINATIONS: usize = 1000;

/// Numbers of `numeric` lie within plus and minus this.
const MAX_NUMBER: f64 = 5.0e9;

pub(super) fn pattern(pattern: &Value) -> Result<Fields, PatternError> {
    let Value::Object(object) = pattern else { return refuse("", "Filter is not an object") };
    let fields = fields("", object)?;
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

fn fields(path: &str, object: &Map<String, Value>) -> Result<Fields, PatternError> {
    if object.is_empty() {
        return refuse(path, "Empty objects are not allowed");
    }
    let mut fields = Fields { named: Vec::new(), either: Vec::new() };
    for (name, value) in object {
        let path = join(path, name);
        if name == "$or" {
            fields.either = alternatives(&path, value)?;
        } else {
            fields.named.push((name.clone(), field(&path, name, value)?));
        }
    }
    Ok(fields)
}

fn alternatives(path: &str, value: &Value) -> Result<Vec<Fields>, PatternError> {
    let objects: Option<Vec<_>> = value.as_array().and_then(|list| list.iter().map(Value::as_object).collect());
    match objects {
        Some(objects) if objects.len() >= 2 => objects.into_iter().map(|object| fields(path, object)).collect(),
        _ => refuse(path, "$or must be an array of at least two objects"),
    }
}

fn field(path: &str, name: &str, value: &Value) -> Result<Field, PatternError> {
    match value {
        Value::Object(object) => Ok(Field::Nested(fields(path, object)?)),
        Value::Array(list) if list.is_empty() => refuse(path, "Empty arrays are not allowed"),
        Value::Array(list) => {
            let any_of = list.iter().map(|entry| comparison(path, entry)).collect::<Result<_, _>>()?;
            Ok(Field::Leaf(Leaf { any_of, written: list.clone() }))
        }
        _ => refuse(path, format!("\"{name}\" must be an object or an array")),
    }
}

fn comparison(path: &str, entry: &Value) -> Result<Comparison, PatternError> {
    let object = match entry {
        Value::Object(object) => object,
        Value::Array(_) => return refuse(path, "Match value must be String, number, true, false, or null"),
        value => return Ok(Comparison::Exact(value.clone())),
    };
    let mut entries = object.iter();
    let (Some((operator, operand)), None) = (entries.next(), entries.next()) else {
        return refuse(path, "Only one key allowed in match expression");
    };
    match operator.as_str() {
        "anything-but" => anything_but(path, operand),
        "numeric" => numeric(path, operand),
        "exists" => match operand {
            Value::Bool(wanted) => Ok(Comparison::Exists(*wanted)),
            _ => refuse(path, "exists match pattern must be either true or false."),
        },
        "cidr" => match operand.as_str().map(Network::parse) {
            Some(Some(network)) => Ok(Comparison::Cidr(network)),
            Some(None) => refuse(path, "Malformed CIDR, wanted an IP address, '/' and the length of the prefix"),
            None => refuse(path, "prefix match pattern must be a string"),
        },
        operator => match text_test(path, operator, operand)? {
            Some(test) => Ok(Comparison::Text(test)),
            None => refuse(path, format!("Unrecognized match type {operator}")),
        },
    }
}

/// The test of an operator on strings; `None` where the operator is not one.
fn text_test(path: &str, operator: &str, operand: &Value) -> Result<Option<TextTest>, PatternError> {
    let ignoring_case = operand.as_object().filter(|object| object.len() == 1).and_then(|object| {
        let text = object.get("equals-ignore-case")?.as_str()?;
        Some(text.to_lowercase())
    });
    Ok(Some(match (operator, operand.as_str(), ignoring_case) {
        ("prefix", Some(text), _) => TextTest::Prefix(text.to_owned()),
        ("prefix", _, Some(text)) => TextTest::PrefixIgnoringCase(text),
        ("suffix", Some(text), _) => TextTest::Suffix(text.to_owned()),
        ("suffix", _, Some(text)) => TextTest::SuffixIgnoringCase(text),
        ("equals-ignore-case", Some(text), _) => TextTest::EqualsIgnoringCase(text.to_lowercase()),
        ("wildcard", Some(text), _) => match Wildcard::parse(text) {
            Ok(wildcard) => TextTest::Wildcard(wildcard),
            Err(message) => return refuse(path, message),
        },
        ("prefix" | "suffix" | "equals-ignore-case" | "wildcard", _, _) => {
            return refuse(path, format!("{operator} match pattern must be a string"));
        }
        _ => return Ok(None),
    }))
}

fn anything_but(path: &str, operand: &Value) -> Result<Comparison, PatternError> {
    match operand {
        Value::String(_) | Value::Number(_) => Ok(Comparison::NoneOf(vec![operand.clone()])),
        Value::Array(list) if list.is_empty() => refuse(path, "Empty arrays are not allowed"),
        Value::Array(list) if list.iter().all(Value::is_string) || list.iter().all(Value::is_number) => {
            Ok(Comparison::NoneOf(list.clone()))
        }
        Value::Array(_) => refuse(
            path,
            "Inside anything but list, either all values are number or string, mixed type is not supported",
        ),
        Value::Object(object) => no_text(path, object),
        _ => refuse(path, "Value of anything-but must be an array or single string/number value."),
    }
}

fn no_text(path: &str, object: &Map<String, Value>) -> Result<Comparison, PatternError> {
    let mut entries = object.iter();
    let (Some((operator, operand)), None) = (entries.next(), entries.next()) else {
        return refuse(path, "Only one key allowed in match expression");
    };
    let operands = match operand {
        Value::Array(list) if list.is_empty() => return refuse(path, "Empty arrays are not allowed"),
        Value::Array(list) => list.clone(),
        other => vec![other.clone()],
    };
    if operands.iter().any(|operand| operand.as_str() == Some("") && operator != "equals-ignore-case") {
        return refuse(path, format!("Null {operator} not allowed"));
    }
    let test = |operand| match text_test(path, operator, operand)? {
        Some(test) => Ok(test),
        None => refuse(path, format!("Unsupported anything-but pattern: {operator}")),
    };
    Ok(Comparison::NoText(operands.iter().map(test).collect::<Result<_, _>>()?))
}

fn numeric(path: &str, operand: &Value) -> Result<Comparison, PatternError> {
    let Value::Array(list) = operand else { return refuse(path, "Value of numeric must be an array.") };
    let mut bounds = Vec::new();
    for pair in list.chunks(2) {
        let order = pair[0].as_str().and_then(Order::parse);
        let Some(order) = order else {
            return refuse(path, format!("Unrecognized numeric range operator: {}", pair[0]));
        };
        match pair.get(1).and_then(Value::as_f64) {
            Some(number) if number.abs() <= MAX_NUMBER => bounds.push((order, number)),
            Some(_) => return refuse(path, "Value must be between -5.0E9 and 5.0E9, inclusive"),
            None => return refuse(path, format!("Value of {} must be numeric", pair[0])),
        }
    }
    match bounds[..] {
        [_] => Ok(Comparison::Numeric(bounds)),
        [(lower, from), (upper, to)] if lower.is_lower() && upper.is_upper() => {
            if from >= to {
                return refuse(path, "Bottom must be less than top");
            }
            Ok(Comparison::Numeric(bounds))
        }
        [] => refuse(path, "Invalid member in numeric match: the list is empty"),
        [_, _] => refuse(path, "Bad numeric range: wanted > or >= first, then < or <="),
        _ => refuse(path, "Too many elements in numeric expression"),
    }
}

fn refuse<T>(path: &str, message: impl Into<String>) -> Result<T, PatternError> {
    let path = if path.is_empty() { "$" } else { path };
    Err(PatternError { path: path.to_owned(), message: message.into() })
}
