//! `SendMessage` and `SendMessageBatch`.
//!
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::Value;

use super::attributes::MAXIMUM_MESSAGE_SIZE;
use super::batch::{self, Entry};
use super::error::{invalid, invalid_value};
use super::message::{Content, Message, WireAttribute, check_attributes, check_body, check_system_attributes};
use super::queue::Queue;
use crate::protocol::{AwsError, json};
use crate::world::{Call, World};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendMessage {
    #[serde(default)]
    queue_url: String,
    #[serde(flatten)]
    message: Outgoing,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SendMessageBatch {
    #[serde(default)]
    queue_url: String,
    #[serde(default)]
    entries: Vec<SendMessageBatchRequestEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendMessageBatchRequestEntry {
    #[serde(default)]
    id: String,
    #[serde(flatten)]
    message: Outgoing,
}

/// A message as both operations carry it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Outgoing {
    #[serde(default)]
    message_body: String,
    delay_seconds: Option<i64>,
    #[serde(default)]
    message_attributes: BTreeMap<String, WireAttribute>,
    #[serde(default)]
    message_system_attributes: BTreeMap<String, WireAttribute>,
    message_deduplication_id: Option<String>,
    message_group_id: Option<String>,
}

impl Entry for SendMessageBatchRequestEntry {
    const NAME: &'static str = "SendMessageBatchRequestEntry";

    fn id(&self) -> &str {
        &self.id
    }
}

pub(super) fn send_message(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let input: SendMessage = json::input(call.request)?;
    let queue = call.region(world).sqs.at_url(&input.queue_url, call.clock.now())?;
    let (content, delay) = accept(queue, call, input.message)?;
    Ok(send(queue, call, content, delay))
}

pub(super) fn send_message_batch(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let input: SendMessageBatch = json::input(call.request)?;
    let queue = call.region(world).sqs.at_url(&input.queue_url, call.clock.now())?;
    batch::check(&input.entries)?;
    check_total_size(&input.entries)?;
    Ok(batch::each(input.entries, |entry| {
        let (content, delay) = accept(queue, call, entry.message)?;
        Ok(send(queue, call, content, delay))
    }))
}

/// All messages of a batch together may weigh as much as one message may.
fn check_total_size(entries: &[SendMessageBatchRequestEntry]) -> Result<(), AwsError> {
    let total: usize = entries.iter().map(|entry| entry.message.size()).sum();
    if i64::try_from(total).is_ok_and(|total| total <= MAXIMUM_MESSAGE_SIZE) {
        return Ok(());
    }
    let message =
        format!("Batch requests cannot be longer than {MAXIMUM_MESSAGE_SIZE} bytes. You have sent {total} bytes.");
    Err(batch::refused("BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong", message))
}

/// What a message carries and how long it is delayed, or why the queue refuses it.
fn accept(queue: &Queue, call: &Call<'_>, message: Outgoing) -> Result<(Content, SignedDuration), AwsError> {
    if let Some(id) = message.message_deduplication_id {
        let reason = "The request include parameter that is not valid for this queue type.";
        return Err(invalid_value("MessageDeduplicationId", id, reason));
    }
    let delay = match message.delay_seconds {
        None => queue.attributes.delay(),
        Some(seconds @ 0..=900) => SignedDuration::from_secs(seconds),
        Some(seconds) => {
            return Err(invalid_value("DelaySeconds", seconds, "DelaySeconds must be >= 0 and <= 900."));
        }
    };
    check_body(&message.message_body)?;
    let content = Content {
        body: message.message_body,
        attributes: check_attributes(call.operation(), message.message_attributes)?,
        trace_header: check_system_attributes(call.operation(), message.message_system_attributes)?,
        group_id: message.message_group_id,
    };
    let maximum = queue.attributes.maximum_message_size();
    if content.size() > maximum {
        let reason =
            format!("One or more parameters are invalid. Reason: Message must be shorter than {maximum} bytes.");
        return Err(invalid(reason));
    }
    Ok((content, delay))
}

fn send(queue: &mut Queue, call: &Call<'_>, content: Content, delay: SignedDuration) -> Value {
    let mut output = content.digests();
    let message = Message::new(content, call.identity.account.clone(), call.clock.now(), delay, &call.ids);
    output["MessageId"] = message.id.as_str().into();
    queue.put(message);
    output
}

impl Outgoing {
    fn size(&self) -> usize {
        let attributes = self.message_attributes.iter().map(|(name, attribute)| name.len() + attribute.size());
        self.message_body.len() + attributes.sum::<usize>()
    }
}
