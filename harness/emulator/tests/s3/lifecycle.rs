//! What S3 deletes by itself.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html>

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, BucketVersioningStatus, Event, ExpirationStatus,
    LambdaFunctionConfiguration, LifecycleExpiration, LifecycleRule, LifecycleRuleFilter, NoncurrentVersionExpiration,
    NotificationConfiguration, Tag,
};
use serde_json::Value;

use super::common::emulator;
use super::{client_of, put, put_version, version};

const HOUR: Duration = Duration::from_secs(60 * 60);

/// A client with a bucket, and the names of the events of its lifecycle, each with its key.
async fn setup() -> (Client, Arc<Mutex<Vec<String>>>) {
    let emulator = emulator();
    let told = Arc::new(Mutex::new(Vec::new()));
    let sink = told.clone();
    emulator.set_functions(Arc::new(move |event| {
        let event: Value = serde_json::from_str(&event.payload).expect("it is JSON");
        let record = &event["Records"][0];
        assert_eq!(record["userIdentity"]["principalId"], "s3.amazonaws.com");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let line = format!("{} {}", text(&record["eventName"]), text(&record["s3"]["object"]["key"]));
        sink.lock().expect("no test panics here").push(line);
        Ok(())
    }));
    let client = client_of(&emulator, |config| config);
    client.create_bucket().bucket("uploads").send().await.expect("the name is free");
    let function = LambdaFunctionConfiguration::builder().events(Event::from("s3:LifecycleExpiration:*"));
    let function = function.lambda_function_arn("arn:aws:lambda:us-east-1:123456789012:function:F");
    let configuration = NotificationConfiguration::builder();
    let configuration = configuration.lambda_function_configurations(function.build().expect("complete")).build();
    let put = client.put_bucket_notification_configuration().bucket("uploads");
    put.notification_configuration(configuration).send().await.expect("it is valid");
    tokio::spawn(async move { emulator.drive().await });
    (client, told)
}

fn rule(id: &str, filter: LifecycleRuleFilter) -> aws_sdk_s3::types::builders::LifecycleRuleBuilder {
    LifecycleRule::builder().id(id).filter(filter).status(ExpirationStatus::Enabled)
}

fn prefix(prefix: &str) -> LifecycleRuleFilter {
    LifecycleRuleFilter::builder().prefix(prefix).build()
}

async fn configure(client: &Client, rules: Vec<aws_sdk_s3::types::builders::LifecycleRuleBuilder>) {
    let rules = rules.into_iter().map(|rule| rule.build().expect("complete")).collect();
    let configuration = BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build().expect("rules");
    let put = client.put_bucket_lifecycle_configuration().bucket("uploads").lifecycle_configuration(configuration);
    put.send().await.expect("it is valid");
}

async fn keys(client: &Client) -> Vec<String> {
    let listed = client.list_objects_v2().bucket("uploads").send().await.expect("the bucket is there");
    listed.contents().iter().filter_map(|object| object.key().map(str::to_owned)).collect()
}

fn told(told: &Mutex<Vec<String>>) -> Vec<String> {
    std::mem::take(&mut *told.lock().expect("no test panics here"))
}

#[tokio::test(start_paused = true)]
async fn an_object_expires_at_the_midnight_after_its_days() {
    let (client, events) = setup().await;
    let expires = LifecycleExpiration::builder().days(2).build();
    let tagged = LifecycleRuleFilter::builder().tag(Tag::builder().key("a").value("b").build().expect("both")).build();
    configure(
        &client,
        vec![rule("prefix", prefix("tmp/")).expiration(expires.clone()), rule("tag", tagged).expiration(expires)],
    )
    .await;
    tokio::time::sleep(10 * HOUR).await;
    put(&client, "kept", b"0").await;
    put(&client, "tmp/a", b"0").await;
    client.put_object().bucket("uploads").key("tagged").tagging("a=b").send().await.expect("the bucket is there");
    let head = client.head_object().bucket("uploads").key("tmp/a").send().await.expect("it is there");
    // Ten o'clock and two days, rounded up to the next midnight.
    assert_eq!(head.expiration(), Some("expiry-date=\"Sun, 04 Jan 2026 00:00:00 GMT\", rule-id=\"prefix\""));
    tokio::time::sleep(61 * HOUR).await;
    assert_eq!(keys(&client).await, ["kept", "tagged", "tmp/a"]);
    tokio::time::sleep(HOUR + Duration::from_secs(1)).await;
    assert_eq!(keys(&client).await, ["kept"]);
    assert_eq!(told(&events), ["LifecycleExpiration:Delete tagged", "LifecycleExpiration:Delete tmp/a"]);
}

#[tokio::test(start_paused = true)]
async fn where_versions_are_kept_a_marker_comes_first_and_then_they_go() {
    let (client, events) = setup().await;
    version(&client, BucketVersioningStatus::Enabled).await;
    let noncurrent = NoncurrentVersionExpiration::builder().noncurrent_days(3).build();
    let marker = LifecycleExpiration::builder().expired_object_delete_marker(true).build();
    configure(
        &client,
        vec![
            rule("expire", prefix("")).expiration(LifecycleExpiration::builder().days(1).build()),
            rule("clean", prefix("")).noncurrent_version_expiration(noncurrent).expiration(marker),
        ],
    )
    .await;
    tokio::time::sleep(HOUR).await;
    put_version(&client, "k", b"0").await;
    tokio::time::sleep(48 * HOUR).await;
    assert_eq!(told(&events), ["LifecycleExpiration:DeleteMarkerCreated k"]);
    let versions = || client.list_object_versions().bucket("uploads").send();
    assert_eq!(versions().await.expect("the bucket is there").versions().len(), 1);
    tokio::time::sleep(96 * HOUR).await;
    // The version, and then the marker that has nothing more to hide.
    assert_eq!(told(&events), ["LifecycleExpiration:Delete k", "LifecycleExpiration:Delete k"]);
    let left = versions().await.expect("the bucket is there");
    assert!(left.versions().is_empty() && left.delete_markers().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_nobody_completes_is_aborted() {
    let (client, events) = setup().await;
    let abort = AbortIncompleteMultipartUpload::builder().days_after_initiation(1).build();
    configure(&client, vec![rule("abort", prefix("")).abort_incomplete_multipart_upload(abort)]).await;
    tokio::time::sleep(HOUR).await;
    client.create_multipart_upload().bucket("uploads").key("k").send().await.expect("the bucket is there");
    let uploads = || client.list_multipart_uploads().bucket("uploads").send();
    tokio::time::sleep(24 * HOUR).await;
    assert_eq!(uploads().await.expect("the bucket is there").uploads().len(), 1);
    tokio::time::sleep(24 * HOUR).await;
    assert!(uploads().await.expect("the bucket is there").uploads().is_empty());
    assert!(told(&events).is_empty());
}
