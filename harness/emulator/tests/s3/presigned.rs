//! Pre-signed URLs.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>

use std::time::{Duration, SystemTime};

use aws_sdk_s3::Client;
use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, Response};
use rehearsal_emulator::Emulator;
use rehearsal_emulator::protocol::Request;

use super::common::emulator;
use super::{body, client_of, put};

/// An emulator that knows the secret of its clients, with a client and a bucket.
async fn setup() -> (Emulator, Client) {
    let emulator = emulator().with_secret("123456789012", "secret");
    let client = client_of(&emulator, |config| config);
    client.create_bucket().bucket("uploads").send().await.expect("the name is free");
    (emulator, client)
}

fn lasting(seconds: u64) -> PresigningConfig {
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
    let config = PresigningConfig::builder().start_time(start).expires_in(Duration::from_secs(seconds));
    config.build().expect("less than a week")
}

async fn send(emulator: &Emulator, request: &PresignedRequest, url: &str, body: &'static [u8]) -> Response<Bytes> {
    let headers = request
        .headers()
        .map(|(name, value)| (HeaderName::try_from(name).expect("a header"), value.parse().expect("a value")));
    let (method, uri) = (request.method().parse().expect("a method"), url.parse().expect("a URI"));
    let request = Request { method, uri, headers: headers.collect(), body: Bytes::from_static(body) };
    emulator.answer(request).await.expect("S3 answers")
}

fn text(response: &Response<Bytes>) -> String {
    String::from_utf8_lossy(response.body()).into_owned()
}

#[tokio::test(start_paused = true)]
async fn a_pre_signed_url_gets_and_puts_without_credentials() {
    let (emulator, client) = setup().await;
    let put = client.put_object().bucket("uploads").key("in/ä b+c.txt").content_type("text/plain").metadata("a", "b");
    let put = put.presigned(lasting(60)).await.expect("it can be signed");
    let answer = send(&emulator, &put, put.uri(), b"hello").await;
    assert_eq!(answer.status(), 200, "{}", text(&answer));
    assert_eq!(body(&client, "in/ä b+c.txt", None).await, b"hello");
    let get = client.get_object().bucket("uploads").key("in/ä b+c.txt").response_content_type("text/csv");
    let get = get.presigned(lasting(60)).await.expect("it can be signed");
    let answer = send(&emulator, &get, get.uri(), b"").await;
    assert_eq!((answer.status().as_u16(), text(&answer).as_str()), (200, "hello"));
    assert_eq!(answer.headers().get("content-type").and_then(|kind| kind.to_str().ok()), Some("text/csv"));
    let head = client.head_object().bucket("uploads").key("in/ä b+c.txt").send().await.expect("it was put");
    assert_eq!((head.content_type(), head.metadata().map(|all| all.len())), (Some("text/plain"), Some(1)));
}

#[tokio::test(start_paused = true)]
async fn a_pre_signed_url_ends_by_the_virtual_clock() {
    let (emulator, client) = setup().await;
    put(&client, "k", b"hello").await;
    let get = client.get_object().bucket("uploads").key("k").presigned(lasting(60)).await.expect("it can be signed");
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(send(&emulator, &get, get.uri(), b"").await.status(), 200);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let answer = send(&emulator, &get, get.uri(), b"").await;
    let expected = "<Code>AccessDenied</Code><Message>Request has expired</Message>\
                    <X-Amz-Expires>60</X-Amz-Expires><Expires>2026-01-01T00:01:00Z</Expires>\
                    <ServerTime>2026-01-01T00:01:01Z</ServerTime>";
    assert!(answer.status() == 403 && text(&answer).contains(expected), "{}", text(&answer));
}

#[tokio::test(start_paused = true)]
async fn a_url_that_was_changed_after_signing_is_refused() {
    let (emulator, client) = setup().await;
    put(&client, "k", b"hello").await;
    let get = client.get_object().bucket("uploads").key("k").presigned(lasting(60)).await.expect("it can be signed");
    for (from, to, code) in [
        ("/k?", "/other?", "SignatureDoesNotMatch"),
        ("X-Amz-Expires=60", "X-Amz-Expires=61", "SignatureDoesNotMatch"),
        ("X-Amz-Expires=60", "X-Amz-Expires=604801", "AuthorizationQueryParametersError"),
        ("X-Amz-Date=2026", "X-Amz-Date=2027", "AccessDenied"),
        ("X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders=range", "AccessDenied"),
        ("X-Amz-Algorithm=AWS4-HMAC-SHA256", "X-Amz-Algorithm=none", "AuthorizationQueryParametersError"),
        ("X-Amz-Signature=", "X-Amz-Other=", "AuthorizationQueryParametersError"),
    ] {
        assert!(get.uri().contains(from), "{}", get.uri());
        let answer = send(&emulator, &get, &get.uri().replacen(from, to, 1), b"").await;
        assert!(text(&answer).contains(&format!("<Code>{code}</Code>")), "{to}: {}", text(&answer));
    }
}

