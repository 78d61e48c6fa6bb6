//! What a function gets through a tap on LocalStack is what it gets on the embedded backend, field by field: the
//! same members of the same types, and the same values but for those that follow from chance, time or place.

use std::collections::BTreeMap;
use std::time::Duration;

use rehearsal::backend::{Kind, Options, Place};
use rehearsal::outcome::NotRun;
use rehearsal::testing::localstack;
use rehearsal::trace::What;
use rstest::rstest;
use serde_json::Value;

use crate::kit::{Played, Rig};

/// One function for each source. Names are given, so that only the prefix of the run makes a difference.
const RESOURCES: &str = "
  Uploads: { Type: AWS::S3::Bucket, Properties: { BucketName: uploads } }
  News: { Type: AWS::SNS::Topic, Properties: { TopicName: news } }
  Jobs: { Type: AWS::SQS::Queue, Properties: { QueueName: jobs } }
  Business: { Type: AWS::Events::EventBus, Properties: { Name: business } }
  Put:
    Type: AWS::Serverless::Function
    Properties: { Events: { E: { Type: S3, Properties: { Bucket: !Ref Uploads, Events: \"s3:ObjectCreated:*\" } } } }
  Removed:
    Type: AWS::Serverless::Function
    Properties: { Events: { E: { Type: S3, Properties: { Bucket: !Ref Uploads, Events: \"s3:ObjectRemoved:*\" } } } }
  Told:
    Type: AWS::Serverless::Function
    Properties: { Events: { E: { Type: SNS, Properties: { Topic: !Ref News } } } }
  Queued:
    Type: AWS::Serverless::Function
    Properties: { Events: { E: { Type: SQS, Properties: { Queue: !GetAtt Jobs.Arn } } } }
  Sold:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        E: { Type: EventBridgeRule, Properties: { EventBusName: !Ref Business, Pattern: { source: [shop] } } }
  Total:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        E:
          Type: EventBridgeRule
          Properties: { EventBusName: !Ref Business, Pattern: { source: [shop] }, InputPath: $.detail.total }
";

/// Values that follow from chance, time or place; their members and types are compared all the same.
const VARIES: &[&str] = &[
    // S3
    "Records[].eventTime",
    "Records[].responseElements.x-amz-request-id",
    "Records[].responseElements.x-amz-id-2",
    "Records[].s3.configurationId",
    "Records[].s3.object.sequencer",
    "Records[].userIdentity.principalId",
    "Records[].s3.bucket.ownerIdentity.principalId",
    "Records[].requestParameters.sourceIPAddress",
    // SNS
    "Records[].EventSubscriptionArn",
    "Records[].Sns.MessageId",
    "Records[].Sns.Timestamp",
    "Records[].Sns.Signature",
    "Records[].Sns.SigningCertUrl",
    "Records[].Sns.UnsubscribeUrl",
    // SQS
    "Records[].messageId",
    "Records[].receiptHandle",
    "Records[].attributes.SentTimestamp",
    "Records[].attributes.ApproximateFirstReceiveTimestamp",
    "Records[].attributes.SenderId",
    // EventBridge
    "id",
    "time",
];

fn rig() -> Rig {
    ["Put", "Removed", "Told", "Queued", "Sold", "Total"].into_iter().fold(Rig::new(RESOURCES), Rig::ok)
}

/// The leaves of an event by their paths, with the run's own names and account told as the embedded backend's.
pub fn leaves(event: &Value) -> BTreeMap<String, Value> {
    let mut leaves = BTreeMap::new();
    collect("", event, &mut leaves);
    leaves
}

fn collect(path: &str, value: &Value, leaves: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => fields.iter().for_each(|(name, value)| {
            collect(&format!("{path}{}{name}", if path.is_empty() { "" } else { "." }), value, leaves);
        }),
        Value::Array(members) if !members.is_empty() => {
            members.iter().for_each(|member| collect(&format!("{path}[]"), member, leaves));
        }
        Value::String(text) => drop(leaves.insert(path.to_owned(), Value::from(neutral(text)))),
        leaf => drop(leaves.insert(path.to_owned(), leaf.clone())),
    }
}

/// Without `rehearsal-ab12cd34-1-`, and with the embedded backend's account.
fn neutral(text: &str) -> String {
    let without_prefix = match text.split_once("rehearsal-") {
        Some((before, after)) => format!("{before}{}", after.splitn(3, '-').nth(2).unwrap_or_default()),
        None => text.to_owned(),
    };
    let account = |part: &str| part.len() == 12 && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts = without_prefix.split(':').map(|part| if account(part) { "123456789012" } else { part });
    parts.collect::<Vec<_>>().join(":")
}

fn check(function: &str, embedded: &Played, localstack: &Played) {
    // A run on LocalStack replays the scenario on the embedded backend first.
    let last = |played: &Played| leaves(played.events(function).last().expect("it was given an event"));
    let [expected, found] = [embedded, localstack].map(last);
    let names = |leaves: &BTreeMap<String, Value>| leaves.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&found), names(&expected), "{function} gets the same members");
    for (path, expected) in &expected {
        let found = &found[path];
        let same_type = std::mem::discriminant(found) == std::mem::discriminant(expected);
        assert!(same_type, "{function} {path}: {found} for {expected}");
        assert!(VARIES.contains(&path.as_str()) || found == expected, "{function} {path}: {found} for {expected}");
    }
}

#[rstest]
#[case::an_object_is_put("Put", &["s3.put: { bucket: Uploads, key: \"in/red flower+1 é.csv\", body: hello }"])]
#[case::an_object_is_removed("Removed", &["s3.put: { bucket: Uploads, key: a.csv, body: hello }", "s3.delete: { bucket: Uploads, key: a.csv }"])]
#[case::a_message_is_published("Told", &["sns.publish: { topic: News, subject: New, message: hello, attributes: { kind: big } }"])]
#[case::a_message_without_attributes_is_published("Told", &["sns.publish: { topic: News, message: '{\"a\": 1}' }"])]
#[case::a_message_is_sent("Queued", &["sqs.send: { queue: Jobs, body: hello, attributes: { kind: big } }"])]
#[case::an_event_matches("Sold", &["events.put: { bus: Business, source: shop, detail_type: OrderPlaced, detail: { total: 12.5 } }"])]
#[case::an_event_is_cut_by_an_input_path("Total", &["events.put: { bus: Business, source: shop, detail_type: OrderPlaced, detail: { total: 12.5 } }"])]
fn a_function_gets_on_localstack_what_it_gets_embedded(#[case] function: &str, #[case] steps: &[&str]) {
    let Some(place) = localstack() else { return };
    check(function, &rig().play(steps).passed(), &rig().play_at(place, steps).passed());
}

/// LocalStack delivers nothing where an input path finds nothing. The wait for it has a limit, and tells for what
/// it was.
#[test]
fn what_never_arrives_is_named_when_the_limit_passes() {
    let Some(place) = localstack() else { return };
    let endpoint_url = place.endpoint_url().map(str::to_owned);
    let options = Options { endpoint_url, patience: Some(Duration::from_secs(1)), ..Options::default() };
    let impatient = Place::open(Kind::Endpoint, &options, &|_| {}).expect("it answers");
    let step = "events.put: { bus: Business, source: shop, detail_type: OrderPlaced, detail: { other: 1 } }";
    let failures = rig().play_at(&impatient, &[step]).failures();
    let [failure] = &failures[..] else { panic!("{failures:?}") };
    let stuck = "stuck: 1 message to Total from EventBridge PutEvents did not arrive";
    assert_eq!(*failure, format!("after the last step: the workflow did not come to rest: {stuck}"));
}

#[test]
fn a_replay_that_takes_longer_than_real_time_allows_is_skipped_with_the_reason() {
    let Some(place) = localstack() else { return };
    let not_run = rig().not_run_at(place, &["advance: 1h"]);
    let NotRun::Skipped { reason, .. } = not_run else { panic!("{not_run:?}") };
    assert_eq!(reason, "it takes 1h of virtual time, and real time is limited to 30s (--real-time-limit)");
}

/// LocalStack's S3 events do not carry the id of the request that they follow from.
#[test]
fn a_delivery_through_a_tap_follows_from_the_call_that_caused_it() {
    let Some(place) = localstack() else { return };
    for step in [
        "s3.put: { bucket: Uploads, key: \"red flower+1.csv\", body: hello }",
        "sns.publish: { topic: News, message: hello }",
        "sqs.send: { queue: Jobs, body: hello }",
        "events.put: { bus: Business, source: shop, detail_type: OrderPlaced, detail: { total: 12.5 } }",
    ] {
        let trace = rig().play_at(place, &[step]).passed().outcome.trace;
        let deliveries: Vec<_> = trace.iter().filter(|event| matches!(event.what, What::Delivery { .. })).collect();
        assert!(!deliveries.is_empty(), "{step}");
        for delivery in deliveries {
            let cause = delivery.cause.and_then(|id| trace.iter().find(|event| event.id == id));
            assert!(cause.is_some_and(|event| matches!(event.what, What::Call { .. })), "{step}: {cause:?}");
        }
    }
}

#[test]
fn replays_beside_each_other_do_not_touch() {
    let Some(place) = localstack() else { return };
    let keys_of = |number: usize| {
        let steps: Vec<String> =
            (0..3).map(|at| format!("s3.put: {{ bucket: Uploads, key: {number}-{at}, body: hello }}")).collect();
        let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
        let played = rig().play_at(place, &steps).passed();
        // The last three are LocalStack's: the embedded replays come first.
        let events = played.events("Put");
        assert_eq!(events.len(), 9, "three on each of two embedded replays and on LocalStack");
        let key = |event: &&Value| event["Records"][0]["s3"]["object"]["key"].as_str().map(str::to_owned);
        events[6..].iter().filter_map(key).collect::<std::collections::BTreeSet<_>>()
    };
    std::thread::scope(|scope| {
        let replays: Vec<_> = (0..4).map(|number| (number, scope.spawn(move || keys_of(number)))).collect();
        for (number, replay) in replays {
            let keys = replay.join().expect("the replay passed");
            assert_eq!(keys, (0..3).map(|at| format!("{number}-{at}")).collect());
        }
    });
}
