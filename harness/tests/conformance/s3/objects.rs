//! Objects: what is put comes back, whole or in part, and what is deleted is gone.

use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumMode, Delete, MetadataDirective, ObjectIdentifier};
use serde_json::{Value, json};

use super::{Bucket, bytes, text};
use crate::kit::{Case, case, cases, done, refused_as, seen};

cases![
    an_object_comes_back_as_it_was_put,
    an_object_has_a_head,
    a_range_is_a_part_of_an_object,
    an_answer_has_the_headers_that_were_asked_for,
    an_object_that_the_client_has_is_not_modified,
    an_object_is_put_where_there_is_none,
    a_checksum_comes_with_an_object,
    a_copy_has_the_metadata_of_its_source,
    a_copy_may_have_metadata_of_its_own,
    deleting_what_is_not_there_succeeds,
    objects_are_deleted_together,
    a_quiet_deletion_tells_nothing,
    a_key_is_taken_as_it_is,
    a_content_encoding_is_kept,
    a_range_that_is_none_is_passed_over,
];

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>
fn an_object_comes_back_as_it_was_put() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        let put = bucket.s3.put_object().bucket(&bucket.name).key("a/b c.txt").body(bytes("hello"));
        let put = put.content_type("text/plain").cache_control("no-store").metadata("colour", "red").send().await;
        let got = bucket.s3.get_object().bucket(&bucket.name).key("a/b c.txt").send().await.expect("it is there");
        json!({
            "put": seen(put, |put| json!([put.e_tag(), put.server_side_encryption().map(|kind| kind.as_str())])),
            "etag": got.e_tag(),
            "type": got.content_type(),
            "cache": got.cache_control(),
            "length": got.content_length(),
            "ranges": got.accept_ranges(),
            "metadata": got.metadata(),
            "body": text(got.body).await,
        })
    })
    .gives(json!({
        "put": ["\"5d41402abc4b2a76b9719d911017c592\"", "AES256"],
        "etag": "\"5d41402abc4b2a76b9719d911017c592\"",
        "type": "text/plain",
        "cache": "no-store",
        "length": 5,
        "ranges": "bytes",
        "metadata": { "colour": "red" },
        "body": "hello",
    }))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>
fn an_object_has_a_head() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        bucket.put("a", "hello").await;
        let head = bucket.s3.head_object().bucket(&bucket.name).key("a").send().await;
        seen(head, |head| json!({ "etag": head.e_tag(), "length": head.content_length() }))
    })
    .gives(json!({ "etag": "\"5d41402abc4b2a76b9719d911017c592\"", "length": 5 }))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/range-get-olap.html>
fn a_range_is_a_part_of_an_object() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        bucket.put("a", "hello").await;
        let mut parts = Vec::new();
        for range in ["bytes=1-3", "bytes=3-", "bytes=-2", "bytes=0-99"] {
            let get = bucket.s3.get_object().bucket(&bucket.name).key("a").range(range);
            let got = get.send().await.expect("the range is there");
            parts.push(json!([got.content_range(), got.content_length(), text(got.body).await]));
        }
        parts.into()
    })
    .gives(json!([
        ["bytes 1-3/5", 3, "ell"],
        ["bytes 3-4/5", 2, "lo"],
        ["bytes 3-4/5", 2, "lo"],
        ["bytes 0-4/5", 5, "hello"],
    ]))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>
fn an_answer_has_the_headers_that_were_asked_for() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        bucket.put("a", "hello").await;
        let get = bucket.s3.get_object().bucket(&bucket.name).key("a").response_content_type("text/csv");
        let got = get.response_content_disposition("attachment").send().await;
        seen(got, |got| json!([got.content_type(), got.content_disposition()]))
    })
    .gives(json!(["text/csv", "attachment"]))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>
fn an_object_that_the_client_has_is_not_modified() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        bucket.put("a", "hello").await;
        let get = bucket.s3.get_object().bucket(&bucket.name).key("a");
        let same = get.clone().if_none_match("\"5d41402abc4b2a76b9719d911017c592\"").send().await;
        let other = get.if_none_match("\"other\"").send().await;
        json!([refused_as(same)["status"], done(other)])
    })
    .gives(json!([304, "done"]))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>
fn an_object_is_put_where_there_is_none() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        let put = || bucket.s3.put_object().bucket(&bucket.name).key("a").body(bytes("hello"));
        let first = put().if_none_match("*").send().await;
        let etag = "\"5d41402abc4b2a76b9719d911017c592\"";
        json!([done(first), done(put().if_match(etag).send().await)])
    })
    .gives(json!(["done", "done"]))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html>
fn a_checksum_comes_with_an_object() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        let put = bucket.s3.put_object().bucket(&bucket.name).key("a").body(bytes("hello"));
        let put = put.checksum_algorithm(ChecksumAlgorithm::Sha256).send().await;
        let head = bucket.s3.head_object().bucket(&bucket.name).key("a").checksum_mode(ChecksumMode::Enabled);
        json!([
            seen(put, |put| json!(put.checksum_sha256())),
            seen(head.send().await, |head| json!([
                head.checksum_sha256(),
                head.checksum_type().map(|kind| kind.as_str())
            ])),
        ])
    })
    .gives(json!([
        "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
        ["LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=", "FULL_OBJECT"],
    ]))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>
