//! What of an event a target gets: all of it, a part, a constant, or a template filled in.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::invalid;
use crate::protocol::AwsError;

#[derive(Clone, Debug)]
pub(super) enum Input {
    Event,
    Constant(String),
    Path(Path),
    Template { paths: BTreeMap<String, Path>, template: String },
}

/// `InputTransformer`, as it is put and listed.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct InputTransformer {
    #[serde(default)]
    input_paths_map: BTreeMap<String, String>,
    input_template: String,
}

/// What a template may use besides the event.
pub(super) struct Surroundings<'a> {
    pub rule_arn: &'a str,
    pub rule_name: &'a str,
    /// When EventBridge took the event.
    pub ingested: &'a str,
}

impl Input {
    /// Checks the three ways to say what a target gets, of which a target has at most one.
    pub fn new(
        id: &str,
        constant: Option<&str>,
        path: Option<&str>,
        transformer: Option<&InputTransformer>,
    ) -> Result<Self, AwsError> {
        match (constant, path, transformer) {
            (None, None, None) => Ok(Self::Event),
            (Some(text), None, None) => match serde_json::from_str::<Value>(text) {
                Ok(_) => Ok(Self::Constant(text.to_owned())),
                Err(error) => Err(invalid(format!("JSON syntax error in input for target {id}: {error}"))),
            },
            (None, Some(path), None) => match Path::parse(path) {
                Some(path) => Ok(Self::Path(path)),
                None => Err(invalid(format!("Invalid InputPath for target {id}."))),
            },
            (None, None, Some(transformer)) => transformer.parse(id),
            _ => Err(invalid(format!(
                "Only one of Input, InputPath, or InputTransformer must be provided for target {id}."
            ))),
        }
    }

    /// What the target gets of an event. A path that leads nowhere gives `null`.
    pub fn of(&self, event: &Value, surroundings: &Surroundings<'_>) -> String {
        match self {
            Self::Event => event.to_string(),
            Self::Constant(text) => text.clone(),
            Self::Path(path) => path.find(event).unwrap_or(&Value::Null).to_string(),
            Self::Template { paths, template } => fill(template, |name| match name {
                "aws.events.rule-arn" => Some(surroundings.rule_arn.into()),
                "aws.events.rule-name" => Some(surroundings.rule_name.into()),
                "aws.events.event.ingestion-time" => Some(surroundings.ingested.into()),
                "aws.events.event" | "aws.events.event.json" => Some(event.clone()),
                name => paths.get(name)?.find(event).cloned(),
            }),
        }
    }
}

impl InputTransformer {
    fn parse(&self, id: &str) -> Result<Input, AwsError> {
        let mut paths = BTreeMap::new();
        for (name, path) in &self.input_paths_map {
            if name.starts_with("AWS") || name.is_empty() {
                return Err(invalid(format!("Invalid variable name {name} in InputPathsMap for target {id}.")));
            }
            let Some(path) = Path::parse(path) else {
                return Err(invalid(format!("Invalid InputPath {path} in InputPathsMap for target {id}.")));
            };
            paths.insert(name.clone(), path);
        }
        for name in placeholders(&self.input_template) {
            if !paths.contains_key(name) && !name.starts_with("aws.events.") {
                return Err(invalid(format!(
                    "InputTemplate for target {id} contains placeholder {name} that is not in InputPathsMap."
                )));
            }
        }
        Ok(Input::Template { paths, template: self.input_template.clone() })
    }
}

/// A path to one value: `$.detail.items[0].sku`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Field(String),
    Index(usize),
}

impl Path {
    /// Reads `$` and then fields (`.name`, `['name']`) and indices (`[0]`).
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = text.strip_prefix('$')?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let (step, after) = if let Some(field) = rest.strip_prefix('.') {
                let end = field.find(['.', '[']).unwrap_or(field.len());
                let name = &field[..end];
                let plain = |c: char| c.is_alphanumeric() || "-_".contains(c);
                let valid = !name.is_empty() && name.chars().all(plain);
                (valid.then(|| Step::Field(name.to_owned()))?, &field[end..])
            } else {
                let (inner, after) = rest.strip_prefix('[')?.split_once(']')?;
                let quoted = inner.strip_prefix('\'').and_then(|inner| inner.strip_suffix('\''));
                let step = match quoted {
                    Some(name) => Step::Field(name.to_owned()),
                    None => Step::Index(inner.parse().ok()?),
                };
                (step, after)
            };
            steps.push(step);
            rest = after;
        }
        Some(Self(steps))
    }

    pub fn find<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        self.0.iter().try_fold(value, |value, step| match step {
            Step::Field(name) => value.get(name),
            Step::Index(index) => value.get(index),
        })
    }
}

