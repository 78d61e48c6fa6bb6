//! What is on its way: how many messages must have come into each queue, by what the calls of a replay
//! did, and which have been seen. So a wait ends when everything has arrived, and not after a pause.
//!
//! A call tells of what follows from it: an object put into a bucket is a message for each notification that
//! selects it, a publication one for each subscription, an event one for each target of the rules that match.
//! What always holds: a message is counted as expected before the call that causes it returns to its caller.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use rehearsal_emulator::eventbridge::pattern::Pattern;
use rehearsal_emulator::protocol::{Identity, Request, Service, query};
use rehearsal_emulator::sns;
use serde_json::{Value, json};

use super::object_event::object_event;
use super::table_writes::may_have_written;
use super::tap::is_test_event;
use crate::stack::{NotificationTarget, Stack};

/// The books of one replay. Clones are one.
#[derive(Clone, Debug)]
pub struct Transit(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    stack: Stack,
    books: Mutex<Books>,
}

#[derive(Debug, Default)]
struct Books {
    /// How many messages must have come into a queue, by the queue's name.
    expected: BTreeMap<String, u64>,
    /// The ids of the messages that were received from a queue.
    seen: BTreeMap<String, BTreeSet<String>>,
    /// The ids of the messages that were sent to queues.
    accepted: BTreeSet<String>,
    /// The message move tasks that are over.
    tasks: BTreeSet<String>,
    /// The objects that are there: what is not there cannot be removed.
    objects: BTreeSet<(String, String)>,
    /// What the last call that something follows from was, by queue: for people.
    causes: BTreeMap<String, String>,
    /// How many calls wrote to tables, or may have.
    table_writes: u64,
    /// The topics and deduplication ids of messages to FIFO topics. A replay in real time is over before they are
    /// forgotten.
    deduplicated: BTreeSet<(String, String)>,
}

impl Transit {
    /// Empty books over a stack as it is provisioned.
    pub fn new(stack: Stack) -> Self {
        Self(Arc::new(Inner { stack, books: Mutex::default() }))
    }

    /// Learns from an answer.
    pub fn observe(&self, identity: &Identity, request: &Request, response: &http::Response<Bytes>) {
        self.books().table_writes += u64::from(may_have_written(identity, response));
        if !response.status().is_success() {
            return;
        }
        match identity.service {
            Service::Sqs => self.queue_call(&identity.operation, request, response.body()),
            Service::S3 => self.object_call(&identity.operation, request),
            Service::Sns => self.publication(&identity.operation, request, response.body()),
            Service::EventBridge if identity.operation == "PutEvents" => self.events(request, response.body()),
            _ => {}
        }
    }

    /// How many messages are still to come into a queue, and what the last of them follows from. `inside` is
    /// how many are in it now and have perhaps not been received yet.
    pub fn missing(&self, queue: &str, inside: u64) -> Option<(u64, String)> {
        let books = self.books();
        let expected = books.expected.get(queue).copied().unwrap_or_default();
        let seen = books.seen.get(queue).map_or(0, |ids| ids.len() as u64);
        let missing = expected.saturating_sub(seen + inside);
        (missing > 0).then(|| (missing, books.causes.get(queue).cloned().unwrap_or_default()))
    }

    /// How many calls wrote to tables so far.
    pub fn table_writes(&self) -> u64 {
        self.books().table_writes
    }

    /// The names of the queues that something came into or must come into.
    pub fn queues(&self) -> Vec<String> {
        self.books().expected.keys().cloned().collect()
    }

