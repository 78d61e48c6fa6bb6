//! JSON schemas of draft 4, as API Gateway validates bodies by them: what is wrong with a value, in the words of the
//! library that API Gateway uses, and what of a schema is not simulated.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/models-mappings-models.html>
//! <https://datatracker.ietf.org/doc/html/draft-fge-json-schema-validation-00>

mod formats;
mod keywords;
mod values;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

pub use keywords::problems;

/// The schemas of an API by name, which others refer to.
pub type Models = BTreeMap<String, Value>;

/// How many schemas may stand within each other. A schema can refer to itself.
const MAX_DEPTH: usize = 100;

/// What is wrong with a value; empty where it is valid.
pub fn faults(schema: &Value, models: &Models, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let at = At { root: schema, schema, depth: 0 };
    Validator { models }.check(at, value, &mut found);
    found
}

/// A schema within the one that its references are relative to.
#[derive(Clone, Copy)]
struct At<'m> {
    root: &'m Value,
    schema: &'m Value,
    depth: usize,
}

impl<'m> At<'m> {
    fn inner(self, schema: &'m Value) -> Self {
        Self { schema, depth: self.depth + 1, ..self }
    }
}

struct Validator<'m> {
    models: &'m Models,
}

impl<'m> Validator<'m> {
    fn check(&self, at: At<'m>, value: &Value, found: &mut Vec<String>) {
        let Some(keywords) = at.schema.as_object().filter(|_| at.depth < MAX_DEPTH) else { return };
        if let Some(reference) = keywords.get("$ref").and_then(Value::as_str) {
            match resolve(reference, at.root, self.models) {
                Some((root, schema)) => self.check(At { root, schema, depth: at.depth + 1 }, value, found),
                None => found.push(format!("`{reference}` leads to no schema")),
            }
            return;
        }
        found.extend(values::of_any(keywords, value));
        match value {
            Value::Object(fields) => {
                found.extend(values::of_object(keywords, fields));
                self.fields(at, keywords, fields, found);
            }
            Value::Array(members) => {
                found.extend(values::of_array(keywords, members));
                self.members(at, keywords, members, found);
            }
            Value::String(text) => found.extend(values::of_text(keywords, text)),
            Value::Number(number) => found.extend(values::of_number(keywords, number)),
            Value::Null | Value::Bool(_) => {}
        }
        self.combined(at, keywords, value, found);
    }

    fn fields(
        &self,
        at: At<'m>,
        keywords: &'m Map<String, Value>,
        fields: &Map<String, Value>,
        found: &mut Vec<String>,
    ) {
        for (name, value) in fields {
            let own = keywords.get("properties").and_then(|properties| properties.get(name));
            let patterns = keywords.get("patternProperties").and_then(Value::as_object).into_iter().flatten();
            let fitting = patterns.filter(|(pattern, _)| values::fits(pattern, name)).map(|(_, schema)| schema);
            let all: Vec<&Value> = own.into_iter().chain(fitting).collect();
            let others = keywords.get("additionalProperties").filter(|_| all.is_empty());
            for schema in all.into_iter().chain(others) {
                self.check(at.inner(schema), value, found);
            }
        }
        for (name, needed) in keywords.get("dependencies").and_then(Value::as_object).into_iter().flatten() {
            if fields.contains_key(name) && needed.is_object() {
                self.check(at.inner(needed), &Value::Object(fields.clone()), found);
            }
        }
    }

    fn members(&self, at: At<'m>, keywords: &'m Map<String, Value>, members: &[Value], found: &mut Vec<String>) {
        for (index, member) in members.iter().enumerate() {
            let schema = match keywords.get("items") {
                Some(Value::Array(schemas)) => schemas.get(index).or_else(|| keywords.get("additionalItems")),
                one => one,
            };
            if let Some(schema) = schema {
                self.check(at.inner(schema), member, found);
            }
        }
    }

