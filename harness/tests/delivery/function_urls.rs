//! Function URLs.
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html>

use aws_lambda_events::event::lambda_function_urls::LambdaFunctionUrlRequest;
use aws_smithy_types::body::SdkBody;
use lambda_runtime::LambdaEvent;
use rehearsal::trace::What;
use rstest::rstest;
use serde_json::{Value, json};

use crate::kit::{Played, Rig, State, request, response};

/// A function with a URL of this configuration.
fn web(config: &str) -> String {
    format!(
        "
  Web:
    Type: AWS::Serverless::Function
    Properties: {{ Timeout: 60, FunctionUrlConfig: {{ {config} }} }}
"
    )
}

fn public() -> Rig {
    Rig::new(&web("AuthType: NONE"))
}

fn get(rig: Rig, expect: &str) -> Played {
    rig.play(&[&format!("http: {{ function: Web, method: GET, path: /, expect: {expect} }}")]).passed()
}

#[test]
fn a_functions_url_gives_it_a_payload_2_0_with_the_default_route() {
    let step = "http: { function: Web, method: POST, path: /shelf/1, query: { q: a b }, headers: { X-One: \"1\", Cookie: a=1; b=2 }, json: { n: 1 }, expect: { status: 200 } }";
    let played = public().answers("Web", |_| Ok(response(200, ""))).play(&[step]).passed();
    let event = played.event("Web");
    let domain = event["requestContext"]["domainName"].as_str().expect("there is a domain");
    let (id, rest) = domain.split_once('.').expect("it has labels");
    assert_eq!((id.len(), rest), (32, "lambda-url.us-east-1.on.aws"));
    for (pointer, expected) in [
        ("/version", json!("2.0")),
        ("/routeKey", json!("$default")),
        ("/rawPath", json!("/shelf/1")),
        ("/rawQueryString", json!("q=a+b")),
        ("/cookies", json!(["a=1", "b=2"])),
        ("/headers/x-one", json!("1")),
        ("/headers/host", json!(domain)),
        ("/body", json!("{\"n\":1}")),
        ("/isBase64Encoded", json!(false)),
        ("/requestContext/accountId", json!("anonymous")),
        ("/requestContext/apiId", json!(id)),
        ("/requestContext/domainPrefix", json!(id)),
        ("/requestContext/stage", json!("$default")),
        ("/requestContext/http/method", json!("POST")),
    ] {
        assert_eq!(event.pointer(pointer), Some(&expected), "{pointer}");
    }
    let typed: LambdaFunctionUrlRequest = serde_json::from_value(event.clone()).expect("it is such an event");
    assert_eq!(typed.raw_path.as_deref(), Some("/shelf/1"));
}

#[test]
fn a_url_for_iam_tells_the_function_who_calls() {
    let rig = Rig::new(&web("AuthType: AWS_IAM")).answers("Web", |_| Ok(response(204, "")));
    let played = get(rig, "{ status: 204 }");
    let context = &played.event("Web")["requestContext"];
    assert_eq!(context["accountId"], "123456789012");
    assert_eq!(context["authorizer"]["iam"]["userArn"], "arn:aws:iam::123456789012:root");
    let left_out = &played.outcome.not_simulated;
    assert!(left_out.iter().any(|each| each.what == "AWS::Lambda::Url.AuthType: AWS_IAM"), "{left_out:?}");
}

#[rstest]
#[case::structured(json!({"statusCode": 201, "headers": {"x-a": "b"}, "body": "made"}), "{ status: 201, headers: { x-a: b, content-type: application/json }, body: made }")]
#[case::cookies(json!({"statusCode": 200, "cookies": ["a=1"]}), "{ status: 200, headers: { set-cookie: a=1 } }")]
#[case::base64(json!({"statusCode": 200, "body": "aGk=", "isBase64Encoded": true}), "{ status: 200, body: hi }")]
#[case::json_only(json!({"n": 1}), "{ status: 200, headers: { content-type: application/json }, body: { n: 1 } }")]
#[case::text_only(json!("hello"), "{ status: 200, body: hello }")]
#[case::malformed(json!({"statusCode": "many"}), "{ status: 502, body: Internal Server Error }")]
fn a_response_is_read_by_the_rules_of_payload_2_0(#[case] answer: Value, #[case] expect: &str) {
    get(public().answers("Web", move |_| Ok(answer.clone())), expect);
}

#[rstest]
#[case::error("error", "{ status: 502, body: Internal Server Error }")]
#[case::crash("crash", "{ status: 502, body: Internal Server Error }")]
#[case::timeout("timeout", "{ status: 502, body: Internal Server Error }")]
#[case::throttle("throttle", "{ status: 429, body: { Message: Rate Exceeded. } }")]
fn a_url_has_its_own_answers_for_errors(#[case] with: &str, #[case] expect: &str) {
    let fail = format!("fail: {{ function: Web, with: {with} }}");
    let step = format!("http: {{ function: Web, method: GET, path: /, expect: {expect} }}");
    public().ok("Web").play(&[&fail, &step]).passed();
}