fn a_copy_has_the_metadata_of_its_source() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        let put = bucket.s3.put_object().bucket(&bucket.name).key("red flower").body(bytes("hello"));
        put.metadata("colour", "red").content_type("text/plain").send().await.expect("valid");
        let copy = bucket.s3.copy_object().bucket(&bucket.name).key("copy");
        let copied = copy.copy_source(format!("{}/red%20flower", bucket.name)).send().await;
        let copied = seen(copied, |copied| json!(copied.copy_object_result().and_then(|result| result.e_tag())));
        let head = bucket.s3.head_object().bucket(&bucket.name).key("copy").send().await;
        json!([copied, seen(head, |head| json!([head.metadata(), head.content_type()]))])
    })
    .gives(json!(["\"5d41402abc4b2a76b9719d911017c592\"", [{ "colour": "red" }, "text/plain"]]))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>
fn a_copy_may_have_metadata_of_its_own() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        let put = bucket.s3.put_object().bucket(&bucket.name).key("a").body(bytes("hello"));
        put.metadata("colour", "red").send().await.expect("valid");
        let copy = bucket.s3.copy_object().bucket(&bucket.name).key("a").copy_source(format!("{}/a", bucket.name));
        let copy = copy.metadata_directive(MetadataDirective::Replace).metadata("shape", "round").send().await;
        let head = bucket.s3.head_object().bucket(&bucket.name).key("a").send().await;
        json!([done(copy), seen(head, |head| json!(head.metadata()))])
    })
    .gives(json!(["done", { "shape": "round" }]))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html>
fn deleting_what_is_not_there_succeeds() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        bucket.put("a", "hello").await;
        let delete = bucket.s3.delete_object().bucket(&bucket.name).key("a");
        let (first, again) = (delete.clone().send().await, delete.send().await);
        let head = bucket.s3.head_object().bucket(&bucket.name).key("a").send().await;
        json!([done(first), done(again), refused_as(head)])
    })
    .gives(json!(["done", "done", { "status": 404, "code": "NotFound" }]))
}

fn deletion(keys: &[&str], quiet: bool) -> Delete {
    let object = |key: &&str| ObjectIdentifier::builder().key(*key).build().expect("it has a key");
    let objects = keys.iter().map(object).collect();
    Delete::builder().set_objects(Some(objects)).quiet(quiet).build().expect("it has objects")
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>
fn objects_are_deleted_together() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        bucket.put("a & b", "hello").await;
        let delete = bucket.s3.delete_objects().bucket(&bucket.name).delete(deletion(&["a & b", "absent"], false));
        let deleted = seen(delete.send().await, |answer| {
            let mut keys: Vec<_> = answer.deleted().iter().filter_map(|deleted| deleted.key()).collect();
            keys.sort_unstable();
            json!({ "deleted": keys, "errors": answer.errors().len() })
        });
        let left = bucket.s3.list_objects_v2().bucket(&bucket.name).send().await;
        json!([deleted, seen(left, |left| json!(left.key_count()))])
    })
    .gives(json!([{ "deleted": ["a & b", "absent"], "errors": 0 }, 0]))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>
fn a_quiet_deletion_tells_nothing() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        bucket.put("a", "hello").await;
        let delete = bucket.s3.delete_objects().bucket(&bucket.name).delete(deletion(&["a"], true));
        let deleted = seen(delete.send().await, |answer| json!(answer.deleted().len()));
        let left = bucket.s3.list_objects_v2().bucket(&bucket.name).send().await;
        Value::from(vec![deleted, seen(left, |left| json!(left.key_count()))])
    })
    .gives(json!([0, 0]))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>
fn a_key_is_taken_as_it_is() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        let keys = ["a//b", "a+b", "a%20b", "ü/?&=#", "a b ", "-._~!*'()"];
        let mut bodies = Vec::new();
        for key in keys {
            bucket.put(key, key).await;
        }
        for key in keys {
            let got = bucket.s3.get_object().bucket(&bucket.name).key(key).send().await.expect("it is there");
            bodies.push(text(got.body).await == key);
        }
        let listed = bucket.s3.list_objects_v2().bucket(&bucket.name).send().await;
        json!([bodies, seen(listed, |listed| json!(listed.key_count()))])
    })
    .gives(json!([[true, true, true, true, true, true], 6]))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>
fn a_content_encoding_is_kept() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        let put = bucket.s3.put_object().bucket(&bucket.name).key("a").body(bytes("hello"));
        put.content_encoding("gzip").content_language("no").send().await.expect("valid");
        let head = bucket.s3.head_object().bucket(&bucket.name).key("a").send().await;
        seen(head, |head| json!([head.content_encoding(), head.content_language()]))
    })
    .gives(json!(["gzip", "no"]))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>
fn a_range_that_is_none_is_passed_over() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        bucket.put("a", "hello").await;
        let mut bodies = Vec::new();
        for range in ["bytes=3-1", "bytes=x-y"] {
            let get = bucket.s3.get_object().bucket(&bucket.name).key("a").range(range);
            let got = get.send().await.expect("the object is there");
            bodies.push(json!([got.content_range().is_some(), text(got.body).await]));
        }
        bodies.into()
    })
    .gives(json!([[false, "hello"], [false, "hello"]]))
}
