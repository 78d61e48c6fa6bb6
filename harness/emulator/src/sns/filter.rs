//! Filter policies: which messages a subscription gets.
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html>

use serde_json::{Map, Value};

use super::invalid;
use super::publish::Notification;
use crate::eventbridge::pattern::Pattern;
use crate::protocol::AwsError;
use crate::sqs::{AttributeValue, MessageAttribute};

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
    pub fn parse(policy: Option<&str>, scope: Option<&str>) -> Result<Option<Self>, AwsError> {
        let scope = match scope {
            None | Some("MessageAttributes") => Scope::MessageAttributes,
            Some("MessageBody") => Scope::MessageBody,
            Some(other) => return Err(invalid(format!("FilterPolicyScope: {other}"))),
        };
        let Some(policy) = policy.filter(|policy| !matches!(policy.trim(), "" | "{}")) else { return Ok(None) };
        let refuse = |reason: String| invalid(format!("FilterPolicy: {reason}"));
        let json: Value = serde_json::from_str(policy).map_err(|_| refuse("failed to parse JSON.".to_owned()))?;
        let policy = Pattern::parse(&json).map_err(|error| refuse(error.to_string()))?;
        if scope == Scope::MessageAttributes && policy.is_nested() {
            return Err(refuse(
                "Filter policy scope MessageAttributes does not support nested filter policy".to_owned(),
            ));
        }
        Ok(Some(Self { policy, scope }))
    }

    /// Whether a subscription with this protocol gets a message.
    pub fn takes(&self, notification: &Notification, protocol: &str) -> bool {
        match self.scope {
            Scope::MessageAttributes => {
                let attributes = notification.attributes.iter();
                let known = attributes.filter_map(|(name, attribute)| Some((name.clone(), json(attribute)?)));
                self.policy.matches(&Value::Object(known.collect::<Map<_, _>>()))
            }
            Scope::MessageBody => match serde_json::from_str(notification.message.for_protocol(protocol)) {
                Ok(body @ Value::Object(_)) => self.policy.matches(&body),
                _ => false,
            },
        }
    }
}

/// A message attribute as policies see it; they do not see binary ones.
fn json(attribute: &MessageAttribute) -> Option<Value> {
    let AttributeValue::Text(text) = &attribute.value else { return None };
    let base = attribute.data_type.as_str();
    if base == "String.Array" || base == "Number" || base.starts_with("Number.") {
        return serde_json::from_str(text).ok();
    }
    Some(Value::String(text.clone()))
}