    /// Schemas of which all, some, one or none must hold.
    fn combined(&self, at: At<'m>, keywords: &'m Map<String, Value>, value: &Value, found: &mut Vec<String>) {
        let holds = |schema: &'m Value| {
            let mut inner = Vec::new();
            self.check(at.inner(schema), value, &mut inner);
            inner.is_empty()
        };
        let of = |keyword: &str| {
            let schemas = keywords.get(keyword).and_then(Value::as_array)?;
            Some((schemas.iter().filter(|schema| holds(schema)).count(), schemas.len()))
        };
        if let Some((matched, all)) = of("allOf").filter(|(matched, all)| matched < all) {
            found.push(format!("instance failed to match all required schemas (matched only {matched} out of {all})"));
        }
        if let Some((_, all)) = of("anyOf").filter(|(matched, _)| *matched == 0) {
            found.push(format!("instance failed to match at least one required schema among {all}"));
        }
        if let Some((matched, all)) = of("oneOf").filter(|(matched, _)| *matched != 1) {
            found.push(format!("instance failed to match exactly one schema (matched {matched} out of {all})"));
        }
        if keywords.get("not").is_some_and(holds) {
            found.push("instance matched a schema which it should not have".to_owned());
        }
    }
}

/// The schema that a reference leads to, with the one that it is in: a place in the same schema, or a model by name.
fn resolve<'m>(reference: &str, root: &'m Value, models: &'m Models) -> Option<(&'m Value, &'m Value)> {
    if let Some(pointer) = reference.strip_prefix('#')
        && let Some(schema) = root.pointer(pointer)
    {
        return Some((root, schema));
    }
    let model = models.get(model_name(reference)?)?;
    Some((model, model))
}

/// The model that a reference names.
fn model_name(reference: &str) -> Option<&str> {
    let of_document = ["#/definitions/", "#/components/schemas/"];
    let name = of_document.into_iter().find_map(|start| reference.strip_prefix(start));
    name.or_else(|| Some(reference.split_once("/models/")?.1))
}

