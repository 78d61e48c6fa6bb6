//! `PublishBatch`: up to ten messages, each of which may fail by itself.
//!
//! What is wrong with the attributes of a message, or with its ids on its topic, fails the whole request.
//! <https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html>

use super::publish::{self, FIELDS, MAX_BYTES};
use super::{fifo, find_topic, refuse_others, required};
use crate::protocol::query::{self, Form};
use crate::protocol::{AwsError, xml};
use crate::world::{Call, World};

/// A batch has at most this many entries.
const MAX_ENTRIES: usize = 10;

pub(super) fn publish(world: &mut World, call: &Call<'_>, form: &Form) -> Result<String, AwsError> {
    refuse_others(call, form, &["TopicArn", "PublishBatchRequestEntries"])?;
    let topic = required(form, "TopicArn")?;
    let found = find_topic(world, topic)?;
    let entries = query::members(form, "PublishBatchRequestEntries.member");
    check(call, &entries)?;
    let mut notifications = Vec::new();
    for entry in &entries {
        let notification = publish::notification(entry);
        match notification {
            Err(error) if error.code == "ParameterValueInvalid" => return Err(error),
            Ok(notification) => {
                fifo::check(found, &notification)?;
                notifications.push(Ok(notification));
            }
            refused => notifications.push(refused),
        }
    }
    if notifications.iter().flatten().map(publish::size).sum::<usize>() > MAX_BYTES {
        let message = "The length of all the messages put together is more than the limit.";
        return Err(AwsError::client("BatchRequestTooLong", message));
    }
    let (mut successful, mut failed) = (String::new(), String::new());
    for (entry, notification) in entries.iter().zip(notifications) {
        let id = xml::element("Id", required(entry, "Id")?);
        match notification {
            Ok(notification) => {
                let answer = publish::answer(&publish::take(world, topic, &notification));
                successful += &format!("<member>{id}{answer}</member>");
            }
            Err(error) => {
                let (code, message) = (xml::element("Code", &error.code), xml::element("Message", &error.message));
                failed += &format!("<member>{id}{code}{message}<SenderFault>true</SenderFault></member>");
            }
        }
    }
    Ok(format!("<Successful>{successful}</Successful><Failed>{failed}</Failed>"))
}

fn check(call: &Call<'_>, entries: &[Form]) -> Result<(), AwsError> {
    let refuse = |code: &'static str, message: String| Err(AwsError::client(code, message));
    if entries.is_empty() {
        return refuse("EmptyBatchRequest", "The batch request doesn't contain any entries.".to_owned());
    }
    if entries.len() > MAX_ENTRIES {
        let message = "The batch request contains more entries than permissible.".to_owned();
        return refuse("TooManyEntriesInBatchRequest", message);
    }
    let mut ids = Vec::new();
    for entry in entries {
        refuse_others(call, entry, &[&FIELDS[..], &["Id"]].concat())?;
        let id = required(entry, "Id")?;
        let allowed = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
        if id.len() > 80 {
            let message = format!("The Id of a batch entry in the batch request is too long: {id}");
            return refuse("InvalidBatchEntryId", message);
        }
        if id.is_empty() || !id.chars().all(allowed) {
            let message =
                format!("The Id of a batch entry in the batch request contains an impermissible character: {id}");
            return refuse("InvalidBatchEntryId", message);
        }
        if ids.contains(&id) {
            let message = "Two or more batch entries in the request have the same Id.".to_owned();
            return refuse("BatchEntryIdsNotDistinct", message);
        }
        ids.push(id);
    }
    Ok(())
}
