//! The type of event that each operation causes.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html>

use std::sync::{Arc, Mutex};

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketVersioningStatus, CompletedMultipartUpload, CompletedPart, Event, LambdaFunctionConfiguration,
    NotificationConfiguration, ObjectCannedAcl, ObjectOwnership, OwnershipControls, OwnershipControlsRule, Tag,
    Tagging,
};
use serde_json::{Value, json};

use super::common::emulator;
use super::{client_of, put, put_version, version};

/// A client with a bucket, and the records of all that happens in it.
async fn setup() -> (Client, Arc<Mutex<Vec<Value>>>) {
    let emulator = emulator();
    let records = Arc::new(Mutex::new(Vec::new()));
    let sink = records.clone();
    emulator.set_functions(Arc::new(move |event| {
        let mut event: Value = serde_json::from_str(&event.payload).expect("it is JSON");
        sink.lock().expect("no test panics here").push(event["Records"][0].take());
        Ok(())
    }));
    let client = client_of(&emulator, |config| config);
    client.create_bucket().bucket("uploads").send().await.expect("the name is free");
    let function = LambdaFunctionConfiguration::builder()
        .lambda_function_arn("arn:aws:lambda:us-east-1:123456789012:function:F")
        .set_events(Some(
            ["ObjectCreated", "ObjectRemoved", "ObjectTagging"]
                .map(|kind| Event::from(format!("s3:{kind}:*").as_str()))
                .into_iter()
                .chain([Event::from("s3:ObjectAcl:Put")])
                .collect(),
        ));
    let configuration = NotificationConfiguration::builder();
    let configuration = configuration.lambda_function_configurations(function.build().expect("complete")).build();
    let put = client.put_bucket_notification_configuration().bucket("uploads");
    put.notification_configuration(configuration).send().await.expect("it is valid");
    (client, records)
}

fn taken(records: &Mutex<Vec<Value>>) -> Vec<Value> {
    std::mem::take(&mut *records.lock().expect("no test panics here"))
}

fn names(records: &Mutex<Vec<Value>>) -> Vec<String> {
    taken(records).iter().filter_map(|record| record["eventName"].as_str().map(str::to_owned)).collect()
}

async fn upload(client: &Client) {
    let created = client.create_multipart_upload().bucket("uploads").key("k").send().await.expect("it is there");
    let id = created.upload_id().expect("an id");
    let part = client.upload_part().bucket("uploads").key("k").upload_id(id).part_number(1);
    let part = part.body(ByteStream::from_static(b"part")).send().await.expect("the upload is there");
    let part = CompletedPart::builder().part_number(1).set_e_tag(part.e_tag).set_checksum_crc32(part.checksum_crc32);
    let parts = CompletedMultipartUpload::builder().parts(part.build()).build();
    let complete = client.complete_multipart_upload().bucket("uploads").key("k").upload_id(id);
    complete.multipart_upload(parts).send().await.expect("the part is there");
}

fn tags() -> Tagging {
    let tag = Tag::builder().key("a").value("b").build().expect("both");
    Tagging::builder().tag_set(tag).build().expect("a set")
}

#[tokio::test(start_paused = true)]
async fn every_operation_causes_an_event_of_its_own_type() {
    let (client, records) = setup().await;
    put(&client, "k", b"0").await;
    client.copy_object().bucket("uploads").key("copy").copy_source("uploads/k").send().await.expect("it is there");
    upload(&client).await;
    client.put_object_tagging().bucket("uploads").key("k").tagging(tags()).send().await.expect("it is there");
    client.delete_object_tagging().bucket("uploads").key("k").send().await.expect("it is there");
    client.delete_object().bucket("uploads").key("k").send().await.expect("it is there");
    client.delete_object().bucket("uploads").key("k").send().await.expect("deleting nothing changes nothing");
    let expected = [
        "ObjectCreated:Put",
        "ObjectCreated:Copy",
        "ObjectCreated:CompleteMultipartUpload",
        "ObjectTagging:Put",
        "ObjectTagging:Delete",
        "ObjectRemoved:Delete",
    ];
    assert_eq!(names(&records), expected);
}

#[tokio::test(start_paused = true)]
async fn the_events_of_versions_name_them() {
    let (client, records) = setup().await;
    version(&client, BucketVersioningStatus::Enabled).await;
    let id = put_version(&client, "k", b"hello").await.expect("versions are kept");
    let deleted = client.delete_object().bucket("uploads").key("k").send().await.expect("it is there");
    let marker = deleted.version_id().expect("an id").to_owned();
    client.delete_object().bucket("uploads").key("k").version_id(&marker).send().await.expect("it is there");
    client.delete_object().bucket("uploads").key("k").version_id(&id).send().await.expect("it is there");
    let records = taken(&records);
    let told: Vec<Value> = records
        .iter()
        .map(|record| {
            let object = &record["s3"]["object"];
            json!([record["eventName"], object["versionId"], object["size"], object["eTag"]])
        })
        .collect();
    let etag = "5d41402abc4b2a76b9719d911017c592";
    let expected = [
        json!(["ObjectCreated:Put", id, 5, etag]),
        json!(["ObjectRemoved:DeleteMarkerCreated", marker, null, "d41d8cd98f00b204e9800998ecf8427e"]),
        json!(["ObjectRemoved:Delete", marker, null, null]),
        json!(["ObjectRemoved:Delete", id, null, null]),
    ];
    assert_eq!(told, expected);
    let sequencers: Vec<&str> = records.iter().filter_map(|r| r["s3"]["object"]["sequencer"].as_str()).collect();
    assert!(sequencers.len() == 4 && sequencers.is_sorted(), "{sequencers:?}");
}

#[tokio::test(start_paused = true)]
async fn an_access_control_list_is_told_of_when_it_changes() {
    let (client, records) = setup().await;
    let rule = OwnershipControlsRule::builder().object_ownership(ObjectOwnership::ObjectWriter).build().expect("one");
    let controls = OwnershipControls::builder().rules(rule).build().expect("a rule");
    let put_controls = client.put_bucket_ownership_controls().bucket("uploads").ownership_controls(controls);
    put_controls.send().await.expect("the bucket is there");
    put(&client, "k", b"0").await;
    for acl in [ObjectCannedAcl::PublicRead, ObjectCannedAcl::PublicRead, ObjectCannedAcl::Private] {
        client.put_object_acl().bucket("uploads").key("k").acl(acl).send().await.expect("it has lists");
    }
    assert_eq!(names(&records), ["ObjectCreated:Put", "ObjectAcl:Put", "ObjectAcl:Put"]);
}
