//! `AddPermission` and `RemovePermission`: statements of a queue's policy, by label. The policy is told, and
//! not enforced.
//!
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_AddPermission.html>

use serde::Deserialize;
use serde_json::{Value, json};

use super::error::{invalid_value, missing};
use crate::protocol::AwsError;
use crate::protocol::json::input;
use crate::world::{Call, World};

/// What others can be allowed to do with a queue; all else is its owner's.
const ACTIONS: [&str; 9] = [
    "*",
    "ChangeMessageVisibility",
    "DeleteMessage",
    "GetQueueAttributes",
    "GetQueueUrl",
    "ListDeadLetterSourceQueues",
    "PurgeQueue",
    "ReceiveMessage",
    "SendMessage",
];

/// How many actions a statement may name.
const MAXIMUM_ACTIONS: usize = 7;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct AddPermission {
    #[serde(default)]
    queue_url: String,
    #[serde(default)]
    label: String,
    #[serde(default, rename = "AWSAccountIds")]
    accounts: Vec<String>,
    #[serde(default)]
    actions: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RemovePermission {
    #[serde(default)]
    queue_url: String,
    #[serde(default)]
    label: String,
}

pub(super) fn add_permission(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let input: AddPermission = input(call.request)?;
    let queue = call.region(world).sqs.at_url(&input.queue_url, call.clock.now())?;
    check_label(&input.label)?;
    check(&input)?;
    let mut policy = queue.attributes.policy().unwrap_or_else(
        || json!({ "Version": "2008-10-17", "Id": format!("{}/SQSDefaultPolicy", queue.arn), "Statement": [] }),
    );
    let mut statements = statements(&policy);
    if statements.iter().any(|statement| statement["Sid"] == input.label.as_str()) {
        return Err(invalid_value("Label", &input.label, "Already exists."));
    }
    let principals = input.accounts.iter().map(|account| format!("arn:aws:iam::{account}:root"));
    statements.push(json!({
        "Sid": input.label,
        "Effect": "Allow",
        "Principal": { "AWS": one_or_all(principals) },
        "Action": one_or_all(input.actions.iter().map(|action| format!("SQS:{action}"))),
        "Resource": queue.arn,
    }));
    policy["Statement"] = statements.into();
    queue.attributes.set_policy(Some(policy.to_string()));
    Ok(json!({}))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_RemovePermission.html>
pub(super) fn remove_permission(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let input: RemovePermission = input(call.request)?;
    let queue = call.region(world).sqs.at_url(&input.queue_url, call.clock.now())?;
    check_label(&input.label)?;
    let mut policy = queue.attributes.policy().unwrap_or_default();
    let mut statements = statements(&policy);
    let before = statements.len();
    statements.retain(|statement| statement["Sid"] != input.label.as_str());
    if statements.len() == before {
        return Err(invalid_value("Label", &input.label, "can't find label."));
    }
    let left = !statements.is_empty();
    policy["Statement"] = statements.into();
    queue.attributes.set_policy(left.then(|| policy.to_string()));
    Ok(json!({}))
}

fn check(input: &AddPermission) -> Result<(), AwsError> {
    if input.actions.is_empty() {
        return Err(missing("Actions"));
    }
    if input.accounts.is_empty() {
        return Err(invalid_value("PrincipalId", "[]", "Unable to verify."));
    }
    if let Some(action) = input.actions.iter().find(|action| !ACTIONS.contains(&action.as_str())) {
        let reason = "Only the queue owner is allowed to invoke this action.";
        return Err(invalid_value("ActionName", format!("SQS:{action}"), reason));
    }
    if input.actions.len() > MAXIMUM_ACTIONS {
        let message = format!("{} Actions were found, maximum allowed is {MAXIMUM_ACTIONS}.", input.actions.len());
        return Err(AwsError::new(403, "OverLimit", message));
    }
    Ok(())
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html>
fn check_label(label: &str) -> Result<(), AwsError> {
    if label.is_empty() {
        return Err(missing("Label"));
    }
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if label.len() <= 80 && label.bytes().all(valid) {
        return Ok(());
    }
    let reason = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.";
    Err(invalid_value("Label", label, reason))
}

/// A policy's statements: one may stand without a list around it.
fn statements(policy: &Value) -> Vec<Value> {
    match &policy["Statement"] {
        Value::Array(statements) => statements.clone(),
        Value::Null => Vec::new(),
        statement => vec![statement.clone()],
    }
}

/// A single member stands without a list around it.
fn one_or_all(members: impl Iterator<Item = String>) -> Value {
    let mut members: Vec<String> = members.collect();
    if members.len() == 1 { members.remove(0).into() } else { members.into() }
}
