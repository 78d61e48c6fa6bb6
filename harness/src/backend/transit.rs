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
use serde_json::{Value, json};

use super::table_writes::may_have_written;
use super::tap::is_test_event;
use crate::stack::{Bucket, NotificationTarget, Stack};

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
    /// The objects that are there: what is not there cannot be removed.
    objects: BTreeSet<(String, String)>,
    /// What the last call that something follows from was, by queue: for people.
    causes: BTreeMap<String, String>,
    /// How many calls wrote to tables, or may have.
    table_writes: u64,
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
            "SendMessage" => self.books().expect(queue, 1, operation),
            "SendMessageBatch" => {
                let sent = answer["Successful"].as_array().map_or(0, Vec::len);
                self.books().expect(queue, sent as u64, operation);
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

    fn object_call(&self, operation: &str, request: &Request) {
        let (Some(bucket), Some(key)) = rehearsal_emulator::s3::bucket_and_key(request) else { return };
        let object = (bucket, key);
        let event = match operation {
            "PutObject" => "ObjectCreated:Put",
            "CopyObject" => "ObjectCreated:Copy",
            "CompleteMultipartUpload" => "ObjectCreated:CompleteMultipartUpload",
            "DeleteObject" if self.books().objects.contains(&object) => "ObjectRemoved:Delete",
            _ => return,
        };
        if event.starts_with("ObjectCreated") {
            self.books().objects.insert(object.clone());
        } else {
            self.books().objects.remove(&object);
        }
        self.object_changed(&object.0, &object.1, event);
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
        let count = match operation {
            "Publish" => 1,
            // One for each message that was taken.
            "PublishBatch" => String::from_utf8_lossy(answer).matches("<MessageId>").count(),
            _ => 0,
        };
        for _ in 0..count {
            self.deliver(&topic, "SNS Publish");
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
    fn expect(&mut self, queue: &str, count: u64, cause: &str) {
        *self.expected.entry(queue.to_owned()).or_default() += count;
        self.causes.insert(queue.to_owned(), cause.to_owned());
    }
}

/// What a rule's pattern may look at in the event of a bucket.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>
fn object_event(bucket: &Bucket, key: &str, event: &str) -> Value {
    let (created, how) = (event.starts_with("ObjectCreated"), event.rsplit(':').next().unwrap_or_default());
    json!({
        "source": "aws.s3",
        "detail-type": if created { "Object Created" } else { "Object Deleted" },
        "resources": [format!("arn:aws:s3:::{}", bucket.name)],
        "detail": {
            "version": "0",
            "bucket": { "name": bucket.name },
            "object": { "key": key },
            "reason": if how == "CompleteMultipartUpload" { how.to_owned() } else { format!("{how}Object") },
        },
    })
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
mod tests {
    use http::{HeaderMap, Method};
    use rstest::rstest;

    use super::*;
    use crate::stack::{BucketNotification, Rule, RuleTarget, Subscription};

    /// A bucket that tells a queue of created CSV files and the bus of everything, a topic with two queues, and a
    /// rule on a bus of its own and one on the default bus.
    fn stack() -> Stack {
        let queue = |name: &str| format!("arn:aws:sqs:us-east-1:1:{name}");
        let notification = BucketNotification {
            events: vec!["s3:ObjectCreated:*".to_owned()],
            prefix: Some("in/".to_owned()),
            suffix: Some(".csv".to_owned()),
            target: NotificationTarget::Queue(queue("files")),
        };
        let bucket = Bucket {
            logical_id: "Uploads".to_owned(),
            name: "uploads".to_owned(),
            notifications: vec![notification],
            event_bridge: true,
        };
        let rule = |bus: &str, pattern: Value, target: String| Rule {
            logical_id: "Rule".to_owned(),
            name: "rule".to_owned(),
            arn: "arn:aws:events:us-east-1:1:rule/rule".to_owned(),
            bus: bus.to_owned(),
            event_pattern: Some(pattern),
            schedule: None,
            enabled: true,
            targets: vec![RuleTarget {
                id: "t".to_owned(),
                arn: target,
                input: None,
                input_path: None,
                dead_letter_arn: None,
                maximum_retry_attempts: None,
                maximum_event_age: None,
            }],
        };
        let subscription = |name: &str| Subscription {
            logical_id: name.to_owned(),
            topic_arn: "arn:aws:sns:us-east-1:1:news".to_owned(),
            protocol: "sqs".to_owned(),
            endpoint: queue(name),
            attributes: BTreeMap::new(),
        };
        Stack {
            buckets: vec![bucket],
            subscriptions: vec![subscription("one"), subscription("two")],
            rules: vec![
                rule("shop", json!({ "detail": { "total": [{ "numeric": [">", 10] }] } }), queue("large")),
                rule("default", json!({ "detail-type": ["Object Deleted"] }), queue("deleted")),
            ],
            ..Stack::default()
        }
    }

    fn call(service: Service, operation: &str) -> Identity {
        Identity { service, operation: operation.to_owned(), account: "1".to_owned(), region: "us-east-1".to_owned() }
    }

    fn request(method: Method, path: &str, body: impl Into<Bytes>) -> Request {
        let uri = format!("http://127.0.0.1:4566/{path}").parse().expect("a URI");
        Request { method, uri, headers: HeaderMap::new(), body: body.into() }
    }

    fn answered(status: u16, body: &str) -> http::Response<Bytes> {
        let response = http::Response::builder().status(status);
        response.body(Bytes::from(body.to_owned())).expect("a status and a body")
    }

    fn object(transit: &Transit, method: Method, operation: &str, key: &str, status: u16) {
        let request = request(method, &format!("uploads/{key}"), "");
        transit.observe(&call(Service::S3, operation), &request, &answered(status, ""));
    }

    fn missing(transit: &Transit, queue: &str) -> u64 {
        transit.missing(queue, 0).map_or(0, |(count, _)| count)
    }

    #[rstest]
    #[case::selected("in/a.csv", 200, 1)]
    #[case::encoded("in/red%20flower.csv", 200, 1)]
    #[case::another_prefix("out/a.csv", 200, 0)]
    #[case::another_suffix("in/a.txt", 200, 0)]
    #[case::refused("in/a.csv", 403, 0)]
    fn an_object_that_is_put_is_a_message_for_each_notification_that_selects_it(
        #[case] key: &str,
        #[case] status: u16,
        #[case] expected: u64,
    ) {
        let transit = Transit::new(stack());
        object(&transit, Method::PUT, "PutObject", key, status);
        assert_eq!(missing(&transit, "files"), expected);
    }

    /// S3 tells of no removal where nothing was.
    #[test]
    fn only_an_object_that_is_there_is_removed_and_the_bus_is_told() {
        let transit = Transit::new(stack());
        object(&transit, Method::DELETE, "DeleteObject", "a", 204);
        assert_eq!(missing(&transit, "deleted"), 0);
        object(&transit, Method::PUT, "PutObject", "a", 200);
        object(&transit, Method::DELETE, "DeleteObject", "a", 204);
        assert_eq!(missing(&transit, "deleted"), 1);
        assert_eq!(
            transit.missing("deleted", 0).map(|(_, cause)| cause).as_deref(),
            Some("S3 ObjectRemoved:Delete Uploads/a")
        );
    }

    #[test]
    fn a_publication_is_a_message_for_each_subscription() {
        let transit = Transit::new(stack());
        let body = "Action=Publish&TopicArn=arn%3Aaws%3Asns%3Aus-east-1%3A1%3Anews&Message=hello";
        transit.observe(&call(Service::Sns, "Publish"), &request(Method::POST, "", body), &answered(200, ""));
        assert_eq!((missing(&transit, "one"), missing(&transit, "two")), (1, 1));
    }

    #[rstest]
    #[case::matches("shop", 12, "{\"Entries\":[{\"EventId\":\"e\"}]}", 1)]
    #[case::does_not_match("shop", 9, "{\"Entries\":[{\"EventId\":\"e\"}]}", 0)]
    #[case::another_bus("default", 12, "{\"Entries\":[{\"EventId\":\"e\"}]}", 0)]
    #[case::refused_entry("shop", 12, "{\"Entries\":[{\"ErrorCode\":\"InternalFailure\"}]}", 0)]
    fn an_event_is_a_message_for_each_target_of_the_rules_that_match(
        #[case] bus: &str,
        #[case] total: u32,
        #[case] answer: &str,
        #[case] expected: u64,
    ) {
        let transit = Transit::new(stack());
        let detail = json!({ "total": total }).to_string();
        let entry = json!({ "EventBusName": bus, "Source": "s", "DetailType": "d", "Detail": detail });
        let asked = request(Method::POST, "", json!({ "Entries": [entry] }).to_string());
        transit.observe(&call(Service::EventBridge, "PutEvents"), &asked, &answered(200, answer));
        assert_eq!(missing(&transit, "large"), expected);
    }

    /// A message that comes back after its visibility timeout is one, and S3's test of a destination is none.
    #[test]
    fn what_comes_out_of_a_queue_is_counted_once_by_its_id() {
        let transit = Transit::new(stack());
        let queue = json!({ "QueueUrl": "http://127.0.0.1:4566/1/files" }).to_string();
        let asked = || request(Method::POST, "", queue.clone());
        let test = json!({ "Service": "Amazon S3", "Event": "s3:TestEvent" }).to_string();
        let received = |id: &str, body: &str| json!({ "Messages": [{ "MessageId": id, "Body": body }] }).to_string();
        for _ in 0..2 {
            transit.observe(&call(Service::Sqs, "SendMessage"), &asked(), &answered(200, "{}"));
        }
        for (id, body, left) in [("t", test.as_str(), 2), ("a", "x", 1), ("a", "x", 1), ("b", "y", 0)] {
            let answer = answered(200, &received(id, body));
            transit.observe(&call(Service::Sqs, "ReceiveMessage"), &asked(), &answer);
            assert_eq!(missing(&transit, "files"), left, "after {id}");
        }
    }

    #[test]
    fn what_is_in_a_queue_is_not_on_its_way() {
        let transit = Transit::new(stack());
        object(&transit, Method::PUT, "PutObject", "in/a.csv", 200);
        assert_eq!(transit.missing("files", 1), None);
    }
}
