//! Filter criteria of event source mappings.
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html>

use rehearsal::settle::Settled;
use serde_json::Value;

use crate::kinesis::{batches, puts, stream};
use crate::kit::{Rig, records};
use crate::streams::{THREE_CHANGES, both, writer};

fn criteria(patterns: &[&str]) -> String {
    let filters: Vec<String> = patterns.iter().map(|pattern| format!("{{ Pattern: '{pattern}' }}")).collect();
    format!(", FilterCriteria: {{ Filters: [{}] }}", filters.join(", "))
}

fn queue(mapping: &str) -> String {
    format!(
        "
  Orders: {{ Type: AWS::SQS::Queue }}
  Worker:
    Type: AWS::Serverless::Function
    Properties: {{ Events: {{ Orders: {{ Type: SQS, Properties: {{ Queue: !GetAtt Orders.Arn{mapping} }} }} }} }}
"
    )
}

#[test]
fn a_message_that_matches_no_filter_is_deleted_unprocessed() {
    let filters =
        criteria(&[r#"{ "body": { "total": [{ "numeric": [">", 10] }] } }"#, r#"{ "body": { "vip": [true] } }"#]);
    let rig = Rig::new(&queue(&filters)).ok("Worker").expect("queues: { Orders: empty }");
    let send = |json: &str| format!("sqs.send: {{ queue: Orders, json: {json} }}");
    let steps = ["{ n: 1, total: 5 }", "{ n: 2, total: 50 }", "{ n: 3, vip: true }"].map(send);
    let mut steps: Vec<&str> = steps.iter().map(String::as_str).collect();
    steps.push("sqs.send: { queue: Orders, body: not JSON }");
    let played = rig.play(&steps).passed();
    let seen: Vec<Value> = played
        .events("Worker")
        .into_iter()
        .flat_map(records)
        .filter_map(|record| serde_json::from_str::<Value>(record["body"].as_str()?).ok())
        .map(|body| body["n"].clone())
        .collect();
    assert_eq!(seen, [2, 3]);
    assert_eq!(played.outcome.settled, Settled::Idle);
}

#[test]
fn a_tables_records_are_filtered_by_event_name_and_image() {
    let filters = criteria(&[r#"{ "eventName": ["INSERT"], "dynamodb": { "NewImage": { "id": { "S": ["a"] } } } }"#]);
    let played = writer(Rig::new(&both(&filters)).ok("Worker")).play(&[THREE_CHANGES]).passed();
    let seen: Vec<&Value> = played.events("Worker").into_iter().flat_map(records).collect();
    assert_eq!(seen.len(), 1);
    assert_eq!((&seen[0]["eventName"], &seen[0]["dynamodb"]["Keys"]["id"]["S"]), (&"INSERT".into(), &"a".into()));
    assert_eq!(played.outcome.settled, Settled::Idle);
}

#[test]
fn a_streams_records_are_filtered_by_their_data_and_do_not_fill_batches() {
    let filters = criteria(&[r#"{ "data": { "n": [2, 4] } }"#, r#"{ "partitionKey": ["vip"] }"#]);
    let mapping = format!(", BatchSize: 2, MaximumBatchingWindowInSeconds: 5{filters}");
    let put = |key: &str, n: u32| format!("kinesis.put: {{ stream: Clicks, key: {key}, json: {{ n: {n} }} }}");
    let mut steps: Vec<String> = (1..=4).map(|n| put("k", n)).collect();
    steps.push(put("vip", 9));
    steps.extend(puts(&["k text"]));
    let played =
        Rig::new(&stream(1, &mapping)).ok("Worker").play(&steps.iter().map(String::as_str).collect::<Vec<_>>());
    let played = played.passed();
    let expected: &[&[&str]] = &[&[r#"{"n":2}"#, r#"{"n":4}"#], &[r#"{"n":9}"#]];
    assert_eq!(batches(&played), expected);
}
