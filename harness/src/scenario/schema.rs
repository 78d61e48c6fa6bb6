//! The JSON Schema of scenario files, by which editors complete and check them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::Value;

use super::{Action, Expect, Given};
use crate::yaml::Scalar;

/// The schema of a whole scenario file, as JSON Schema 2020-12.
pub fn json_schema() -> Value {
    let settings = SchemaSettings::draft2020_12().with_transform(RecursiveTransform(without_null));
    settings.into_generator().into_root_schema_for::<File>().to_value()
}

/// What may be left out may not be null: a key with nothing behind it is refused.
fn without_null(schema: &mut Schema) {
    if schema.get("default") == Some(&Value::Null) {
        schema.remove("default");
    }
    if let Some([one, null]) = schema.get("type").and_then(Value::as_array).map(Vec::as_slice)
        && null == "null"
    {
        let one = one.clone();
        schema.insert("type".to_owned(), one);
    }
    if let Some([one, null]) = schema.get("anyOf").and_then(Value::as_array).map(Vec::as_slice)
        && null["type"] == "null"
        && let Value::Object(one) = one.clone()
    {
        schema.remove("anyOf");
        schema.ensure_object().extend(one);
    }
}

/// One template or several.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "only the schema is taken from it")]
enum Templates {
    One(PathBuf),
    Several(#[schemars(length(min = 1))] Vec<PathBuf>),
}

/// A rehearsal scenario: what happens to a workflow, and what must hold afterwards.
#[derive(JsonSchema)]
#[schemars(title = "Rehearsal scenario", deny_unknown_fields)]
#[expect(dead_code, reason = "only the schema is taken from it; the file is read key by key, for several messages")]
struct File {
    /// The version of the format.
    #[schemars(extend("const" = 1))]
    version: u64,
    /// What the scenario shows, in a sentence.
    #[schemars(length(min = 1))]
    name: String,
    /// The SAM or CloudFormation template, relative to this file, or several that are deployed beside each other.
    template: Templates,
    /// Values for the template's parameters.
    #[schemars(default)]
    parameters: BTreeMap<String, Scalar>,
    /// What is there before the first step.
    #[schemars(default)]
    given: Given,
    /// What happens, in order.
    #[schemars(length(min = 1))]
    steps: Vec<Action>,
    /// What must hold once everything is delivered.
    #[schemars(default)]
    expect: Expect,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::scenario::syntax;

    fn keys(value: &Value) -> BTreeSet<&str> {
        value.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect()
    }

    #[test]
    fn the_schema_and_the_reader_know_the_same_keys() {
        let schema = json_schema();
        let known = |names: &[&'static str]| names.iter().copied().collect::<BTreeSet<_>>();
        assert_eq!(keys(&schema["properties"]), known(&syntax::KEYS));
        assert_eq!(keys(&schema["$defs"]["Expect"]["properties"]), known(&syntax::EXPECT_KEYS));
        assert_eq!(keys(&schema["$defs"]["Given"]["properties"]), known(&syntax::GIVEN_KEYS));
        assert_eq!(schema["required"], serde_json::json!(["version", "name", "template", "steps"]));
        assert_eq!(schema["additionalProperties"], false);
    }

    #[test]
    fn what_may_be_left_out_may_not_be_null() {
        let properties = &json_schema()["$defs"]["Http"]["properties"];
        assert_eq!(properties["body"]["type"], "string");
        assert_eq!(properties["expect"]["$ref"], "#/$defs/HttpExpect");
    }

    #[test]
    fn the_schema_has_every_step_with_its_description() {
        let schema = json_schema();
        let steps = schema["$defs"]["Action"]["oneOf"].as_array().expect("one schema per step");
        let names: BTreeSet<_> = steps.iter().flat_map(|step| keys(&step["properties"])).collect();
        assert_eq!(names, Action::NAMES.into_iter().collect());
        assert!(steps.iter().all(|step| step["description"].is_string()));
    }
}
