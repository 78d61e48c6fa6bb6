//! Versions and delete markers.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html>

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{BucketVersioningStatus, Delete, ObjectIdentifier};

use super::{body, client, failure, put, put_version, version};

const ENABLED: BucketVersioningStatus = BucketVersioningStatus::Enabled;
const SUSPENDED: BucketVersioningStatus = BucketVersioningStatus::Suspended;

/// All versions and markers, each as its key, id and whether it is the latest.
async fn listed(client: &Client) -> (Vec<(String, bool)>, Vec<(String, bool)>) {
    let listed = client.list_object_versions().bucket("uploads").send().await.expect("the bucket is there");
    let versions = listed.versions().iter().map(|v| (v.version_id().unwrap_or_default(), v.is_latest()));
    let markers = listed.delete_markers().iter().map(|m| (m.version_id().unwrap_or_default(), m.is_latest()));
    let owned = |(id, latest): (&str, Option<bool>)| (id.to_owned(), latest == Some(true));
    (versions.map(owned).collect(), markers.map(owned).collect())
}

#[tokio::test(start_paused = true)]
async fn a_bucket_keeps_no_versions_until_it_is_told_to() {
    let client = client().await;
    let status = || async {
        let got = client.get_bucket_versioning().bucket("uploads").send().await.expect("the bucket is there");
        got.status().cloned()
    };
    assert_eq!(status().await, None);
    assert_eq!(put_version(&client, "k", b"0").await, None);
    for wanted in [ENABLED, SUSPENDED] {
        version(&client, wanted.clone()).await;
        assert_eq!(status().await, Some(wanted));
    }
}

#[tokio::test(start_paused = true)]
async fn every_version_stays_readable_by_its_id() {
    let client = client().await;
    put(&client, "k", b"before").await;
    version(&client, ENABLED).await;
    let first = put_version(&client, "k", b"first").await.expect("versions are kept");
    let second = put_version(&client, "k", b"second").await.expect("versions are kept");
    assert_ne!(first, second);
    for (id, expected) in [(None, "second"), (Some(first.as_str()), "first"), (Some("null"), "before")] {
        assert_eq!(body(&client, "k", id).await, expected.as_bytes(), "{id:?}");
    }
    let head = client.head_object().bucket("uploads").key("k").version_id(&first).send().await.expect("it is there");
    assert_eq!((head.version_id(), head.content_length()), (Some(first.as_str()), Some(5)));
    let (versions, _) = listed(&client).await;
    assert_eq!(versions, [(second, true), (first, false), ("null".to_owned(), false)]);
}

#[tokio::test(start_paused = true)]
async fn a_deletion_without_a_version_hides_the_object_by_a_marker() {
    let client = client().await;
    version(&client, ENABLED).await;
    let first = put_version(&client, "k", b"first").await.expect("versions are kept");
    let deleted = client.delete_object().bucket("uploads").key("k").send().await.expect("the bucket is there");
    let marker = deleted.version_id().expect("the marker has an id").to_owned();
    assert_eq!(deleted.delete_marker(), Some(true));

    let gone = client.get_object().bucket("uploads").key("k").send().await.expect_err("a marker hides it");
    let answer = gone.raw_response().expect("the service answered");
    assert_eq!(answer.headers().get("x-amz-delete-marker"), Some("true"));
    assert_eq!(answer.headers().get("x-amz-version-id"), Some(marker.as_str()));
    assert!(gone.into_service_error().is_no_such_key());
    let itself = client.get_object().bucket("uploads").key("k").version_id(&marker).send().await;
    let refusal = itself.as_ref().expect_err("a marker cannot be read").raw_response().expect("the service answered");
    assert_eq!(refusal.headers().get("allow"), Some("DELETE"));
    assert_eq!(failure(itself), ("MethodNotAllowed".to_owned(), 405));
    let head = client.head_object().bucket("uploads").key("k").send().await.expect_err("a marker hides it");
    assert_eq!(head.raw_response().and_then(|head| head.headers().get("x-amz-delete-marker")), Some("true"));
    assert_eq!(body(&client, "k", Some(&first)).await, b"first");
    assert_eq!(listed(&client).await, (vec![(first.clone(), false)], vec![(marker.clone(), true)]));
    let keys = client.list_objects_v2().bucket("uploads").send().await.expect("the bucket is there");
    assert_eq!(keys.key_count(), Some(0));
    let full = client.delete_bucket().bucket("uploads").send().await;
    assert_eq!(failure(full), ("BucketNotEmpty".to_owned(), 409));

    let undone = client.delete_object().bucket("uploads").key("k").version_id(&marker).send().await;
    let undone = undone.expect("the marker is there");
    assert_eq!((undone.delete_marker(), undone.version_id()), (Some(true), Some(marker.as_str())));
    assert_eq!(body(&client, "k", None).await, b"first");
}

#[tokio::test(start_paused = true)]
async fn a_suspended_bucket_replaces_the_null_version_only() {
    let client = client().await;
    version(&client, ENABLED).await;
    let kept = put_version(&client, "k", b"kept").await.expect("versions are kept");
    version(&client, SUSPENDED).await;
    for content in [b"null 1", b"null 2"] {
        assert_eq!(put_version(&client, "k", content).await, None);
    }
    assert_eq!(listed(&client).await.0, [("null".to_owned(), true), (kept.clone(), false)]);
    let got = client.get_object().bucket("uploads").key("k").send().await.expect("it is there");
    assert_eq!(got.version_id(), Some("null"));
    let deleted = client.delete_object().bucket("uploads").key("k").send().await.expect("the bucket is there");
    assert_eq!((deleted.delete_marker(), deleted.version_id()), (Some(true), Some("null")));
    assert_eq!(listed(&client).await, (vec![(kept, false)], vec![("null".to_owned(), true)]));
}

