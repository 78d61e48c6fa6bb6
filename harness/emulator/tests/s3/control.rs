//! S3 Control: the tags of buckets.

use bytes::Bytes;
use http::{HeaderMap, Method};
use rehearsal_emulator::Emulator;
use rehearsal_emulator::protocol::Request;

use super::client_of;
use super::common::emulator;

/// Sends a request as the SDK of S3 Control does: the account is in the host and in a header, the ARN is encoded.
async fn ask(emulator: &Emulator, method: Method, resource: &str, body: &'static str) -> (u16, String) {
    let mut headers = HeaderMap::new();
    let authorization =
        "AWS4-HMAC-SHA256 Credential=123456789012/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";
    headers.insert("authorization", authorization.parse().expect("a header"));
    headers.insert("x-amz-account-id", "123456789012".parse().expect("a header"));
    let uri = format!("https://123456789012.s3-control.us-east-1.amazonaws.com/v20180820/{resource}");
    let uri = uri.parse().expect("a URI");
    let request = Request { method, uri, headers, body: Bytes::from(body) };
    let response = emulator.answer(request).await.expect("S3 Control answers");
    let body = String::from_utf8(response.body().to_vec()).expect("it is text");
    (response.status().as_u16(), body)
}

#[tokio::test(start_paused = true)]
async fn s3_control_tags_buckets() {
    let emulator = emulator();
    let client = client_of(&emulator, |client| client);
    client.create_bucket().bucket("uploads").send().await.expect("the name is free");
    let tags = "tags/arn%3Aaws%3As3%3A%3A%3Auploads";
    let (status, listed) = ask(&emulator, Method::GET, tags, "").await;
    assert_eq!((status, listed.contains("<Tags></Tags>")), (200, true), "{listed}");

    let two = "<TagResourceRequest><Tags><Tag><Key>a</Key><Value>1</Value></Tag><Tag><Key>b</Key><Value>2</Value></Tag>\
               </Tags></TagResourceRequest>";
    assert_eq!(ask(&emulator, Method::POST, tags, two).await, (204, String::new()));
    let one = "<TagResourceRequest><Tags><Tag><Key>a</Key><Value>3</Value></Tag></Tags></TagResourceRequest>";
    assert_eq!(ask(&emulator, Method::POST, tags, one).await, (204, String::new()));
    let (_, listed) = ask(&emulator, Method::GET, tags, "").await;
    let both = "<Tag><Key>b</Key><Value>2</Value></Tag><Tag><Key>a</Key><Value>3</Value></Tag>";
    assert!(listed.contains(both), "{listed}");

    assert_eq!(ask(&emulator, Method::DELETE, &format!("{tags}?tagKeys=b&tagKeys=c"), "").await.0, 204);
    let told = client.get_bucket_tagging().bucket("uploads").send().await.expect("a tag is left");
    let told: Vec<_> = told.tag_set().iter().map(|tag| (tag.key(), tag.value())).collect();
    assert_eq!(told, [("a", "3")]);
}

#[tokio::test(start_paused = true)]
async fn all_else_of_s3_control_is_refused_by_name() {
    let emulator = emulator();
    let (status, body) = ask(&emulator, Method::GET, "tags/arn%3Aaws%3As3%3A%3A%3Anothing", "").await;
    assert_eq!((status, body.contains("<Code>NoSuchBucket</Code>")), (404, true), "{body}");
    for (resource, named) in [
        ("configuration/publicAccessBlock", "S3 Control (GET /v20180820/configuration/publicAccessBlock)"),
        ("tags/arn%3Aaws%3As3%3Aus-east-1%3A123456789012%3Astorage-lens-group%2Fx", "storage-lens-group/x"),
    ] {
        let (status, body) = ask(&emulator, Method::GET, resource, "").await;
        assert_eq!((status, body.contains(named)), (501, true), "{body}");
        assert!(body.starts_with("<ErrorResponse>"), "{body}");
    }
}