#[test]
fn a_url_waits_for_its_function_longer_than_an_api_does() {
    let rig = public().function("Web", async |_: &State, _| {
        tokio::time::sleep(std::time::Duration::from_secs(50)).await;
        Ok(response(200, "late"))
    });
    get(rig, "{ status: 200, body: late }");
}

#[test]
fn a_body_over_6_mb_is_refused() {
    let rig = public().ok("Web").file("large.txt", vec![b'x'; 6 * 1024 * 1024 + 1]);
    let played = rig
        .play(&["http: { function: Web, method: POST, path: /, file: large.txt, expect: { status: 413 } }"])
        .passed();
    assert!(played.events("Web").is_empty());
}

const CORS: &str = "AuthType: NONE, Cors: { AllowOrigins: [\"https://shop.example\"], AllowMethods: [GET, POST], AllowHeaders: [x-a], ExposeHeaders: [x-b], MaxAge: 60, AllowCredentials: true }";

#[test]
fn a_url_answers_a_preflight_by_itself() {
    let step = "http: { function: Web, method: OPTIONS, path: /, headers: { Origin: \"https://shop.example\", Access-Control-Request-Method: POST }, expect: { status: 200, headers: { access-control-allow-origin: \"https://shop.example\", access-control-allow-methods: \"GET,POST\", access-control-allow-headers: x-a, access-control-max-age: \"60\", access-control-allow-credentials: \"true\" } } }";
    assert!(Rig::new(&web(CORS)).ok("Web").play(&[step]).passed().events("Web").is_empty());
}

#[rstest]
#[case::allowed("https://shop.example", "[\"https://shop.example\"]", "[x-b]")]
#[case::another("https://other.example", "[{ exists: false }]", "[{ exists: false }]")]
fn a_url_lets_scripts_of_its_origins_read_the_response(
    #[case] origin: &str,
    #[case] allowed: &str,
    #[case] exposed: &str,
) {
    let step = format!(
        "http: {{ function: Web, method: GET, path: /, headers: {{ Origin: \"{origin}\" }}, expect: {{ status: 200, headers: {{ access-control-allow-origin: {allowed}, access-control-expose-headers: {exposed} }} }} }}"
    );
    let answer = json!({ "statusCode": 200, "headers": { "Access-Control-Allow-Origin": "https://wrong.example" } });
    Rig::new(&web(CORS)).answers("Web", move |_| Ok(answer.clone())).play(&[&step]).passed();
}

#[test]
fn without_cors_the_function_gets_the_preflight() {
    let step = "http: { function: Web, method: OPTIONS, path: /, headers: { Origin: \"https://a.example\", Access-Control-Request-Method: POST }, expect: { status: 204 } }";
    assert_eq!(public().answers("Web", |_| Ok(response(204, ""))).play(&[step]).passed().events("Web").len(), 1);
}

#[test]
fn a_handler_asks_a_url_that_its_environment_names() {
    let template = web("AuthType: NONE")
        + "
  Caller:
    Type: AWS::Serverless::Function
    Properties: { Environment: { Variables: { URL: !GetAtt WebUrl.FunctionUrl } } }
";
    let rig = Rig::new(&template).answers("Web", |_| Ok(response(200, "hello"))).function(
        "Caller",
        async |state: &State, _: LambdaEvent<Value>| {
            let request_of_path = http::Request::get("/greet?name=Ann").body(SdkBody::empty())?;
            let reply = request(&state.config, state.variables["URL"].trim_end_matches('/'), request_of_path).await?;
            Ok(json!({ "status": reply.status, "body": String::from_utf8(reply.body)? }))
        },
    );
    let step = "invoke: { function: Caller, expect: { payload: { status: 200, body: hello } } }";
    let played = rig.play(&[step]).passed();
    assert_eq!(played.event("Web")["queryStringParameters"], json!({ "name": "Ann" }));
    let trace = &played.outcome.trace;
    let delivery = trace.iter().find(|event| matches!(event.what, What::Delivery { .. })).expect("it is there");
    let cause = &trace[delivery.cause.expect("it has a cause") as usize - 1].what;
    assert!(matches!(cause, What::Request { status: 200, .. }), "{cause:?}");
}

#[rstest]
#[case::no_url("http: { function: Plain, method: GET, path: / }", "the function `Plain` has no URL")]
#[case::none("http: { method: GET, path: / }", "`http` needs one of `api`, `function`")]
#[case::both("http: { api: Web, function: Web, method: GET, path: / }", "`api` excludes `function`")]
fn a_request_is_to_an_api_or_to_a_function_with_a_url(#[case] step: &str, #[case] message: &str) {
    let template = web("AuthType: NONE") + "  Plain: { Type: AWS::Serverless::Function }\n";
    let refused = Rig::new(&template).ok("Web").ok("Plain").refused(&[step]);
    assert!(refused.contains(message), "{refused}");
}