    fn queue_call(&self, operation: &str, request: &Request, answer: &Bytes) {
        let (asked, answer) = (json_of(&request.body), json_of(answer));
        let queue = asked["QueueUrl"].as_str().map(|url| last(url, '/')).unwrap_or_default();
        match operation {
            "SendMessage" => self.books().sent(queue, &answer, operation),
            "SendMessageBatch" => {
                let sent = answer["Successful"].as_array().into_iter().flatten();
                sent.for_each(|sent| self.books().sent(queue, sent, operation));
            }
            "ListMessageMoveTasks" => {
                answer["Results"].as_array().into_iter().flatten().for_each(|task| self.moved(task));
            }
            "ReceiveMessage" => {
                let messages = answer["Messages"].as_array().into_iter().flatten();
                let messages = messages.filter(|message| !is_test_event(&nested(&message["Body"])));
                let ids = messages.filter_map(|message| message["MessageId"].as_str().map(str::to_owned));
                self.books().seen.entry(queue.to_owned()).or_default().extend(ids);
            }
            _ => {}
        }
    }

    /// A message move task that is over is counted once. Without a destination, its messages went back to the one
    /// queue whose dead-letter queue its source is; where there are more, nobody tells to which.
    fn moved(&self, task: &Value) {
        let source = task["SourceArn"].as_str().unwrap_or_default();
        if task["TaskHandle"].is_string() || !self.books().tasks.insert(task["StartedTimestamp"].to_string() + source) {
            return;
        }
        let queues = &self.0.stack.queues;
        let mut sources = queues.iter().filter(|queue| queue.dead_letter_arn().as_deref() == Some(source));
        let only = sources.next().filter(|_| sources.next().is_none()).map(|queue| queue.arn.as_str());
        if let Some(arn) = task["DestinationArn"].as_str().or(only) {
            let count = task["ApproximateNumberOfMessagesMoved"].as_u64().unwrap_or_default();
            self.books().expect(last(arn, ':'), count, "StartMessageMoveTask");
        }
    }

    fn object_call(&self, operation: &str, request: &Request) {
        let (Some(bucket), Some(key)) = rehearsal_emulator::s3::bucket_and_key(request) else { return };
        let object = (bucket, key);
        let event = match operation {
            "PutObject" => "ObjectCreated:Put",
            "CopyObject" => "ObjectCreated:Copy",
            "CompleteMultipartUpload" => "ObjectCreated:CompleteMultipartUpload",
            "PutObjectTagging" => "ObjectTagging:Put",
            "DeleteObjectTagging" => "ObjectTagging:Delete",
            "DeleteObject" if names_no_version(request) && self.keeps_versions(&object.0) => {
                "ObjectRemoved:DeleteMarkerCreated"
            }
            "DeleteObject" if self.books().objects.contains(&object) => "ObjectRemoved:Delete",
            _ => return,
        };
        if event.starts_with("ObjectCreated") {
            self.books().objects.insert(object.clone());
        } else if event.starts_with("ObjectRemoved") {
            self.books().objects.remove(&object);
        }
        self.object_changed(&object.0, &object.1, event);
    }

    fn keeps_versions(&self, bucket: &str) -> bool {
        self.0.stack.buckets.iter().any(|each| each.name == bucket && each.versioning.is_some())
    }

    fn object_changed(&self, bucket: &str, key: &str, event: &str) {
        let Some(bucket) = self.0.stack.buckets.iter().find(|each| each.name == bucket) else { return };
        let cause = format!("S3 {event} {}/{key}", bucket.logical_id);
        for notification in &bucket.notifications {
            let (prefix, suffix) = (notification.prefix.as_deref(), notification.suffix.as_deref());
            if rehearsal_emulator::s3::selects(&notification.events, prefix, suffix, event, key) {
                match &notification.target {
                    NotificationTarget::Queue(arn) | NotificationTarget::Topic(arn) => self.deliver(arn, &cause),
                    NotificationTarget::Function(_) => {}
                }
            }
        }
        if bucket.event_bridge {
            self.event(&object_event(bucket, key, event), "default", &cause);
        }
    }

