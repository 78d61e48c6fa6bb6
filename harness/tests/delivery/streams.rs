//! Event source mappings of tables' streams.
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>

use aws_sdk_dynamodb::types::AttributeValue;
use rehearsal::settle::Settled;
use rehearsal::trace::What;
use rstest::rstest;
use serde_json::{Value, json};

use crate::kit::{Answer, Played, Rig, State, records, seconds};

/// A table with a stream, a function that a mapping with these properties feeds, and one that writes.
pub fn table(view: &str, mapping: &str) -> String {
    format!(
        "
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: orders
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{{ AttributeName: id, AttributeType: S }}]
      KeySchema: [{{ AttributeName: id, KeyType: HASH }}]
      StreamSpecification: {{ StreamViewType: {view} }}
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Timeout: 10
      Environment: {{ Variables: {{ TABLE: !Ref Orders }} }}
      Events:
        Orders: {{ Type: DynamoDB, Properties: {{ Stream: !GetAtt Orders.StreamArn, StartingPosition: LATEST{mapping} }} }}
  Writer:
    Type: AWS::Serverless::Function
    Properties: {{ Timeout: 30, Environment: {{ Variables: {{ TABLE: !Ref Orders }} }} }}
"
    )
}

pub fn both(mapping: &str) -> String {
    table("NEW_AND_OLD_IMAGES", mapping)
}

/// Binds the writer: it puts an item for each id of its event, `{ "put": ["a", "b"] }`, whose number counts up, and
/// removes those under `delete`. Without snapshots of tables there is one replay and no second.
pub fn writer(rig: Rig) -> Rig {
    let rig = rig.expect("tables: { Orders: { snapshot: false } }");
    rig.function("Writer", async |state: &State, event| write(state, &event.payload).await)
}

async fn write(state: &State, event: &Value) -> Answer {
    let dynamodb = aws_sdk_dynamodb::Client::new(&state.config);
    let table = &state.variables["TABLE"];
    let ids = |list: &str| event[list].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
    for (number, id) in ids("put").enumerate() {
        let number = AttributeValue::N(number.to_string());
        dynamodb.put_item().table_name(table).item("id", AttributeValue::S(id)).item("n", number).send().await?;
    }
    for id in ids("delete") {
        dynamodb.delete_item().table_name(table).key("id", AttributeValue::S(id)).send().await?;
    }
    Ok(Value::Null)
}

pub fn put(ids: &[&str]) -> String {
    format!("invoke: {{ function: Writer, payload: {} }}", json!({ "put": ids }))
}

/// The ids of the items of each batch.
pub fn batches(played: &Played) -> Vec<Vec<String>> {
    let id = |record: &Value| record["dynamodb"]["Keys"]["id"]["S"].as_str().expect("a key").to_owned();
    played.events("Worker").into_iter().map(|event| records(event).iter().map(id).collect()).collect()
}

/// What Lambda gave up.
fn given_up(played: &Played) -> Vec<String> {
    let reason = |what: &What| match what {
        What::GaveUp { reason, .. } => Some(reason.clone()),
        _ => None,
    };
    played.outcome.trace.iter().filter_map(|event| reason(&event.what)).collect()
}

/// An item is made, changed and removed.
pub const THREE_CHANGES: &str = "invoke: { function: Writer, payload: { put: [a, b, a], delete: [a] } }";

#[test]
fn the_changes_of_an_item_come_in_their_order() {
    let rig = writer(Rig::new(&both(", BatchSize: 1")).ok("Worker"));
    let played = rig.play(&[THREE_CHANGES]).passed();
    assert_eq!(batches(&played), [["a"], ["b"], ["a"], ["a"]]);
    let numbers: Vec<&str> = played
        .events("Worker")
        .iter()
        .filter_map(|event| event["Records"][0]["dynamodb"]["SequenceNumber"].as_str())
        .collect();
    assert!(numbers.is_sorted(), "{numbers:?}");
}

