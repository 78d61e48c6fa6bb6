//! The options of a stream's mapping: bisecting, parallel batches, tumbling windows, on-failure destinations.
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html>

use aws_lambda_events::event::kinesis::KinesisTimeWindowEvent;
use rehearsal::trace::What;
use rstest::rstest;
use serde_json::{Value, json};

use crate::kinesis::{batches, data, puts, stream};
use crate::kit::{Answer, Played, Rig, State, records, seconds};
use crate::streams::{both, put, writer};

fn play(rig: Rig, steps: &[String]) -> Played {
    rig.play(&steps.iter().map(String::as_str).collect::<Vec<_>>()).passed()
}

/// A function that fails where a batch has poison in it.
fn no_poison(event: &Value) -> Answer {
    if records(event).iter().any(|record| data(record) == "poison") { Err("no luck".into()) } else { Ok(Value::Null) }
}

const BATCHED: &str = ", MaximumBatchingWindowInSeconds: 5";

/// Splitting a batch does not count towards the retry quota.
#[test]
fn bisecting_isolates_a_bad_record_without_using_retries() {
    let mapping = format!("{BATCHED}, BisectBatchOnFunctionError: true, MaximumRetryAttempts: 1");
    let rig = Rig::new(&stream(1, &mapping)).answers("Worker", no_poison);
    let played = play(rig, &puts(&["k 1", "k 2", "k poison", "k 4"]));
    let expected: &[&[&str]] =
        &[&["1", "2", "poison", "4"], &["1", "2"], &["poison", "4"], &["poison"], &["poison"], &["4"]];
    assert_eq!(batches(&played), expected);
    assert_eq!(played.times("Worker"), seconds([5, 6, 6, 8, 12, 12]));
}

/// <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html>
#[test]
fn with_partial_failures_a_batch_is_bisected_at_the_record_that_is_named() {
    let mapping = format!(
        "{BATCHED}, BisectBatchOnFunctionError: true, MaximumRetryAttempts: 0, FunctionResponseTypes: [ReportBatchItemFailures]"
    );
    let rig = Rig::new(&stream(1, &mapping)).answers("Worker", |event| {
        let failed = records(event).iter().filter(|record| data(record) == "poison");
        let failed: Vec<Value> =
            failed.map(|record| json!({ "itemIdentifier": record["kinesis"]["sequenceNumber"] })).collect();
        Ok(json!({ "batchItemFailures": failed }))
    });
    let played = play(rig, &puts(&["k 1", "k poison", "k 3", "k 4"]));
    let expected: &[&[&str]] =
        &[&["1", "poison", "3", "4"], &["poison", "3", "4"], &["poison", "3"], &["poison"], &["3"], &["4"]];
    assert_eq!(batches(&played), expected);
}

#[test]
fn a_throttle_uses_no_retry_and_splits_no_batch() {
    let mapping = format!("{BATCHED}, BisectBatchOnFunctionError: true, MaximumRetryAttempts: 0");
    let mut steps = vec!["fail: { function: Worker, times: 3, with: throttle }".to_owned()];
    steps.extend(puts(&["k 1", "k 2"]));
    let played = play(Rig::new(&stream(1, &mapping)).ok("Worker"), &steps);
    assert_eq!(batches(&played), [["1", "2"]]);
    assert_eq!(played.results("Worker"), ["throttled", "throttled", "throttled", "success"]);
}

#[rstest]
#[case::one_at_a_time("", 10)]
#[case::ten_at_once(", ParallelizationFactor: 10", 4)]
fn a_parallelization_factor_works_on_several_batches_of_a_shard_at_once(#[case] factor: &str, #[case] at_most: u64) {
    let rig = Rig::new(&stream(1, &format!(", BatchSize: 1{factor}"))).function("Worker", async |_: &State, _| {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        Ok(Value::Null)
    });
    let keys: Vec<String> = (0..10).map(|key| format!("key{key} {key}")).collect();
    let played = play(rig, &puts(&keys.iter().map(String::as_str).collect::<Vec<_>>()));
    assert_eq!(played.events("Worker").len(), 10);
    let last = played.times("Worker").last().expect("it ran").as_secs();
    assert!(if factor.is_empty() { last == at_most - 1 } else { last < at_most }, "{last}");
}

/// A batch of one key fails; the other keys go on, and the records behind it of its own key wait.
#[test]
fn with_parallel_batches_the_order_of_a_key_is_kept() {
    let rig = Rig::new(&stream(1, ", BatchSize: 1, ParallelizationFactor: 10")).answers("Worker", |_| Ok(Value::Null));
    let mut steps = vec!["fail: { function: Worker, times: 2 }".to_owned()];
    steps.extend(puts(&["a 1", "a 2", "b 1", "a 3", "b 2"]));
    let played = play(rig, &steps);
    let of = |key: &str| -> Vec<String> {
        let all = played.events("Worker").into_iter().flat_map(records);
        all.filter(|record| record["kinesis"]["partitionKey"] == key).map(data).collect()
    };
    assert_eq!((of("a").concat(), of("b").concat()), ("123".to_owned(), "12".to_owned()));
}

