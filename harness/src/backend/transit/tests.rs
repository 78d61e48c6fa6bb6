//! What the books expect after each kind of call.

use http::{HeaderMap, Method};
use rstest::rstest;

use super::*;
use crate::stack::{Bucket, BucketNotification, Queue, Rule, RuleTarget, Subscription};

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
        ..Bucket::default()
    };
    let rule = |bus: &str, pattern: Value, target: String| Rule {
        logical_id: "Rule".to_owned(),
        name: "rule".to_owned(),
        arn: "arn:aws:events:us-east-1:1:rule/rule".to_owned(),
        bus: bus.to_owned(),
        event_pattern: Some(pattern),
        schedule: None,
        enabled: true,
        targets: vec![RuleTarget { id: "t".to_owned(), arn: target, ..RuleTarget::default() }],
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

#[test]
fn a_publication_that_a_filter_policy_leaves_out_is_not_waited_for() {
    let mut stack = stack();
    stack.subscriptions[0].attributes.insert("FilterPolicy".to_owned(), r#"{"kind":["new"]}"#.to_owned());
    let transit = Transit::new(stack);
    let publish = |attributes: &str| {
        let body = format!("Action=Publish&TopicArn=arn%3Aaws%3Asns%3Aus-east-1%3A1%3Anews&Message=m{attributes}");
        transit.observe(&call(Service::Sns, "Publish"), &request(Method::POST, "", body), &answered(200, ""));
    };
    publish("");
    assert_eq!((missing(&transit, "one"), missing(&transit, "two")), (0, 1));
    publish(
        "&MessageAttributes.entry.1.Name=kind&MessageAttributes.entry.1.Value.DataType=String\
         &MessageAttributes.entry.1.Value.StringValue=new",
    );
    assert_eq!((missing(&transit, "one"), missing(&transit, "two")), (1, 2));
}

#[test]
fn only_what_a_batch_took_and_a_fifo_topic_had_not_before_is_waited_for() {
    let mut stack = stack();
    stack.subscriptions[0].topic_arn = "arn:aws:sns:us-east-1:1:news.fifo".to_owned();
    let transit = Transit::new(stack);
    let entry = |number: u32, id: &str| {
        let name = format!("&PublishBatchRequestEntries.member.{number}");
        format!("{name}.Id={id}{name}.Message=same{name}.MessageDeduplicationId={id}")
    };
    let topic = "Action=PublishBatch&TopicArn=arn%3Aaws%3Asns%3Aus-east-1%3A1%3Anews.fifo";
    let body = format!("{topic}{}{}", entry(1, "a"), entry(2, "b"));
    let answer = answered(200, "<Successful><member><Id>a</Id></member></Successful><Failed><Id>b</Id></Failed>");
    for _ in 0..2 {
        transit.observe(&call(Service::Sns, "PublishBatch"), &request(Method::POST, "", body.clone()), &answer);
    }
    assert_eq!(missing(&transit, "one"), 1);
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

/// A FIFO queue answers a duplicate with the first message's id.
#[test]
fn a_duplicate_is_not_expected() {
    let transit = Transit::new(stack());
    let asked = || request(Method::POST, "", json!({ "QueueUrl": "http://127.0.0.1:4566/1/files" }).to_string());
    for (id, expected) in [("a", 1), ("a", 1), ("b", 2)] {
        let answer = answered(200, &json!({ "MessageId": id }).to_string());
        transit.observe(&call(Service::Sqs, "SendMessage"), &asked(), &answer);
        assert_eq!(missing(&transit, "files"), expected);
    }
    let both = json!({ "Successful": [{ "MessageId": "b" }, { "MessageId": "c" }] }).to_string();
    transit.observe(&call(Service::Sqs, "SendMessageBatch"), &asked(), &answered(200, &both));
    assert_eq!(missing(&transit, "files"), 3);
}

#[rstest]
#[case::over(json!({ "StartedTimestamp": 1, "ApproximateNumberOfMessagesMoved": 2 }), 2)]
#[case::running(json!({ "StartedTimestamp": 1, "ApproximateNumberOfMessagesMoved": 1, "TaskHandle": "h" }), 0)]
#[case::elsewhere(
    json!({ "StartedTimestamp": 1, "ApproximateNumberOfMessagesMoved": 2, "DestinationArn": "arn:aws:sqs:us-east-1:1:other" }),
    0
)]
fn what_a_move_task_moved_comes_once_into_the_queue_it_is_for(#[case] mut task: Value, #[case] expected: u64) {
    let dead = "arn:aws:sqs:us-east-1:1:dead";
    let policy = json!({ "deadLetterTargetArn": dead, "maxReceiveCount": 1 }).to_string();
    let queue = Queue {
        logical_id: "Files".to_owned(),
        name: "files".to_owned(),
        arn: "arn:aws:sqs:us-east-1:1:files".to_owned(),
        url: String::new(),
        attributes: [("RedrivePolicy".to_owned(), policy)].into(),
    };
    let transit = Transit::new(Stack { queues: vec![queue], ..stack() });
    task["SourceArn"] = dead.into();
    let answer = json!({ "Results": [task] }).to_string();
    for _ in 0..2 {
        let asked = request(Method::POST, "", json!({ "SourceArn": dead }).to_string());
        transit.observe(&call(Service::Sqs, "ListMessageMoveTasks"), &asked, &answered(200, &answer));
        assert_eq!(missing(&transit, "files"), expected);
    }
}
