//! What a replay leaves behind, read through the SDK: tables, the messages in queues, the records in
//! streams, the objects in buckets.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_sqs::types::{Message, MessageSystemAttributeName, QueueAttributeName};
use aws_smithy_types::error::display::DisplayErrorContext;
use aws_types::SdkConfig;

use super::records::{self, StreamContent};
use crate::scenario::Expect;
use crate::shared::Shared;
use crate::stack::Queue;
use crate::state::{self, TableState};

/// What was left, by logical id; only what the scenario asks about.
#[derive(Clone, Debug, Default)]
pub struct Leftovers {
    pub tables: BTreeMap<String, TableState>,
    /// How many items there are in tables that are only counted.
    pub counts: BTreeMap<String, u64>,
    pub queues: BTreeMap<String, QueueContent>,
    pub streams: BTreeMap<String, StreamContent>,
    pub objects: BTreeMap<String, BucketContent>,
}

/// The messages in a queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueContent {
    /// Bodies of the messages that can be received, oldest first; in a FIFO queue in the order of arrival.
    pub bodies: Vec<String>,
    /// Messages in flight or delayed, and those that wait for them in a FIFO queue.
    pub hidden: u64,
}

/// The objects in a bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BucketContent {
    /// All keys, in order.
    pub keys: Vec<String>,
    /// What those objects hold that the scenario asks about, as text.
    pub bodies: BTreeMap<String, String>,
}

/// Reads what the scenario has expectations about, or the `whole` of what is left in tables and queues. What
/// cannot be read is a problem of the replay.
pub async fn read(shared: &Shared, expect: &Expect, whole: bool) -> Leftovers {
    let config = shared.service_config();
    let mut leftovers = Leftovers::default();
    let dynamodb = aws_sdk_dynamodb::Client::new(&config);
    for table in &shared.stack.tables {
        if whole || expect.is_about_table(&table.logical_id) {
            let count = if whole { None } else { state::count(&dynamodb, table).await.ok() };
            if let Some(count) = count.filter(|count| !expect.needs_items_of_table(&table.logical_id, *count)) {
                leftovers.counts.insert(table.logical_id.clone(), count);
                continue;
            }
            let state = state::read(&dynamodb, table).await;
            let state = state.unwrap_or_else(|error| problem(shared, &table.logical_id, &error));
            leftovers.tables.insert(table.logical_id.clone(), state);
        }
    }
    for queue in &shared.stack.queues {
        if whole || expect.queues.iter().any(|expected| expected.name.value == queue.logical_id) {
            let content = queue_content(&config, queue).await;
            let content = content.unwrap_or_else(|error| problem(shared, &queue.logical_id, &error));
            leftovers.queues.insert(queue.logical_id.clone(), content);
        }
    }
    for stream in &shared.stack.streams {
        if expect.streams.iter().any(|expected| expected.name.value == stream.logical_id) {
            let content = records::read(&config, &stream.name).await;
            let content = content.unwrap_or_else(|error| problem(shared, &stream.logical_id, &error));
            leftovers.streams.insert(stream.logical_id.clone(), content);
        }
    }
    for bucket in &shared.stack.buckets {
        if let Some(expected) = expect.objects.iter().find(|expected| expected.name.value == bucket.logical_id) {
            let asked: BTreeSet<&str> = expected.value.contents.keys().map(String::as_str).collect();
            let content = bucket_content(&config, &bucket.name, &asked).await;
            let content = content.unwrap_or_else(|error| problem(shared, &bucket.logical_id, &error));
            leftovers.objects.insert(bucket.logical_id.clone(), content);
        }
    }
    leftovers
}

fn problem<T: Default>(shared: &Shared, logical_id: &str, error: &str) -> T {
    shared.problem(format!("{logical_id} could not be read: {error}"));
    T::default()
}

async fn queue_content(config: &SdkConfig, queue: &Queue) -> Result<QueueContent, String> {
    let sqs = aws_sdk_sqs::Client::new(config);
    let attributes = sqs.get_queue_attributes().queue_url(&queue.url).attribute_names(QueueAttributeName::All).send();
    let attributes = attributes.await.map_err(|error| DisplayErrorContext(error).to_string())?;
    let count = |name: &QueueAttributeName| {
        let text = attributes.attributes().and_then(|all| all.get(name));
        text.and_then(|count| count.parse::<u64>().ok()).unwrap_or_default()
    };
    let hidden = count(&QueueAttributeName::ApproximateNumberOfMessagesNotVisible)
        + count(&QueueAttributeName::ApproximateNumberOfMessagesDelayed);
    let mut messages = Vec::new();
    loop {
        let received = sqs
            .receive_message()
            .queue_url(&queue.url)
            .max_number_of_messages(10)
            .message_system_attribute_names(MessageSystemAttributeName::SequenceNumber)
            .visibility_timeout(43_200)
            .wait_time_seconds(0);
        let received = received.send().await.map_err(|error| DisplayErrorContext(error).to_string())?;
        let received = received.messages.unwrap_or_default();
        if received.is_empty() {
            break;
        }
        if queue.is_fifo() {
            remove(&sqs, queue, &received).await?;
        }
        messages.extend(received);
    }
    messages.sort_by_key(sequence_number);
    let visible = count(&QueueAttributeName::ApproximateNumberOfMessages);
    let waiting = if queue.is_fifo() { visible.saturating_sub(messages.len() as u64) } else { 0 };
    let bodies = messages.into_iter().map(|message| message.body.unwrap_or_default()).collect();
    Ok(QueueContent { bodies, hidden: hidden + waiting })
}

/// Deletes what was received from a FIFO queue: the next messages of its groups are given only then.
async fn remove(sqs: &aws_sdk_sqs::Client, queue: &Queue, messages: &[Message]) -> Result<(), String> {
    for message in messages {
        let delete = sqs.delete_message().queue_url(&queue.url).set_receipt_handle(message.receipt_handle.clone());
        delete.send().await.map_err(|error| DisplayErrorContext(error).to_string())?;
    }
    Ok(())
}

/// Grows with each message of a FIFO queue; one for all messages of a standard queue.
fn sequence_number(message: &Message) -> u128 {
    let number = message.attributes().and_then(|all| all.get(&MessageSystemAttributeName::SequenceNumber));
    number.and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// A bucket's keys, and the bodies of those objects that are asked about.
async fn bucket_content(config: &SdkConfig, bucket: &str, asked: &BTreeSet<&str>) -> Result<BucketContent, String> {
    let s3 = aws_sdk_s3::Client::new(config);
    let mut pages = s3.list_objects_v2().bucket(bucket).into_paginator().send();
    let mut content = BucketContent::default();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| DisplayErrorContext(error).to_string())?;
        content.keys.extend(page.contents().iter().filter_map(|object| object.key().map(str::to_owned)));
    }
    content.keys.sort();
    for key in content.keys.iter().filter(|key| asked.contains(key.as_str())) {
        let got = s3.get_object().bucket(bucket).key(key).send().await;
        let got = got.map_err(|error| DisplayErrorContext(error).to_string())?;
        let body = got.body.collect().await.map_err(|error| DisplayErrorContext(error).to_string())?;
        content.bodies.insert(key.clone(), String::from_utf8_lossy(&body.into_bytes()).into_owned());
    }
    Ok(content)
}