#[tokio::test(start_paused = true)]
async fn a_header_that_was_not_signed_is_refused() {
    let (emulator, client) = setup().await;
    let put = client.put_object().bucket("uploads").key("k").presigned(lasting(60)).await.expect("it can be signed");
    let mut headers = HeaderMap::new();
    headers.insert("x-amz-meta-colour", "red".parse().expect("a value"));
    let (method, uri) = (put.method().parse().expect("a method"), put.uri().parse().expect("a URI"));
    let answer = emulator.answer(Request { method, uri, headers, body: Bytes::new() }).await.expect("S3 answers");
    assert!(text(&answer).contains("<HeadersNotSigned>x-amz-meta-colour</HeadersNotSigned>"), "{}", text(&answer));
}

#[tokio::test(start_paused = true)]
async fn without_the_secret_the_signature_is_not_looked_at() {
    let emulator = emulator();
    let client = client_of(&emulator, |config| config);
    client.create_bucket().bucket("uploads").send().await.expect("the name is free");
    put(&client, "k", b"hello").await;
    let get = client.get_object().bucket("uploads").key("k").presigned(lasting(60)).await.expect("it can be signed");
    let changed = get.uri().replace("X-Amz-Expires=60", "X-Amz-Expires=61");
    assert_eq!(send(&emulator, &get, &changed, b"").await.status(), 200);
}

/// A URL with a signature of version 2, as boto3 makes it for an endpoint of one's own.
async fn get_v2(emulator: &Emulator, url: &str) -> (u16, String) {
    let request = Request {
        method: http::Method::GET,
        uri: url.parse().expect("a URI"),
        headers: HeaderMap::new(),
        body: Bytes::new(),
    };
    let answer = emulator.answer(request).await.expect("S3 answers");
    (answer.status().as_u16(), text(&answer))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/RESTAuthentication.html#RESTAuthenticationQueryStringAuth>
#[tokio::test(start_paused = true)]
async fn a_signature_of_version_2_gets_until_its_time_whatever_the_region() {
    let emulator = emulator();
    let client = client_of(&emulator, |config| config.region(aws_sdk_s3::config::Region::new("eu-west-1")));
    let europe =
        aws_sdk_s3::types::CreateBucketConfiguration::builder().location_constraint("eu-west-1".into()).build();
    let create = client.create_bucket().bucket("uploads").create_bucket_configuration(europe);
    create.send().await.expect("the name is free");
    put(&client, "k", b"hello").await;
    let url =
        |expires: &str| format!("https://s3.amazonaws.com/uploads/k?AWSAccessKeyId=123456789012&Signature=x{expires}");
    assert_eq!(get_v2(&emulator, &url("&Expires=1767225660")).await, (200, "hello".to_owned()));
    for (expires, message) in [
        ("&Expires=soon", "Invalid date (should be seconds since epoch): soon"),
        ("", "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters"),
        ("&Expires=1767225599", "Request has expired"),
    ] {
        let (status, body) = get_v2(&emulator, &url(expires)).await;
        assert_eq!((status, body.contains(message)), (403, true), "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_signature_of_version_2_is_verified_where_the_secret_is_known() {
    let (emulator, client) = setup().await;
    put(&client, "k", b"hello").await;
    // Signed by `openssl dgst -sha1 -hmac secret`.
    let url = "https://s3.amazonaws.com/uploads/k?AWSAccessKeyId=123456789012&Expires=1767225660&Signature=";
    assert_eq!(get_v2(&emulator, &format!("{url}yKKdZb5UjCUd7LFSf1QU/rPzNas%3D")).await, (200, "hello".to_owned()));
    let (status, body) = get_v2(&emulator, &format!("{url}x")).await;
    assert_eq!((status, body.contains("SignatureDoesNotMatch")), (403, true), "{body}");
}
