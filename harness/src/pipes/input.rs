//! Input templates of pipes: what is made of an event before a function or target gets it. In a path, a message's body
//! and a record's data are read as JSON where they are.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-input-transformation.html>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// An event as a template makes it; as it is, without one. `reserved` knows the variables that begin with `aws.pipes`.
pub fn transformed(template: Option<&str>, event: &Value, reserved: impl Fn(&str) -> Option<Value>) -> Value {
    let Some(template) = template else { return event.clone() };
    let seen = with_data(event);
    let value = |name: &str| match name.strip_prefix('$') {
        Some(path) => find(&seen, path),
        None => reserved(name),
    };
    let filled = fill(template, value);
    serde_json::from_str(&filled).unwrap_or(Value::String(filled))
}

/// A value that may be a path into the event, `$.body.id`, or a constant.
pub fn dynamic(written: &str, event: &Value) -> String {
    match written.strip_prefix('$').and_then(|path| find(&with_data(event), path)) {
        Some(Value::String(text)) => text,
        Some(value) => value.to_string(),
        None => written.to_owned(),
    }
}

/// The event with its body or data read.
pub fn with_data(event: &Value) -> Value {
    let mut event = event.clone();
    let json = |text: String| serde_json::from_str(&text).unwrap_or(Value::String(text));
    if let Some(body) = event["body"].as_str().map(str::to_owned) {
        event["body"] = json(body);
    }
    let data = event["data"].as_str().and_then(|data| String::from_utf8(STANDARD.decode(data).ok()?).ok());
    if let Some(data) = data {
        event["data"] = json(data);
    }
    event
}

/// What a path such as `.items[0].sku` leads to.
fn find(value: &Value, path: &str) -> Option<Value> {
    let mut value = value;
    for part in path.split(['.', '[']).filter(|part| !part.is_empty()) {
        value = match part.strip_suffix(']') {
            Some(index) => value.get(index.parse::<usize>().ok()?)?,
            None => value.get(part)?,
        };
    }
    Some(value.clone())
}

/// Puts values in the place of what stands in angle brackets: as text within quotes, as JSON outside of them.
fn fill(template: &str, value: impl Fn(&str) -> Option<Value>) -> String {
    let (mut filled, mut quoted, mut rest) = (String::new(), false, template);
    while let Some(character) = rest.chars().next() {
        let after = &rest[character.len_utf8()..];
        let variable = after.split_once('>').filter(|(name, _)| character == '<' && is_variable(name));
        if let Some((name, behind)) = variable {
            filled.push_str(&value(name).map(|value| written(&value, quoted)).unwrap_or_default());
            rest = behind;
            continue;
        }
        if character == '"' && !filled.ends_with('\\') {
            quoted = !quoted;
        }
        filled.push(character);
        rest = after;
    }
    filled
}

fn is_variable(name: &str) -> bool {
    name.starts_with("$.") || name == "$" || name.starts_with("aws.pipes.")
}

fn written(value: &Value, quoted: bool) -> String {
    let json = value.to_string();
    match value {
        // Without its own quotes, but escaped, so that the template stays JSON.
        Value::String(_) if quoted => json[1..json.len() - 1].to_owned(),
        Value::Object(_) | Value::Array(_) if quoted => json.replace('"', "\\\""),
        _ => json,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::a_field(r#"{ "id": <$.body.id> }"#, json!({ "id": 7 }))]
    #[case::in_quotes(r#"{ "text": "order <$.body.id> of <$.body.who>" }"#, json!({ "text": "order 7 of \"ann\"" }))]
    #[case::an_index("<$.body.items[1]>", json!("b"))]
    #[case::an_object("<$.body>", json!({ "id": 7, "who": "\"ann\"", "items": ["a", "b"] }))]
    #[case::a_reserved_variable(r#"{ "pipe": <aws.pipes.pipe-name> }"#, json!({ "pipe": "P" }))]
    #[case::text("Hello, sender", json!("Hello, sender"))]
    fn an_input_template_makes_the_event(#[case] template: &str, #[case] expected: Value) {
        let event = json!({ "body": json!({ "id": 7, "who": "\"ann\"", "items": ["a", "b"] }).to_string() });
        let reserved = |name: &str| (name == "aws.pipes.pipe-name").then(|| "P".into());
        assert_eq!(transformed(Some(template), &event, reserved), expected);
    }

    #[test]
    fn data_of_kinesis_is_read_out_of_its_base64() {
        let event = json!({ "data": STANDARD.encode(r#"{"n":1}"#) });
        assert_eq!(transformed(Some("<$.data.n>"), &event, |_| None), 1);
        assert_eq!(transformed(None, &event, |_| None), event);
        assert_eq!(dynamic("$.data.n", &event), "1");
    }
}
