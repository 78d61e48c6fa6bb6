//! Targets: where a rule sends what it takes.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::dead_letter::DeadLetterConfig;
use super::input::{Input, InputTransformer};
use super::{Rest, bus_name, input, invalid, not_simulated, page, refuse_rest, rule};
use crate::arn::Arn;
use crate::delivery::{self, HttpParameters, Kind};
use crate::protocol::AwsError;
use crate::world::{Call, World};

/// A rule has at most this many targets.
const MAX_TARGETS: usize = 5;

#[derive(Clone, Debug)]
pub(super) struct Target {
    pub to: delivery::Target,
    pub input: Input,
    properties: Properties,
}

/// A target as it was put and is listed.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Properties {
    id: String,
    arn: String,
    /// Whose rights EventBridge uses; rights are not simulated.
    #[serde(skip_serializing_if = "Option::is_none")]
    role_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_transformer: Option<InputTransformer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_policy: Option<RetryPolicy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dead_letter_config: Option<DeadLetterConfig>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sqs_parameters: Option<SqsParameters>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_parameters: Option<HttpParameters>,
    #[serde(flatten)]
    rest: Rest,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct RetryPolicy {
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum_retry_attempts: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum_event_age_in_seconds: Option<u32>,
}

/// What a FIFO queue is sent besides.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SqsParameters {
    message_group_id: Option<String>,
}

impl Target {
    pub fn id(&self) -> &str {
        &self.properties.id
    }

    pub fn arn(&self) -> &str {
        &self.properties.arn
    }

    /// Checks a target. Retries are limited by default to 185 within 24 hours.
    /// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html>
    fn new(call: &Call<'_>, properties: Properties) -> Result<Self, AwsError> {
        refuse_rest(call, "Targets.", &properties.rest)?;
        let id = &properties.id;
        let kind = kind(call, &properties)?;
        let (input, input_path) = (properties.input.as_deref(), properties.input_path.as_deref());
        let input = Input::new(id, input, input_path, properties.input_transformer.as_ref())?;
        let policy = properties.retry_policy.clone().unwrap_or_default();
        let max_attempts = policy.maximum_retry_attempts.unwrap_or(185);
        let max_age = policy.maximum_event_age_in_seconds.unwrap_or(86_400);
        if max_attempts > 185 || !(60..=86_400).contains(&max_age) {
            return Err(invalid(format!("Parameter RetryPolicy is not valid for target {id}.")));
        }
        let max_age = SignedDuration::from_secs(max_age.into());
        let dead_letter_queue =
            properties.dead_letter_config.as_ref().map(DeadLetterConfig::queue).transpose()?.flatten();
        let to = delivery::Target { kind, arn: properties.arn.clone(), max_attempts, max_age, dead_letter_queue };
        Ok(Self { to, input, properties })
    }
}

