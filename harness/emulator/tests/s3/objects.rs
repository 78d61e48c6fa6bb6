//! Objects: putting, getting, copying and deleting them.

use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::operation::RequestId as _;
use aws_sdk_s3::primitives::{ByteStream, DateTime, SdkBody};
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumMode, Delete, MetadataDirective, ObjectIdentifier};
use bytes::Bytes;
use http_body_util::Full;
use rehearsal_emulator::protocol::Request;

use super::common::emulator;
use super::{CSV, CSV_ETAG, client, client_of, failure, put};

#[tokio::test(start_paused = true)]
async fn an_object_comes_back_as_it_was_put() {
    let client = client().await;
    let answer = client
        .put_object()
        .bucket("uploads")
        .key("in/a.csv")
        .content_type("text/csv")
        .content_encoding("identity")
        .cache_control("no-cache")
        .metadata("Origin", "test")
        .body(ByteStream::from_static(CSV))
        .send()
        .await
        .expect("the bucket is there");
    assert_eq!(answer.e_tag(), Some(CSV_ETAG));
    assert_eq!(answer.server_side_encryption().map(|kind| kind.as_str()), Some("AES256"));
    assert!(answer.checksum_crc32().is_some());

    let got = client.get_object().bucket("uploads").key("in/a.csv").send().await.expect("it was put");
    assert_eq!(got.e_tag(), Some(CSV_ETAG));
    assert_eq!(got.content_type(), Some("text/csv"));
    assert_eq!(got.content_encoding(), Some("identity"));
    assert_eq!(got.cache_control(), Some("no-cache"));
    assert_eq!(got.metadata().and_then(|metadata| metadata.get("origin")).map(String::as_str), Some("test"));
    assert_eq!(got.content_length(), Some(14));
    assert_eq!(got.last_modified().map(DateTime::secs), Some(1_767_225_600));
    assert_eq!(got.body.collect().await.expect("a whole body").to_vec(), CSV);

    let head = client.head_object().bucket("uploads").key("in/a.csv").send().await.expect("it was put");
    assert_eq!((head.content_length(), head.e_tag()), (Some(14), Some(CSV_ETAG)));
    assert!(head.request_id().is_some_and(|id| id.len() == 16));
}

#[tokio::test(start_paused = true)]
async fn keys_and_buckets_are_read_in_both_addressing_styles() {
    let emulator = emulator();
    let virtual_hosted = client_of(&emulator, |config| config);
    let path_style = client_of(&emulator, |config| config.force_path_style(true));
    virtual_hosted.create_bucket().bucket("uploads").send().await.expect("the name is free");
    for key in ["a b.csv", "a+b.csv", "a%20b.csv", "größe/日本.csv", "/leading//double/", "a?b=c&d#e", "a'(b)!*~"] {
        put(&virtual_hosted, key, CSV).await;
        for client in [&virtual_hosted, &path_style] {
            let got = client.get_object().bucket("uploads").key(key).send().await;
            let body = got.unwrap_or_else(|error| panic!("{key}: {error:?}")).body.collect().await;
            assert_eq!(body.expect("a whole body").to_vec(), CSV, "{key}");
        }
        let listed = path_style.list_objects_v2().bucket("uploads").send().await.expect("the bucket is there");
        assert_eq!(listed.contents()[0].key(), Some(key));
        path_style.delete_object().bucket("uploads").key(key).send().await.expect("the bucket is there");
    }
}

