//! Tags of objects and buckets.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html>

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{BucketVersioningStatus, Tag, Tagging, TaggingDirective};

use super::{client, failure, put, put_version, version};

fn tags(pairs: &[(&str, &str)]) -> Tagging {
    let tags = pairs.iter().map(|(key, value)| Tag::builder().key(*key).value(*value).build().expect("both are there"));
    Tagging::builder().set_tag_set(Some(tags.collect())).build().expect("a set")
}

async fn of(client: &Client, key: &str, version: Option<&str>) -> Vec<(String, String)> {
    let get = client.get_object_tagging().bucket("uploads").key(key).set_version_id(version.map(str::to_owned));
    let got = get.send().await.expect("the object is there");
    got.tag_set().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect()
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test(start_paused = true)]
async fn an_object_is_put_with_tags_or_gets_them_later() {
    let client = client().await;
    let request = client.put_object().bucket("uploads").key("k").tagging("colour=dark+red&x=a%3Db");
    request.body(ByteStream::from_static(b"0")).send().await.expect("the tags are valid");
    assert_eq!(of(&client, "k", None).await, owned(&[("colour", "dark red"), ("x", "a=b")]));
    let head = client.head_object().bucket("uploads").key("k").send().await.expect("it is there");
    assert_eq!(head.tag_count(), Some(2));
    let put = client.put_object_tagging().bucket("uploads").key("k").tagging(tags(&[("size", "9")]));
    put.send().await.expect("the object is there");
    assert_eq!(of(&client, "k", None).await, owned(&[("size", "9")]));
    client.delete_object_tagging().bucket("uploads").key("k").send().await.expect("the object is there");
    assert_eq!(of(&client, "k", None).await, []);
}

#[tokio::test(start_paused = true)]
async fn a_copy_has_its_sources_tags_or_its_own() {
    let client = client().await;
    let request = client.put_object().bucket("uploads").key("k").tagging("a=1");
    request.body(ByteStream::from_static(b"0")).send().await.expect("the tags are valid");
    let copy = |key: &str| client.copy_object().bucket("uploads").key(key).copy_source("uploads/k");
    copy("kept").send().await.expect("the source is there");
    let replaced = copy("replaced").tagging_directive(TaggingDirective::Replace).tagging("b=2");
    replaced.send().await.expect("the source is there");
    assert_eq!(of(&client, "kept", None).await, owned(&[("a", "1")]));
    assert_eq!(of(&client, "replaced", None).await, owned(&[("b", "2")]));
}

#[tokio::test(start_paused = true)]
async fn every_version_has_tags_of_its_own() {
    let client = client().await;
    version(&client, BucketVersioningStatus::Enabled).await;
    let first = put_version(&client, "k", b"1").await.expect("versions are kept");
    put_version(&client, "k", b"2").await;
    let put = client.put_object_tagging().bucket("uploads").key("k").version_id(&first).tagging(tags(&[("a", "1")]));
    assert_eq!(put.send().await.expect("the version is there").version_id(), Some(first.as_str()));
    assert_eq!(of(&client, "k", Some(&first)).await, owned(&[("a", "1")]));
    assert_eq!(of(&client, "k", None).await, []);
}

#[tokio::test(start_paused = true)]
async fn tags_that_s3_does_not_take_are_refused() {
    let client = client().await;
    put(&client, "k", b"0").await;
    let many: Vec<String> = (0..11).map(|number| format!("t{number}")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|key| (key.as_str(), "")).collect();
    let long = "k".repeat(129);
    for (set, code) in [
        (&many[..], "BadRequest"),
        (&[("a", "1"), ("a", "2")], "InvalidTag"),
        (&[("aws:a", "1")], "InvalidTag"),
        (&[(long.as_str(), "1")], "InvalidTag"),
        (&[("a", "<1>")], "InvalidTag"),
    ] {
        let put = client.put_object_tagging().bucket("uploads").key("k").tagging(tags(set)).send().await;
        assert_eq!(failure(put), (code.to_owned(), 400), "{set:?}");
    }
    let twice = client.put_object().bucket("uploads").key("k").tagging("a=1&a=2").send().await;
    assert_eq!(failure(twice), ("InvalidArgument".to_owned(), 400));
    let missing = client.get_object_tagging().bucket("uploads").key("missing").send().await;
    assert_eq!(failure(missing), ("NoSuchKey".to_owned(), 404));
}

#[tokio::test(start_paused = true)]
async fn a_bucket_has_tags_until_they_are_deleted() {
    let client = client().await;
    let get = || client.get_bucket_tagging().bucket("uploads").send();
    assert_eq!(failure(get().await), ("NoSuchTagSet".to_owned(), 404));
    let put = client.put_bucket_tagging().bucket("uploads").tagging(tags(&[("team", "orders")]));
    put.send().await.expect("the bucket is there");
    assert_eq!(get().await.expect("there are tags").tag_set()[0].key(), "team");
    client.delete_bucket_tagging().bucket("uploads").send().await.expect("the bucket is there");
    assert_eq!(failure(get().await), ("NoSuchTagSet".to_owned(), 404));
}
