//! The keywords that look at a value alone, and what they say of one that does not fit.

use serde_json::{Map, Number, Value, json};

use super::{formats, listed};

type Keywords = Map<String, Value>;

fn number(keywords: &Keywords, name: &str) -> Option<f64> {
    keywords.get(name).and_then(Value::as_f64)
}

fn is_set(keywords: &Keywords, name: &str) -> bool {
    keywords.get(name).and_then(Value::as_bool) == Some(true)
}

/// Whether a pattern is found in a text. A pattern that is none has been refused before.
pub fn fits(pattern: &str, text: &str) -> bool {
    regex_lite::Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text))
}

/// `type` and `enum`.
pub fn of_any(keywords: &Keywords, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let own = type_of(value);
    let written = match keywords.get("type") {
        Some(Value::String(one)) => vec![one.as_str()],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    // An integer is a number too.
    let integer = ["integer"].into_iter().filter(|_| written.contains(&"number") && !written.contains(&"integer"));
    let allowed: Vec<&str> = written.iter().copied().chain(integer).collect();
    if !allowed.is_empty() && !allowed.contains(&own) {
        let allowed = listed(allowed.into_iter());
        found.push(format!("instance type ({own}) does not match any allowed primitive type (allowed: {allowed})"));
    }
    let values = keywords.get("enum").and_then(Value::as_array);
    if let Some(values) = values.filter(|values| !values.contains(value)) {
        found.push(format!("instance value ({value}) not found in enum (possible values: {})", json!(values)));
    }
    found
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

pub fn of_object(keywords: &Keywords, fields: &Map<String, Value>) -> Vec<String> {
    let (mut found, count) = (missing(keywords, fields), fields.len());
    if is_false(keywords, "additionalProperties") {
        let others = listed(fields.keys().filter(|name| !is_known(keywords, name)).map(String::as_str));
        if others != json!([]) {
            found.push(format!("object instance has properties which are not allowed by the schema: {others}"));
        }
    }
    if let Some(least) = number(keywords, "minProperties").filter(|least| (count as f64) < *least) {
        found.push(format!("object has too few properties (found {count} but schema requires at least {least})"));
    }
    if let Some(most) = number(keywords, "maxProperties").filter(|most| count as f64 > *most) {
        found.push(format!("object has too many properties (found {count} but schema requires at most {most})"));
    }
    found
}

/// `required`, and the names in `dependencies`.
fn missing(keywords: &Keywords, fields: &Map<String, Value>) -> Vec<String> {
    let missing = |names: &Value| {
        let names = names.as_array().into_iter().flatten().filter_map(Value::as_str);
        let missing: Vec<&str> = names.filter(|name| !fields.contains_key(*name)).collect();
        (!missing.is_empty()).then(|| listed(missing.into_iter()))
    };
    let required = keywords.get("required").and_then(missing);
    let required = required.map(|names| format!("object has missing required properties ({names})"));
    let dependencies = keywords.get("dependencies").and_then(Value::as_object).into_iter().flatten();
    let dependent = dependencies.filter(|(name, _)| fields.contains_key(*name)).filter_map(|(name, needed)| {
        let missing = missing(needed)?;
        Some(format!(
            "property \"{name}\" of object has missing property dependencies (requires {needed}; missing: {missing})"
        ))
    });
    required.into_iter().chain(dependent).collect()
}

fn is_false(keywords: &Keywords, name: &str) -> bool {
    keywords.get(name).and_then(Value::as_bool) == Some(false)
}

fn is_known(keywords: &Keywords, name: &str) -> bool {
    let has = |keyword: &str| keywords.get(keyword).and_then(Value::as_object);
    has("properties").is_some_and(|properties| properties.contains_key(name))
        || has("patternProperties").is_some_and(|patterns| patterns.keys().any(|pattern| fits(pattern, name)))
}

pub fn of_array(keywords: &Keywords, members: &[Value]) -> Vec<String> {
    let (mut found, count) = (Vec::new(), members.len());
    if let Some(least) = number(keywords, "minItems").filter(|least| (count as f64) < *least) {
        found
            .push(format!("array is too short: must have at least {least} elements but instance has {count} elements"));
    }
    let places = keywords.get("items").and_then(Value::as_array).map(|schemas| schemas.len() as f64);
    let places = places.filter(|_| is_false(keywords, "additionalItems"));
    let most = number(keywords, "maxItems").into_iter().chain(places).reduce(f64::min);
    if let Some(most) = most.filter(|most| count as f64 > *most) {
        found.push(format!("array is too long: must have at most {most} elements but instance has {count} elements"));
    }
    let is_double = |(index, member): (usize, &Value)| members[..index].contains(member);
    if is_set(keywords, "uniqueItems") && members.iter().enumerate().any(is_double) {
        found.push("array must not contain duplicate elements".to_owned());
    }
    found
}

pub fn of_text(keywords: &Keywords, text: &str) -> Vec<String> {
    let (mut found, length, quoted) = (Vec::new(), text.chars().count(), json!(text));
    if let Some(least) = number(keywords, "minLength").filter(|least| (length as f64) < *least) {
        found.push(format!("string {quoted} is too short (length: {length}, required minimum: {least})"));
    }
    if let Some(most) = number(keywords, "maxLength").filter(|most| length as f64 > *most) {
        found.push(format!("string {quoted} is too long (length: {length}, maximum allowed: {most})"));
    }
    let pattern = keywords.get("pattern").and_then(Value::as_str);
    if let Some(pattern) = pattern.filter(|pattern| !fits(pattern, text)) {
        found.push(format!("ECMA 262 regex \"{pattern}\" does not match input string {quoted}"));
    }
    let format = keywords.get("format").and_then(Value::as_str);
    found.extend(format.and_then(|format| formats::fault(format, text)));
    found
}

pub fn of_number(keywords: &Keywords, given: &Number) -> Vec<String> {
    let (mut found, value) = (Vec::new(), given.as_f64().unwrap_or_default());
    match number(keywords, "minimum") {
        Some(least) if value < least => {
            found.push(format!(
                "numeric instance is lower than the required minimum (minimum: {least}, found: {given})"
            ));
        }
        Some(least) if value == least && is_set(keywords, "exclusiveMinimum") => {
            found.push(format!("numeric instance is not strictly greater than the required minimum {least}"));
        }
        _ => {}
    }
    match number(keywords, "maximum") {
        Some(most) if value > most => {
            found.push(format!(
                "numeric instance is greater than the required maximum (maximum: {most}, found: {given})"
            ));
        }
        Some(most) if value == most && is_set(keywords, "exclusiveMaximum") => {
            found.push(format!("numeric instance is not strictly lower than the required maximum {most}"));
        }
        _ => {}
    }
    // A quotient of decimal fractions is seldom exact: 0.3 / 0.1 is not 3.
    let is_multiple = |unit: f64| ((value / unit) - (value / unit).round()).abs() < 1e-9;
    if let Some(unit) = number(keywords, "multipleOf").filter(|unit| *unit > 0.0 && !is_multiple(*unit)) {
        found.push(format!("remainder of division is not zero ({given} / {unit})"));
    }
    found
}
