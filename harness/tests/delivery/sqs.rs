//! Event source mappings of queues.
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>

use std::time::Duration;

use aws_lambda_events::event::sqs::SqsEvent;
use rehearsal::settle::Settled;
use rehearsal::trace::Environment;
use rstest::rstest;
use serde_json::{Value, json};

use crate::kit::{Played, Rig, State, paths, records, seconds};

/// A queue with a dead-letter queue, and a function that a mapping with these properties feeds.
fn queue(mapping: &str) -> String {
    format!(
        "
  Jobs: {{ Type: AWS::SQS::Queue, Properties: {{ VisibilityTimeout: 30, RedrivePolicy: {{ deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3 }} }} }}
  Dead: {{ Type: AWS::SQS::Queue }}
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Timeout: 10
      Events: {{ Jobs: {{ Type: SQS, Properties: {{ Queue: !GetAtt Jobs.Arn{mapping} }} }} }}
"
    )
}

/// Steps that send messages `1` to `count`.
fn send(count: usize) -> Vec<String> {
    (1..=count).map(|number| format!("sqs.send: {{ queue: Jobs, body: \"{number}\" }}")).collect()
}

fn play(rig: Rig, steps: &[String]) -> Played {
    rig.play(&steps.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Sends through a function, so that all messages are there before the first poll.
fn sender(rig: Rig, count: usize) -> Rig {
    rig.function("Sender", async move |state: &State, _| {
        let sqs = aws_sdk_sqs::Client::new(&state.config);
        for number in 1..=count {
            sqs.send_message().queue_url(&state.variables["QUEUE"]).message_body(number.to_string()).send().await?;
        }
        Ok(Value::Null)
    })
}

const SENDER: &str = "
  Sender: { Type: AWS::Serverless::Function, Properties: { Timeout: 30, Environment: { Variables: { QUEUE: !Ref Jobs } } } }
";

#[rstest]
#[case::one_each(", BatchSize: 1", 3, &[1, 1, 1])]
#[case::a_full_batch_and_the_rest(", BatchSize: 2, MaximumBatchingWindowInSeconds: 5", 5, &[2, 2, 1])]
#[case::ten_by_default(", MaximumBatchingWindowInSeconds: 5", 12, &[10, 2])]
#[case::more_than_ten_with_a_window(", BatchSize: 25, MaximumBatchingWindowInSeconds: 5", 30, &[25, 5])]
fn batch_size_cuts_batches(#[case] mapping: &str, #[case] count: usize, #[case] sizes: &[usize]) {
    let rig = sender(Rig::new(&(queue(mapping) + SENDER)).ok("Worker"), count);
    let played = rig.expect("queues: { Jobs: empty, Dead: empty }").play(&["invoke: { function: Sender }"]).passed();
    let found: Vec<usize> = played.batches("Worker").iter().map(Vec::len).collect();
    assert_eq!(found, sizes);
}

#[test]
fn a_batching_window_fills_a_batch_and_ends_at_its_time() {
    let rig = Rig::new(&queue(", MaximumBatchingWindowInSeconds: 20")).ok("Worker");
    let steps =
        ["sqs.send: { queue: Jobs, body: a }", "advance: 15s", "sqs.send: { queue: Jobs, body: b }", "advance: 10s"];
    let played = rig.play(&[&steps[..], &["sqs.send: { queue: Jobs, body: c }"]].concat()).passed();
    assert_eq!(played.batches("Worker"), [vec!["a", "b"], vec!["c"]]);
    assert_eq!(played.times("Worker"), seconds([20, 45]));
}

#[test]
fn a_full_batch_does_not_wait_for_the_end_of_its_window() {
    let rig = Rig::new(&queue(", BatchSize: 2, MaximumBatchingWindowInSeconds: 20")).ok("Worker");
    let played = play(rig, &send(2)).passed();
    assert_eq!(played.times("Worker"), seconds([0]));
}

#[test]
fn without_a_window_a_message_is_delivered_at_once() {
    let steps = ["sqs.send: { queue: Jobs, body: a }", "advance: 1s", "sqs.send: { queue: Jobs, body: b }"];
    let played = Rig::new(&queue("")).ok("Worker").play(&steps).passed();
    assert_eq!(played.times("Worker"), seconds([0, 1]));
}

#[test]
fn the_queues_own_long_poll_does_not_hold_a_batch_back() {
    let resources = queue("").replacen("Properties: {", "Properties: { ReceiveMessageWaitTimeSeconds: 20,", 1);
    assert_ne!(resources, queue(""), "the queue has a long poll");
    let played =
        Rig::new(&resources).ok("Worker").play(&["advance: 1s", "sqs.send: { queue: Jobs, body: a }"]).passed();
    assert_eq!(played.times("Worker"), seconds([1]));
}

#[test]
fn a_batch_is_cut_at_6_mb() {
    let rig = Rig::new(&(queue(", MaximumBatchingWindowInSeconds: 5") + SENDER)).ok("Worker");
    let rig = rig.function("Sender", async |state: &State, _| {
        let sqs = aws_sdk_sqs::Client::new(&state.config);
        for letter in ["a", "b", "c", "d", "e", "f", "g", "h"] {
            let body = letter.repeat(1_000_000);
            sqs.send_message().queue_url(&state.variables["QUEUE"]).message_body(body).send().await?;
        }
        Ok(Value::Null)
    });
    let played = rig.expect("queues: { Jobs: empty }").play(&["invoke: { function: Sender }"]).passed();
    let sizes: Vec<usize> = played.batches("Worker").iter().map(Vec::len).collect();
    assert_eq!(sizes, [6, 2]);
    assert!(played.events("Worker").iter().all(|event| event.to_string().len() <= 6 * 1024 * 1024));
}

#[test]
fn at_most_five_batches_are_worked_on_at_once() {
    let rig = Rig::new(&queue(", BatchSize: 1")).function("Worker", async |_: &State, _| {
        tokio::time::sleep(Duration::from_secs(8)).await;
        Ok(Value::Null)
    });
    let played = play(rig, &send(7)).passed();
    assert_eq!(played.times("Worker"), seconds([0, 0, 0, 0, 0, 8, 8]));
    let cold = played.environments("Worker").iter().filter(|environment| **environment == Environment::Cold).count();
    assert_eq!(cold, 5, "concurrent invocations have environments of their own");
}

#[test]
fn maximum_concurrency_limits_the_batches_at_once() {
    let rig = Rig::new(&queue(", BatchSize: 1, ScalingConfig: { MaximumConcurrency: 2 }"));
    let rig = rig.function("Worker", async |_: &State, _| {
        tokio::time::sleep(Duration::from_secs(8)).await;
        Ok(Value::Null)
    });
    assert_eq!(play(rig, &send(3)).passed().times("Worker"), seconds([0, 0, 8]));
}

/// A batch of two fails in its first attempt, which lasts `lasted` seconds; both come back together.
fn check_whole_batch_back(played: &Played, kind: &str) {
    assert_eq!(played.results("Worker"), [kind, "success"]);
    assert_eq!(played.times("Worker"), seconds([0, 30]));
    let counts: Vec<&str> = records(played.events("Worker").last().expect("it ran"))
        .iter()
        .filter_map(|record| record["attributes"]["ApproximateReceiveCount"].as_str())
        .collect();
    assert_eq!(counts, ["2", "2"]);
}

#[rstest]
#[case::error("error")]
#[case::timeout("timeout")]
#[case::crash("crash")]
#[case::throttle("throttle")]
fn after_a_planned_failure_the_whole_batch_comes_back(#[case] with: &str) {
    let rig = sender(Rig::new(&(queue("") + SENDER)).ok("Worker"), 2).expect("queues: { Jobs: empty, Dead: empty }");
    let fail = format!("fail: {{ function: Worker, with: {with} }}");
    let played = rig.play(&[&fail, "invoke: { function: Sender }"]).passed();
    check_whole_batch_back(&played, if with == "throttle" { "throttled" } else { with });
}

#[rstest]
#[case::error("error")]
#[case::panic("panic")]
#[case::timeout("timeout")]
fn after_a_functions_own_failure_the_whole_batch_comes_back(#[case] kind: &'static str) {
    let rig = Rig::new(&(queue("") + SENDER)).function("Worker", async move |_: &State, event| {
        let first = event.payload["Records"][0]["attributes"]["ApproximateReceiveCount"] == "1";
        match kind {
            "error" if first => return Err("no luck".into()),
            "panic" if first => panic!("no luck"),
            "timeout" if first => tokio::time::sleep(Duration::from_secs(60)).await,
            _ => {}
        }
        Ok(Value::Null)
    });
    let played = sender(rig, 2).expect("queues: { Jobs: empty }").play(&["invoke: { function: Sender }"]).passed();
    check_whole_batch_back(&played, if kind == "panic" { "error" } else { kind });
}

/// A function that names message `2` as failed when it gets it for the first time.
fn reports_2(event: &Value) -> Value {
    let fails = |record: &&Value| record["body"] == "2" && record["attributes"]["ApproximateReceiveCount"] == "1";
    let failures = records(event).iter().filter(fails).map(|record| json!({ "itemIdentifier": record["messageId"] }));
    json!({ "batchItemFailures": failures.collect::<Vec<_>>() })
}

#[test]
fn batch_item_failures_keep_only_the_named_messages() {
    let template = queue(", FunctionResponseTypes: [ReportBatchItemFailures]") + SENDER;
    let rig = sender(Rig::new(&template).answers("Worker", |event| Ok(reports_2(event))), 3);
    let played = rig.expect("queues: { Jobs: empty }").play(&["invoke: { function: Sender }"]).passed();
    assert_eq!(played.batches("Worker"), [vec!["1", "2", "3"], vec!["2"]]);
    assert_eq!(played.times("Worker"), seconds([0, 30]));
}

#[test]
fn batch_item_failures_are_ignored_where_they_are_not_enabled() {
    let rig = sender(Rig::new(&(queue("") + SENDER)).answers("Worker", |event| Ok(reports_2(event))), 3);
    let played = rig.expect("queues: { Jobs: empty, Dead: empty }").play(&["invoke: { function: Sender }"]).passed();
    assert_eq!(played.batches("Worker"), [["1", "2", "3"]]);
}

#[test]
fn an_unknown_batch_item_identifier_fails_the_whole_batch() {
    let template = queue(", FunctionResponseTypes: [ReportBatchItemFailures]") + SENDER;
    let rig = Rig::new(&template).answers("Worker", |event| {
        let first = event["Records"][0]["attributes"]["ApproximateReceiveCount"] == "1";
        Ok(if first { json!({ "batchItemFailures": [{ "itemIdentifier": "nobody" }] }) } else { Value::Null })
    });
    let played = sender(rig, 2).expect("queues: { Jobs: empty }").play(&["invoke: { function: Sender }"]).passed();
    assert_eq!(played.batches("Worker"), [["1", "2"], ["1", "2"]]);
}

#[test]
fn a_message_that_was_received_too_often_goes_to_the_dead_letter_queue() {
    let rig = Rig::new(&queue("")).fails("Worker").expect("queues: { Jobs: empty, Dead: [\"poison\"] }");
    let played = rig.play(&["sqs.send: { queue: Jobs, body: poison }"]).passed();
    assert_eq!(played.times("Worker"), seconds([0, 30, 60]));
    assert_eq!(played.outcome.settled, Settled::Idle);
    let attempts: Vec<u32> = played.invocations("Worker").iter().map(|invocation| invocation.attempt).collect();
    assert_eq!(attempts, [1, 2, 3]);
}

#[test]
fn a_message_of_a_dead_letter_queue_keeps_its_id_and_names_where_it_came_from() {
    let reader = "
  Reader: { Type: AWS::Serverless::Function, Properties: { Events: { Dead: { Type: SQS, Properties: { Queue: !GetAtt Dead.Arn } } } } }
";
    let rig = Rig::new(&(queue("") + reader)).fails("Worker").ok("Reader");
    let played = rig.play(&["sqs.send: { queue: Jobs, body: poison }"]).passed();
    let letter = &records(played.event("Reader"))[0];
    assert_eq!(letter["messageId"], records(played.events("Worker")[0])[0]["messageId"]);
    let source = letter["attributes"]["DeadLetterQueueSourceArn"].as_str();
    assert_eq!(source, Some("arn:aws:sqs:us-east-1:123456789012:app-Jobs-rehearsal"));
    assert_eq!(letter["eventSourceARN"], "arn:aws:sqs:us-east-1:123456789012:app-Dead-rehearsal");
}

#[test]
fn two_functions_share_a_queue_and_each_message_goes_to_one() {
    let other = "
  Other: { Type: AWS::Serverless::Function, Properties: { Events: { Jobs: { Type: SQS, Properties: { Queue: !GetAtt Jobs.Arn } } } } }
";
    let rig = Rig::new(&(queue("") + other)).ok("Worker").ok("Other").expect("queues: { Jobs: empty, Dead: empty }");
    let played = play(rig, &send(4)).passed();
    let mut bodies = [played.batches("Worker"), played.batches("Other")].concat().concat();
    bodies.sort_unstable();
    assert_eq!(bodies, ["1", "2", "3", "4"]);
}

#[test]
fn each_batch_has_a_request_id_of_its_own() {
    let played = Rig::new(&queue("")).fails("Worker").play(&["sqs.send: { queue: Jobs, body: poison }"]).passed();
    let mut ids: Vec<String> =
        played.invocations("Worker").into_iter().map(|invocation| invocation.request_id).collect();
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

#[test]
fn a_disabled_mapping_delivers_nothing() {
    let rig = Rig::new(&queue(", Enabled: false")).ok("Worker").expect("queues: { Jobs: 1 }");
    let played = rig.expect("invocations: { Worker: 0 }").play(&["sqs.send: { queue: Jobs, body: a }"]).passed();
    assert_eq!(played.outcome.settled, Settled::Idle);
}

#[test]
fn a_delayed_message_is_delivered_after_its_delay() {
    let played = Rig::new(&queue("")).ok("Worker").play(&["sqs.send: { queue: Jobs, body: a, delay: 15m }"]).passed();
    assert_eq!(played.times("Worker"), seconds([900]));
}

/// The members of a record in AWS's example, with those of message attributes and of the dead-letter source.
/// <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html#example-standard-queue-message-event>
const RECORD: &[&str] = &[
    "Records",
    "Records[].attributes",
    "Records[].attributes.ApproximateFirstReceiveTimestamp",
    "Records[].attributes.ApproximateReceiveCount",
    "Records[].attributes.SenderId",
    "Records[].attributes.SentTimestamp",
    "Records[].awsRegion",
    "Records[].body",
    "Records[].eventSource",
    "Records[].eventSourceARN",
    "Records[].md5OfBody",
    "Records[].md5OfMessageAttributes",
    "Records[].messageAttributes",
    "Records[].messageAttributes.kind",
    "Records[].messageAttributes.kind.binaryListValues",
    "Records[].messageAttributes.kind.dataType",
    "Records[].messageAttributes.kind.stringListValues",
    "Records[].messageAttributes.kind.stringValue",
    "Records[].messageId",
    "Records[].receiptHandle",
];

#[test]
fn the_payload_is_an_sqs_event_with_every_field_that_aws_sends() {
    let step = "sqs.send: { queue: Jobs, body: hello, attributes: { kind: greeting } }";
    let played = Rig::new(&queue("")).ok("Worker").play(&[step]).passed();
    let payload = played.event("Worker");
    assert_eq!(paths(payload, &[]), RECORD);
    let event: SqsEvent = serde_json::from_value(payload.clone()).expect("it is an SqsEvent");
    let record = &event.records[0];
    assert_eq!(record.body.as_deref(), Some("hello"));
    assert_eq!(record.md5_of_body.as_deref(), Some("5d41402abc4b2a76b9719d911017c592"));
    assert_eq!(record.event_source.as_deref(), Some("aws:sqs"));
    assert_eq!(record.aws_region.as_deref(), Some("us-east-1"));
    assert_eq!(record.attributes["ApproximateReceiveCount"], "1");
    assert_eq!(record.attributes["SentTimestamp"], "1767225600000");
    let kind = &record.message_attributes["kind"];
    assert_eq!((kind.string_value.as_deref(), kind.data_type.as_deref()), (Some("greeting"), Some("String")));
}

#[test]
fn a_binary_message_attribute_comes_in_base64() {
    let rig = Rig::new(&(queue("") + SENDER)).ok("Worker").function("Sender", async |state: &State, _| {
        use aws_sdk_sqs::primitives::Blob;
        use aws_sdk_sqs::types::MessageAttributeValue;
        let value =
            MessageAttributeValue::builder().data_type("Binary").binary_value(Blob::new([1, 2, 255])).build()?;
        let send = aws_sdk_sqs::Client::new(&state.config).send_message().queue_url(&state.variables["QUEUE"]);
        send.message_body("a").message_attributes("raw", value).send().await?;
        Ok(Value::Null)
    });
    let played = rig.play(&["invoke: { function: Sender }"]).passed();
    let expected =
        json!({ "stringListValues": [], "binaryListValues": [], "dataType": "Binary", "binaryValue": "AQL/" });
    assert_eq!(played.event("Worker")["Records"][0]["messageAttributes"]["raw"], expected);
    let event: SqsEvent = serde_json::from_value(played.event("Worker").clone()).expect("it is an SqsEvent");
    let raw = event.records[0].message_attributes["raw"].binary_value.as_ref().expect("it is binary");
    assert_eq!(raw.0, [1, 2, 255]);
}

/// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html>
#[test]
fn a_function_that_feeds_its_own_queue_is_stopped_after_16_rounds() {
    let template = queue("").replace("Timeout: 10", "Environment: { Variables: { QUEUE: !Ref Jobs } }");
    let rig = Rig::new(&template).function("Worker", async |state: &State, _| {
        let sqs = aws_sdk_sqs::Client::new(&state.config);
        sqs.send_message().queue_url(&state.variables["QUEUE"]).message_body("again").send().await?;
        Ok(Value::Null)
    });
    let rig = rig.expect("queues: { Jobs: empty, Dead: [again] }");
    let played = rig.play(&["sqs.send: { queue: Jobs, body: first }"]).passed();
    let results = played.results("Worker");
    assert_eq!(results.iter().filter(|result| **result == "success").count(), 16);
    assert_eq!(results[16..], ["error"; 3], "the message comes back until its queue gives it up");
}
