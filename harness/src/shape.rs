//! The shape of a JSON value: which fields it has, and of which type, whatever their values.

use std::collections::BTreeSet;

use serde_json::Value;

/// One line for each field, such as `Records[].s3.object.size: number`. Members of a list are one.
pub fn shape(value: &Value) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    collect("", value, &mut lines);
    lines
}

fn collect(path: &str, value: &Value, lines: &mut BTreeSet<String>) {
    let kind = match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                collect(&below, value, lines);
            }
            return;
        }
        Value::Array(members) if !members.is_empty() => {
            return members.iter().for_each(|member| collect(&format!("{path}[]"), member, lines));
        }
        Value::Object(_) => "{}",
        Value::Array(_) => "[]",
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "text",
    };
    lines.insert(format!("{path}: {kind}"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_shape_names_each_field_once_and_its_types() {
        let value = json!({ "Records": [{ "body": "a", "n": 1 }, { "body": null, "attributes": {} }] });
        let lines: Vec<String> = shape(&value).into_iter().collect();
        let expected =
            ["Records[].attributes: {}", "Records[].body: null", "Records[].body: text", "Records[].n: number"];
        assert_eq!(lines, expected);
    }
}
