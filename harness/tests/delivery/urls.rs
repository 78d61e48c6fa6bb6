//! Requests of a scenario to whole URLs: pre-signed ones of S3, and those of other systems.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html>

use std::time::Duration;

use aws_sdk_s3::presigning::PresigningConfig;
use rehearsal::trace::What;
use serde_json::json;

use crate::kit::{Rig, State, records};

const UPLOADS: &str = "
  Uploads:
    Type: AWS::S3::Bucket
    Properties:
      CorsConfiguration:
        CorsRules: [{ AllowedOrigins: [\"https://*.example\"], AllowedMethods: [PUT], AllowedHeaders: [content-type], ExposedHeaders: [ETag], MaxAge: 600 }]
  Sign:
    Type: AWS::Serverless::Function
    Properties:
      Environment: { Variables: { BUCKET: !Ref Uploads } }
      Events: { Any: { Type: HttpApi, Properties: { Path: /uploads, Method: POST } } }
  Notice:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Upload: { Type: S3, Properties: { Bucket: !Ref Uploads, Events: \"s3:ObjectCreated:*\" } }
";
const SIGN: &str = "http: { api: ServerlessHttpApi, method: POST, path: /uploads, expect: { status: 200 }, capture: { upload_url: /uploadUrl } }";

/// An API that hands out a URL to upload to, good for a minute, and a function that is told of what arrives.
fn uploads() -> Rig {
    let sign = async |state: &State, _| {
        let now = state.config.time_source().ok_or("there is no time source")?.now();
        let lasting = PresigningConfig::builder().start_time(now).expires_in(Duration::from_secs(60)).build()?;
        let put = aws_sdk_s3::Client::new(&state.config).put_object().bucket(&state.variables["BUCKET"]);
        let put = put.key("incoming/one.csv").content_type("text/csv").presigned(lasting).await?;
        Ok(json!({ "statusCode": 200, "body": json!({ "uploadUrl": put.uri() }).to_string() }))
    };
    Rig::new(UPLOADS).function("Sign", sign).ok("Notice")
}

#[test]
fn a_pre_signed_url_takes_an_upload_that_is_told_of() {
    let upload = "http: { url: $upload_url, method: PUT, headers: { content-type: text/csv }, body: \"a,b\", expect: { status: 200, headers: { etag: [{ exists: true }] } } }";
    let rig = uploads().expect("objects: { Uploads: { keys: [incoming/one.csv] } }");
    let played = rig.play(&[SIGN, upload]).passed();
    let record = &records(played.event("Notice"))[0];
    assert_eq!(
        (record["eventName"].as_str(), record["s3"]["object"]["key"].as_str(), record["s3"]["object"]["size"].as_u64()),
        (Some("ObjectCreated:Put"), Some("incoming/one.csv"), Some(3))
    );
    let trace = &played.outcome.trace;
    let stimulus = trace
        .iter()
        .find(|event| matches!(&event.what, What::Stimulus { step: 2, .. }))
        .expect("the second step is in the trace");
    let What::Stimulus { action, .. } = &stimulus.what else { unreachable!("it was found as one") };
    assert!(action.starts_with("http PUT https://") && action.ends_with("/incoming/one.csv"), "{action}");
    let call = trace
        .iter()
        .find(|event| matches!(&event.what, What::Call { operation, .. } if operation == "PutObject"))
        .expect("the upload is in the trace");
    assert_eq!(call.cause, Some(stimulus.id));
    let invocation = played.invocations("Notice")[0].id;
    let delivery = trace.iter().find(|event| event.cause == Some(call.id)).expect("the notification follows");
    assert!(trace.iter().any(|event| event.id == invocation && event.cause == Some(delivery.id)));
}

#[test]
fn a_pre_signed_url_that_has_expired_is_denied() {
    let upload = "http: { url: $upload_url, method: PUT, headers: { content-type: text/csv }, body: \"a,b\", expect: { status: 403, body: [{ wildcard: \"*<Message>Request has expired</Message>*\" }] } }";
    let rig = uploads().expect("objects: { Uploads: { count: 0 } }").expect("invocations: { Notice: 0 }");
    rig.play(&[SIGN, "advance: 61s", upload]).passed();
}

#[test]
fn a_page_of_another_origin_uploads_as_the_bucket_allows() {
    let from = |origin: &str| format!("origin: \"https://{origin}\"");
    let preflight = |origin: &str, expect: &str| {
        let headers = format!(
            "{}, access-control-request-method: PUT, access-control-request-headers: content-type",
            from(origin)
        );
        format!("http: {{ url: $upload_url, method: OPTIONS, headers: {{ {headers} }}, expect: {{ {expect} }} }}")
    };
    let allowed = "status: 200, headers: { access-control-allow-origin: \"https://shop.example\", access-control-allow-methods: PUT, access-control-allow-headers: content-type, access-control-max-age: \"600\" }";
    let upload = format!(
        "http: {{ url: $upload_url, method: PUT, headers: {{ {}, content-type: text/csv }}, body: a, expect: {{ status: 200, headers: {{ access-control-allow-origin: \"https://shop.example\", access-control-expose-headers: ETag }} }} }}",
        from("shop.example")
    );
    let refused = "status: 403, body: [{ wildcard: \"*<Code>AccessForbidden</Code>*\" }]";
    let (ours, theirs) = (preflight("shop.example", allowed), preflight("shop.test", refused));
    uploads().play(&[SIGN, &ours, &upload, &theirs]).passed();
}

#[test]
fn what_the_signature_covers_cannot_be_left_out() {
    let upload = "http: { url: $upload_url, method: PUT, body: \"a,b\", expect: { status: 403, body: [{ wildcard: \"*<Code>SignatureDoesNotMatch</Code>*\" }] } }";
    uploads().play(&[SIGN, upload]).passed();
}

#[test]
fn a_url_of_another_system_is_asked_as_it_is() {
    let order = "http: { url: \"https://partner.example/orders?page=2&tag=a%20b\", method: POST, headers: { x-id: [1, 2] }, json: { a: 1 }, expect: { status: 201, headers: { x-state: open }, body: { id: o-1 } }, capture: { id: /id } }";
    let next = "http: { url: \"https://partner.example/orders/$id\", method: GET, expect: { status: 204 } }";
    let rig = Rig::new("  Other: { Type: AWS::SQS::Queue }\n")
        .given("stubs: { \"https://partner.example\": [{ path: /orders, respond: { status: 201, headers: { x-state: open }, json: { id: o-1 } } }, { path: /orders/o-1, respond: { status: 204 } }] }")
        .expect("requests: { \"https://partner.example\": [{ method: POST, query: { page: \"2\", tag: a b }, headers: { x-id: [\"1\"], content-type: application/json }, body: { a: 1 } }, { method: GET, path: /orders/o-1 }] }");
    rig.play(&[order, next]).passed();
}

#[test]
fn a_url_that_leads_nowhere_fails_the_step() {
    for (url, reason) in [
        ("https://nobody.example/", "nothing answers for the host `nobody.example`"),
        ("https://partner.example/down", "refuses the connection"),
        ("$id", "`o-1` is not a URL: one is whole, such as `https://partner.example/orders`"),
    ] {
        let rig = Rig::new("  Other: { Type: AWS::SQS::Queue }\n").given(
            "stubs: { \"https://partner.example\": [{ path: /down, respond: refuse }, { respond: { json: { id: o-1 } } }] }",
        );
        let capture = "http: { url: \"https://partner.example\", method: GET, capture: { id: /id } }";
        let failures = rig.play(&[capture, &format!("http: {{ url: \"{url}\", method: GET }}")]).failures();
        assert!(failures.len() == 1 && failures[0].contains("step 2 (http)"), "{failures:?}");
        assert!(failures[0].contains(reason), "{url}: {failures:?}");
    }
}