/// A function that counts over a window.
fn counts(event: &Value) -> Answer {
    let before = event["state"]["count"].as_u64().unwrap_or_default();
    Ok(json!({ "state": { "count": before + records(event).len() as u64 } }))
}

/// <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html>
#[test]
fn a_tumbling_window_carries_a_state_and_ends_in_a_final_invocation() {
    let rig = Rig::new(&stream(1, ", BatchSize: 1, TumblingWindowInSeconds: 60")).answers("Worker", counts);
    let mut steps = puts(&["k 1", "k 2"]);
    steps.push("advance: 70s".to_owned());
    steps.extend(puts(&["k 3"]));
    let played = play(rig, &steps);
    let seen: Vec<Value> = played
        .events("Worker")
        .into_iter()
        .map(|event| {
            let window = &event["window"];
            json!([
                records(event).len(),
                event["state"],
                event["isFinalInvokeForWindow"],
                window["start"],
                window["end"]
            ])
        })
        .collect();
    let (first, second) =
        (["2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"], ["2026-01-01T00:01:00Z", "2026-01-01T00:02:00Z"]);
    let expected = [
        json!([1, {}, false, first[0], first[1]]),
        json!([1, { "count": 1 }, false, first[0], first[1]]),
        json!([0, { "count": 2 }, true, first[0], first[1]]),
        json!([1, {}, false, second[0], second[1]]),
        json!([0, { "count": 1 }, true, second[0], second[1]]),
    ];
    assert_eq!(seen, expected);
    assert_eq!(played.times("Worker"), seconds([0, 0, 60, 70, 120]));
    let event = played.events("Worker")[0];
    let typed: KinesisTimeWindowEvent = serde_json::from_value(event.clone()).expect("it is a windowed event");
    assert_eq!(typed.time_window_properties.shard_id.as_deref(), Some("shardId-000000000000"));
    assert_eq!(event["isWindowTerminatedEarly"], false);
    assert_eq!(event["eventSourceARN"], "arn:aws:kinesis:us-east-1:123456789012:stream/clicks");
}

#[test]
fn a_window_of_a_tables_stream_is_the_same() {
    let rig = Rig::new(&both(", TumblingWindowInSeconds: 30")).answers("Worker", counts);
    let played = writer(rig).play(&[&put(&["a", "b"])]).passed();
    let last = *played.events("Worker").last().expect("it ran");
    assert_eq!((last["isFinalInvokeForWindow"].clone(), last["state"].clone()), (true.into(), json!({ "count": 2 })));
}

#[test]
fn in_a_window_a_response_without_a_state_is_a_failure() {
    let rig = Rig::new(&stream(1, ", TumblingWindowInSeconds: 60, MaximumRetryAttempts: 1")).ok("Worker");
    let played = play(rig, &puts(&["k 1"]));
    let given_up = given_up(&played);
    assert_eq!(
        given_up,
        [
            "1 record of the stream Clicks is skipped: after 2 attempts: the response has no `state`, which a tumbling window needs"
        ]
    );
}

#[test]
fn a_window_whose_state_is_too_large_is_ended_early() {
    let rig = Rig::new(&stream(1, ", TumblingWindowInSeconds: 60")).answers("Worker", |event| {
        let is_large = records(event).iter().any(|record| data(record) == "large");
        Ok(json!({ "state": { "text": "x".repeat(if is_large { 1 << 20 } else { 1 }) } }))
    });
    let mut steps = puts(&["k large"]);
    steps.push("advance: 1s".to_owned());
    let played = play(rig, &steps);
    let ends = played
        .events("Worker")
        .into_iter()
        .map(|event| json!([event["isFinalInvokeForWindow"], event["isWindowTerminatedEarly"]]));
    assert_eq!(ends.collect::<Vec<_>>()[..2], [json!([false, false]), json!([true, true])]);
    assert_eq!(played.times("Worker")[1], seconds([0])[0]);
}

fn given_up(played: &Played) -> Vec<String> {
    let reason = |what: &What| match what {
        What::GaveUp { reason, .. } => Some(reason.clone()),
        _ => None,
    };
    played.outcome.trace.iter().filter_map(|event| reason(&event.what)).collect()
}

/// A queue that is told of what is given up, and a function that reads it.
const TOLD: &str = "
  Lost: { Type: AWS::SQS::Queue }
  Reader: { Type: AWS::Serverless::Function, Properties: { Events: { Lost: { Type: SQS, Properties: { Queue: !GetAtt Lost.Arn } } } } }
";

