//! What scenarios do with objects, and what they expect of them.

use rstest::rstest;
use serde_json::json;

use crate::kit::{Rig, State, records};

const BUCKETS: &str = "
  Uploads: { Type: AWS::S3::Bucket }
  Archive: { Type: AWS::S3::Bucket }
  Notice:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Archived: { Type: S3, Properties: { Bucket: !Ref Archive, Events: \"s3:ObjectCreated:*\" } }
";

/// Two buckets, and a function that is told of what comes into the second, and fails with its tags.
fn buckets() -> Rig {
    Rig::new(BUCKETS).function("Notice", async |state: &State, event| {
        let of = &event.payload["Records"][0]["s3"];
        let (bucket, key) = (of["bucket"]["name"].as_str(), of["object"]["key"].as_str());
        let s3 = aws_sdk_s3::Client::new(&state.config);
        let get = s3.get_object_tagging().set_bucket(bucket.map(str::to_owned)).set_key(key.map(str::to_owned));
        let tags = get.send().await?;
        let tags: Vec<String> = tags.tag_set().iter().map(|tag| format!("{}={}", tag.key(), tag.value())).collect();
        Err(tags.join("&").into())
    })
}

/// The error of the first invocation, which tells the tags of what arrived.
fn tags(steps: &[&str]) -> (String, serde_json::Value) {
    let played = buckets().play(steps).passed();
    let ended = format!("{:?}", played.invocations("Notice")[0].result);
    (ended, records(played.events("Notice")[0])[0].clone())
}

#[test]
fn an_object_is_put_with_its_tags() {
    let put = "s3.put: { bucket: Archive, key: a.txt, body: hello, tags: { team: a b+c=d, cost: 5 } }";
    let (ended, record) = tags(&[put]);
    assert!(ended.contains("cost=5&team=a b+c=d"), "{ended}");
    assert_eq!(record["eventName"], "ObjectCreated:Put");
}

#[test]
fn a_copy_keeps_the_tags_and_is_told_of_as_a_copy() {
    let put = "s3.put: { bucket: Uploads, key: \"in/ä b+c.txt\", body: hello, tags: { kind: x } }";
    let copy = "s3.copy: { from: { bucket: Uploads, key: \"in/ä b+c.txt\" }, to: { bucket: Archive, key: a.txt } }";
    let (ended, record) = tags(&[put, copy]);
    assert!(ended.contains("kind=x"), "{ended}");
    assert_eq!(
        (&record["eventName"], &record["s3"]["object"]["key"], &record["s3"]["object"]["size"]),
        (&json!("ObjectCreated:Copy"), &json!("a.txt"), &json!(5))
    );
}

#[test]
fn what_is_not_there_cannot_be_copied() {
    let copy = "s3.copy: { from: { bucket: Uploads, key: a }, to: { bucket: Archive, key: a } }";
    let failures = buckets().play(&[copy]).failures();
    assert!(failures.len() == 1 && failures[0].contains("NoSuchKey"), "{failures:?}");
}

#[rstest]
#[case::text("report.txt: hello", None)]
#[case::alternatives("report.txt: [bye, { prefix: hel }]", None)]
#[case::json("o-1.json: { id: [o-1], items: { sku: [{ exists: true }] } }", None)]
#[case::text_that_is_json("five.txt: \"5\"", None)]
#[case::several("report.txt: hello, five.txt: \"5\"", None)]
#[case::another_text(
    "report.txt: bye",
    Some(
        "report.txt in bucket Uploads does not hold what is expected\n\"hello\" does not match \"bye\"\nit holds hello"
    )
)]
#[case::another_value("o-1.json: { id: o-2 }", Some("o-1.json in bucket Uploads does not hold what is expected"))]
#[case::not_json(
    "report.txt: { id: o-2 }",
    Some("report.txt in bucket Uploads does not hold what is expected\nit is not JSON: ")
)]
#[case::no_object("other.txt: hello", Some("bucket Uploads holds no object other.txt\nfive.txt\no-1.json\nreport.txt"))]
fn what_objects_hold_is_expected_as_text_or_json(#[case] contents: &str, #[case] failure: Option<&str>) {
    let rig = buckets().expect(&format!("objects: {{ Uploads: {{ count: 3, contents: {{ {contents} }} }} }}"));
    let played = rig.play(&[
        "s3.put: { bucket: Uploads, key: report.txt, body: hello }",
        "s3.put: { bucket: Uploads, key: five.txt, body: \"5\" }",
        "s3.put: { bucket: Uploads, key: o-1.json, body: '{\"id\": \"o-1\", \"items\": [{\"sku\": \"a\"}]}' }",
    ]);
    match (failure, &played.failures()[..]) {
        (None, []) => {}
        (Some(expected), [found]) => assert!(found.starts_with(expected), "{found}"),
        (expected, found) => panic!("{expected:?}, but {found:?}"),
    }
}

#[test]
fn a_captured_key_names_the_object_whose_content_is_expected() {
    let resources = "  Uploads: { Type: AWS::S3::Bucket }\n  Next: { Type: AWS::Serverless::Function }\n";
    let rig = Rig::new(resources).answers("Next", |_| Ok(json!({ "id": "o-1" })));
    let rig = rig.expect("objects: { Uploads: { contents: { \"reports/$id.json\": { id: [$id] } } } }");
    rig.play(&[
        "invoke: { function: Next, capture: { id: /id } }",
        "s3.put: { bucket: Uploads, key: \"reports/$id.json\", body: '{\"id\": \"$id\"}' }",
    ])
    .passed();
}
