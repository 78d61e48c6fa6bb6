//! What S3 has and this emulator has not: each header, parameter and operation is refused by its name, with status 501.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method};
use rehearsal_emulator::Emulator;
use rehearsal_emulator::protocol::Request;
use rstest::rstest;

use super::common::emulator;
use super::{client_of, put};

/// Sends a request with a further header, as a client would sign it.
async fn ask(emulator: &Emulator, method: &str, path: &str, header: Option<(&str, &str)>) -> (u16, String) {
    let mut headers = HeaderMap::new();
    let authorization =
        "AWS4-HMAC-SHA256 Credential=123456789012/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";
    headers.insert("authorization", authorization.parse().expect("a header"));
    if let Some((name, value)) = header {
        headers.insert(HeaderName::try_from(name).expect("a name"), value.parse().expect("a value"));
    }
    let method: Method = method.parse().expect("a method");
    let uri = format!("https://s3.us-east-1.amazonaws.com/uploads{path}").parse().expect("a URI");
    let response = emulator.answer(Request { method, uri, headers, body: Bytes::new() }).await.expect("S3 answers");
    let body = String::from_utf8(response.body().to_vec()).expect("it is text");
    (response.status().as_u16(), body)
}

async fn setup() -> Emulator {
    let emulator = emulator();
    let client = client_of(&emulator, |config| config);
    client.create_bucket().bucket("uploads").send().await.expect("the name is free");
    put(&client, "k", b"hello").await;
    emulator
}

/// Object locks, keys of one's own, storage classes, redirects, appending, and grants.
const WRITING: &[(&str, &str)] = &[
    ("x-amz-grant-full-control", "id=1"),
    ("x-amz-grant-read", "id=1"),
    ("x-amz-object-lock-legal-hold", "ON"),
    ("x-amz-object-lock-mode", "GOVERNANCE"),
    ("x-amz-object-lock-retain-until-date", "2030-01-01T00:00:00Z"),
    ("x-amz-server-side-encryption", "aws:kms"),
    ("x-amz-server-side-encryption", "aws:kms:dsse"),
    ("x-amz-server-side-encryption-aws-kms-key-id", "alias/a"),
    ("x-amz-server-side-encryption-bucket-key-enabled", "true"),
    ("x-amz-server-side-encryption-context", "e30="),
    ("x-amz-server-side-encryption-customer-algorithm", "AES256"),
    ("x-amz-server-side-encryption-customer-key", "a"),
    ("x-amz-server-side-encryption-customer-key-md5", "a"),
    ("x-amz-storage-class", "DEEP_ARCHIVE"),
    ("x-amz-storage-class", "GLACIER"),
    ("x-amz-storage-class", "GLACIER_IR"),
    ("x-amz-storage-class", "INTELLIGENT_TIERING"),
    ("x-amz-storage-class", "ONEZONE_IA"),
    ("x-amz-storage-class", "STANDARD_IA"),
    ("x-amz-website-redirect-location", "/other"),
];
const APPENDING: &[(&str, &str)] = &[("x-amz-write-offset-bytes", "5")];
const READING: &[(&str, &str)] = &[
    ("x-amz-server-side-encryption-customer-algorithm", "AES256"),
    ("x-amz-server-side-encryption-customer-key", "a"),
];
const COPYING: &[(&str, &str)] = &[("x-amz-copy-source-server-side-encryption-customer-algorithm", "AES256")];
const DELETING: &[(&str, &str)] = &[
    ("x-amz-bypass-governance-retention", "true"),
    ("x-amz-if-match-last-modified-time", "Wed, 01 Jan 2026 00:00:00 GMT"),
    ("x-amz-if-match-size", "5"),
    ("x-amz-mfa", "1 2"),
];
const LISTING: &[(&str, &str)] = &[("x-amz-optional-object-attributes", "RestoreStatus")];
const ABORTING: &[(&str, &str)] = &[("x-amz-if-match-initiated-time", "Wed, 01 Jan 2026 00:00:00 GMT")];
const CREATING: &[(&str, &str)] = &[("x-amz-bucket-object-lock-enabled", "true"), ("x-amz-grant-write", "id=1")];

#[rstest]
#[case::put_object("PUT", "/k", &[WRITING, APPENDING])]
#[case::create_multipart_upload("POST", "/k?uploads", &[WRITING])]
#[case::copy_object("PUT", "/k?x-id=CopyObject", &[COPYING])]
#[case::get_object("GET", "/k", &[READING])]
#[case::delete_object("DELETE", "/k", &[DELETING])]
#[case::delete_objects("POST", "?delete", &[&DELETING[..1], &DELETING[3..]])]
#[case::create_bucket("PUT", "", &[CREATING])]
#[case::put_object_acl("PUT", "/k?acl", &[&WRITING[..2]])]
#[case::list("GET", "?list-type=2", &[LISTING])]
#[case::abort("DELETE", "/k?uploadId=u", &[ABORTING])]
#[case::put_bucket_versioning("PUT", "?versioning", &[&DELETING[3..]])]
#[tokio::test(start_paused = true)]
async fn a_header_of_what_is_not_simulated_is_refused_by_name(
    #[case] method: &str,
    #[case] path: &str,
    #[case] headers: &[&[(&str, &str)]],
) {
    let emulator = setup().await;
    for header in headers.iter().copied().flatten() {
        let (status, body) = ask(&emulator, method, path, Some(*header)).await;
        assert_eq!((status, body.contains(header.0)), (501, true), "{header:?}: {body}");
    }
}

#[rstest]
#[case("PUT", "?object-lock", "PutObjectLockConfiguration")]
#[case("PUT", "/k?retention", "PutObjectRetention")]
#[case("GET", "/k?retention", "GetObjectRetention")]
#[case("PUT", "/k?legal-hold", "PutObjectLegalHold")]
#[case("PUT", "?replication", "PutBucketReplication")]
#[case("POST", "/k?restore", "RestoreObject")]
#[case("POST", "/k?select&select-type=2", "SelectObjectContent")]
#[case("PUT", "/k?renameObject", "RenameObject")]
#[case("GET", "/k?torrent", "GetObjectTorrent")]
#[case("PUT", "?inventory&id=a", "PutBucketInventoryConfiguration")]
#[case("PUT", "?metrics&id=a", "PutBucketMetricsConfiguration")]
#[case("PUT", "?analytics&id=a", "PutBucketAnalyticsConfiguration")]
#[case("PUT", "?intelligent-tiering&id=a", "PutBucketIntelligentTieringConfiguration")]
#[case("POST", "?metadataTable", "CreateBucketMetadataTableConfiguration")]
#[case("GET", "?session", "CreateSession")]
#[tokio::test(start_paused = true)]
async fn an_operation_that_is_not_simulated_is_refused_by_name(
    #[case] method: &str,
    #[case] path: &str,
    #[case] operation: &str,
) {
    let (status, body) = ask(&setup().await, method, path, None).await;
    assert_eq!((status, body.contains(&format!("operation {operation} is not simulated"))), (501, true), "{body}");
}

#[tokio::test(start_paused = true)]
async fn a_parameter_that_is_not_simulated_is_refused_by_name() {
    let emulator = setup().await;
    for (path, name) in [
        ("/k?colour=red", "colour"),
        ("?list-type=2&colour=red", "colour"),
        ("?cors&colour=red", "colour"),
        // It is one of a signature, and there is none.
        ("/k?Expires=1", "Expires"),
    ] {
        let (status, body) = ask(&emulator, "GET", path, None).await;
        assert_eq!((status, body.contains(&format!("{name} of S3"))), (501, true), "{body}");
    }
}