    fn publication(&self, operation: &str, request: &Request, answer: &Bytes) {
        let topic = query::form(request).get("TopicArn").cloned().unwrap_or_default();
        let answer = String::from_utf8_lossy(answer);
        let taken = answer.split("<Failed>").next().unwrap_or_default();
        let is_taken = |id: &String| taken.contains(&format!("<Id>{id}</Id>"));
        for message in sns::published(operation, request) {
            let is_taken = message.id.as_ref().is_none_or(is_taken);
            let is_new = || !topic.ends_with(".fifo") || self.books().is_new(&topic, message.deduplication_id());
            if is_taken && is_new() {
                let of_topic = self.0.stack.subscriptions.iter().filter(|each| each.topic_arn == topic);
                let wanting = of_topic.filter(|each| message.is_wanted(&each.protocol, &each.attributes));
                wanting.for_each(|subscription| self.deliver(&subscription.endpoint, "SNS Publish"));
            }
        }
    }

    fn events(&self, request: &Request, answer: &Bytes) {
        let (asked, answer) = (json_of(&request.body), json_of(answer));
        for (index, entry) in asked["Entries"].as_array().into_iter().flatten().enumerate() {
            if answer["Entries"][index]["ErrorCode"].is_string() {
                continue;
            }
            let bus = entry["EventBusName"].as_str().unwrap_or("default");
            let event = json!({
                "source": entry["Source"],
                "detail-type": entry["DetailType"],
                "resources": entry["Resources"].as_array().cloned().unwrap_or_default(),
                "detail": nested(&entry["Detail"]),
            });
            self.event(&event, last(bus, '/'), "EventBridge PutEvents");
        }
    }

    fn event(&self, event: &Value, bus: &str, cause: &str) {
        let takes = |pattern: &Value| Pattern::parse(pattern).is_ok_and(|pattern| pattern.matches(event));
        let rules = self.0.stack.rules.iter().filter(|rule| rule.enabled && rule.bus == bus);
        for rule in rules.filter(|rule| rule.event_pattern.as_ref().is_some_and(takes)) {
            rule.targets.iter().for_each(|target| self.deliver(&target.arn, cause));
        }
    }

    /// Something is on its way to a queue or topic.
    fn deliver(&self, arn: &str, cause: &str) {
        match arn.split(':').nth(2) {
            Some("sqs") => self.books().expect(last(arn, ':'), 1, cause),
            Some("sns") => {
                let of_topic = self.0.stack.subscriptions.iter().filter(|each| each.topic_arn == arn);
                // What a filter makes of another service's message is not foreseen.
                let of_topic = of_topic.filter(|each| !each.attributes.contains_key("FilterPolicy"));
                of_topic.for_each(|subscription| self.deliver(&subscription.endpoint, cause));
            }
            _ => {}
        }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.books.lock().expect("keeping books does not panic")
    }
}

impl Books {
    /// Whether a FIFO topic was given a deduplication id for the first time.
    fn is_new(&mut self, topic: &str, id: String) -> bool {
        self.deduplicated.insert((topic.to_owned(), id))
    }

    /// A message was sent. A duplicate in a FIFO queue is answered with the first one's id, and does not come.
    fn sent(&mut self, queue: &str, answer: &Value, operation: &str) {
        let id = answer["MessageId"].as_str();
        if id.is_none_or(|id| self.accepted.insert(id.to_owned())) {
            self.expect(queue, 1, operation);
        }
    }

    fn expect(&mut self, queue: &str, count: u64, cause: &str) {
        *self.expected.entry(queue.to_owned()).or_default() += count;
        self.causes.insert(queue.to_owned(), cause.to_owned());
    }
}

fn names_no_version(request: &Request) -> bool {
    !request.query().iter().any(|(name, _)| name == "versionId")
}

fn json_of(bytes: &Bytes) -> Value {
    serde_json::from_slice(bytes).unwrap_or_default()
}

/// JSON in a text.
fn nested(text: &Value) -> Value {
    text.as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

fn last(text: &str, separator: char) -> &str {
    text.rsplit(separator).next().unwrap_or_default()
}

#[cfg(test)]
mod tests;