#[rstest]
#[case::a_full_batch_and_the_rest(", BatchSize: 2", 5, &[2, 2, 1])]
#[case::a_hundred_by_default("", 120, &[100, 20])]
#[case::more_than_one_read_gives(", BatchSize: 1500", 1_600, &[1_500, 100])]
fn batch_size_cuts_batches(#[case] mapping: &str, #[case] count: usize, #[case] sizes: &[usize]) {
    let mapping = format!("{mapping}, MaximumBatchingWindowInSeconds: 5");
    let ids: Vec<String> = (0..count).map(|number| format!("i{number}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let played = writer(Rig::new(&both(&mapping)).ok("Worker")).play(&[&put(&ids)]).passed();
    assert_eq!(batches(&played).iter().map(Vec::len).collect::<Vec<_>>(), sizes);
}

#[test]
fn a_batching_window_fills_a_batch_and_ends_at_its_time() {
    let rig = writer(Rig::new(&both(", MaximumBatchingWindowInSeconds: 20")).ok("Worker"));
    let played = rig.play(&[&put(&["a"]), "advance: 15s", &put(&["b"]), "advance: 10s", &put(&["c"])]).passed();
    assert_eq!(batches(&played), [vec!["a", "b"], vec!["c"]]);
    assert_eq!(played.times("Worker"), seconds([20, 45]));
}

#[test]
fn without_a_window_a_record_is_delivered_at_once() {
    let rig = writer(Rig::new(&both("")).ok("Worker"));
    let played = rig.play(&[&put(&["a"]), "advance: 1s", &put(&["b"])]).passed();
    assert_eq!(played.times("Worker"), seconds([0, 1]));
    assert_eq!(played.outcome.settled, Settled::Idle);
}

#[test]
fn a_failing_batch_blocks_its_shard_and_is_retried_until_it_succeeds() {
    let rig = writer(Rig::new(&both(", BatchSize: 1")).ok("Worker"));
    let played = rig.play(&["fail: { function: Worker, times: 8 }", &put(&["a", "b"])]).passed();
    // Planned failures do not reach the function.
    assert_eq!(batches(&played), [["a"], ["b"]]);
    assert_eq!(played.times("Worker"), seconds([0, 1, 3, 7, 15, 31, 63, 123, 183, 183]));
    let attempts: Vec<u32> = played.invocations("Worker").iter().map(|invocation| invocation.attempt).collect();
    assert_eq!(attempts, [1, 2, 3, 4, 5, 6, 7, 8, 9, 1]);
}

#[test]
fn a_batch_whose_retries_are_used_up_is_skipped() {
    let rig = writer(Rig::new(&both(", BatchSize: 1, MaximumRetryAttempts: 2")).answers("Worker", |event| {
        let is_poison = event["Records"][0]["dynamodb"]["Keys"]["id"]["S"] == "poison";
        if is_poison { Err("no luck".into()) } else { Ok(Value::Null) }
    }));
    let played = rig.play(&[&put(&["poison", "b"])]).passed();
    assert_eq!(batches(&played), [["poison"], ["poison"], ["poison"], ["b"]]);
    assert_eq!(given_up(&played), ["1 record of the stream of table Orders is skipped: after 3 attempts: no luck"]);
    assert_eq!(played.outcome.settled, Settled::Idle);
}

#[test]
fn without_retries_a_batch_is_skipped_at_once() {
    let rig = writer(Rig::new(&both(", MaximumRetryAttempts: 0")).fails("Worker"));
    let played = rig.play(&[&put(&["a"])]).passed();
    assert_eq!(played.times("Worker"), seconds([0]));
    assert_eq!(given_up(&played), ["1 record of the stream of table Orders is skipped: after 1 attempt: no luck"]);
}

#[test]
fn records_that_are_too_old_are_skipped() {
    let rig = writer(Rig::new(&both(", MaximumRecordAgeInSeconds: 60")).fails("Worker"));
    let played = rig.play(&[&put(&["a"])]).passed();
    assert_eq!(played.times("Worker"), seconds([0, 1, 3, 7, 15, 31]), "the next would be at 63 s");
    assert_eq!(given_up(&played), ["1 record of the stream of table Orders is skipped: older than 1m"]);
}

#[test]
fn a_stream_keeps_a_record_that_always_fails_for_a_day() {
    let played = writer(Rig::new(&both("")).fails("Worker")).play(&[&put(&["a"])]).passed();
    let last = played.times("Worker").last().map(std::time::Duration::as_secs);
    assert_eq!(last.map(|seconds| seconds / 60), Some(24 * 60 - 1));
    assert_eq!(given_up(&played), ["1 record of the stream of table Orders is skipped: older than 1d"]);
    assert_eq!(played.outcome.settled, Settled::Idle);
}

/// A function that names items as failed, for as many attempts as given.
fn reports(failing: &'static [(&'static str, u32)]) -> impl Fn(&Value) -> Answer + Send + Sync + 'static {
    let attempts = std::sync::atomic::AtomicU32::new(0);
    move |event| {
        let attempt = attempts.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let id = |record: &Value| record["dynamodb"]["Keys"]["id"]["S"].clone();
        let fails = |record: &&Value| failing.iter().any(|(name, times)| id(record) == *name && attempt < *times);
        let name = |record: &Value| json!({ "itemIdentifier": record["dynamodb"]["SequenceNumber"] });
        let failures: Vec<Value> = records(event).iter().filter(fails).map(name).rev().collect();
        Ok(json!({ "batchItemFailures": failures }))
    }
}

