//! A browser's form that uploads a file.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html>

use aws_sdk_s3::Client;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http::{HeaderMap, Method, Response};
use rehearsal_emulator::Emulator;
use rehearsal_emulator::protocol::Request;
use serde_json::{Value, json};

use super::common::emulator;
use super::{body, client_of};

const CREDENTIAL: &str = "123456789012/20260101/us-east-1/s3/aws4_request";

async fn setup() -> (Emulator, Client) {
    let emulator = emulator();
    let client = client_of(&emulator, |config| config);
    client.create_bucket().bucket("uploads").send().await.expect("the name is free");
    (emulator, client)
}

fn conditions() -> Value {
    json!([
        { "bucket": "uploads" },
        ["starts-with", "$key", "in/"],
        ["eq", "$x-amz-credential", CREDENTIAL],
        ["content-length-range", 1, 10],
        ["starts-with", "$Content-Type", "text/"],
        { "success_action_status": "201" },
    ])
}

/// Posts a file `a b.txt` with a policy and fields.
async fn post(emulator: &Emulator, expires: &str, fields: &[(&str, &str)], file: &str) -> Response<Bytes> {
    let policy = BASE64.encode(json!({ "expiration": expires, "conditions": conditions() }).to_string());
    let own = [("policy", policy.as_str()), ("x-amz-credential", CREDENTIAL), ("x-amz-signature", "0")];
    let fields = own.iter().chain(fields);
    let field = |(name, value): &(&str, &str)| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let mut form: String = fields.map(field).collect();
    form += &format!(
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a b.txt\"\r\n\r\n{file}\r\n--b--\r\n"
    );
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "multipart/form-data; boundary=b".parse().expect("a value"));
    let uri = "https://uploads.s3.us-east-1.amazonaws.com/".parse().expect("a URI");
    let request = Request { method: Method::POST, uri, headers, body: Bytes::from(form) };
    emulator.answer(request).await.expect("S3 answers")
}

const FIELDS: [(&str, &str); 3] =
    [("key", "in/${filename}"), ("Content-Type", "text/plain"), ("success_action_status", "201")];
const TOMORROW: &str = "2026-01-02T00:00:00.000Z";

#[tokio::test(start_paused = true)]
async fn a_form_uploads_its_file_as_its_policy_allows() {
    let (emulator, client) = setup().await;
    let answer = post(&emulator, TOMORROW, &FIELDS, "hello").await;
    let text = String::from_utf8_lossy(answer.body()).into_owned();
    assert_eq!(answer.status(), 201, "{text}");
    assert!(text.contains("<Key>in/a b.txt</Key>"), "{text}");
    assert_eq!(body(&client, "in/a b.txt", None).await, b"hello");
    let head = client.head_object().bucket("uploads").key("in/a b.txt").send().await.expect("it was put");
    assert_eq!(head.content_type(), Some("text/plain"));
}

#[tokio::test(start_paused = true)]
async fn a_form_is_refused_that_its_policy_does_not_allow() {
    let (emulator, _client) = setup().await;
    let with = |name: &'static str, value: &'static str| {
        let mut fields = FIELDS.to_vec();
        fields.retain(|(known, _)| *known != name);
        fields.push((name, value));
        fields
    };
    for (expires, fields, file, expected) in [
        ("2025-12-31T00:00:00Z", FIELDS.to_vec(), "hello", "Invalid according to Policy: Policy expired."),
        (TOMORROW, with("key", "out/a"), "hello", "[&quot;starts-with&quot;, &quot;$key&quot;, &quot;in/&quot;]"),
        (TOMORROW, with("Content-Type", "image/png"), "hello", "&quot;$content-type&quot;"),
        (TOMORROW, with("x-amz-meta-a", "b"), "hello", "Extra input fields: x-amz-meta-a"),
        (TOMORROW, FIELDS.to_vec(), "hello world", "<Code>EntityTooLarge</Code>"),
        (TOMORROW, FIELDS.to_vec(), "", "<Code>EntityTooSmall</Code>"),
    ] {
        let answer = post(&emulator, expires, &fields, file).await;
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let known = emulator.with_secret("123456789012", "secret");
    let answer = post(&known, TOMORROW, &FIELDS, "hello").await;
    assert!(String::from_utf8_lossy(answer.body()).contains("<Code>SignatureDoesNotMatch</Code>"));
}
