//! One entry of a field's list, which is a value or an operator with its operand.
//!
//! The words of a refusal are those of [Event Ruler](https://github.com/aws/event-ruler), with which EventBridge
//! reads patterns.

use serde_json::{Map, Value};

use super::PatternError;
use super::comparison::{Comparison, MAX_NUMBER, Network, Order};
use super::parse::refuse;
use super::text::{TextTest, Wildcard};

const ONE_KEY: &str = "Only one key allowed in match expression";
const TOO_MANY: &str = "Too many elements in numeric expression";
const NOT_A_VALUE: &str = "Value of anything-but must be an array or single string/number value.";

type Parsed<T> = Result<T, PatternError>;

pub(super) fn comparison(path: &str, entry: &Value) -> Parsed<Comparison> {
    let object = match entry {
        Value::Object(object) => object,
        Value::Array(_) => return refuse(path, "Match value must be String, number, true, false, or null"),
        value => return Ok(Comparison::Exact(value.clone())),
    };
    let Some((operator, operand)) = object.iter().next() else {
        return refuse(path, "Match expression name not found");
    };
    let (comparison, too_many) = match operator.as_str() {
        "anything-but" => (anything_but(path, operand)?, TOO_MANY),
        "numeric" => (numeric(path, operand)?, TOO_MANY),
        "exists" => (exists(path, operand)?, ONE_KEY),
        "cidr" => (cidr(path, operand)?, ONE_KEY),
        "prefix" | "suffix" | "equals-ignore-case" | "wildcard" => {
            (Comparison::Text(text_test(path, operator, operand)?), ONE_KEY)
        }
        _ => return refuse(path, format!("Unrecognized match type {operator}")),
    };
    if object.len() > 1 { refuse(path, too_many) } else { Ok(comparison) }
}

fn exists(path: &str, operand: &Value) -> Parsed<Comparison> {
    match operand {
        Value::Bool(wanted) => Ok(Comparison::Exists(*wanted)),
        _ => refuse(path, "exists match pattern must be either true or false."),
    }
}

fn cidr(path: &str, operand: &Value) -> Parsed<Comparison> {
    match operand.as_str().map(Network::parse) {
        Some(Ok(network)) => Ok(Comparison::Cidr(network)),
        Some(Err(message)) => refuse(path, message),
        // The words are those of the operator prefix at AWS too.
        None => refuse(path, "prefix match pattern must be a string"),
    }
}

fn text_test(path: &str, operator: &str, operand: &Value) -> Parsed<TextTest> {
    match (operator, operand) {
        ("prefix", Value::String(text)) => Ok(TextTest::Prefix(text.clone())),
        ("suffix", Value::String(text)) => Ok(TextTest::Suffix(text.clone())),
        ("equals-ignore-case", Value::String(text)) => Ok(TextTest::EqualsIgnoringCase(text.to_lowercase())),
        ("wildcard", Value::String(text)) => match Wildcard::parse(text) {
            Ok(wildcard) => Ok(TextTest::Wildcard(wildcard)),
            Err(message) => refuse(path, message),
        },
        ("prefix", Value::Object(inner)) => {
            Ok(TextTest::PrefixIgnoringCase(ignoring_case(path, "Prefix", "prefix", inner)?))
        }
        ("suffix", Value::Object(inner)) => {
            Ok(TextTest::SuffixIgnoringCase(ignoring_case(path, "Suffix", "suffix", inner)?))
        }
        _ => refuse(path, format!("{operator} match pattern must be a string")),
    }
}

/// The text of `equals-ignore-case` within `prefix` or `suffix`, in lower case.
fn ignoring_case(path: &str, title: &str, operator: &str, inner: &Map<String, Value>) -> Parsed<String> {
    let Some((name, operand)) = inner.iter().next() else {
        return refuse(path, format!("{title} expression name not found"));
    };
    if name != "equals-ignore-case" {
        return refuse(path, format!("Unsupported {operator} pattern: {name}"));
    }
    match operand {
        Value::String(_) if inner.len() > 1 => refuse(path, ONE_KEY),
        Value::String(text) => Ok(text.to_lowercase()),
        _ => refuse(path, "equals-ignore-case match pattern must be a string"),
    }
}

