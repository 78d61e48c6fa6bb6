//! `ReceiveMessage`, and what is done with a receipt handle: `DeleteMessage`, `ChangeMessageVisibility`
//! and their batches.
//!
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html>

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::batch::{self, Entry};
use super::error::{missing, not_for_this_type, over_limit, unknown_attribute, within};
use super::message::{Message, attributes_md5, md5_hex};
use super::queue::Queue;
use super::send::check_id;
use super::{MessageAttribute, State};
use crate::Ids;
use crate::protocol::AwsError;
use crate::protocol::json::input;
use crate::world::{Call, World};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct ReceiveMessage {
    #[serde(default)]
    pub queue_url: String,
    /// In seconds; the queue's where it is missing.
    pub wait_time_seconds: Option<i64>,
    max_number_of_messages: Option<i64>,
    visibility_timeout: Option<i64>,
    /// The older name of `MessageSystemAttributeNames`.
    #[serde(default)]
    attribute_names: Vec<String>,
    #[serde(default)]
    message_system_attribute_names: Vec<String>,
    #[serde(default)]
    message_attribute_names: Vec<String>,
    receive_request_attempt_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DeleteMessage {
    #[serde(default)]
    queue_url: String,
    #[serde(default)]
    receipt_handle: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ChangeMessageVisibility {
    #[serde(default)]
    queue_url: String,
    #[serde(default)]
    receipt_handle: String,
    visibility_timeout: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Batch<E> {
    #[serde(default)]
    queue_url: String,
    #[serde(default = "Vec::new")]
    entries: Vec<E>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DeleteMessageBatchRequestEntry {
    #[serde(default)]
    id: String,
    #[serde(default)]
    receipt_handle: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ChangeMessageVisibilityBatchRequestEntry {
    #[serde(default)]
    id: String,
    #[serde(default)]
    receipt_handle: String,
    visibility_timeout: Option<i64>,
}

impl Entry for DeleteMessageBatchRequestEntry {
    const NAME: &'static str = "DeleteMessageBatchRequestEntry";

    fn id(&self) -> &str {
        &self.id
    }
}

impl Entry for ChangeMessageVisibilityBatchRequestEntry {
    const NAME: &'static str = "ChangeMessageVisibilityBatchRequestEntry";

    fn id(&self) -> &str {
        &self.id
    }
}

/// Receives what is there; the connector has waited already where the request may wait.
pub(super) fn receive_message(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let input: ReceiveMessage = input(call.request)?;
    let now = call.clock.now();
    let state = &mut call.region(world).sqs;
    let queue = state.at_url(&input.queue_url, now)?;
    let count = within("MaxNumberOfMessages", input.max_number_of_messages.unwrap_or(1), 1..=10)?;
    let visibility = input.visibility_timeout.unwrap_or(queue.attributes.visibility_timeout());
    let visibility = SignedDuration::from_secs(within("VisibilityTimeout", visibility, 0..=43_200)?);
    let wait = input.wait_time_seconds.unwrap_or(queue.attributes.receive_wait());
    let wait = within("WaitTimeSeconds", wait, 0..=20)?;
    let attempt = input.receive_request_attempt_id.as_deref();
    check_attempt(queue, attempt)?;
    let system_attributes = SystemAttributes::named(&input)?;
    let name = queue.name().to_owned();
    let count = usize::try_from(count).expect("a count within 1 to 10").min(queue.room_in_flight());
    // A long poll waits for room, and a FIFO queue tells nothing of the limit.
    if count == 0 && wait == 0 && !queue.attributes.is_fifo() {
        return Err(over_limit(&name));
    }
    let again = attempt.and_then(|id| queue.received_before(id, now, visibility));
    let received = again.unwrap_or_else(|| state.receive(&name, count, now, visibility, &call.ids));
    if let (Some(id), Some(queue)) = (attempt, state.queues.get_mut(&name)) {
        queue.attempts.remember(id, now, &received);
    }
    let messages: Vec<Value> =
        received.iter().map(|message| to_wire(message, &system_attributes, &input.message_attribute_names)).collect();
    Ok(if messages.is_empty() { json!({}) } else { json!({ "Messages": messages }) })
}

/// Only a FIFO queue knows attempts.
fn check_attempt(queue: &Queue, attempt: Option<&str>) -> Result<(), AwsError> {
    match attempt {
        Some(id) if !queue.attributes.is_fifo() => Err(not_for_this_type("ReceiveRequestAttemptId", id)),
        Some(id) => check_id("ReceiveRequestAttemptId", id),
        None => Ok(()),
    }
}

pub(super) fn delete_message(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let input: DeleteMessage = input(call.request)?;
    let queue = call.region(world).sqs.at_url(&input.queue_url, call.clock.now())?;
    queue.delete(required_handle(&input.receipt_handle)?)?;
    Ok(json!({}))
}

pub(super) fn delete_message_batch(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let input: Batch<DeleteMessageBatchRequestEntry> = input(call.request)?;
    let queue = call.region(world).sqs.at_url(&input.queue_url, call.clock.now())?;
    batch::check(&input.entries)?;
    Ok(batch::each(input.entries, |entry| {
        queue.delete(required_handle(&entry.receipt_handle)?)?;
        Ok(json!({}))
    }))
}

pub(super) fn change_message_visibility(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let input: ChangeMessageVisibility = input(call.request)?;
    let now = call.clock.now();
    let queue = call.region(world).sqs.at_url(&input.queue_url, now)?;
    let visibility = required_visibility(input.visibility_timeout)?;
    queue.change_visibility(required_handle(&input.receipt_handle)?, visibility, now)?;
    Ok(json!({}))
}

pub(super) fn change_message_visibility_batch(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let input: Batch<ChangeMessageVisibilityBatchRequestEntry> = input(call.request)?;
    let now = call.clock.now();
    let queue = call.region(world).sqs.at_url(&input.queue_url, now)?;
    batch::check(&input.entries)?;
    Ok(batch::each(input.entries, |entry| {
        let visibility = required_visibility(entry.visibility_timeout)?;
        queue.change_visibility(required_handle(&entry.receipt_handle)?, visibility, now)?;
        Ok(json!({}))
    }))
}

impl State {
    /// Receives up to `count` messages. One that was received as often as the redrive policy allows is not
    /// received again: it moves to the dead-letter queue, if that is still there.
    /// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html>
    pub(super) fn receive(
        &mut self,
        name: &str,
        count: usize,
        now: Timestamp,
        visibility: SignedDuration,
        ids: &Ids,
    ) -> Vec<Message> {
        let Some(queue) = self.queues.get(name) else { return Vec::new() };
        let source = queue.arn.clone();
        let policy = queue.attributes.redrive_policy().filter(|policy| self.with_arn(&policy.target_arn).is_some());
        let policy = policy.map(|policy| (policy.target_name().to_owned(), policy.max_receive_count));
        let mut taken: Vec<(u64, Message)> = Vec::new();
        while taken.len() < count {
            let after = taken.last().map(|(_, message)| message);
            let Some((number, message)) = self.queues.get_mut(name).and_then(|queue| queue.take(after)) else { break };
            match &policy {
                Some((target, maximum)) if message.received_here >= *maximum => {
                    if let Some(target) = self.queues.get_mut(target) {
                        let dead = message.dead(&source, now, target.attributes.is_fifo());
                        target.put(dead, now);
                    }
                }
                _ => taken.push((number, message)),
            }
        }
        let Some(queue) = self.queues.get_mut(name) else { return Vec::new() };
        let received = taken.into_iter().map(|taken| queue.receive(taken, now, visibility, ids)).collect();
        queue.advance(now);
        received
    }
}

impl Queue {
    /// The messages that an earlier receive with this attempt id got, hidden for `visibility` from now on;
    /// none where it is too old, or one of them was deleted, received again or otherwise touched.
    fn received_before(&mut self, id: &str, now: Timestamp, visibility: SignedDuration) -> Option<Vec<Message>> {
        let earlier = self.attempts.earlier(id, now)?.to_vec();
        let untouched =
            |(handle, until): &(String, Timestamp)| self.in_flight(handle).is_some_and(|at| at.visible_at == *until);
        if earlier.is_empty() || !earlier.iter().all(untouched) {
            self.attempts.forget(id);
            return None;
        }
        earlier.iter().for_each(|(handle, _)| self.hide_again(handle, now + visibility));
        Some(earlier.iter().filter_map(|(handle, _)| self.in_flight(handle).cloned()).collect())
    }
}

/// Which system attributes a receive asks for.
struct SystemAttributes {
    all: bool,
    names: Vec<String>,
}

impl SystemAttributes {
    const KNOWN: [&str; 9] = [
        "AWSTraceHeader",
        "ApproximateFirstReceiveTimestamp",
        "ApproximateReceiveCount",
        "DeadLetterQueueSourceArn",
        "MessageDeduplicationId",
        "MessageGroupId",
        "SenderId",
        "SentTimestamp",
        "SequenceNumber",
    ];

    fn named(input: &ReceiveMessage) -> Result<Self, AwsError> {
        let names: Vec<String> =
            input.attribute_names.iter().chain(&input.message_system_attribute_names).cloned().collect();
        match names.iter().find(|name| *name != "All" && !Self::KNOWN.contains(&name.as_str())) {
            Some(unknown) => Err(unknown_attribute(unknown)),
            None => Ok(Self { all: names.iter().any(|name| name == "All"), names }),
        }
    }

    /// The values of those that the message has; times are in milliseconds since 1970.
    fn of(&self, message: &Message) -> Map<String, Value> {
        let milliseconds = |time: Timestamp| time.as_millisecond().to_string();
        let values = [
            ("SenderId", Some(message.sender.clone())),
            ("SentTimestamp", Some(milliseconds(message.sent))),
            ("ApproximateReceiveCount", Some(message.receive_count.to_string())),
            ("ApproximateFirstReceiveTimestamp", message.first_received.map(milliseconds)),
            ("AWSTraceHeader", message.content.trace_header.clone()),
            ("MessageGroupId", message.content.group_id.clone()),
            ("MessageDeduplicationId", message.content.deduplication_id.clone()),
            ("SequenceNumber", message.sequence_number.clone()),
            ("DeadLetterQueueSourceArn", message.dead_letter_source.clone()),
        ];
        let asked = |name: &str| self.all || self.names.iter().any(|asked| asked == name);
        values
            .into_iter()
            .filter(|(name, _)| asked(name))
            .filter_map(|(name, value)| Some((name.to_owned(), value?.into())))
            .collect()
    }
}

fn to_wire(message: &Message, system_attributes: &SystemAttributes, attribute_names: &[String]) -> Value {
    let mut wire = json!({
        "MessageId": message.id,
        "ReceiptHandle": message.receipt,
        "MD5OfBody": md5_hex(message.content.body.as_bytes()),
        "Body": message.content.body,
    });
    let system_attributes = system_attributes.of(message);
    if !system_attributes.is_empty() {
        wire["Attributes"] = system_attributes.into();
    }
    let attributes: BTreeMap<String, MessageAttribute> = message
        .content
        .attributes
        .iter()
        .filter(|(name, _)| attribute_names.iter().any(|pattern| names(pattern, name)))
        .map(|(name, attribute)| (name.clone(), attribute.clone()))
        .collect();
    if !attributes.is_empty() {
        wire["MD5OfMessageAttributes"] = attributes_md5(&attributes).into();
        wire["MessageAttributes"] =
            attributes.into_iter().map(|(name, attribute)| (name, attribute.to_wire())).collect::<Map<_, _>>().into();
    }
    wire
}

/// Whether `All`, `.*`, `prefix.*` or a name means the message attribute.
fn names(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix(".*") {
        _ if pattern == "All" => true,
        Some(prefix) => name.starts_with(prefix),
        None => pattern == name,
    }
}

fn required_handle(handle: &str) -> Result<&str, AwsError> {
    if handle.is_empty() { Err(missing("ReceiptHandle")) } else { Ok(handle) }
}

fn required_visibility(seconds: Option<i64>) -> Result<i64, AwsError> {
    within("VisibilityTimeout", seconds.ok_or_else(|| missing("VisibilityTimeout"))?, 0..=43_200)
}
