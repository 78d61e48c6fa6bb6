//! What of an event a target gets: all of it, a part, a constant, or a template filled in.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::invalid;
use super::path::Path;
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
            Self::Path(path) => path.find(event).unwrap_or_default().to_string(),
            Self::Template { paths, template } => fill(template, |name| match name {
                "aws.events.rule-arn" => Some(surroundings.rule_arn.into()),
                "aws.events.rule-name" => Some(surroundings.rule_name.into()),
                "aws.events.event.ingestion-time" => Some(surroundings.ingested.into()),
                "aws.events.event" => Some(without_detail(event)),
                "aws.events.event.json" => Some(event.clone()),
                name => paths.get(name)?.find(event),
            }),
        }
    }
}

/// An event without its detail. EventBridge calls the type of the detail `detailType` here.
fn without_detail(event: &Value) -> Value {
    let fields = event.as_object().into_iter().flatten().filter(|(name, _)| *name != "detail");
    let renamed = fields.map(|(name, value)| match name.as_str() {
        "detail-type" => ("detailType".to_owned(), value.clone()),
        _ => (name.clone(), value.clone()),
    });
    Value::Object(renamed.collect())
}

/// The variables that every template has, and whether their values are JSON.
const PREDEFINED: [(&str, bool); 5] = [
    ("aws.events.rule-arn", false),
    ("aws.events.rule-name", false),
    ("aws.events.event.ingestion-time", false),
    ("aws.events.event", true),
    ("aws.events.event.json", true),
];

/// A transformer has at most this many variables of its own.
const MAX_VARIABLES: usize = 100;

/// A template is at most this long.
const MAX_TEMPLATE: usize = 8192;

impl InputTransformer {
    /// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_InputTransformer.html>
    fn parse(&self, id: &str) -> Result<Input, AwsError> {
        let too_long = |what: &str, most: usize| {
            invalid(format!("The {what} of target {id} must have length less than or equal to {most}."))
        };
        if self.input_paths_map.len() > MAX_VARIABLES {
            return Err(too_long("InputPathsMap", MAX_VARIABLES));
        }
        if self.input_template.chars().count() > MAX_TEMPLATE {
            return Err(too_long("InputTemplate", MAX_TEMPLATE));
        }
        let mut paths = BTreeMap::new();
        for (name, path) in &self.input_paths_map {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
            if name.starts_with("AWS") || name.is_empty() || !name.chars().all(plain) {
                return Err(invalid(format!("Invalid variable name {name} in InputPathsMap for target {id}.")));
            }
            let Some(path) = Path::parse(path) else {
                return Err(invalid(format!("Invalid InputPath {path} in InputPathsMap for target {id}.")));
            };
            paths.insert(name.clone(), path);
        }
        self.check_template(id)?;
        Ok(Input::Template { paths, template: self.input_template.clone() })
    }

    /// Checks that a template uses what there is, and that one that is an object is JSON with variables in the
    /// place of values.
    fn check_template(&self, id: &str) -> Result<(), AwsError> {
        let template = &self.input_template;
        let refuse = |reason: String| Err(invalid(format!("InputTemplate for target {id} contains {reason}.")));
        for name in placeholders(template) {
            match PREDEFINED.iter().find(|(known, _)| *known == name) {
                Some((_, true)) if !is_object(template) => {
                    return refuse(format!("placeholder {name} valid only for JSON template"));
                }
                None if !self.input_paths_map.contains_key(name) => {
                    return refuse(format!("invalid placeholder {name}"));
                }
                _ => {}
            }
        }
        let json = serde_json::from_str::<Value>(&fill(template, |_| Some(Value::Null)));
        match json {
            Err(error) if is_object(template) => {
                Err(invalid(format!("Invalid InputTemplate for target {id} : {error}")))
            }
            _ => Ok(()),
        }
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

/// Whether a template is a JSON object, in which what is filled in must leave JSON.
fn is_object(template: &str) -> bool {
    template.trim_start().starts_with('{')
}

/// Puts values in place of the names in angle brackets: as JSON outside of quotes, as text within them. A
/// name without a value becomes nothing, or in an object outside of quotes an empty text.
fn fill(template: &str, value: impl Fn(&str) -> Option<Value>) -> String {
    let mut filled = String::new();
    let mut quoted = false;
    let mut rest = template;
    while let Some(character) = rest.chars().next() {
        let after = &rest[character.len_utf8()..];
        match (character, placeholder(after)) {
            ('<', Some((name, after))) => {
                match value(name) {
                    Some(value) => filled.push_str(&written(&value, quoted)),
                    None if is_object(template) && !quoted => filled.push_str("\"\""),
                    None => {}
                }
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
mod tests;
