//! API Gateway: routes, error statuses, limits and bodies.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html>

use std::time::Duration;

use rehearsal::trace::What;
use rstest::rstest;
use serde_json::{Value, json};

use crate::kit::{Rig, State, response};

/// The same function behind a REST API, an HTTP API, and an HTTP API with payload format 1.0.
pub const APIS: &str = "
  Rest: { Type: AWS::Serverless::Api, Properties: { StageName: prod } }
  Http: { Type: AWS::Serverless::HttpApi }
  HttpV1: { Type: AWS::Serverless::HttpApi }
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Timeout: 60
      Events:
        Rest: { Type: Api, Properties: { RestApiId: !Ref Rest, Path: \"/orders/{id}\", Method: ANY } }
        Http: { Type: HttpApi, Properties: { ApiId: !Ref Http, Path: \"/orders/{id}\", Method: ANY } }
        HttpV1: { Type: HttpApi, Properties: { ApiId: !Ref HttpV1, Path: \"/orders/{id}\", Method: ANY, PayloadFormatVersion: \"1.0\" } }
";

/// A GET of an order that must be answered so.
fn get(api: &str, path: &str, status: u16, body: &str) -> String {
    format!("http: {{ api: {api}, method: GET, path: \"{path}\", expect: {{ status: {status}, body: {body} }} }}")
}

const REST_ERROR: &str = "{ message: [Internal server error] }";
const HTTP_ERROR: &str = "{ message: [Internal Server Error] }";
const UNAVAILABLE: &str = "{ message: [Service Unavailable] }";

#[rstest]
#[case::rest("Rest", 502, REST_ERROR)]
#[case::http("Http", 500, HTTP_ERROR)]
#[case::http_with_1_0("HttpV1", 500, HTTP_ERROR)]
fn a_function_error_is_a_502_on_rest_and_a_500_on_http(#[case] api: &str, #[case] status: u16, #[case] body: &str) {
    let played = Rig::new(APIS).fails("Worker").play(&[&get(api, "/orders/1", status, body)]).passed();
    assert_eq!(played.results("Worker"), ["error"], "API Gateway does not try again");
}

#[rstest]
fn crash_and_timeout_are_function_errors(
    #[values("crash", "timeout")] with: &str,
    #[values(("Rest", 502, REST_ERROR), ("Http", 500, HTTP_ERROR))] expected: (&str, u16, &str),
) {
    let template = APIS.replace("Timeout: 60", "Timeout: 5");
    let fail = format!("fail: {{ function: Worker, with: {with} }}");
    let step = get(expected.0, "/orders/1", expected.1, expected.2);
    let played = Rig::new(&template).ok("Worker").play(&[&fail, &step]).passed();
    assert_eq!(played.results("Worker"), [with]);
}

#[rstest]
#[case::rest("Rest", 500, REST_ERROR)]
#[case::http("Http", 503, UNAVAILABLE)]
fn a_throttled_function_is_a_500_on_rest_and_a_503_on_http(#[case] api: &str, #[case] status: u16, #[case] body: &str) {
    let fail = "fail: { function: Worker, with: throttle }";
    Rig::new(APIS).ok("Worker").play(&[fail, &get(api, "/orders/1", status, body)]).passed();
}

#[rstest]
#[case::rest("Rest", 504, "{ message: [Endpoint request timed out] }", 29)]
#[case::http("Http", 503, UNAVAILABLE, 30)]
fn an_api_waits_29_or_30_seconds_and_the_function_runs_on(
    #[case] api: &str,
    #[case] status: u16,
    #[case] body: &str,
    #[case] limit: u64,
) {
    let rig = Rig::new(APIS).function("Worker", async |_: &State, _| {
        tokio::time::sleep(Duration::from_secs(45)).await;
        Ok(response(200, ""))
    });
    let played = rig.play(&[&get(api, "/orders/1", status, body), "advance: 1s"]).passed();
    let invocation = &played.invocations("Worker")[0];
    assert_eq!((played.results("Worker")[0], invocation.duration), ("success", Duration::from_secs(45)));
    let next = played.outcome.trace.iter().find(|event| matches!(&event.what, What::Stimulus { step: 2, .. }));
    assert_eq!(played.since_start(next.expect("the step was played")), Duration::from_secs(limit));
}

#[rstest]
#[case::http("Http", json!({ "id": 7 }), 200, "{ id: [7] }")]
#[case::http_text("Http", json!("hello"), 200, "hello")]
#[case::http_with_1_0("HttpV1", json!({ "id": 7 }), 500, HTTP_ERROR)]
#[case::rest("Rest", json!({ "id": 7 }), 502, REST_ERROR)]
#[case::rest_null("Rest", Value::Null, 502, REST_ERROR)]
#[case::rest_body_that_is_not_text("Rest", json!({ "statusCode": 200, "body": { "id": 7 } }), 502, REST_ERROR)]
#[case::http_status_that_is_none("Http", json!({ "statusCode": "many" }), 500, HTTP_ERROR)]
fn a_response_without_a_status_code_is_a_200_on_2_0_and_malformed_on_1_0(
    #[case] api: &str,
    #[case] answer: Value,
    #[case] status: u16,
    #[case] body: &str,
) {
    let rig = Rig::new(APIS).answers("Worker", move |_| Ok(answer.clone()));
    rig.play(&[&get(api, "/orders/1", status, body)]).passed();
}

#[rstest]
#[case::rest("Rest", 403, "{ message: [Missing Authentication Token] }")]
#[case::http("Http", 404, "{ message: [Not Found] }")]
fn a_route_that_is_not_there_is_a_403_on_rest_and_a_404_on_http(
    #[case] api: &str,
    #[case] status: u16,
    #[case] body: &str,
) {
    let rig = Rig::new(APIS).ok("Worker").expect("invocations: { Worker: 0 }");
    rig.play(&[&get(api, "/customers/1", status, body), &get(api, "/orders/1/lines", status, body)]).passed();
}

#[test]
fn a_method_without_a_route_is_not_found() {
    let template = APIS.replace("Method: ANY", "Method: POST");
    let rig = Rig::new(&template).ok("Worker");
    rig.play(&[
        &get("Rest", "/orders/1", 403, "{ message: [{ exists: true }] }"),
        &get("Http", "/orders/1", 404, "{ message: [Not Found] }"),
    ])
    .passed();
}

#[rstest]
#[case::rest("Rest")]
#[case::http("Http")]
#[case::http_with_1_0("HttpV1")]
fn path_parameters_are_decoded(#[case] api: &str) {
    let rig = Rig::new(APIS).answers("Worker", |event| Ok(response(200, &event["pathParameters"].to_string())));
    rig.play(&[&get(api, "/orders/caf%C3%A9%20%2F1", 200, "{ id: [\"café /1\"] }")]).passed();
}

#[test]
fn the_most_specific_route_serves_a_request() {
    let route = |name: &str, path: &str, method: &str| {
        format!(
            "  {name}: {{ Type: AWS::Serverless::Function, Properties: {{ Events: {{ Route: {{ Type: HttpApi, Properties: {{ ApiId: !Ref Http, Path: \"{path}\", Method: {method} }} }} }} }} }}\n"
        )
    };
    let functions = [
        ("Fixed", "/a/b", "GET"),
        ("Parameter", "/a/{x}", "GET"),
        ("Any", "/a/b", "ANY"),
        ("Greedy", "/{all+}", "ANY"),
    ];
    let routes: String = functions.iter().map(|(name, path, method)| route(name, path, method)).collect();
    let default = "  Default: { Type: AWS::Serverless::Function, Properties: { Events: { Route: { Type: HttpApi, Properties: { ApiId: !Ref Http } } } } }\n";
    let mut rig = Rig::new(&format!("  Http: {{ Type: AWS::Serverless::HttpApi }}\n{routes}{default}"));
    for name in ["Fixed", "Parameter", "Any", "Greedy", "Default"] {
        rig = rig.answers(name, move |event| {
            Ok(response(200, &format!("{name} {}", event["routeKey"].as_str().unwrap_or_default())))
        });
    }
    let ask = |method: &str, path: &str, body: &str| {
        format!("http: {{ api: Http, method: {method}, path: {path}, expect: {{ body: \"{body}\" }} }}")
    };
    let steps = [
        ask("GET", "/a/b", "Fixed GET /a/b"),
        ask("GET", "/a/c", "Parameter GET /a/{x}"),
        ask("PUT", "/a/b", "Any ANY /a/b"),
        ask("PUT", "/a/c", "Greedy ANY /{all+}"),
        ask("GET", "/a/b/c", "Greedy ANY /{all+}"),
        ask("GET", "/", "Default $$default"),
    ];
    rig.play(&steps.iter().map(String::as_str).collect::<Vec<_>>()).passed();
}

#[rstest]
#[case::rest("Rest", 413, "{ message: [Request Too Long] }")]
#[case::http("Http", 413, "{ message: [Request Entity Too Large] }")]
fn a_body_over_10_mb_is_refused(#[case] api: &str, #[case] status: u16, #[case] body: &str) {
    let rig = Rig::new(APIS).ok("Worker").file("large.txt", vec![b'x'; 10 * 1024 * 1024 + 1]);
    let step = format!(
        "http: {{ api: {api}, method: PUT, path: /orders/1, file: large.txt, expect: {{ status: {status}, body: {body} }} }}"
    );
    rig.expect("invocations: { Worker: 0 }").play(&[&step]).passed();
}

#[rstest]
#[case::rest("Rest", 413)]
#[case::http("Http", 413)]
fn a_body_that_lambda_does_not_take_is_refused_too(#[case] api: &str, #[case] status: u16) {
    let rig = Rig::new(APIS).ok("Worker").file("large.txt", vec![b'x'; 7 * 1024 * 1024]);
    let step = format!(
        "http: {{ api: {api}, method: PUT, path: /orders/1, file: large.txt, expect: {{ status: {status} }} }}"
    );
    rig.expect("invocations: { Worker: 0 }").play(&[&step]).passed();
}