fn kind(call: &Call<'_>, properties: &Properties) -> Result<Kind, AwsError> {
    let Properties { id, arn, .. } = properties;
    let Some(parsed) = Arn::parse(arn) else {
        return Err(invalid(format!("Parameter {id} is not valid. Reason: Provided Arn is not in correct format.")));
    };
    let group_id = properties.sqs_parameters.as_ref().and_then(|parameters| parameters.message_group_id.clone());
    let transforms =
        properties.input.is_some() || properties.input_path.is_some() || properties.input_transformer.is_some();
    match (parsed.service, parsed.resource.split('/').next().unwrap_or_default()) {
        ("sqs", queue) if queue.ends_with(".fifo") && group_id.is_none() => {
            Err(invalid(format!("Parameter(s) SqsParameters must be specified for target: {id}.")))
        }
        ("sqs", queue) if !queue.ends_with(".fifo") && group_id.is_some() => Err(invalid(format!(
            "Parameter(s) SqsParameters not valid for target: {id}. Reason: the queue is not a FIFO queue."
        ))),
        ("sqs", _) => Ok(Kind::Queue { group_id }),
        ("sns", topic) if topic.ends_with(".fifo") => Err(not_simulated(call, "a FIFO topic as a target")),
        ("sns", _) => Ok(Kind::Topic),
        ("lambda", _) => Ok(Kind::Function),
        ("events", "event-bus") if transforms => Err(not_simulated(call, "the input of a target that is an event bus")),
        ("events", "event-bus") => Ok(Kind::Bus),
        ("events", "api-destination") => {
            Ok(Kind::ApiDestination(properties.http_parameters.clone().unwrap_or_default()))
        }
        (service, _) => Err(not_simulated(call, &format!("a target of the service {service}"))),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutTargets {
    rule: String,
    event_bus_name: Option<String>,
    targets: Vec<Properties>,
}

/// Adds targets to a rule, or changes those whose ids it has already.
/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html>
pub(super) fn put(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let PutTargets { rule, event_bus_name, targets } = input(call)?;
    let bus = bus_name(call, event_bus_name.as_deref())?;
    let targets: Vec<_> = targets.into_iter().map(|target| Target::new(call, target)).collect::<Result<_, _>>()?;
    let rule = rule::find(call.region(world), bus, &rule)?;
    let mut merged = rule.targets.clone();
    for target in targets {
        match merged.iter_mut().find(|old| old.id() == target.id()) {
            Some(old) => *old = target,
            None => merged.push(target),
        }
    }
    if merged.len() > MAX_TARGETS {
        let message = "The requested resource exceeds the maximum number allowed.";
        return Err(AwsError::client("LimitExceededException", message));
    }
    rule.targets = merged;
    world.changed();
    Ok(json!({ "FailedEntryCount": 0, "FailedEntries": [] }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RemoveTargets {
    rule: String,
    event_bus_name: Option<String>,
    ids: Vec<String>,
    /// Only for rules that AWS services manage, of which there are none here.
    #[serde(rename = "Force")]
    _force: Option<bool>,
}

/// Removes targets; an id that the rule does not have fails in its own entry.
/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RemoveTargets.html>
pub(super) fn remove(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let RemoveTargets { rule: name, event_bus_name, ids, .. } = input(call)?;
    let bus = bus_name(call, event_bus_name.as_deref())?;
    let rule = rule::find(call.region(world), bus, &name)?;
    let mut failed = Vec::new();
    for id in ids {
        let before = rule.targets.len();
        rule.targets.retain(|target| target.id() != id);
        if rule.targets.len() == before {
            let message = format!("Rule {name} does not have a target with the Id {id}.");
            failed.push(json!({
                "TargetId": id, "ErrorCode": "ResourceNotFoundException", "ErrorMessage": message,
            }));
        }
    }
    world.changed();
    Ok(json!({ "FailedEntryCount": failed.len(), "FailedEntries": failed }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListTargetsByRule {
    rule: String,
    event_bus_name: Option<String>,
    next_token: Option<String>,
    limit: Option<usize>,
}

pub(super) fn list_by_rule(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let ListTargetsByRule { rule, event_bus_name, next_token, limit } = input(call)?;
    let bus = bus_name(call, event_bus_name.as_deref())?;
    let targets = rule::find(call.region(world), bus, &rule)?.targets.iter();
    let (targets, next) = page(targets.map(|target| json!(target.properties)).collect(), next_token.as_deref(), limit)?;
    Ok(json!({ "Targets": targets, "NextToken": next }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListRuleNamesByTarget {
    target_arn: String,
    event_bus_name: Option<String>,
    next_token: Option<String>,
    limit: Option<usize>,
}

pub(super) fn list_rule_names(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let ListRuleNamesByTarget { target_arn, event_bus_name, next_token, limit } = input(call)?;
    let bus = super::find_bus(call.region(world), bus_name(call, event_bus_name.as_deref())?)?;
    let sends = |rule: &rule::Rule| rule.targets.iter().any(|target| target.arn() == target_arn);
    let names = bus.rules.iter().filter(|(_, rule)| sends(rule)).map(|(name, _)| name.clone()).collect();
    let (names, next) = page(names, next_token.as_deref(), limit)?;
    Ok(json!({ "RuleNames": names, "NextToken": next }))
}
