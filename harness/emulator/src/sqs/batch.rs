//! What all batches have in common: the rules for their entries, and an answer per entry.
//!
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-batch-api-actions.html>

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::protocol::AwsError;

/// One entry of a batch.
pub(super) trait Entry {
    /// The shape's name, as errors tell it.
    const NAME: &'static str;

    /// The id that tells the entry from the others of its batch.
    fn id(&self) -> &str;
}

/// Refuses a batch as a whole: none or more than 10 entries, or ids that are invalid or not distinct.
pub(super) fn check<E: Entry>(entries: &[E]) -> Result<(), AwsError> {
    if entries.is_empty() {
        let message = format!("There should be at least one {} in the request.", E::NAME);
        return Err(refused("EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest", message));
    }
    if entries.len() > 10 {
        let message = format!("Maximum number of entries per request are 10. You have sent {}.", entries.len());
        let code = "AWS.SimpleQueueService.TooManyEntriesInBatchRequest";
        return Err(refused("TooManyEntriesInBatchRequest", code, message));
    }
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if !entries.iter().all(|entry| (1..=80).contains(&entry.id().len()) && entry.id().bytes().all(valid)) {
        let message = "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be \
                       at most 80 letters long.";
        return Err(refused("InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId", message));
    }
    let mut seen = BTreeSet::new();
    match entries.iter().find(|entry| !seen.insert(entry.id())) {
        Some(repeated) => {
            let message = format!("Id {} repeated.", repeated.id());
            Err(refused("BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct", message))
        }
        None => Ok(()),
    }
}

/// Does each entry by itself; one that fails leaves the others alone. `each` returns the members of a
/// successful entry's answer beside its id.
pub(super) fn each<E: Entry>(entries: Vec<E>, mut each: impl FnMut(E) -> Result<Value, AwsError>) -> Value {
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for entry in entries {
        let id = entry.id().to_owned();
        match each(entry) {
            Ok(mut result) => {
                result["Id"] = id.into();
                successful.push(result);
            }
            Err(error) => failed.push(json!({
                "Id": id,
                "SenderFault": error.status < 500,
                "Code": error.query_code.unwrap_or(&error.code),
                "Message": error.message,
            })),
        }
    }
    json!({ "Successful": successful, "Failed": failed })
}

pub(super) fn refused(code: &'static str, query_code: &'static str, message: impl Into<String>) -> AwsError {
    AwsError::client(code, message).with_query_code(query_code)
}