#[tokio::test(start_paused = true)]
async fn every_checksum_is_verified_kept_and_returned() {
    let client = client().await;
    for (algorithm, name) in [
        (ChecksumAlgorithm::Crc32, "x-amz-checksum-crc32"),
        (ChecksumAlgorithm::Crc32C, "x-amz-checksum-crc32c"),
        (ChecksumAlgorithm::Crc64Nvme, "x-amz-checksum-crc64nvme"),
        (ChecksumAlgorithm::Sha1, "x-amz-checksum-sha1"),
        (ChecksumAlgorithm::Sha256, "x-amz-checksum-sha256"),
    ] {
        let request = client.put_object().bucket("uploads").key(name).checksum_algorithm(algorithm.clone());
        request.body(ByteStream::from_static(CSV)).send().await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let request = client.get_object().bucket("uploads").key(name).checksum_mode(ChecksumMode::Enabled);
        let got = request.send().await.expect("it was put");
        let checksums = [
            got.checksum_crc32(),
            got.checksum_crc32_c(),
            got.checksum_crc64_nvme(),
            got.checksum_sha1(),
            got.checksum_sha256(),
        ];
        assert_eq!(checksums.iter().flatten().count(), 1, "{name}");
        // The SDK compares the body with the checksum that came with it.
        assert_eq!(got.body.collect().await.expect("the checksum is right").to_vec(), CSV, "{name}");
        let head = client.head_object().bucket("uploads").key(name).checksum_mode(ChecksumMode::Enabled);
        let head = head.send().await.expect("it was put");
        assert_eq!(head.checksum_type().map(|kind| kind.as_str()), Some("FULL_OBJECT"), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_checksum_is_refused_and_nothing_stored() {
    let client = client().await;
    let request = || client.put_object().bucket("uploads").key("k").body(ByteStream::from_static(CSV));
    let wrong_md5 = "AAAAAAAAAAAAAAAAAAAAAA==";
    for (sent, expected) in [
        (request().checksum_crc32("AAAAAA=="), "BadDigest"),
        (request().checksum_sha256("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="), "BadDigest"),
        (request().checksum_crc32("AAAA"), "InvalidRequest"),
        (request().content_md5(wrong_md5), "BadDigest"),
        (request().content_md5("no digest"), "InvalidDigest"),
    ] {
        assert_eq!(failure(sent.send().await), (expected.to_owned(), 400));
    }
    let listed = client.list_objects_v2().bucket("uploads").send().await.expect("the bucket is there");
    assert_eq!(listed.key_count(), Some(0));
}

#[tokio::test(start_paused = true)]
async fn a_streamed_body_is_taken_out_of_its_chunks_and_verified() {
    let client = client().await;
    let body: Vec<u8> = (0..3_000_000_u32).map(|number| (number % 251) as u8).collect();
    // Of a body that is not in memory, the SDK sends the checksum behind it.
    let stream = SdkBody::from_body_1_x(Full::new(Bytes::from(body.clone())));
    let request = client.put_object().bucket("uploads").key("k").body(ByteStream::new(stream));
    let answer = request.send().await.expect("the bucket is there");
    assert!(answer.checksum_crc32().is_some());
    let got = client.get_object().bucket("uploads").key("k").send().await.expect("it was put");
    assert_eq!(got.content_encoding(), None, "aws-chunked is not stored");
    assert!(got.body.collect().await.expect("a whole body").to_vec() == body);
}

#[tokio::test(start_paused = true)]
async fn a_checksum_behind_the_body_is_verified() {
    let emulator = emulator();
    client_of(&emulator, |config| config).create_bucket().bucket("uploads").send().await.expect("the name is free");
    for (trailer, expected) in [
        ("x-amz-checksum-crc32:NhCmhg==", (200, "")),
        ("x-amz-checksum-crc32:AAAAAA==", (400, "BadDigest")),
        ("x-amz-checksum-sha1:qvTGHdzF6KLavt4PO0gs2a6pQ00=", (400, "MalformedTrailerError")),
        ("", (400, "MalformedTrailerError")),
    ] {
        let request = http::Request::put("https://uploads.s3.us-east-1.amazonaws.com/k")
            .header("authorization", "AWS4-HMAC-SHA256 Credential=123456789012/20260101/us-east-1/s3/aws4_request")
            .header("content-encoding", "aws-chunked")
            .header("x-amz-decoded-content-length", "5")
            .header("x-amz-trailer", "x-amz-checksum-crc32");
        let (parts, ()) = request.body(()).expect("a well-formed request").into_parts();
        let body = Bytes::from(format!("5\r\nhello\r\n0\r\n{trailer}\r\n\r\n"));
        let request = Request { method: parts.method, uri: parts.uri, headers: parts.headers, body };
        let answer = emulator.answer(request).await.expect("S3 answers");
        let code = String::from_utf8_lossy(answer.body());
        assert_eq!(answer.status(), expected.0, "{trailer}: {code}");
        assert!(code.contains(expected.1), "{trailer}: {code}");
    }
}

#[tokio::test(start_paused = true)]
async fn ranges_are_cut_out_or_refused() {
    let client = client().await;
    put(&client, "k", b"0123456789").await;
    for (range, expected, content_range) in [
        ("bytes=0-3", "0123", Some("bytes 0-3/10")),
        ("bytes=7-", "789", Some("bytes 7-9/10")),
        ("bytes=-2", "89", Some("bytes 8-9/10")),
        ("bytes=8-100", "89", Some("bytes 8-9/10")),
        ("bytes=0-1,4-5", "0123456789", None),
        ("lines=1-2", "0123456789", None),
    ] {
        let got = client.get_object().bucket("uploads").key("k").range(range).send().await.expect("it was put");
        assert_eq!(got.content_range(), content_range, "{range}");
        assert_eq!(got.body.collect().await.expect("a whole body").to_vec(), expected.as_bytes(), "{range}");
    }
    let beyond = client.get_object().bucket("uploads").key("k").range("bytes=10-").send().await;
    assert_eq!(failure(beyond), ("InvalidRange".to_owned(), 416));
}

#[tokio::test(start_paused = true)]
async fn conditional_reads_follow_http() {
    let client = client().await;
    put(&client, "k", CSV).await;
    let get = || client.get_object().bucket("uploads").key("k");
    let (then, later) = (DateTime::from_secs(1_767_225_600), DateTime::from_secs(1_767_225_601));
    let earlier = DateTime::from_secs(1_767_225_599);
    for (request, expected) in [
        (get().if_match(CSV_ETAG), 200),
        (get().if_match("\"other\""), 412),
        (get().if_none_match(CSV_ETAG), 304),
        (get().if_none_match("\"other\""), 200),
        (get().if_modified_since(then), 304),
        (get().if_modified_since(earlier), 200),
        (get().if_unmodified_since(later), 200),
        (get().if_unmodified_since(earlier), 412),
        (get().if_match(CSV_ETAG).if_unmodified_since(earlier), 200),
        (get().if_none_match(CSV_ETAG).if_modified_since(earlier), 304),
    ] {
        let status = match request.send().await {
            Ok(_) => 200,
            Err(error) => error.raw_response().expect("the service answered").status().as_u16(),
        };
        assert_eq!(status, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn conditional_writes_replace_only_what_they_name() {
    let client = client().await;
    let write = || client.put_object().bucket("uploads").key("k").body(ByteStream::from_static(CSV));
    assert_eq!(failure(write().if_match(CSV_ETAG).send().await), ("NoSuchKey".to_owned(), 404));
    write().if_none_match("*").send().await.expect("there is no such object");
    assert_eq!(failure(write().if_none_match("*").send().await), ("PreconditionFailed".to_owned(), 412));
    assert_eq!(failure(write().if_match("\"other\"").send().await), ("PreconditionFailed".to_owned(), 412));
    write().if_match(CSV_ETAG).send().await.expect("that is the object's entity tag");
}

#[tokio::test(start_paused = true)]
async fn a_copy_keeps_metadata_or_replaces_it() {
    let client = client().await;
    let original = client.put_object().bucket("uploads").key("a b+ü.csv").content_type("text/csv");
    let original = original.metadata("origin", "test").body(ByteStream::from_static(CSV));
    original.send().await.expect("the bucket is there");
    let copy = || client.copy_object().bucket("uploads").copy_source("uploads/a%20b%2B%C3%BC.csv");

    let answer = copy().key("kept").send().await.expect("the source is there");
    let result = answer.copy_object_result().expect("a result");
    assert_eq!(result.e_tag(), Some(CSV_ETAG));
    assert!(result.last_modified().is_some() && result.checksum_crc32().is_some());
    let kept = client.head_object().bucket("uploads").key("kept").send().await.expect("it was copied");
    assert_eq!((kept.content_type(), kept.metadata().map(|metadata| metadata.len())), (Some("text/csv"), Some(1)));

    let replacing = copy().key("replaced").metadata_directive(MetadataDirective::Replace).content_type("text/plain");
    replacing.send().await.expect("the source is there");
    let replaced = client.head_object().bucket("uploads").key("replaced").send().await.expect("it was copied");
    assert_eq!(replaced.content_type(), Some("text/plain"));
    assert_eq!(replaced.metadata().map(|metadata| metadata.len()), Some(0));

    let onto_itself = copy().key("a b+ü.csv").send().await;
    assert_eq!(failure(onto_itself), ("InvalidRequest".to_owned(), 400));
    let missing = client.copy_object().bucket("uploads").key("x").copy_source("/uploads/missing").send().await;
    assert_eq!(failure(missing), ("NoSuchKey".to_owned(), 404));
    let changed = copy().key("x").copy_source_if_match("\"other\"").send().await;
    assert_eq!(failure(changed), ("PreconditionFailed".to_owned(), 412));
}

#[tokio::test(start_paused = true)]
async fn deleting_succeeds_whether_or_not_there_is_something() {
    let client = client().await;
    for key in ["a", " b ", "c", "d"] {
        put(&client, key, CSV).await;
    }
    for _ in 0..2 {
        client.delete_object().bucket("uploads").key("a").send().await.expect("the bucket is there");
    }
    let keys = [" b ", "c", "missing"].map(|key| ObjectIdentifier::builder().key(key).build().expect("a key"));
    let delete = Delete::builder().set_objects(Some(keys.to_vec())).build().expect("keys");
    let answer = client.delete_objects().bucket("uploads").delete(delete.clone()).send().await.expect("up to 1,000");
    let deleted: Vec<_> = answer.deleted().iter().filter_map(|deleted| deleted.key()).collect();
    assert_eq!(deleted, [" b ", "c", "missing"]);
    let quiet = Delete::builder().set_objects(Some(keys.to_vec())).quiet(true).build().expect("keys");
    let answer = client.delete_objects().bucket("uploads").delete(quiet).send().await.expect("up to 1,000");
    assert!(answer.deleted().is_empty());
    let left = client.list_objects_v2().bucket("uploads").send().await.expect("the bucket is there");
    assert_eq!(left.contents().iter().filter_map(|object| object.key()).collect::<Vec<_>>(), ["d"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_is_answered_with_the_sdks_typed_errors() {
    let client = client().await;
    let get = client.get_object().bucket("uploads").key("k").send().await.expect_err("there is no such key");
    assert!(get.into_service_error().is_no_such_key());
    let head = client.head_object().bucket("uploads").key("k").send().await.expect_err("there is no such key");
    assert!(head.into_service_error().is_not_found());
    let head = client.head_bucket().bucket("other").send().await.expect_err("there is no such bucket");
    assert!(head.into_service_error().is_not_found());
    let list = client.list_objects_v2().bucket("other").send().await.expect_err("there is no such bucket");
    assert!(list.into_service_error().is_no_such_bucket());
    let put = client.put_object().bucket("other").key("k").body(ByteStream::from_static(CSV)).send().await;
    assert_eq!(failure(put), ("NoSuchBucket".to_owned(), 404));
    let long = client.put_object().bucket("uploads").key("k".repeat(1025)).send().await;
    assert_eq!(failure(long), ("KeyTooLongError".to_owned(), 400));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_simulated_is_refused_by_name() {
    let client = client().await;
    let write = || client.put_object().bucket("uploads").key("k").body(ByteStream::from_static(CSV));
    for (request, named) in [
        (write().website_redirect_location("/other"), "x-amz-website-redirect-location"),
        (write().sse_customer_algorithm("AES256"), "x-amz-server-side-encryption-customer-algorithm"),
        (write().storage_class(aws_sdk_s3::types::StorageClass::Glacier), "x-amz-storage-class: GLACIER"),
    ] {
        let error = request.send().await.expect_err("it is not simulated").into_service_error();
        assert_eq!(error.code(), Some("NotImplemented"));
        let message = error.message().unwrap_or_default();
        assert!(message.contains(named) && message.contains("PutObject"), "{named}: {message}");
    }
    let lock = client.get_object_retention().bucket("uploads").key("k").send().await.expect_err("it is not simulated");
    assert_eq!(lock.into_service_error().message(), Some("S3's operation GetObjectRetention is not simulated"));
}
