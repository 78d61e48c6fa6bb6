//! Event source mappings of Kinesis streams.
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html>

use aws_lambda_events::event::kinesis::KinesisEvent;
use rehearsal::settle::Settled;
use rehearsal::trace::What;
use rstest::rstest;
use serde_json::{Value, json};

use crate::kit::{Played, Rig, State, paths, records, seconds};

/// A stream of so many shards, and a function that a mapping with these properties feeds.
pub fn stream(shards: u32, mapping: &str) -> String {
    format!(
        "
  Clicks: {{ Type: AWS::Kinesis::Stream, Properties: {{ Name: clicks, ShardCount: {shards} }} }}
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Timeout: 10
      Events:
        Clicks: {{ Type: Kinesis, Properties: {{ Stream: !GetAtt Clicks.Arn, StartingPosition: LATEST{mapping} }} }}
"
    )
}

pub fn put(key: &str, data: &str) -> String {
    format!("kinesis.put: {{ stream: Clicks, key: {key}, data: \"{data}\" }}")
}

/// Steps that put data under keys, each as `key data`.
pub fn puts(all: &[&str]) -> Vec<String> {
    all.iter().filter_map(|each| each.split_once(' ')).map(|(key, data)| put(key, data)).collect()
}

/// What a record carries, as text.
pub fn data(record: &Value) -> String {
    use base64::Engine as _;
    let data = record["kinesis"]["data"].as_str().expect("it has data");
    let bytes = base64::engine::general_purpose::STANDARD.decode(data).expect("it is base64");
    String::from_utf8(bytes).expect("it is text")
}

/// The data of each batch.
pub fn batches(played: &Played) -> Vec<Vec<String>> {
    played.events("Worker").into_iter().map(|event| records(event).iter().map(data).collect()).collect()
}

fn play(rig: Rig, steps: &[String]) -> Played {
    rig.play(&steps.iter().map(String::as_str).collect::<Vec<_>>()).passed()
}

#[test]
fn the_payload_is_a_kinesis_event_with_every_field_that_aws_sends() {
    let played = play(Rig::new(&stream(1, "")).ok("Worker"), &["advance: 1500ms".to_owned(), put("ann", "hello")]);
    let payload = played.event("Worker");
    let members = [
        "Records",
        "Records[].awsRegion",
        "Records[].eventID",
        "Records[].eventName",
        "Records[].eventSource",
        "Records[].eventSourceARN",
        "Records[].eventVersion",
        "Records[].invokeIdentityArn",
        "Records[].kinesis",
        "Records[].kinesis.approximateArrivalTimestamp",
        "Records[].kinesis.data",
        "Records[].kinesis.kinesisSchemaVersion",
        "Records[].kinesis.partitionKey",
        "Records[].kinesis.sequenceNumber",
    ];
    assert_eq!(paths(payload, &[]), members);
    let event: KinesisEvent = serde_json::from_value(payload.clone()).expect("it is a Kinesis event");
    assert_eq!(event.records[0].kinesis.data.0, b"hello");
    assert_eq!(event.records[0].kinesis.partition_key, "ann");
    let record = &payload["Records"][0];
    assert_eq!(record["kinesis"]["approximateArrivalTimestamp"], json!(1_767_225_601.5));
    assert_eq!(record["eventSourceARN"], "arn:aws:kinesis:us-east-1:123456789012:stream/clicks");
    let number = record["kinesis"]["sequenceNumber"].as_str().unwrap_or_default();
    assert_eq!(record["eventID"], format!("shardId-000000000000:{number}"));
}

#[test]
fn the_records_of_a_key_come_in_their_order() {
    let steps = puts(&["a 1", "b 1", "a 2", "c 1", "b 2", "a 3"]);
    let played = play(Rig::new(&stream(4, ", BatchSize: 1")).ok("Worker"), &steps);
    let of = |key: &str| -> Vec<String> {
        let all = played.events("Worker").into_iter().flat_map(records);
        all.filter(|record| record["kinesis"]["partitionKey"] == key).map(data).collect()
    };
    assert_eq!((of("a"), of("b")), (["1", "2", "3"].map(str::to_owned).into(), ["1", "2"].map(str::to_owned).into()));
}

