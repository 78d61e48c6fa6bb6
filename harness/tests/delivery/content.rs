//! API Gateway: queries, headers, cookies and bodies, to the function and back.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings-workflow.html>

use aws_smithy_types::body::SdkBody;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rstest::rstest;
use serde_json::{Value, json};

use crate::api::APIS;
use crate::kit::{Played, Rig, State, request, response};

const CALLER: &str = "
  Caller:
    Type: AWS::Serverless::Function
    Properties:
      Timeout: 60
      Environment:
        Variables:
          Rest: !Sub \"https://${Rest}.execute-api.${AWS::Region}.amazonaws.com/prod\"
          Http: !GetAtt Http.ApiEndpoint
          HttpV1: !GetAtt HttpV1.ApiEndpoint
";

/// A request with parameters and headers of several values, which a scenario's step cannot write. The worker
/// answers with `answer`; of what comes back, the lines of the headers that a test cares for, with the body
/// as the last, must be `expected`.
fn repeated(api: &'static str, answer: Value, expected: &str) -> Played {
    let rig = Rig::new(&format!("{APIS}{CALLER}")).answers("Worker", move |_| Ok(answer.clone()));
    let rig = rig.function("Caller", async move |state: &State, _| {
        let outgoing = http::Request::get("/orders/7?size=2&color=red&color=dark%20blue&empty=")
            .header("x-tag", "one")
            .header("x-tag", "two")
            .header("cookie", "a=1; b=2");
        let reply = request(&state.config, &state.variables[api], outgoing.body(SdkBody::empty())?).await?;
        let mut lines: Vec<String> = reply.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        lines.retain(|line| line.starts_with("set-cookie") || line.starts_with("x-"));
        lines.sort();
        lines.push(String::from_utf8(reply.body)?);
        Ok(lines.join("|").into())
    });
    rig.play(&[&format!("invoke: {{ function: Caller, expect: {{ payload: [\"{expected}\"] }} }}")]).passed()
}

#[test]
fn payload_2_0_joins_the_values_of_one_name_with_commas() {
    let played = repeated("Http", response(200, ""), "");
    let event = played.event("Worker");
    assert_eq!(event["queryStringParameters"], json!({ "color": "red,dark blue", "empty": "", "size": "2" }));
    assert_eq!(event["rawQueryString"], "size=2&color=red&color=dark%20blue&empty=");
    assert_eq!(event["headers"]["x-tag"], "one,two");
    assert_eq!(event["cookies"], json!(["a=1", "b=2"]));
}

#[rstest]
#[case::rest("Rest")]
#[case::http("HttpV1")]
fn payload_1_0_has_the_last_value_of_a_name_and_all_values(#[case] api: &'static str) {
    let played = repeated(api, response(200, ""), "");
    let event = played.event("Worker");
    assert_eq!(event["queryStringParameters"], json!({ "size": "2", "color": "dark blue", "empty": "" }));
    let all = json!({ "size": ["2"], "color": ["red", "dark blue"], "empty": [""] });
    assert_eq!(event["multiValueQueryStringParameters"], all);
    assert_eq!(event["headers"]["x-tag"], "two");
    assert_eq!(event["multiValueHeaders"]["x-tag"], json!(["one", "two"]));
    assert_eq!(event["headers"]["cookie"], "a=1; b=2");
}

#[rstest]
#[case::rest("Rest", [Value::Null, Value::Null])]
#[case::http_with_1_0("HttpV1", [Value::Null, Value::Null])]
fn payload_1_0_has_null_for_what_is_not_there(#[case] api: &str, #[case] query: [Value; 2]) {
    let rig = Rig::new(APIS).answers("Worker", |_| Ok(response(200, "")));
    let played = rig.play(&[&format!("http: {{ api: {api}, method: GET, path: /orders/1 }}")]).passed();
    let event = played.event("Worker");
    assert_eq!([&event["queryStringParameters"], &event["multiValueQueryStringParameters"]], [&query[0], &query[1]]);
    assert_eq!((event.get("body"), event.get("stageVariables")), (Some(&Value::Null), Some(&Value::Null)));
}

#[test]
fn payload_2_0_leaves_out_what_is_not_there() {
    let rig = Rig::new(APIS).answers("Worker", |_| Ok(response(200, "")));
    let played = rig.play(&["http: { api: Http, method: GET, path: /orders/1 }"]).passed();
    let event = played.event("Worker");
    for name in ["queryStringParameters", "cookies", "body", "stageVariables"] {
        assert!(event.get(name).is_none(), "{name}");
    }
    assert_eq!((&event["rawQueryString"], &event["isBase64Encoded"]), (&json!(""), &json!(false)));
}