/// The models that a schema refers to, or that have the name of one of its own parts.
pub fn references(schema: &Value) -> Vec<String> {
    match schema {
        Value::Object(fields) => {
            let own = fields.get("$ref").and_then(Value::as_str).and_then(model_name).map(str::to_owned);
            own.into_iter().chain(fields.values().flat_map(references)).collect()
        }
        Value::Array(members) => members.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

/// Names as a message lists them: sorted, and as JSON.
fn listed<'t>(names: impl Iterator<Item = &'t str>) -> Value {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    json!(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn faults_of(schema: Value, value: Value) -> Vec<String> {
        let models = Models::from([
            ("Id".to_owned(), json!({ "type": "string", "minLength": 2 })),
            ("Tree".to_owned(), json!({ "properties": { "next": { "$ref": "#" } }, "additionalProperties": false })),
        ]);
        faults(&schema, &models, &value)
    }

    #[rstest]
    #[case(json!({ "type": "object" }), json!({}), json!([]), "instance type (array) does not match any allowed primitive type (allowed: [\"object\"])")]
    #[case(json!({ "type": "number" }), json!(1), json!("1"), "instance type (string) does not match any allowed primitive type (allowed: [\"integer\",\"number\"])")]
    #[case(json!({ "type": ["integer", "null"] }), json!(null), json!(1.5), "instance type (number) does not match any allowed primitive type (allowed: [\"integer\",\"null\"])")]
    #[case(json!({ "enum": ["a", 1] }), json!(1), json!("b"), "instance value (\"b\") not found in enum (possible values: [\"a\",1])")]
    #[case(json!({ "required": ["b", "a"] }), json!({ "a": 1, "b": 1 }), json!({}), "object has missing required properties ([\"a\",\"b\"])")]
    #[case(json!({ "properties": { "a": {} }, "patternProperties": { "^x-": {} }, "additionalProperties": false }), json!({ "a": 1, "x-b": 1 }), json!({ "c": 1 }), "object instance has properties which are not allowed by the schema: [\"c\"]")]
    #[case(json!({ "additionalProperties": { "minimum": 2 } }), json!({ "a": 2 }), json!({ "a": 1 }), "numeric instance is lower than the required minimum (minimum: 2, found: 1)")]
    #[case(json!({ "minProperties": 1 }), json!({ "a": 1 }), json!({}), "object has too few properties (found 0 but schema requires at least 1)")]
    #[case(json!({ "maxProperties": 1 }), json!({ "a": 1 }), json!({ "a": 1, "b": 1 }), "object has too many properties (found 2 but schema requires at most 1)")]
    #[case(json!({ "dependencies": { "a": ["b"] } }), json!({ "b": 1 }), json!({ "a": 1 }), "property \"a\" of object has missing property dependencies (requires [\"b\"]; missing: [\"b\"])")]
    #[case(json!({ "maximum": 2, "exclusiveMaximum": true }), json!(1), json!(2), "numeric instance is not strictly lower than the required maximum 2")]
    #[case(json!({ "minimum": 2, "exclusiveMinimum": true }), json!(3), json!(2), "numeric instance is not strictly greater than the required minimum 2")]
    #[case(json!({ "maximum": 2 }), json!(2), json!(3), "numeric instance is greater than the required maximum (maximum: 2, found: 3)")]
    #[case(json!({ "multipleOf": 3 }), json!(9), json!(10), "remainder of division is not zero (10 / 3)")]
    #[case(json!({ "minLength": 2 }), json!("éé"), json!("a"), "string \"a\" is too short (length: 1, required minimum: 2)")]
    #[case(json!({ "maxLength": 1 }), json!("é"), json!("ab"), "string \"ab\" is too long (length: 2, maximum allowed: 1)")]
    #[case(json!({ "pattern": "^a" }), json!("ab"), json!("ba"), "ECMA 262 regex \"^a\" does not match input string \"ba\"")]
    #[case(json!({ "format": "email" }), json!("a@b.example"), json!("a"), "string \"a\" is not a valid email address")]
    #[case(json!({ "minItems": 1 }), json!([1]), json!([]), "array is too short: must have at least 1 elements but instance has 0 elements")]
    #[case(json!({ "maxItems": 1 }), json!([1]), json!([1, 2]), "array is too long: must have at most 1 elements but instance has 2 elements")]
    #[case(json!({ "uniqueItems": true }), json!([1, 2]), json!([1, 1]), "array must not contain duplicate elements")]
    #[case(json!({ "items": { "type": "null" } }), json!([null]), json!([1]), "instance type (integer) does not match any allowed primitive type (allowed: [\"null\"])")]
    #[case(json!({ "items": [{}], "additionalItems": false }), json!([1]), json!([1, 2]), "array is too long: must have at most 1 elements but instance has 2 elements")]
    #[case(json!({ "allOf": [{ "minimum": 1 }, { "maximum": 3 }] }), json!(2), json!(4), "instance failed to match all required schemas (matched only 1 out of 2)")]
    #[case(json!({ "anyOf": [{ "type": "string" }, { "minimum": 3 }] }), json!(3), json!(2), "instance failed to match at least one required schema among 2")]
    #[case(json!({ "oneOf": [{ "minimum": 1 }, { "maximum": 3 }] }), json!(4), json!(2), "instance failed to match exactly one schema (matched 2 out of 2)")]
    #[case(json!({ "not": { "type": "string" } }), json!(1), json!("a"), "instance matched a schema which it should not have")]
    #[case(json!({ "$ref": "https://apigateway.amazonaws.com/restapis/a1/models/Id" }), json!("ab"), json!("a"), "string \"a\" is too short (length: 1, required minimum: 2)")]
    #[case(json!({ "$ref": "#/components/schemas/Id" }), json!("ab"), json!("a"), "string \"a\" is too short (length: 1, required minimum: 2)")]
    #[case(json!({ "definitions": { "D": { "maximum": 1 } }, "properties": { "a": { "$ref": "#/definitions/D" } } }), json!({ "a": 1 }), json!({ "a": 2 }), "numeric instance is greater than the required maximum (maximum: 1, found: 2)")]
    #[case(json!({ "$ref": "#/definitions/Tree" }), json!({ "next": { "next": {} } }), json!({ "next": { "nxt": 1 } }), "object instance has properties which are not allowed by the schema: [\"nxt\"]")]
    fn a_keyword_takes_what_fits_and_tells_what_does_not(
        #[case] schema: Value,
        #[case] valid: Value,
        #[case] invalid: Value,
        #[case] message: &str,
    ) {
        assert_eq!(faults_of(schema.clone(), valid), Vec::<String>::new());
        assert_eq!(faults_of(schema, invalid), [message]);
    }

    #[test]
    fn a_schema_that_is_itself_ends() {
        assert_eq!(faults_of(json!({ "$ref": "#" }), json!(1)), Vec::<String>::new());
    }
}