/// The MD5 of `a` is in the first half of all hash keys, that of `b` in the second.
#[test]
fn a_failing_batch_blocks_its_own_shard_only() {
    let rig = Rig::new(&stream(2, ", BatchSize: 1, MaximumRetryAttempts: 1")).answers("Worker", |event| {
        if data(&records(event)[0]) == "poison" { Err("no luck".into()) } else { Ok(Value::Null) }
    });
    let played = play(rig, &puts(&["a poison", "a after", "b other"]));
    assert_eq!(batches(&played), [["poison"], ["other"], ["poison"], ["after"]]);
    assert_eq!(played.times("Worker"), seconds([0, 0, 1, 1]));
}

#[rstest]
#[case::trim_horizon("TRIM_HORIZON", &["early", "late"])]
#[case::latest("LATEST", &["early", "late"])]
#[case::at_timestamp("AT_TIMESTAMP, StartingPositionTimestamp: 1767225600", &["early", "late"])]
#[case::at_a_later_timestamp("AT_TIMESTAMP, StartingPositionTimestamp: 1767225605", &["late"])]
fn a_mapping_starts_where_its_starting_position_says(#[case] position: &str, #[case] expected: &[&str]) {
    // A mapping begins before the first step, so that only a time of its own is behind a record.
    let resources = stream(1, ", BatchSize: 1").replace("LATEST", position);
    let steps = [put("k", "early"), "advance: 10s".to_owned(), put("k", "late")];
    let played = play(Rig::new(&resources).ok("Worker"), &steps);
    assert_eq!(batches(&played).concat(), expected);
}

#[test]
fn what_a_stream_holds_is_expected_record_by_record() {
    let puts = [
        "kinesis.put: { stream: Clicks, key: a, json: { page: 1 } }",
        "kinesis.put: { stream: Clicks, key: b, data: text }",
    ];
    let all = "streams: { Clicks: [{ key: a, json: { page: 1 } }, { data: [{ prefix: te }] }] }";
    Rig::new(KINESIS).ok("Worker").expect(all).play(&puts).passed();
    let check = |expected: &str| {
        let played = Rig::new(KINESIS).ok("Worker").expect(&format!("streams: {{ Clicks: {expected} }}")).play(&puts);
        played.failures().first().cloned().unwrap_or_default()
    };
    assert_eq!(check("2"), "");
    assert_eq!(check("empty"), "stream Clicks holds 2 records, expected none\na: {\"page\":1}\nb: text");
    let order = "[{ key: b }, { key: a }]";
    assert_eq!(check(order), "stream Clicks holds another record in place 1 of the list\na: {\"page\":1}\nb: text");
    assert!(check("[{ key: a }, { json: { page: 2 } }]").starts_with("stream Clicks holds no record like number 2"));
}

#[rstest]
#[case::kinesis("Clicks", KINESIS, "kinesis.put: { stream: Clicks, key: k, data: x }")]
#[case::table("Orders", &crate::streams::both(""), "invoke: { function: Writer, payload: { put: [a] } }")]
fn a_mapping_that_waits_for_its_first_record_for_long_misses_none(
    #[case] _name: &str,
    #[case] template: &str,
    #[case] put: &str,
) {
    let rig = Rig::new(template).ok("Worker");
    let rig = if template == KINESIS { rig } else { crate::streams::writer(rig) };
    let played = rig.play(&["advance: 12h", put]).passed();
    assert_eq!(played.times("Worker"), seconds([12 * 3600]));
}

