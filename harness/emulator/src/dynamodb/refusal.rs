//! What is refused, here or by the engine, and how that is answered.
//!
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html>

use dynoxide::DynoxideError;
use serde_json::Value;

use super::translation;
use crate::arn::Arn;
use crate::protocol::{AwsError, Reply};
use crate::world::Call;

/// Parameters of AWS that the engine would pass over in silence, by operation.
const NOT_SIMULATED: [(&str, &[&str]); 3] = [
    (
        "CreateTable",
        &["GlobalTableSettingsReplicationMode", "GlobalTableSourceArn", "ResourcePolicy", "WarmThroughput"],
    ),
    ("ListTagsOfResource", &["NextToken"]),
    (
        "UpdateTable",
        &[
            "GlobalTableSettingsReplicationMode",
            "GlobalTableWitnessUpdates",
            "MultiRegionConsistency",
            "ReplicaUpdates",
            "SSESpecification",
            "WarmThroughput",
        ],
    ),
];

/// Operations on an ARN, of which the engine reads the table's name alone.
const ON_ARNS: [&str; 5] = ["DescribeStream", "GetShardIterator", "ListTagsOfResource", "TagResource", "UntagResource"];

/// Refuses a request with a parameter that is not simulated, or for a resource of another account or region.
pub(super) fn check(call: &Call<'_>, body: &str) -> Result<(), AwsError> {
    let parameters = NOT_SIMULATED.iter().find(|(operation, _)| *operation == call.operation());
    if parameters.is_none() && !ON_ARNS.contains(&call.operation()) {
        return Ok(());
    }
    // A body that is no JSON goes to the engine as it is, to be refused there.
    let Ok(Value::Object(input)) = serde_json::from_str(body) else { return Ok(()) };
    let given = |name: &&&str| input.get(**name).is_some_and(|value| !value.is_null());
    if let Some(parameter) = parameters.and_then(|(_, parameters)| parameters.iter().find(given)) {
        return Err(AwsError::parameter_not_simulated(call.identity.service, call.operation(), parameter));
    }
    let arn = input.get("ResourceArn").or(input.get("StreamArn")).and_then(Value::as_str).unwrap_or_default();
    let is_ours = |arn: &Arn<'_>| arn.region == call.identity.region && arn.account == call.identity.account;
    match Arn::parse(arn) {
        Some(parsed) if !is_ours(&parsed) => {
            Err(AwsError::client("ResourceNotFoundException", format!("Requested resource not found: {arn}")))
        }
        _ => Ok(()),
    }
}

/// The answer for an error of the engine.
pub(super) fn reply(call: &Call<'_>, error: DynoxideError) -> Reply {
    let error = match error {
        // The engine's own server gives `ExecuteStatement` this shape of its own, as AWS does.
        DynoxideError::ConditionalCheckFailedException(message, Some(item))
            if call.operation() == "ExecuteStatement" =>
        {
            DynoxideError::StatementConditionalCheckFailed(message, item)
        }
        error => error,
    };
    let status = error.status_code();
    let mut body: Value = serde_json::from_str(&error.to_json()).expect("the engine writes its errors as JSON");
    translation::settle(call, &mut body);
    Reply::json(&body).with_status(status)
}

/// The error for a body that is not the operation's input. The engine marks in the text which error of
/// AWS it is; what carries no mark is a member that is missing, or one of the wrong type.
pub(super) fn unreadable(operation: &str, text: &str) -> DynoxideError {
    use DynoxideError::{SerializationException, ValidationException};
    let message = text.split(" at line ").next().unwrap_or(text);
    if let Some(message) = text.strip_prefix("SERIALIZATION_AS_READ:") {
        SerializationException(message.to_owned())
    } else if let Some(message) = text.strip_prefix("VALIDATION_AS_READ:") {
        ValidationException(message.to_owned())
    } else if let Some(message) = message.strip_prefix("SERIALIZATION:") {
        SerializationException(message.to_owned())
    } else if let Some(message) = message.strip_prefix("VALIDATION_REQUEST:") {
        let counted = ["PutItem", "UpdateItem", "DeleteItem"].contains(&operation);
        ValidationException(format!("{}{message}", if counted { "1 validation error detected: " } else { "" }))
    } else if let Some(message) = message.strip_prefix("VALIDATION:") {
        ValidationException(message.to_owned())
    } else if ["missing field", "unknown variant", "invalid type: null", "AttributeValue"]
        .iter()
        .any(|part| message.contains(part))
    {
        ValidationException(message.to_owned())
    } else {
        SerializationException(message.to_owned())
    }
}
