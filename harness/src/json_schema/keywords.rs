//! What is wrong with a schema itself, or not simulated: so that nothing in one is silently passed over.

use serde_json::Value;

use super::{MAX_DEPTH, Models, resolve};
use crate::diagnostic::nearest;

/// Keywords whose values are schemas by name.
const NAMED: [&str; 4] = ["definitions", "dependencies", "patternProperties", "properties"];
/// Keywords whose values are lists of schemas.
const LISTED: [&str; 3] = ["allOf", "anyOf", "oneOf"];
/// Keywords whose value is a schema, or says yes or no.
const INNER: [&str; 4] = ["additionalItems", "additionalProperties", "items", "not"];
/// Keywords with plain values.
const PLAIN: [&str; 18] = [
    "$ref",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "pattern",
    "required",
    "type",
    "uniqueItems",
];
/// What only describes, OpenAPI's own included.
const DESCRIPTIVE: [&str; 15] = [
    "$schema",
    "default",
    "deprecated",
    "description",
    "discriminator",
    "example",
    "examples",
    "exampleSetFlag",
    "externalDocs",
    "id",
    "nullable",
    "readOnly",
    "title",
    "writeOnly",
    "xml",
];
const TYPES: [&str; 7] = ["array", "boolean", "integer", "null", "number", "object", "string"];

/// What of a schema is malformed or not simulated, each with its place in the schema.
pub fn problems(schema: &Value, models: &Models) -> Vec<String> {
    let mut found = Vec::new();
    Checker { root: schema, models }.schema(schema, "", 0, &mut found);
    found
}

struct Checker<'m> {
    root: &'m Value,
    models: &'m Models,
}

impl Checker<'_> {
    fn schema(&self, schema: &Value, place: &str, depth: usize, found: &mut Vec<String>) {
        let Some(keywords) = schema.as_object().filter(|_| depth < MAX_DEPTH) else {
            found.push(format!("{} is no schema", shown(place)));
            return;
        };
        for (keyword, value) in keywords {
            let at = format!("{place}/{keyword}");
            let mut inner = |name: &str, schema: &Value| self.schema(schema, &format!("{at}{name}"), depth + 1, found);
            match keyword.as_str() {
                name if NAMED.contains(&name) => {
                    let schemas = value.as_object().into_iter().flatten();
                    // Dependencies may be lists of names, too.
                    schemas.filter(|(_, it)| !it.is_array()).for_each(|(key, it)| inner(&format!("/{key}"), it));
                    self.patterns(name, value, found);
                }
                name if LISTED.contains(&name) || name == "items" && value.is_array() => {
                    let schemas = value.as_array().into_iter().flatten().enumerate();
                    schemas.for_each(|(index, it)| inner(&format!("/{index}"), it));
                }
                name if INNER.contains(&name) && !value.is_boolean() => inner("", value),
                name if INNER.contains(&name) || DESCRIPTIVE.contains(&name) || name.starts_with("x-") => {}
                name if PLAIN.contains(&name) => found.extend(self.plain(name, value, &at)),
                name => found.push(unknown(name, place)),
            }
        }
    }

    fn patterns(&self, keyword: &str, value: &Value, found: &mut Vec<String>) {
        let patterns = value.as_object().into_iter().flatten().filter(|_| keyword == "patternProperties");
        found.extend(patterns.filter_map(|(pattern, _)| pattern_fault(pattern)));
    }

    fn plain(&self, keyword: &str, value: &Value, at: &str) -> Option<String> {
        let is_number = |value: &Value| value.as_f64().is_some_and(|number| number >= 0.0);
        let wanted = match keyword {
            "$ref" => {
                let text = value.as_str().unwrap_or_default();
                let known = resolve(text, self.root, self.models).is_some();
                return (!known).then(|| format!("`{text}` of {} leads to no schema of this template", shown(at)));
            }
            "pattern" => return pattern_fault(value.as_str().unwrap_or_default()),
            "type" => {
                let several = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
                let is_type = |name: &Value| name.as_str().is_some_and(|name| TYPES.contains(&name));
                (several.iter().all(is_type), "a type, such as `string`, or a list of them")
            }
            "enum" => (value.is_array(), "a list of values"),
            "required" => {
                let is_names = value.as_array().is_some_and(|names| names.iter().all(Value::is_string));
                (is_names, "a list of names; draft 4 has no `true` here")
            }
            "exclusiveMaximum" | "exclusiveMinimum" | "uniqueItems" => {
                (value.is_boolean(), "true or false, in draft 4")
            }
            "maximum" | "minimum" => (value.is_number(), "a number"),
            "multipleOf" => (value.as_f64().is_some_and(|number| number > 0.0), "a number above zero"),
            "format" => (value.is_string(), "a text"),
            _ => (is_number(value), "a number that is not below zero"),
        };
        (!wanted.0).then(|| format!("{} must be {}", shown(at), wanted.1))
    }
}

fn pattern_fault(pattern: &str) -> Option<String> {
    let message = || format!("the pattern `{pattern}` has what is not simulated, such as looking ahead");
    regex_lite::Regex::new(pattern).is_err().then(message)
}

fn unknown(keyword: &str, place: &str) -> String {
    let all = NAMED.iter().chain(&LISTED).chain(&INNER).chain(&PLAIN).chain(&DESCRIPTIVE).copied();
    let near = nearest(keyword, all).map(|near| format!(": did you mean `{near}`?")).unwrap_or_default();
    format!("`{keyword}` of {} is not a keyword of draft 4{near}", shown(place))
}

fn shown(place: &str) -> String {
    if place.is_empty() { "the schema".to_owned() } else { format!("`{place}`") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_not_simulated_is_told_with_its_place() {
        for (schema, problem) in [
            (json!({ "const": 1 }), "`const` of the schema is not a keyword of draft 4"),
            (
                json!({ "properties": { "a": { "minLenght": 1 } } }),
                "`minLenght` of `/properties/a` is not a keyword of draft 4: did you mean `minLength`?",
            ),
            (
                json!({ "items": { "type": "strin" } }),
                "`/items/type` must be a type, such as `string`, or a list of them",
            ),
            (
                json!({ "properties": { "a": { "required": true } } }),
                "`/properties/a/required` must be a list of names; draft 4 has no `true` here",
            ),
            (json!({ "exclusiveMinimum": 1 }), "`/exclusiveMinimum` must be true or false, in draft 4"),
            (json!({ "pattern": "(?=a)" }), "the pattern `(?=a)` has what is not simulated, such as looking ahead"),
            (
                json!({ "$ref": "#/definitions/Order" }),
                "`#/definitions/Order` of `/$ref` leads to no schema of this template",
            ),
            (json!({ "anyOf": [1] }), "`/anyOf/0` is no schema"),
        ] {
            assert_eq!(problems(&schema, &Models::new()), [problem]);
        }
        let all = json!({ "type": ["string", "null"], "x-tag": 1, "additionalProperties": false, "dependencies": { "a": ["b"] } });
        assert_eq!(problems(&all, &Models::new()), Vec::<String>::new());
    }
}