fn told(played: &Played) -> Value {
    let body = played.event("Reader")["Records"][0]["body"].as_str().expect("a body");
    serde_json::from_str(body).expect("it is JSON")
}

/// <https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html>
#[test]
fn records_that_are_given_up_are_told_to_the_on_failure_destination() {
    let mapping = format!(
        "{BATCHED}, MaximumRetryAttempts: 1, DestinationConfig: {{ OnFailure: {{ Destination: !GetAtt Lost.Arn }} }}"
    );
    let rig = Rig::new(&(stream(1, &mapping) + TOLD)).fails("Worker").ok("Reader");
    let played = play(rig, &puts(&["k 1", "k 2"]));
    let numbers: Vec<&Value> =
        records(played.events("Worker")[0]).iter().map(|record| &record["kinesis"]["sequenceNumber"]).collect();
    let expected = json!({
        "requestContext": {
            "requestId": played.invocations("Worker")[1].request_id,
            "functionArn": "arn:aws:lambda:us-east-1:123456789012:function:app-Worker-rehearsal",
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 2,
        },
        "responseContext": { "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" },
        "version": "1.0",
        "timestamp": "2026-01-01T00:00:06.000Z",
        "KinesisBatchInfo": {
            "shardId": "shardId-000000000000",
            "startSequenceNumber": numbers[0],
            "endSequenceNumber": numbers[1],
            "approximateArrivalOfFirstRecord": "2026-01-01T00:00:00.000Z",
            "approximateArrivalOfLastRecord": "2026-01-01T00:00:00.000Z",
            "batchSize": 2,
            "streamArn": "arn:aws:kinesis:us-east-1:123456789012:stream/clicks",
        },
    });
    assert_eq!(told(&played), expected);
}

#[test]
fn records_of_a_table_that_are_too_old_are_told_as_such() {
    let mapping =
        ", MaximumRecordAgeInSeconds: 60, DestinationConfig: { OnFailure: { Destination: !GetAtt Lost.Arn } }";
    let rig = Rig::new(&(both(mapping) + TOLD)).fails("Worker").ok("Reader");
    let told = told(&writer(rig).play(&[&put(&["a"])]).passed());
    assert_eq!(told["requestContext"]["condition"], "RecordAgeExceeded");
    assert_eq!(told["requestContext"]["approximateInvokeCount"], 6);
    assert_eq!(told["DDBStreamBatchInfo"]["batchSize"], 1);
}

#[test]
fn a_topic_is_told_of_records_that_are_given_up() {
    let mapping = ", MaximumRetryAttempts: 0, DestinationConfig: { OnFailure: { Destination: !Ref Lost, Type: SNS } }";
    let topic = "
  Lost: { Type: AWS::SNS::Topic }
  Reader: { Type: AWS::Serverless::Function, Properties: { Events: { Lost: { Type: SNS, Properties: { Topic: !Ref Lost } } } } }
";
    let rig = Rig::new(&(stream(1, mapping) + topic)).fails("Worker").ok("Reader");
    let played = play(rig, &puts(&["k lost"]));
    let message = records(played.event("Reader"))[0]["Sns"]["Message"].as_str().expect("a message").to_owned();
    let told: Value = serde_json::from_str(&message).expect("it is JSON");
    assert_eq!(told["KinesisBatchInfo"]["batchSize"], 1);
}

#[test]
fn a_bucket_gets_the_records_that_are_given_up_as_well() {
    let mapping =
        ", MaximumRetryAttempts: 0, DestinationConfig: { OnFailure: { Destination: !GetAtt Lost.Arn, Type: S3 } }";
    let bucket = "
  Lost: { Type: AWS::S3::Bucket, Properties: { BucketName: lost } }
  Reader:
    Type: AWS::Serverless::Function
    Properties: { Events: { Lost: { Type: S3, Properties: { Bucket: !Ref Lost, Events: s3:ObjectCreated:* } } } }
";
    let rig =
        Rig::new(&(stream(1, mapping) + bucket)).fails("Worker").function("Reader", async |state: &State, event| {
            let key = event.payload["Records"][0]["s3"]["object"]["key"].as_str().unwrap_or_default().to_owned();
            assert!(
                key.starts_with("aws/lambda/") && key.contains("/shardId-000000000000/2026/01/01/2026-01-01T00.00.00-")
            );
            let object = aws_sdk_s3::Client::new(&state.config).get_object().bucket("lost").key(key).send().await?;
            let record: Value = serde_json::from_slice(&object.body.collect().await?.into_bytes())?;
            let payload: Value = serde_json::from_str(record["payload"].as_str().unwrap_or_default())?;
            assert_eq!(data(&payload["Records"][0]), "lost");
            Ok(Value::Null)
        });
    let played = play(rig, &puts(&["k lost"]));
    assert_eq!(played.results("Reader"), ["success"]);
}
