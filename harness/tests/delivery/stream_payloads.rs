//! What a function gets from a table's stream, and that it is the same on LocalStack.
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>

use aws_lambda_events::event::dynamodb::Event;
use rehearsal::testing::localstack;
use rstest::rstest;
use serde_json::json;

use crate::kit::{Played, Rig, paths, records};
use crate::streams::{THREE_CHANGES, batches, both, put, table, writer};
use crate::taps::leaves;

/// The members of a record in AWS's example.
const RECORD: &[&str] = &[
    "Records",
    "Records[].awsRegion",
    "Records[].dynamodb",
    "Records[].dynamodb.ApproximateCreationDateTime",
    "Records[].dynamodb.Keys",
    "Records[].dynamodb.NewImage",
    "Records[].dynamodb.OldImage",
    "Records[].dynamodb.SequenceNumber",
    "Records[].dynamodb.SizeBytes",
    "Records[].dynamodb.StreamViewType",
    "Records[].eventID",
    "Records[].eventName",
    "Records[].eventSource",
    "Records[].eventSourceARN",
    "Records[].eventVersion",
];
/// Attributes of items are data.
const FREE: &[&str] = &["Records[].dynamodb.Keys", "Records[].dynamodb.NewImage", "Records[].dynamodb.OldImage"];

#[test]
fn the_payload_is_a_dynamodb_event_with_every_field_that_aws_sends() {
    let rig = writer(Rig::new(&both(", MaximumBatchingWindowInSeconds: 5")).ok("Worker"));
    let played = rig.play(&["advance: 1500ms", THREE_CHANGES]).passed();
    let payload = played.event("Worker");
    assert_eq!(paths(payload, FREE), RECORD);
    let event: Event = serde_json::from_value(payload.clone()).expect("it is a DynamoDB event");
    let names: Vec<&str> = event.records.iter().map(|record| record.event_name.as_str()).collect();
    assert_eq!(names, ["INSERT", "INSERT", "MODIFY", "REMOVE"]);
    let changed = &event.records[2];
    assert_eq!((changed.aws_region.as_str(), changed.event_source.as_deref()), ("us-east-1", Some("aws:dynamodb")));
    let arn = changed.event_source_arn.as_deref().expect("it has an ARN");
    assert!(arn.starts_with("arn:aws:dynamodb:us-east-1:123456789012:table/orders/stream/"), "{arn}");
    assert_eq!(changed.change.approximate_creation_date_time.timestamp(), 1_767_225_601);
    let images = &payload["Records"][2]["dynamodb"];
    assert_eq!(images["Keys"], json!({ "id": { "S": "a" } }));
    assert_eq!(images["OldImage"], json!({ "id": { "S": "a" }, "n": { "N": "0" } }));
    assert_eq!(images["NewImage"], json!({ "id": { "S": "a" }, "n": { "N": "2" } }));
}

#[rstest]
#[case::new_image("NEW_IMAGE", &["NewImage"])]
#[case::old_image("OLD_IMAGE", &["OldImage"])]
#[case::new_and_old_images("NEW_AND_OLD_IMAGES", &["NewImage", "OldImage"])]
#[case::keys_only("KEYS_ONLY", &[])]
fn the_view_says_which_images_a_record_has(#[case] view: &str, #[case] images: &[&str]) {
    let rig = writer(Rig::new(&table(view, ", MaximumBatchingWindowInSeconds: 5")).ok("Worker"));
    let played = rig.play(&[THREE_CHANGES]).passed();
    let changed = &records(played.event("Worker"))[2]["dynamodb"];
    let has = |image: &&str| changed.get(*image).is_some();
    assert_eq!(["NewImage", "OldImage"].into_iter().filter(has).collect::<Vec<_>>(), images);
    assert_eq!(changed["StreamViewType"], view);
}

/// Values that follow from chance, time or place.
const VARIES: &[&str] = &[
    "Records[].eventID",
    "Records[].eventSourceARN",
    "Records[].dynamodb.ApproximateCreationDateTime",
    "Records[].dynamodb.SequenceNumber",
    "Records[].dynamodb.SizeBytes",
    // LocalStack's tables are moto's here, which gives the version before: 1.0.
    "Records[].eventVersion",
];

#[rstest]
#[case::an_item_is_made("NEW_AND_OLD_IMAGES", "{ put: [a] }")]
#[case::an_item_is_changed("NEW_AND_OLD_IMAGES", "{ put: [b, a, b] }")]
#[case::an_item_is_removed("NEW_AND_OLD_IMAGES", "{ put: [a], delete: [a] }")]
#[case::keys_only("KEYS_ONLY", "{ put: [a] }")]
fn a_function_gets_on_localstack_what_it_gets_embedded(#[case] view: &str, #[case] changes: &str) {
    let Some(place) = localstack() else { return };
    let rig = || writer(Rig::new(&table(view, ", BatchSize: 1")).ok("Worker"));
    let step = format!("invoke: {{ function: Writer, payload: {changes} }}");
    let [embedded, remote] = [rig().play(&[&step]), rig().play_at(place, &[&step])].map(Played::passed);
    // A run on LocalStack replays the scenario on the embedded backend first.
    let [expected, found] =
        [&embedded, &remote].map(|played| leaves(played.events("Worker").last().expect("an event")));
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (path, expected) in &expected {
        let found = &found[path];
        assert_eq!(std::mem::discriminant(found), std::mem::discriminant(expected), "{path}: {found} for {expected}");
        assert!(VARIES.contains(&path.as_str()) || found == expected, "{path}: {found} for {expected}");
    }
}

#[rstest]
#[case::trim_horizon("TRIM_HORIZON", &["given", "new", "newer"])]
#[case::latest("LATEST", &["new", "newer"])]
fn on_localstack_a_stream_is_read_in_order_from_its_starting_position(#[case] position: &str, #[case] ids: &[&str]) {
    let Some(place) = localstack() else { return };
    let resources =
        both(", BatchSize: 1").replace("StartingPosition: LATEST", &format!("StartingPosition: {position}"));
    let rig = Rig::new(&resources).ok("Worker").file("orders.json", r#"[{ "id": "given", "n": 1 }]"#);
    let played = writer(rig.given("tables: { Orders: orders.json }")).play_at(place, &[&put(&["new", "newer"])]);
    // The embedded replays come first.
    let all = batches(&played.passed()).concat();
    assert!(all.iter().map(String::as_str).collect::<Vec<_>>().ends_with(ids), "{all:?}");
}
