//! Targets: where a rule sends what it takes.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::input::{Input, InputTransformer};
use super::{Rest, bus_name, input, invalid, not_simulated, page, refuse_rest, rule};
use crate::arn::Arn;
use crate::protocol::AwsError;
use crate::world::{Call, World};

/// A rule has at most this many targets.
const MAX_TARGETS: usize = 5;

#[derive(Clone, Debug)]
pub(super) struct Target {
    pub kind: TargetKind,
    pub input: Input,
    pub max_attempts: u32,
    pub max_age: SignedDuration,
    properties: Properties,
}

/// What kind of resource a target is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TargetKind {
    Queue,
    Topic,
    Function,
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

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct DeadLetterConfig {
    arn: Option<String>,
}

impl Target {
    pub fn id(&self) -> &str {
        &self.properties.id
    }

    pub fn arn(&self) -> &str {
        &self.properties.arn
    }

    /// The dead-letter queue's ARN.
    pub fn dead_letter_queue(&self) -> Option<&str> {
        self.properties.dead_letter_config.as_ref()?.arn.as_deref()
    }

    /// Checks a target. Retries are limited by default to 185 within 24 hours.
    /// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html>
    fn new(call: &Call<'_>, properties: Properties) -> Result<Self, AwsError> {
        refuse_rest(call, "Targets.", &properties.rest)?;
        let id = &properties.id;
        let kind = kind(call, id, &properties.arn)?;
        let (input, input_path) = (properties.input.as_deref(), properties.input_path.as_deref());
        let input = Input::new(id, input, input_path, properties.input_transformer.as_ref())?;
        let policy = properties.retry_policy.clone().unwrap_or_default();
        let max_attempts = policy.maximum_retry_attempts.unwrap_or(185);
        let max_age = policy.maximum_event_age_in_seconds.unwrap_or(86_400);
        if max_attempts > 185 || !(60..=86_400).contains(&max_age) {
            return Err(invalid(format!("Parameter RetryPolicy is not valid for target {id}.")));
        }
        let max_age = SignedDuration::from_secs(max_age.into());
        let target = Self { kind, input, max_attempts, max_age, properties };
        let queue = target.dead_letter_queue().map(Arn::parse);
        match queue {
            Some(None) => {
                Err(invalid("Parameter DeadLetterConfig is not valid. Reason: Provided Arn is not in correct format."))
            }
            Some(Some(arn)) if arn.service != "sqs" || arn.resource.ends_with(".fifo") => {
                Err(invalid("Parameter DeadLetterConfig is not valid. Reason: The queue must be a standard SQS queue."))
            }
            _ => Ok(target),
        }
    }
}

fn kind(call: &Call<'_>, id: &str, arn: &str) -> Result<TargetKind, AwsError> {
    let Some(parsed) = Arn::parse(arn) else {
        return Err(invalid(format!("Parameter {id} is not valid. Reason: Provided Arn is not in correct format.")));
    };
    match parsed.service {
        "sqs" | "sns" if parsed.resource.ends_with(".fifo") => Err(not_simulated(call, "a FIFO target")),
        "sqs" => Ok(TargetKind::Queue),
        "sns" => Ok(TargetKind::Topic),
        "lambda" => Ok(TargetKind::Function),
        service => Err(not_simulated(call, &format!("a target of the service {service}"))),
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