fn anything_but(path: &str, operand: &Value) -> Parsed<Comparison> {
    let list = match operand {
        Value::Object(object) => return no_text(path, object),
        Value::String(_) | Value::Number(_) => return Ok(Comparison::NoneOf(vec![operand.clone()])),
        Value::Array(list) => list,
        _ => return refuse(path, NOT_A_VALUE),
    };
    if !list.iter().all(|value| value.is_string() || value.is_number()) {
        return refuse(path, "Inside anything but list, start|null|boolean is not supported.");
    }
    let (strings, numbers) = (list.iter().any(Value::is_string), list.iter().any(Value::is_number));
    if strings == numbers {
        let message = "Inside anything but list, either all values are number or string, mixed type is not supported";
        return refuse(path, message);
    }
    Ok(Comparison::NoneOf(list.clone()))
}

/// `anything-but` of an operator on strings, with one operand or several.
fn no_text(path: &str, object: &Map<String, Value>) -> Parsed<Comparison> {
    let Some((operator, operand)) = object.iter().next() else {
        return refuse(path, "Anything-But expression name not found");
    };
    let must_be_strings = match operator.as_str() {
        "equals-ignore-case" => {
            "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported."
        }
        "prefix" | "suffix" => "prefix/suffix match pattern must be a string",
        "wildcard" => "wildcard match pattern must be a string",
        _ => return refuse(path, format!("Unsupported anything-but pattern: {operator}")),
    };
    let operands = match operand {
        Value::Array(list) if list.is_empty() => return refuse(path, "Empty arrays are not allowed"),
        Value::Array(list) => list.as_slice(),
        Value::String(_) | Value::Number(_) => std::slice::from_ref(operand),
        _ => return refuse(path, NOT_A_VALUE),
    };
    let test = |operand: &Value| match operand.as_str() {
        None => refuse(path, must_be_strings),
        Some("") if matches!(operator.as_str(), "prefix" | "suffix") => refuse(path, "Null prefix/suffix not allowed"),
        Some(_) => text_test(path, operator, operand),
    };
    let tests = operands.iter().map(test).collect::<Parsed<_>>()?;
    if object.len() > 1 { refuse(path, TOO_MANY) } else { Ok(Comparison::NoText(tests)) }
}

fn numeric(path: &str, operand: &Value) -> Parsed<Comparison> {
    let Value::Array(list) = operand else { return refuse(path, "Value of numeric must be an array.") };
    let Some(Value::String(sign)) = list.first() else {
        return refuse(path, format!("Invalid member in numeric match: {}", written(list.first())));
    };
    let Some(order) = Order::parse(sign) else {
        return refuse(path, format!("Unrecognized numeric range operator: {sign}"));
    };
    let bound = number(path, if order == Order::Equal { "equals" } else { sign }, list.get(1))?;
    match list.get(2..).unwrap_or_default() {
        [] => Ok(Comparison::Numeric(vec![(order, bound)])),
        rest if order.is_lower() => {
            let upper = upper_bound(path, rest)?;
            if bound >= upper.1 {
                return refuse(path, "Bottom must be less than top");
            }
            Ok(Comparison::Numeric(vec![(order, bound), upper]))
        }
        _ => refuse(path, TOO_MANY),
    }
}

/// What follows the lower bound of a range.
fn upper_bound(path: &str, rest: &[Value]) -> Parsed<(Order, f64)> {
    let Some(Value::String(sign)) = rest.first() else {
        return refuse(path, format!("Bad value in numeric range: {}", written(rest.first())));
    };
    let Some(order) = Order::parse(sign).filter(|order| order.is_upper()) else {
        return refuse(path, format!("Bad numeric range operator: {sign}"));
    };
    let bound = number(path, sign, rest.get(1))?;
    if rest.len() > 2 { refuse(path, "Too many terms in numeric range expression") } else { Ok((order, bound)) }
}

fn number(path: &str, sign: &str, value: Option<&Value>) -> Parsed<f64> {
    match value.and_then(Value::as_f64) {
        Some(number) if number.abs() <= MAX_NUMBER => Ok(number),
        Some(_) => refuse(path, "Value must be between -5.0E9 and 5.0E9, inclusive"),
        None => refuse(path, format!("Value of {sign} must be numeric")),
    }
}

/// A member of a list as it is written in it; what ends the list, where there is none.
fn written(value: Option<&Value>) -> String {
    value.map_or_else(|| "]".to_owned(), Value::to_string)
}
