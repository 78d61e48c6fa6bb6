//! `SendMessage` and `SendMessageBatch`.
//!
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::attributes::MAXIMUM_MESSAGE_SIZE;
use super::batch::{self, Entry};
use super::error::{invalid, invalid_value, missing, not_for_this_type};
use super::message::{Content, WireAttribute, check_attributes, check_body, check_system_attributes};
use super::queue::Queue;
use crate::hex::hex;
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
    if queue.attributes.is_fifo() {
        check_fifo_batch(queue, &input.entries)?;
    }
    Ok(batch::each(input.entries, |entry| {
        let (content, delay) = accept(queue, call, entry.message)?;
        Ok(send(queue, call, content, delay))
    }))
}

/// A FIFO queue refuses a batch as a whole where an entry has no group or no deduplication id.
fn check_fifo_batch(queue: &Queue, entries: &[SendMessageBatchRequestEntry]) -> Result<(), AwsError> {
    let mut messages = entries.iter().map(|entry| &entry.message);
    if messages.clone().any(|message| message.message_group_id.is_none()) {
        return Err(invalid("The request must contain the parameter MessageGroupId."));
    }
    let needs_id = !queue.attributes.deduplicates_by_content();
    if needs_id && messages.any(|message| message.message_deduplication_id.is_none()) {
        return Err(no_deduplication_id());
    }
    Ok(())
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
    let delay = delay(queue, message.delay_seconds)?;
    check_body(&message.message_body)?;
    let mut content = Content {
        body: message.message_body,
        attributes: check_attributes(call.operation(), message.message_attributes)?,
        trace_header: check_system_attributes(call.operation(), message.message_system_attributes)?,
        group_id: message.message_group_id,
        deduplication_id: message.message_deduplication_id,
    };
    let maximum = queue.attributes.maximum_message_size();
    if content.size() > maximum {
        let reason =
            format!("One or more parameters are invalid. Reason: Message must be shorter than {maximum} bytes.");
        return Err(invalid(reason));
    }
    complete(queue, &mut content)?;
    Ok((content, delay))
}

/// A message of a FIFO queue has no delay of its own.
fn delay(queue: &Queue, seconds: Option<i64>) -> Result<SignedDuration, AwsError> {
    match seconds {
        None => Ok(queue.attributes.delay()),
        Some(0) if queue.attributes.is_fifo() => Ok(queue.attributes.delay()),
        Some(seconds) if queue.attributes.is_fifo() => Err(not_for_this_type("DelaySeconds", seconds)),
        Some(seconds @ 0..=900) => Ok(SignedDuration::from_secs(seconds)),
        Some(seconds) => Err(invalid_value("DelaySeconds", seconds, "DelaySeconds must be >= 0 and <= 900.")),
    }
}

/// Checks what a message says of its group and of its deduplication, and adds the deduplication id where the
/// queue deduplicates by content.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-messagededuplicationid-property.html>
pub(super) fn complete(queue: &Queue, content: &mut Content) -> Result<(), AwsError> {
    if let Some(id) = &content.group_id {
        check_id("MessageGroupId", id)?;
    }
    if let Some(id) = &content.deduplication_id {
        if !queue.attributes.is_fifo() {
            return Err(not_for_this_type("MessageDeduplicationId", id));
        }
        check_id("MessageDeduplicationId", id)?;
    }
    if queue.attributes.is_fifo() {
        if content.group_id.is_none() {
            return Err(missing("MessageGroupId"));
        }
        if content.deduplication_id.is_none() && queue.attributes.deduplicates_by_content() {
            content.deduplication_id = Some(hex(&Sha256::digest(content.body.as_bytes())));
        }
        if content.deduplication_id.is_none() {
            return Err(no_deduplication_id());
        }
    }
    Ok(())
}

fn no_deduplication_id() -> AwsError {
    invalid(
        "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided \
         explicitly",
    )
}

/// The ids that a sender chooses.
pub(super) fn check_id(parameter: &str, id: &str) -> Result<(), AwsError> {
    if (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(());
    }
    let reason = format!("{parameter} can only include alphanumeric and punctuation characters. 1 to 128 in length.");
    Err(invalid_value(parameter, id, &reason))
}

fn send(queue: &mut Queue, call: &Call<'_>, content: Content, delay: SignedDuration) -> Value {
    let mut output = content.digests();
    let sent = queue.send(Arc::new(content), &call.identity.account, call.clock.now(), delay, &call.ids);
    output["MessageId"] = sent.message_id.into();
    if let Some(number) = sent.sequence_number {
        output["SequenceNumber"] = number.into();
    }
    output
}

impl Outgoing {
    fn size(&self) -> usize {
        let attributes = self.message_attributes.iter().map(|(name, attribute)| name.len() + attribute.size());
        self.message_body.len() + attributes.sum::<usize>()
    }
}