#[tokio::test(start_paused = true)]
async fn versions_that_are_not_there_are_refused() {
    let client = client().await;
    put(&client, "k", b"0").await;
    let get = |id: &str| client.get_object().bucket("uploads").key("k").version_id(id).send();
    let unknown = "0".repeat(32);
    assert_eq!(failure(get(&unknown).await), ("InvalidArgument".to_owned(), 400));
    version(&client, ENABLED).await;
    assert_eq!(failure(get(&unknown).await), ("NoSuchVersion".to_owned(), 404));
    assert_eq!(failure(get("never given").await), ("InvalidArgument".to_owned(), 400));
    let delete = |id: &str| client.delete_object().bucket("uploads").key("k").version_id(id).send();
    delete(&unknown).await.expect("deleting what is not there succeeds");
    assert_eq!(failure(delete("never given").await), ("InvalidArgument".to_owned(), 400));
}

#[tokio::test(start_paused = true)]
async fn many_versions_and_objects_are_deleted_at_once() {
    let client = client().await;
    version(&client, ENABLED).await;
    let old = put_version(&client, "a", b"old").await.expect("versions are kept");
    put_version(&client, "a", b"new").await;
    put_version(&client, "b", b"b").await;
    let object = |key: &str| ObjectIdentifier::builder().key(key);
    let objects = [
        object("a").version_id(&old),
        object("b"),
        object("b").version_id("never given"),
        object("a").e_tag("\"another\""),
    ];
    let objects = objects.map(|object| object.build().expect("a key"));
    let delete = Delete::builder().set_objects(Some(objects.to_vec())).quiet(false).build().expect("objects");
    let answer = client.delete_objects().bucket("uploads").delete(delete).send().await.expect("up to 1,000");
    let deleted: Vec<_> = answer.deleted().iter().map(|d| (d.key(), d.version_id(), d.delete_marker())).collect();
    assert_eq!(deleted, [(Some("a"), Some(old.as_str()), None), (Some("b"), None, Some(true))]);
    assert!(answer.deleted()[1].delete_marker_version_id().is_some());
    let errors: Vec<_> = answer.errors().iter().map(|error| (error.key(), error.code())).collect();
    assert_eq!(errors, [(Some("b"), Some("NoSuchVersion")), (Some("a"), Some("PreconditionFailed"))]);
}

#[tokio::test(start_paused = true)]
async fn a_conditional_deletion_is_of_the_current_version() {
    let client = client().await;
    version(&client, ENABLED).await;
    let delete = |tags: &str| client.delete_object().bucket("uploads").key("k").if_match(tags).send();
    assert_eq!(failure(delete("*").await), ("NoSuchKey".to_owned(), 404));
    put(&client, "k", b"0").await;
    assert_eq!(failure(delete("\"another\"").await), ("PreconditionFailed".to_owned(), 412));
    delete("*").await.expect("an object is there");
    assert_eq!(failure(delete("*").await), ("PreconditionFailed".to_owned(), 412));
}

#[tokio::test(start_paused = true)]
async fn an_older_version_is_restored_by_copying_it() {
    let client = client().await;
    version(&client, ENABLED).await;
    let first = put_version(&client, "k", b"first").await.expect("versions are kept");
    put_version(&client, "k", b"second").await;
    let copy = |source: String| client.copy_object().bucket("uploads").key("k").copy_source(source).send();
    assert_eq!(failure(copy("uploads/k".to_owned()).await), ("InvalidRequest".to_owned(), 400));
    let copied = copy(format!("uploads/k?versionId={first}")).await.expect("another version than the current one");
    assert_eq!(copied.copy_source_version_id(), Some(first.as_str()));
    assert!(copied.version_id().is_some_and(|id| id != first));
    assert_eq!(body(&client, "k", None).await, b"first");
    let deleted = client.delete_object().bucket("uploads").key("k").send().await.expect("the bucket is there");
    let marker = deleted.version_id().expect("the marker has an id");
    assert_eq!(failure(copy("uploads/k".to_owned()).await), ("NoSuchKey".to_owned(), 404));
    assert_eq!(failure(copy(format!("uploads/k?versionId={marker}")).await), ("InvalidRequest".to_owned(), 400));
}

#[tokio::test(start_paused = true)]
async fn versions_are_listed_in_pages_the_newest_of_a_key_first() {
    let client = client().await;
    version(&client, ENABLED).await;
    for key in ["a", "a", "b", "in/c", "in/d"] {
        put_version(&client, key, b"0").await;
    }
    client.delete_object().bucket("uploads").key("b").send().await.expect("the bucket is there");
    for (delimiter, expected) in [(None, "a a b! b in/c in/d"), (Some("/"), "a a b! b in/")] {
        let (mut seen, mut key, mut id): (Vec<String>, Option<String>, Option<String>) = Default::default();
        loop {
            let list = client.list_object_versions().bucket("uploads").max_keys(1);
            let list = list.set_delimiter(delimiter.map(str::to_owned)).set_key_marker(key);
            let page = list.set_version_id_marker(id).send().await.expect("the bucket is there");
            seen.extend(page.versions().iter().filter_map(|version| version.key().map(str::to_owned)));
            seen.extend(page.delete_markers().iter().filter_map(|marker| marker.key().map(|key| format!("{key}!"))));
            seen.extend(page.common_prefixes().iter().filter_map(|common| common.prefix().map(str::to_owned)));
            (key, id) = (page.next_key_marker().map(str::to_owned), page.next_version_id_marker().map(str::to_owned));
            if page.is_truncated() != Some(true) {
                break;
            }
        }
        assert_eq!(seen.join(" "), expected);
    }
}
