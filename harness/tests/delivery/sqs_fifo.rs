//! Event source mappings of FIFO queues.
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>

use std::time::Duration;

use aws_lambda_events::event::sqs::SqsEvent;
use serde_json::{Value, json};

use crate::kit::{Rig, State, records, seconds};

/// A FIFO queue with a dead-letter queue, a function that a mapping with these properties feeds, and a function
/// that sends, so that all messages are there before the first poll.
fn queue(mapping: &str) -> String {
    format!(
        "
  Jobs: {{ Type: AWS::SQS::Queue, Properties: {{ FifoQueue: true, ContentBasedDeduplication: true, VisibilityTimeout: 30, RedrivePolicy: {{ deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3 }} }} }}
  Dead: {{ Type: AWS::SQS::Queue, Properties: {{ FifoQueue: true }} }}
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Timeout: 10
      Events: {{ Jobs: {{ Type: SQS, Properties: {{ Queue: !GetAtt Jobs.Arn{mapping} }} }} }}
  Sender: {{ Type: AWS::Serverless::Function, Properties: {{ Timeout: 30, Environment: {{ Variables: {{ QUEUE: !Ref Jobs }} }} }} }}
"
    )
}

/// Sends messages as `group` and number, such as `a1`.
fn sender(rig: Rig, bodies: &'static [&'static str]) -> Rig {
    rig.function("Sender", async move |state: &State, _| {
        let sqs = aws_sdk_sqs::Client::new(&state.config);
        for body in bodies {
            let send = sqs.send_message().queue_url(&state.variables["QUEUE"]).message_body(*body);
            send.message_group_id(&body[..1]).send().await?;
        }
        Ok(Value::Null)
    })
}

const SEND: &str = "invoke: { function: Sender }";

fn is_first_receive(event: &Value) -> bool {
    event["Records"][0]["attributes"]["ApproximateReceiveCount"] == "1"
}

#[test]
fn a_fifo_batch_has_ten_messages_at_most_and_each_group_in_order() {
    let bodies = &["a1", "b1", "a2", "b2", "a3", "b3", "a4", "b4", "a5", "b5", "a6", "b6"];
    let rig = sender(Rig::new(&queue("")).ok("Worker"), bodies).expect("queues: { Jobs: empty, Dead: empty }");
    let played = rig.play(&[SEND]).passed();
    let batches = played.batches("Worker");
    assert_eq!(batches[0], ["a1", "a2", "a3", "a4", "a5", "a6", "b1", "b2", "b3", "b4"]);
    assert_eq!(batches[1], ["b5", "b6"]);
}

/// Group `b` is not held back by group `a`, whose second message waits for the first.
#[test]
fn as_many_batches_are_worked_on_at_once_as_there_are_groups() {
    let rig = Rig::new(&queue(", BatchSize: 1")).function("Worker", async |_: &State, _| {
        tokio::time::sleep(Duration::from_secs(8)).await;
        Ok(Value::Null)
    });
    let bodies = &["a1", "a2", "b1", "c1", "d1", "e1", "f1", "g1"];
    let played = sender(rig, bodies).play(&[SEND]).passed();
    let order = [&["a1"], &["b1"], &["c1"], &["d1"], &["e1"], &["f1"], &["g1"], &["a2"]];
    assert_eq!(played.batches("Worker"), order);
    assert_eq!(played.times("Worker"), seconds([0, 0, 0, 0, 0, 0, 0, 8]));
}

#[test]
fn maximum_concurrency_limits_the_groups_that_are_worked_on_at_once() {
    let rig = Rig::new(&queue(", BatchSize: 1, ScalingConfig: { MaximumConcurrency: 2 }"));
    let rig = rig.function("Worker", async |_: &State, _| {
        tokio::time::sleep(Duration::from_secs(8)).await;
        Ok(Value::Null)
    });
    let played = sender(rig, &["a1", "b1", "c1"]).play(&[SEND]).passed();
    assert_eq!(played.times("Worker"), seconds([0, 0, 8]));
}

#[test]
fn a_failed_batch_blocks_its_groups_until_it_comes_back_in_order() {
    let rig = Rig::new(&queue(", BatchSize: 2")).answers("Worker", |event| {
        let fails = event["Records"][0]["body"] == "a1" && is_first_receive(event);
        if fails { Err("no luck".into()) } else { Ok(Value::Null) }
    });
    let bodies = &["a1", "a2", "a3", "b1"];
    let played = sender(rig, bodies).expect("queues: { Jobs: empty, Dead: empty }").play(&[SEND]).passed();
    assert_eq!(played.batches("Worker"), [vec!["a1", "a2"], vec!["b1"], vec!["a1", "a2"], vec!["a3"]]);
    assert_eq!(played.times("Worker"), seconds([0, 0, 30, 30]));
}