const REPORTS: &str = ", MaximumBatchingWindowInSeconds: 5, FunctionResponseTypes: [ReportBatchItemFailures]";

/// <https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html>
#[test]
fn partial_failures_go_on_at_the_lowest_sequence_number() {
    let rig = Rig::new(&both(REPORTS)).answers("Worker", reports(&[("b", 1), ("d", 2)]));
    let played = writer(rig).play(&[&put(&["a", "b", "c", "d", "e"])]).passed();
    assert_eq!(batches(&played), [vec!["a", "b", "c", "d", "e"], vec!["b", "c", "d", "e"], vec!["d", "e"]]);
    assert_eq!(played.times("Worker"), seconds([5, 6, 8]));
}

#[test]
fn partial_failures_are_ignored_where_they_are_not_enabled() {
    let rig = Rig::new(&both(", MaximumBatchingWindowInSeconds: 5")).answers("Worker", reports(&[("b", 9)]));
    assert_eq!(batches(&writer(rig).play(&[&put(&["a", "b"])]).passed()), [["a", "b"]]);
}

#[rstest]
#[case::unknown(json!({ "itemIdentifier": "100000000000000000001" }))]
#[case::empty(json!({ "itemIdentifier": "" }))]
#[case::null(json!({ "itemIdentifier": null }))]
#[case::misspelt(json!({ "ItemIdentifier": "1" }))]
fn a_bad_item_identifier_fails_the_whole_batch(#[case] failure: Value) {
    let times = std::sync::atomic::AtomicU32::new(0);
    let rig = Rig::new(&both(REPORTS)).answers("Worker", move |_| {
        let first = times.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
        Ok(if first { json!({ "batchItemFailures": [failure.clone()] }) } else { Value::Null })
    });
    let played = writer(rig).play(&[&put(&["a", "b"])]).passed();
    assert_eq!(batches(&played), [["a", "b"], ["a", "b"]]);
}