/// The names in angle brackets.
fn placeholders(template: &str) -> Vec<&str> {
    template.split('<').skip(1).filter_map(|after| placeholder(after).map(|(name, _)| name)).collect()
}

/// The name at the start of what follows a `<`, and what follows it.
fn placeholder(after: &str) -> Option<(&str, &str)> {
    let (name, rest) = after.split_once('>')?;
    let valid = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    valid.then_some((name, rest))
}

/// Puts values in place of the names in angle brackets: as JSON outside of quotes, as text within them. A
/// name without a value becomes nothing.
fn fill(template: &str, value: impl Fn(&str) -> Option<Value>) -> String {
    let mut filled = String::new();
    let mut quoted = false;
    let mut rest = template;
    while let Some(character) = rest.chars().next() {
        let after = &rest[character.len_utf8()..];
        match (character, placeholder(after)) {
            ('<', Some((name, after))) => {
                filled.push_str(&value(name).map(|value| written(&value, quoted)).unwrap_or_default());
                rest = after;
                continue;
            }
            ('\\', _) if quoted => {
                let escaped = after.chars().next().map_or(0, char::len_utf8);
                filled.push_str(&rest[..1 + escaped]);
                rest = &after[escaped..];
                continue;
            }
            ('"', _) => quoted = !quoted,
            _ => {}
        }
        filled.push(character);
        rest = after;
    }
    filled
}

fn written(value: &Value, quoted: bool) -> String {
    match value {
        _ if !quoted => value.to_string(),
        // Without its quotes, but escaped, so that a JSON template stays JSON.
        Value::String(_) => {
            let json = value.to_string();
            json[1..json.len() - 1].to_owned()
        }
        Value::Object(_) | Value::Array(_) => value.to_string().replace('"', ""),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(template: &str, expected: &str) {
        let paths = [("id", "$.detail.id"), ("n", "$.detail.n"), ("list", "$.detail.list"), ("no", "$.detail.no")];
        let transformer = InputTransformer {
            input_paths_map: paths.map(|(name, path)| (name.to_owned(), path.to_owned())).into(),
            input_template: template.to_owned(),
        };
        let input = Input::new("t", None, None, Some(&transformer)).expect("the table's transformer is valid");
        let event = json!({"detail": {"id": "a \"b\"", "n": 5, "list": [1, "x"]}});
        let surroundings = Surroundings { rule_arn: "arn", rule_name: "orders", ingested: "2026-01-01T00:00:00Z" };
        assert_eq!(input.of(&event, &surroundings), expected, "{template}");
    }

    #[test]
    fn a_template_is_filled_in_with_json_outside_of_quotes_and_text_within() {
        check(r#"{"id": <id>, "n": <n>}"#, r#"{"id": "a \"b\"", "n": 5}"#);
        check(r#""order <id> has <n>""#, r#""order a \"b\" has 5""#);
        check(r#"{"l": <list>, "t": "<list>"}"#, r#"{"l": [1,"x"], "t": "[1,x]"}"#);
        check(r#""gone: <no>""#, r#""gone: ""#);
        check(r#""\"<n>\" < 6 <aws.events.rule-name>""#, r#""\"5\" < 6 orders""#);
        check("<aws.events.event.ingestion-time>", "\"2026-01-01T00:00:00Z\"");
        check("{\"e\": <aws.events.event>}", r#"{"e": {"detail":{"id":"a \"b\"","n":5,"list":[1,"x"]}}}"#);
    }

    #[test]
    fn a_path_leads_to_one_value() {
        let event = json!({"detail": {"items": [{"sku": "a"}], "odd name": 1}});
        let cases = [
            ("$", Some(event.clone())),
            ("$.detail.items[0].sku", Some(json!("a"))),
            ("$.detail['odd name']", Some(json!(1))),
            ("$.detail.none", None),
            ("$.detail.items[1]", None),
        ];
        for (path, expected) in cases {
            let path = Path::parse(path).expect("the table's path is valid");
            assert_eq!(path.find(&event), expected.as_ref());
        }
        for invalid in ["", "detail", "$.", "$..a", "$.a[", "$.a[x]", "$.a[*]", "$.*"] {
            assert_eq!(Path::parse(invalid), None, "{invalid}");
        }
    }
}