#[test]
fn a_function_that_stops_at_the_first_failure_keeps_the_order_of_its_group() {
    let rig = Rig::new(&queue(", FunctionResponseTypes: [ReportBatchItemFailures]")).answers("Worker", |event| {
        // As AWS asks: nothing after the first failure is worked on, and all of it is named.
        let from = if is_first_receive(event) { 1 } else { usize::MAX };
        let failures = records(event).iter().skip(from).map(|record| json!({ "itemIdentifier": record["messageId"] }));
        Ok(json!({ "batchItemFailures": failures.collect::<Vec<_>>() }))
    });
    let rig = sender(rig, &["a1", "a2", "a3"]).expect("queues: { Jobs: empty, Dead: empty }");
    let played = rig.play(&[SEND, "advance: 1s", "sqs.send: { queue: Jobs, body: a4, group: a }"]).passed();
    assert_eq!(played.batches("Worker"), [vec!["a1", "a2", "a3"], vec!["a2", "a3", "a4"]]);
    assert_eq!(played.times("Worker"), seconds([0, 30]));
}

/// AWS deletes what the response does not name, so a function that goes on after a failure loses the order.
#[test]
fn a_function_that_goes_on_after_a_failure_loses_the_order_of_its_group() {
    let rig = Rig::new(&queue(", FunctionResponseTypes: [ReportBatchItemFailures]")).answers("Worker", |event| {
        let failed = records(event).iter().filter(|record| record["body"] == "a1" && is_first_receive(event));
        let failures = failed.map(|record| json!({ "itemIdentifier": record["messageId"] }));
        Ok(json!({ "batchItemFailures": failures.collect::<Vec<_>>() }))
    });
    let rig = sender(rig, &["a1", "a2"]).expect("queues: { Jobs: empty }");
    assert_eq!(rig.play(&[SEND]).passed().batches("Worker"), [vec!["a1", "a2"], vec!["a1"]]);
}

#[test]
fn a_poison_message_goes_to_the_fifo_dead_letter_queue_and_its_group_goes_on() {
    let rig = Rig::new(&queue(", BatchSize: 1")).answers("Worker", |event| {
        if event["Records"][0]["body"] == "a1" { Err("poison".into()) } else { Ok(Value::Null) }
    });
    let rig = sender(rig, &["a1", "a2"]).expect("queues: { Jobs: empty, Dead: [a1] }");
    let played = rig.play(&[SEND]).passed();
    assert_eq!(played.batches("Worker"), [["a1"], ["a1"], ["a1"], ["a2"]]);
    assert_eq!(played.times("Worker"), seconds([0, 30, 60, 90]));
}

/// Ten messages of 1 MB are more than one payload holds; what is cut off waits for what comes before it.
#[test]
fn a_fifo_batch_is_cut_at_6_mb_and_the_rest_follows_in_order() {
    let rig = Rig::new(&queue("")).function("Worker", async |_: &State, _| {
        tokio::time::sleep(Duration::from_secs(5)).await;
        Ok(Value::Null)
    });
    let rig = rig.function("Sender", async |state: &State, _| {
        let sqs = aws_sdk_sqs::Client::new(&state.config);
        for letter in ["a", "b", "c", "d", "e", "f", "g", "h"] {
            let send = sqs.send_message().queue_url(&state.variables["QUEUE"]).message_body(letter.repeat(1_000_000));
            send.message_group_id("g").send().await?;
        }
        Ok(Value::Null)
    });
    let played = rig.expect("queues: { Jobs: empty }").play(&[SEND]).passed();
    let first_letters = |batch: Vec<&str>| batch.iter().map(|body| body[..1].to_owned()).collect::<String>();
    let batches: Vec<String> = played.batches("Worker").into_iter().map(first_letters).collect();
    assert_eq!(batches, ["abcdef", "gh"]);
    assert_eq!(played.times("Worker"), seconds([0, 5]));
}

#[test]
fn a_fifo_payload_tells_group_deduplication_id_and_sequence_number() {
    let step = "sqs.send: { queue: Jobs, body: hello, group: a, deduplication_id: d-1 }";
    let played = sender(Rig::new(&queue("")).ok("Worker"), &[]).play(&[step]).passed();
    let event: SqsEvent = serde_json::from_value(played.event("Worker").clone()).expect("it is an SqsEvent");
    let attributes = &event.records[0].attributes;
    assert_eq!((attributes["MessageGroupId"].as_str(), attributes["MessageDeduplicationId"].as_str()), ("a", "d-1"));
    assert_eq!(attributes["SequenceNumber"].len(), 20);
}

#[test]
fn a_duplicate_is_not_delivered_within_five_minutes() {
    let send = "sqs.send: { queue: Jobs, body: hello, group: a }";
    let rig = sender(Rig::new(&queue("")).ok("Worker"), &[]);
    let played = rig.play(&[send, "advance: 299s", send, "advance: 1s", send]).passed();
    assert_eq!(played.times("Worker"), seconds([0, 300]));
}

#[test]
fn what_is_left_in_a_fifo_queue_is_expected_in_its_order() {
    let template = queue(", Enabled: false");
    let play = |expected: &str| {
        let rig = sender(Rig::new(&template).ok("Worker"), &["a1", "b1", "a2"]);
        rig.expect(&format!("queues: {{ Jobs: {expected} }}")).play(&[SEND])
    };
    play("[a1, b1, a2]").passed();
    let failed = play("[a1, a2, b1]");
    assert_eq!(failed.failures(), ["queue Jobs holds another message in place 2 of the list\na1\nb1\na2"]);
}
