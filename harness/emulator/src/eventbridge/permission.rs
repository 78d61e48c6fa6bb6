//! The policy of a bus: who may put events on it. It is kept and told, and checked for nobody.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-perms.html>

use serde::Deserialize;
use serde_json::{Value, json};

use super::bus::arn;
use super::{bus_name, find_bus, input, invalid, not_found};
use crate::protocol::AwsError;
use crate::world::{Call, World};

/// A policy is at most this long, in bytes.
const MAX_BYTES: usize = 10 * 1024;

/// The only action that a statement may allow.
const ACTION: &str = "events:PutEvents";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutPermission {
    event_bus_name: Option<String>,
    action: Option<String>,
    principal: Option<String>,
    statement_id: Option<String>,
    condition: Option<Condition>,
    policy: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Condition {
    #[serde(rename = "Type")]
    kind: String,
    key: String,
    value: String,
}

/// Puts a statement in place of the one with its id, or a whole policy in place of the one that is there.
/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutPermission.html>
pub(super) fn put(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let mut put: PutPermission = input(call)?;
    let name = bus_name(call, put.event_bus_name.as_deref())?.to_owned();
    let bus = find_bus(call.region(world), &name)?;
    let policy = match put.policy.take() {
        Some(policy) => whole(&policy)?,
        None => {
            let statement = put.statement(&arn(call, &name))?;
            let mut statements = statements(bus.policy.as_ref());
            statements.retain(|old| old["Sid"] != statement["Sid"]);
            statements.push(statement);
            of(statements)
        }
    };
    if policy.to_string().len() > MAX_BYTES {
        let message = format!("The policy of event bus {name} is longer than {MAX_BYTES} bytes.");
        return Err(AwsError::client("PolicyLengthExceededException", message));
    }
    bus.policy = Some(policy);
    world.changed();
    Ok(json!({}))
}

fn whole(policy: &str) -> Result<Value, AwsError> {
    match serde_json::from_str(policy) {
        Ok(policy @ Value::Object(_)) => Ok(policy),
        _ => Err(invalid("This policy contains invalid Json")),
    }
}

impl PutPermission {
    fn statement(self, bus_arn: &str) -> Result<Value, AwsError> {
        if self.action.as_deref() != Some(ACTION) {
            return Err(invalid("Provided value in parameter 'action' is not supported."));
        }
        let is_account = |text: &str| text.len() == 12 && text.chars().all(|c| c.is_ascii_digit());
        let principal = match self.principal.as_deref() {
            Some("*") => json!("*"),
            Some(account) if is_account(account) => json!({ "AWS": format!("arn:aws:iam::{account}:root") }),
            other => return Err(unmatched("principal", other, "(\\d{12}|\\*)")),
        };
        let is_id = |text: &str| {
            (1..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
        };
        let id = match self.statement_id.as_deref() {
            Some(id) if is_id(id) => id,
            other => return Err(unmatched("statementId", other, "[a-zA-Z0-9-_]+")),
        };
        let mut statement = json!({
            "Sid": id, "Effect": "Allow", "Principal": principal, "Action": ACTION, "Resource": bus_arn,
        });
        if let Some(Condition { kind, key, value }) = self.condition {
            statement["Condition"] = json!({ kind: { key: value } });
        }
        Ok(statement)
    }
}

fn unmatched(parameter: &str, value: Option<&str>, pattern: &str) -> AwsError {
    let value = value.map_or_else(|| "null".to_owned(), |value| format!("'{value}'"));
    invalid(format!(
        "1 validation error detected: Value {value} at '{parameter}' failed to satisfy constraint: Member must satisfy \
         regular expression pattern: {pattern}"
    ))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RemovePermission {
    event_bus_name: Option<String>,
    statement_id: Option<String>,
    remove_all_permissions: Option<bool>,
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RemovePermission.html>
pub(super) fn remove(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let RemovePermission { event_bus_name, statement_id, remove_all_permissions } = input(call)?;
    let bus = find_bus(call.region(world), bus_name(call, event_bus_name.as_deref())?)?;
    if remove_all_permissions == Some(true) {
        bus.policy = None;
    } else {
        let Some(policy) = &bus.policy else { return Err(not_found("EventBus does not have a policy.")) };
        let mut left = statements(Some(policy));
        let before = left.len();
        left.retain(|statement| statement["Sid"].as_str() != statement_id.as_deref());
        if left.len() == before {
            return Err(not_found("Statement with the provided id does not exist."));
        }
        bus.policy = (!left.is_empty()).then(|| of(left));
    }
    world.changed();
    Ok(json!({}))
}

fn of(statements: Vec<Value>) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// The statements of a policy, of which a policy with one need not make a list.
fn statements(policy: Option<&Value>) -> Vec<Value> {
    match policy.map(|policy| &policy["Statement"]) {
        Some(Value::Array(statements)) => statements.clone(),
        Some(statement @ Value::Object(_)) => vec![statement.clone()],
        _ => Vec::new(),
    }
}