#[rstest]
#[case::cookies_of_2_0("Http", json!({ "statusCode": 200, "cookies": ["a=1", "b=2; Secure"] }), "set-cookie: a=1|set-cookie: b=2; Secure|")]
#[case::headers_of_2_0("Http", json!({ "statusCode": 200, "headers": { "X-One": "1", "X-Two": 2, "X-Three": true } }), "x-one: 1|x-three: true|x-two: 2|")]
#[case::several_values_on_rest("Rest", json!({ "statusCode": 200, "multiValueHeaders": { "Set-Cookie": ["a=1", "b=2"] } }), "set-cookie: a=1|set-cookie: b=2|")]
#[case::several_values_on_http("HttpV1", json!({ "statusCode": 200, "multiValueHeaders": { "X-One": ["1", "2"] } }), "x-one: 1|x-one: 2|")]
#[case::both_are_merged("Rest", json!({ "statusCode": 200, "headers": { "x-one": "0" }, "multiValueHeaders": { "X-One": ["1"] } }), "x-one: 0|x-one: 1|")]
fn headers_and_cookies_of_a_response_reach_the_client(
    #[case] api: &'static str,
    #[case] answer: Value,
    #[case] expected: &str,
) {
    repeated(api, answer, expected);
}

#[rstest]
#[case::rest("Rest", response(200, "{}"), "application/json")]
#[case::http("Http", response(200, "{}"), "text/plain;charset=UTF-8")]
#[case::http_without_status("Http", json!({}), "application/json")]
#[case::the_functions_own("Http", json!({ "statusCode": 200, "headers": { "Content-Type": "text/csv" } }), "text/csv")]
fn a_response_has_a_content_type(#[case] api: &str, #[case] answer: Value, #[case] expected: &str) {
    let rig = Rig::new(APIS).answers("Worker", move |_| Ok(answer.clone()));
    let step = format!(
        "http: {{ api: {api}, method: GET, path: /orders/1, expect: {{ headers: {{ content-type: \"{expected}\" }} }} }}"
    );
    rig.play(&[&step]).passed();
}

const BINARY: [u8; 4] = [0xff, 0x00, 0x10, 0x80];

/// What the worker gets of a body with a content type: the body, and whether it is in base64.
fn body_of(api: &str, content_type: &str, body: &[u8]) -> (Value, Value) {
    let rig = Rig::new(APIS).answers("Worker", |_| Ok(response(200, ""))).file("body", body);
    let step = format!(
        "http: {{ api: {api}, method: PUT, path: /orders/1, headers: {{ Content-Type: {content_type} }}, file: body }}"
    );
    let played = rig.play(&[&step]).passed();
    let event = played.event("Worker");
    (event["body"].clone(), event["isBase64Encoded"].clone())
}

#[rstest]
fn an_http_api_sends_other_than_text_in_base64(
    #[values("Http", "HttpV1")] api: &str,
    #[values("application/octet-stream", "image/png", "application/pdf")] content_type: &str,
) {
    assert_eq!(body_of(api, content_type, &BINARY), (STANDARD.encode(BINARY).into(), true.into()));
    assert_eq!(body_of(api, content_type, b"text"), (STANDARD.encode("text").into(), true.into()));
}

#[rstest]
fn an_http_api_sends_text_as_it_is(
    #[values("Http", "HttpV1")] api: &str,
    #[values("text/csv; charset=utf-8", "application/json", "application/xml", "application/javascript")] content_type: &str,
) {
    assert_eq!(body_of(api, &format!("\"{content_type}\""), "é".as_bytes()), ("é".into(), false.into()));
}

#[test]
fn a_rest_api_without_binary_media_types_sends_every_body_as_text() {
    assert_eq!(body_of("Rest", "application/octet-stream", b"text"), ("text".into(), false.into()));
}

#[rstest]
#[case::http("Http", "hi")]
#[case::http_with_1_0("HttpV1", "hi")]
#[case::rest_without_binary_media_types("Rest", "aGk=")]
fn a_response_in_base64_is_decoded_by_an_http_api(#[case] api: &'static str, #[case] expected: &str) {
    repeated(api, json!({ "statusCode": 200, "body": "aGk=", "isBase64Encoded": true }), expected);
}
