//! Filter policies: which messages a subscription gets.
//!
//! A policy is an event pattern, with what SNS does otherwise: it bounds the keys and the combinations of values, a
//! policy on attributes has no nesting, and `null` in one stands for an attribute that is not there too.
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html>

use serde_json::{Map, Value, json};

use super::publish::Notification;
use super::refusal::Refusal;
use crate::eventbridge::pattern::Pattern;
use crate::sqs::{AttributeValue, MessageAttribute};

/// <https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html>
const MAX_KEYS: usize = 5;
const MAX_COMBINATIONS: usize = 150;
const MAX_BYTES: usize = 256 * 1024;
/// The numbers of `numeric` are within a billion, where EventBridge's are within five.
const MAX_NUMBER: f64 = 1e9;

/// A policy and what of a message it looks at.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    policy: Pattern,
    scope: Scope,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    MessageAttributes,
    MessageBody,
}

impl Filter {
    /// Reads the attributes `FilterPolicy` and `FilterPolicyScope` of a subscription. The empty policy is none.
    pub fn parse(policy: Option<&str>, scope: Option<&str>) -> Result<Option<Self>, Refusal> {
        let scope = match scope {
            None | Some("MessageAttributes") => Scope::MessageAttributes,
            Some("MessageBody") => Scope::MessageBody,
            Some(other) => {
                return Err(Refusal::invalid(format!(
                    "FilterPolicyScope: Invalid value [{other}]. Please use either MessageBody or MessageAttributes"
                )));
            }
        };
        let Some(policy) = policy.filter(|policy| !matches!(policy.trim(), "" | "{}")) else { return Ok(None) };
        let refuse = |reason: &str| Err(Refusal::invalid(format!("FilterPolicy: {reason}")));
        if policy.len() > MAX_BYTES {
            return refuse("Filter policy can not be larger than 256 KB");
        }
        let Ok(mut json) = serde_json::from_str::<Value>(policy) else { return refuse("failed to parse JSON.") };
        if json.as_object().is_some_and(|object| object.len() > MAX_KEYS) {
            return refuse(&format!("Filter policy can not have more than {MAX_KEYS} keys"));
        }
        let combinations = json.as_object().map_or(0, |object| combinations(object, 1, 1));
        if scope == Scope::MessageAttributes {
            null_stands_for_absence(&mut json);
        }
        let pattern =
            Pattern::parse(&json).map_err(|error| Refusal::invalid(format!("FilterPolicy: {}", error.message)))?;
        if has_greater_number(&json) {
            return refuse("Value must be between -1.0E9 and 1.0E9, inclusive");
        }
        if scope == Scope::MessageAttributes && pattern.is_nested() {
            let reason = "Filter policy scope MessageAttributes does not support nested filter policy";
            return Err(Refusal::invalid(reason));
        }
        if combinations > MAX_COMBINATIONS {
            return refuse("Filter policy is too complex");
        }
        Ok(Some(Self { policy: pattern, scope }))
    }

    /// Whether a subscription with this protocol gets a message. A body that is no JSON object matches no policy.
    pub fn takes(&self, notification: &Notification, protocol: &str) -> bool {
        match self.scope {
            Scope::MessageAttributes => {
                let attributes = notification.attributes.iter();
                let known = attributes.filter_map(|(name, attribute)| Some((name.clone(), seen(attribute)?)));
                self.policy.matches(&Value::Object(known.collect::<Map<_, _>>()))
            }
            Scope::MessageBody => match serde_json::from_str(notification.message.for_protocol(protocol)) {
                Ok(body @ Value::Object(_)) => self.policy.matches(&body),
                _ => false,
            },
        }
    }
}

/// A message attribute as policies see it: they see neither binary ones nor what is no JSON as its type says.
fn seen(attribute: &MessageAttribute) -> Option<Value> {
    let AttributeValue::Text(text) = &attribute.value else { return None };
    let data_type = attribute.data_type.as_str();
    if data_type == "String.Array" || data_type == "Number" || data_type.starts_with("Number.") {
        return serde_json::from_str(text).ok();
    }
    Some(Value::String(text.clone()))
}

/// In a policy on attributes, an attribute that is not there matches `null`.
fn null_stands_for_absence(policy: &mut Value) {
    let Some(fields) = policy.as_object_mut() else { return };
    for (name, field) in fields {
        match field {
            Value::Array(alternatives) if name == "$or" => alternatives.iter_mut().for_each(null_stands_for_absence),
            Value::Array(values) if values.contains(&Value::Null) => values.push(json!({ "exists": false })),
            _ => {}
        }
    }
}

/// Whether a `numeric` compares with a number that is out of range.
fn has_greater_number(policy: &Value) -> bool {
    let is_greater = |value: &Value| value.as_f64().is_some_and(|number| number.abs() > MAX_NUMBER);
    match policy {
        Value::Object(fields) => fields.iter().any(|(name, value)| match value {
            Value::Array(terms) if name == "numeric" && terms.iter().any(is_greater) => true,
            value => has_greater_number(value),
        }),
        Value::Array(values) => values.iter().any(has_greater_number),
        _ => false,
    }
}

/// How many combinations of values a policy has: the lists' lengths multiplied, each by how deep it is nested; and of
/// alternatives the sum.
fn combinations(fields: &Map<String, Value>, depth: usize, so_far: usize) -> usize {
    fields.iter().fold(so_far, |so_far, (name, field)| match field {
        Value::Object(nested) => combinations(nested, depth + 1, so_far),
        Value::Array(alternatives) if name == "$or" => {
            let alternatives = alternatives.iter().filter_map(Value::as_object);
            alternatives.map(|each| combinations(each, depth, so_far)).fold(0, usize::saturating_add)
        }
        Value::Array(values) => so_far.saturating_mul(values.len()).saturating_mul(depth),
        _ => so_far,
    })
}