#[rstest]
#[case::kinesis(KINESIS, "kinesis.put: { stream: Clicks, key: k, data: x }")]
#[case::table(&crate::streams::both(""), "invoke: { function: Writer, payload: { put: [a], delete: [a] } }")]
fn a_mapping_whose_last_record_is_not_kept_any_more_goes_on(#[case] template: &str, #[case] put: &str) {
    let rig = Rig::new(template).ok("Worker");
    let rig = if template == KINESIS { rig } else { crate::streams::writer(rig) };
    let played = rig.play(&[put, "advance: 3d", put, "advance: 3d", put]).passed();
    let days = played.times("Worker").iter().map(|time| time.as_secs() / 86_400).collect::<Vec<_>>();
    assert_eq!(days, [0, 3, 6]);
}

/// A stream and a function that reads it from its end.
const KINESIS: &str = "
  Clicks: { Type: AWS::Kinesis::Stream, Properties: { ShardCount: 1 } }
  Worker:
    Type: AWS::Serverless::Function
    Properties: { Events: { E: { Type: Kinesis, Properties: { Stream: !GetAtt Clicks.Arn, StartingPosition: LATEST } } } }
";

#[test]
fn a_delivery_follows_from_the_call_that_put_the_record() {
    let played = play(Rig::new(&stream(1, "")).ok("Worker"), &[put("k", "x")]);
    let trace = &played.outcome.trace;
    let delivery =
        trace.iter().find(|event| matches!(&event.what, What::Delivery { from, .. } if from == "Kinesis Clicks"));
    let cause = &trace[delivery.and_then(|event| event.cause).expect("it has a cause") as usize - 1];
    let What::Call { operation, resource, .. } = &cause.what else { panic!("{cause:?}") };
    assert_eq!((operation.as_str(), resource.as_str()), ("PutRecord", "Clicks"));
    assert_eq!(played.outcome.settled, Settled::Idle);
}

#[test]
fn the_children_of_a_split_are_read_after_their_parent() {
    let resources = stream(1, ", BatchSize: 1")
        + "
  Splitter: { Type: AWS::Serverless::Function, Properties: { Environment: { Variables: { STREAM: !Ref Clicks } } } }
";
    let rig = Rig::new(&resources).ok("Worker").function("Splitter", async |state: &State, _| {
        let kinesis = aws_sdk_kinesis::Client::new(&state.config);
        let split =
            kinesis.split_shard().stream_name(&state.variables["STREAM"]).shard_to_split("shardId-000000000000");
        split.new_starting_hash_key("170141183460469231731687303715884105728").send().await?;
        Ok(Value::Null)
    });
    let mut steps = vec!["fail: { function: Worker, times: 3 }".to_owned()];
    steps.extend(puts(&["a 1", "b 1"]));
    steps.push("invoke: { function: Splitter }".to_owned());
    steps.extend(puts(&["a 2", "b 2"]));
    let played = play(rig, &steps);
    let mut all = batches(&played).concat();
    assert_eq!(all[..2], ["1", "1"]);
    all.sort();
    assert_eq!(all, ["1", "1", "2", "2"]);
    assert_eq!(played.outcome.settled, Settled::Idle);
}

#[test]
fn a_stream_keeps_a_record_that_always_fails_for_its_retention() {
    let resources = stream(1, "").replace("ShardCount: 1", "ShardCount: 1, RetentionPeriodHours: 48");
    let played = play(Rig::new(&resources).fails("Worker"), &[put("k", "x")]);
    let last = played.times("Worker").last().map(std::time::Duration::as_secs);
    assert_eq!(last.map(|seconds| seconds / 60), Some(48 * 60 - 1));
}

#[test]
fn json_and_files_are_put_as_they_are() {
    let rig = Rig::new(&stream(1, ", BatchSize: 1")).ok("Worker").file("click.txt", "from a file");
    let steps = [
        "kinesis.put: { stream: Clicks, key: k, json: { page: 1 } }".to_owned(),
        "kinesis.put: { stream: Clicks, key: k, file: click.txt }".to_owned(),
    ];
    assert_eq!(batches(&play(rig, &steps)).concat(), [r#"{"page":1}"#, "from a file"]);
}
