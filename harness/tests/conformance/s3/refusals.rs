//! What S3 refuses to do with an object, and in which words.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>

use aws_sdk_s3::types::Delete;
use serde_json::{Value, json};

use super::{Bucket, bytes};
use crate::kit::{Case, Known, case, cases, error, error_as, refused, refused_as};

cases![
    a_key_that_is_not_there_is_told,
    a_key_that_is_not_there_has_no_head,
    a_range_behind_the_end_cannot_be_satisfied,
    a_read_whose_condition_fails_is_refused,
    a_write_whose_condition_fails_is_refused,
    a_write_over_an_object_needs_one,
    a_key_has_at_most_1024_bytes,
    metadata_has_at_most_2_kibibytes,
    a_body_that_is_not_what_was_sent_is_refused,
    a_digest_that_is_none_is_refused,
    a_checksum_that_is_not_the_bodys_is_refused,
    an_object_is_not_copied_to_itself,
    a_source_that_is_not_there_is_not_copied,
    a_source_whose_condition_fails_is_not_copied,
    a_deletion_of_nothing_is_malformed,
    a_bucket_is_its_expected_owners,
    a_deletion_whose_condition_fails_is_refused,
    a_copy_source_names_bucket_and_key,
];

const PRECONDITION: &str = "At least one of the pre-conditions you specified did not hold";

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>
fn a_key_that_is_not_there_is_told() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        refused(bucket.s3.get_object().bucket(&bucket.name).key("absent").send().await)
    })
    .gives(error(404, "NoSuchKey", "The specified key does not exist."))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>
fn a_key_that_is_not_there_has_no_head() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        refused(bucket.s3.head_object().bucket(&bucket.name).key("absent").send().await)
    })
    .gives(json!({ "status": 404, "code": "NotFound", "message": null }))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
fn a_range_behind_the_end_cannot_be_satisfied() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        bucket.put("a", "hello").await;
        refused(bucket.s3.get_object().bucket(&bucket.name).key("a").range("bytes=5-9").send().await)
    })
    .gives(error(416, "InvalidRange", "The requested range is not satisfiable"))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-reads.html>
fn a_read_whose_condition_fails_is_refused() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        bucket.put("a", "hello").await;
        refused(bucket.s3.get_object().bucket(&bucket.name).key("a").if_match("\"other\"").send().await)
    })
    .gives(error(412, "PreconditionFailed", PRECONDITION))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>
fn a_write_whose_condition_fails_is_refused() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        bucket.put("a", "hello").await;
        let put = || bucket.s3.put_object().bucket(&bucket.name).key("a").body(bytes("again"));
        json!([refused(put().if_none_match("*").send().await), refused(put().if_match("\"other\"").send().await),])
    })
    .gives(Value::from(vec![error(412, "PreconditionFailed", PRECONDITION); 2]))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>
fn a_write_over_an_object_needs_one() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        let put = bucket.s3.put_object().bucket(&bucket.name).key("absent").body(bytes("hello"));
        refused(put.if_match("\"other\"").send().await)
    })
    .gives(error(404, "NoSuchKey", "The specified key does not exist."))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>
fn a_key_has_at_most_1024_bytes() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        refused(bucket.s3.put_object().bucket(&bucket.name).key("k".repeat(1025)).send().await)
    })
    .gives(error(400, "KeyTooLongError", "Your key is too long"))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html>
fn metadata_has_at_most_2_kibibytes() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        let put = bucket.s3.put_object().bucket(&bucket.name).key("a").metadata("colour", "r".repeat(2048));
        refused(put.send().await)
    })
    .gives(error(400, "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size"))
    .localstack(Known {
        got: json!("accepted"),
        reason: "LocalStack does not measure metadata",
        page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html",
    })
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
fn a_body_that_is_not_what_was_sent_is_refused() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        let put = bucket.s3.put_object().bucket(&bucket.name).key("a").body(bytes("hello"));
        // The digest of "hallo".
        refused(put.content_md5("WYshhAaKC2V7V9Ch+zgxJg==").send().await)
    })
    .gives(error(400, "BadDigest", "The Content-MD5 you specified did not match what we received."))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
fn a_digest_that_is_none_is_refused() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        let put = bucket.s3.put_object().bucket(&bucket.name).key("a").body(bytes("hello"));
        refused(put.content_md5("no digest").send().await)
    })
    .gives(error(400, "InvalidDigest", "The Content-MD5 you specified was invalid."))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html>
fn a_checksum_that_is_not_the_bodys_is_refused() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        let put = bucket.s3.put_object().bucket(&bucket.name).key("a").body(bytes("hallo"));
        refused_as(put.checksum_sha256("LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=").send().await)
    })
    .gives(error_as(400, "BadDigest"))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>
fn an_object_is_not_copied_to_itself() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        bucket.put("a", "hello").await;
        let copy = bucket.s3.copy_object().bucket(&bucket.name).key("a");
        refused(copy.copy_source(format!("{}/a", bucket.name)).send().await)
    })
    .gives(error(
        400,
        "InvalidRequest",
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's \
         metadata, storage class, website redirect location or encryption attributes.",
    ))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>
fn a_source_that_is_not_there_is_not_copied() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        let copy = bucket.s3.copy_object().bucket(&bucket.name).key("a");
        let key = copy.clone().copy_source(format!("{}/absent", bucket.name)).send().await;
        let whole = copy.copy_source(format!("{}/a", aws.name("absent"))).send().await;
        json!([refused(key), refused(whole)])
    })
    .gives(json!([
        error(404, "NoSuchKey", "The specified key does not exist."),
        error(404, "NoSuchBucket", "The specified bucket does not exist"),
    ]))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>
fn a_source_whose_condition_fails_is_not_copied() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        bucket.put("a", "hello").await;
        let copy = bucket.s3.copy_object().bucket(&bucket.name).key("b").copy_source(format!("{}/a", bucket.name));
        refused(copy.copy_source_if_match("\"other\"").send().await)
    })
    .gives(error(412, "PreconditionFailed", PRECONDITION))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
fn a_deletion_of_nothing_is_malformed() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        let nothing = Delete::builder().set_objects(Some(Vec::new())).build().expect("it has objects, none");
        refused(bucket.s3.delete_objects().bucket(&bucket.name).delete(nothing).send().await)
    })
    .gives(error(
        400,
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema",
    ))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html>
fn a_bucket_is_its_expected_owners() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        bucket.put("a", "hello").await;
        let get = bucket.s3.get_object().bucket(&bucket.name).key("a");
        refused(get.expected_bucket_owner("210987654321").send().await)
    })
    .gives(error(403, "AccessDenied", "Access Denied"))
    .localstack(Known {
        got: json!("accepted"),
        reason: "LocalStack passes over the expected owner",
        page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html",
    })
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html>
fn a_deletion_whose_condition_fails_is_refused() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        bucket.put("a", "hello").await;
        refused(bucket.s3.delete_object().bucket(&bucket.name).key("a").if_match("\"other\"").send().await)
    })
    .gives(error(412, "PreconditionFailed", PRECONDITION))
    .localstack(Known {
        got: error(501, "NotImplemented", "A header you provided implies functionality that is not implemented"),
        reason: "LocalStack knows conditional deletes of directory buckets only",
        page: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html",
    })
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>
fn a_copy_source_names_bucket_and_key() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        refused_as(bucket.s3.copy_object().bucket(&bucket.name).key("a").copy_source("nothing").send().await)
    })
    .gives(error_as(400, "InvalidArgument"))
}