/// What is given is in the stream before the mapping begins.
#[rstest]
#[case::trim_horizon("TRIM_HORIZON", &["given", "new"])]
#[case::latest("LATEST", &["new"])]
fn the_starting_position_says_whether_the_given_items_are_delivered(#[case] position: &str, #[case] ids: &[&str]) {
    let resources =
        both(", BatchSize: 1").replace("StartingPosition: LATEST", &format!("StartingPosition: {position}"));
    let rig = writer(Rig::new(&resources).ok("Worker")).file("orders.json", r#"[{ "id": "given", "n": 1 }]"#);
    let played = rig.given("tables: { Orders: orders.json }").play(&[&put(&["new"])]).passed();
    assert_eq!(batches(&played).concat(), ids);
}

#[test]
fn a_disabled_mapping_delivers_nothing() {
    let rig = writer(Rig::new(&both(", Enabled: false")).ok("Worker")).expect("invocations: { Worker: 0 }");
    assert_eq!(rig.play(&[&put(&["a"])]).passed().outcome.settled, Settled::Idle);
}

#[test]
fn two_functions_get_all_records_of_a_stream_each() {
    let other = "
  Other: { Type: AWS::Serverless::Function, Properties: { Events: { Orders: { Type: DynamoDB, Properties: { Stream: !GetAtt Orders.StreamArn, StartingPosition: LATEST } } } } }
";
    let rig = writer(Rig::new(&(both("") + other)).ok("Worker").ok("Other"));
    let played = rig.play(&[&put(&["a"])]).passed();
    assert_eq!(played.event("Worker")["Records"], played.event("Other")["Records"]);
}

#[test]
fn a_delivery_follows_from_the_call_that_wrote_the_item() {
    let played = writer(Rig::new(&both("")).ok("Worker")).play(&[&put(&["a"])]).passed();
    let trace = &played.outcome.trace;
    let delivery =
        trace.iter().find(|event| matches!(&event.what, What::Delivery { from, .. } if from == "DynamoDB Orders"));
    let delivery = delivery.expect("it is delivered");
    let cause = &trace[delivery.cause.expect("it has a cause") as usize - 1];
    let What::Call { operation, resource, .. } = &cause.what else { panic!("{cause:?}") };
    assert_eq!((operation.as_str(), resource.as_str()), ("PutItem", "Orders"));
    let What::Delivery { records, ids, .. } = &delivery.what else { panic!("{delivery:?}") };
    assert_eq!(
        (*records, ids.as_slice()),
        (1, [self::records(played.event("Worker"))[0]["eventID"].as_str().unwrap_or_default().to_owned()].as_slice())
    );
}

/// AWS makes no record of a write that changes nothing, so such a function does not lead to itself.
#[test]
fn a_write_that_changes_nothing_is_not_in_the_stream() {
    let rig = writer(Rig::new(&both("")).ok("Worker"));
    let played = rig.play(&[&put(&["a"]), "advance: 1s", &put(&["a"]), "advance: 1s", &put(&["b"])]).passed();
    assert_eq!(batches(&played), [["a"], ["b"]]);
    assert_eq!(played.times("Worker"), seconds([0, 2]));
}

#[test]
fn a_function_that_changes_its_own_table_for_ever_is_stopped() {
    let rig = Rig::new(&both("")).function("Worker", async |state: &State, event| {
        let number = event.payload["Records"][0]["dynamodb"]["NewImage"]["n"]["N"].as_str().map(str::parse::<u32>);
        let number = AttributeValue::N((number.ok_or("no number")?? + 1).to_string());
        let put = aws_sdk_dynamodb::Client::new(&state.config).put_item().table_name(&state.variables["TABLE"]);
        put.item("id", AttributeValue::S("a".to_owned())).item("n", number).send().await?;
        Ok(Value::Null)
    });
    let played = writer(rig).play(&[&put(&["a"])]).passed();
    let results = played.results("Worker");
    assert_eq!(results.iter().filter(|result| **result == "success").count(), 16);
    assert_eq!(results[16..], ["error"], "Lambda does not try again");
    assert_eq!(given_up(&played).len(), 1);
}

#[test]
fn what_is_not_read_is_named_when_the_limit_passes() {
    let rig = writer(Rig::new(&both(", MaximumBatchingWindowInSeconds: 300")).ok("Worker"));
    let played = rig.play(&[&put(&["a"]), "settle: { within: 10s }"]);
    let [failure] = &played.failures()[..] else { panic!("{:?}", played.failures()) };
    assert!(failure.contains("stuck: the stream of table Orders is not read to its end"), "{failure}");
}

#[test]
fn two_replays_with_one_seed_have_the_same_trace() {
    let trace = || {
        let rig = writer(Rig::new(&both(", BatchSize: 2, MaximumRetryAttempts: 1")).fails("Worker"));
        rehearsal::trace::to_json_lines(&rig.play(&[THREE_CHANGES]).outcome.trace)
    };
    assert_eq!(trace(), trace());
}

/// The batch blocks its shard for longer than the stream keeps its records, and a later record is delivered all the same.
#[test]
fn a_shard_that_was_blocked_for_longer_than_its_records_are_kept_goes_on_at_the_horizon() {
    let rig = writer(Rig::new(&both(", BatchSize: 1")).answers("Worker", |event| {
        let is_poison = event["Records"][0]["dynamodb"]["Keys"]["id"]["S"] == "poison";
        if is_poison { Err("no luck".into()) } else { Ok(Value::Null) }
    }));
    let played = rig.play(&[&put(&["poison"]), "advance: 23h", &put(&["late"])]).passed();
    assert_eq!(batches(&played).last().expect("it ran"), &["late"]);
    assert_eq!(played.outcome.settled, Settled::Idle);
}
