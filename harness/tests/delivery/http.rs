//! HTTP requests of handlers, through the client of the configuration that they are handed.

use aws_smithy_types::body::SdkBody;
use rehearsal::trace::What;
use rstest::rstest;
use serde_json::{Value, json};

use crate::kit::{Rig, State, request, response};

const CALLER_AND_API: &str = "
  Stock: { Type: AWS::Serverless::HttpApi }
  Shelf:
    Type: AWS::Serverless::Function
    Properties:
      Timeout: 60
      Events: { Any: { Type: HttpApi, Properties: { ApiId: !Ref Stock, Path: \"/{proxy+}\", Method: ANY } } }
  Caller:
    Type: AWS::Serverless::Function
    Properties:
      Timeout: 60
      Environment: { Variables: { STOCK: !GetAtt Stock.ApiEndpoint } }
";

/// A function that sends the request which its event describes, and returns the answer's status and body.
fn caller(rig: Rig) -> Rig {
    rig.function("Caller", async |state: &State, event| {
        let text = |name: &str| event.payload[name].as_str().map(str::to_owned);
        let origin = text("origin").unwrap_or_else(|| state.variables["STOCK"].clone());
        let outgoing = http::Request::post(text("path").unwrap_or_else(|| "/shelf".to_owned()));
        let reply =
            request(&state.config, &origin, outgoing.body(SdkBody::from(text("body").unwrap_or_default()))?).await?;
        Ok(json!({ "status": reply.status, "body": String::from_utf8(reply.body)? }))
    })
}

#[test]
fn a_handlers_request_reaches_another_api_of_the_template() {
    let rig = caller(Rig::new(CALLER_AND_API))
        .answers("Shelf", |event| Ok(response(201, event["body"].as_str().unwrap_or_default())));
    let step =
        "invoke: { function: Caller, payload: { body: three }, expect: { payload: { status: [201], body: [three] } } }";
    let played = rig.play(&[step]).passed();
    assert_eq!(played.event("Shelf")["rawPath"], "/shelf");
    assert!(
        played.event("Shelf")["headers"].get("x-rehearsal-cause").is_none(),
        "what is the harness's own is not seen"
    );
}

#[test]
fn a_handlers_request_is_in_the_trace_with_its_cause() {
    let rig = caller(Rig::new(CALLER_AND_API)).answers("Shelf", |_| Ok(response(204, "")));
    let played = rig.play(&["invoke: { function: Caller }"]).passed();
    let trace = &played.outcome.trace;
    let caller = played.invocations("Caller")[0].id;
    let request =
        trace.iter().find(|event| matches!(&event.what, What::Request { status: 204, .. })).expect("it is there");
    assert_eq!(request.cause, Some(caller));
    let What::Request { method, url, .. } = &request.what else { unreachable!("it was found as one") };
    assert_eq!(method, "POST");
    assert!(url.starts_with("https://") && url.ends_with(".execute-api.us-east-1.amazonaws.com/shelf"), "{url}");
    let delivery = trace.iter().find(|event| matches!(&event.what, What::Delivery { .. })).expect("it is there");
    assert_eq!(delivery.cause, Some(request.id));
    assert_eq!(trace[played.invocations("Shelf")[0].id as usize - 1].cause, Some(delivery.id));
}

#[rstest]
#[case::error("error", 500)]
#[case::timeout("timeout", 503)]
#[case::throttle("throttle", 503)]
fn a_handlers_request_gets_the_apis_own_errors(#[case] with: &str, #[case] status: u16) {
    let fail = format!("fail: {{ function: Shelf, with: {with} }}");
    let step = format!("invoke: {{ function: Caller, expect: {{ payload: {{ status: [{status}] }} }} }}");
    let rig = caller(Rig::new(CALLER_AND_API)).ok("Shelf");
    rig.play(&[&fail, &step]).passed();
}

#[test]
fn a_host_that_nothing_answers_for_is_a_connection_error_that_names_it() {
    let step = "invoke: { function: Caller, payload: { origin: \"https://api.example.com\" }, expect: { error: [{ wildcard: \"*nothing answers for the host `api.example.com`*\" }] } }";
    let played = caller(Rig::new(CALLER_AND_API)).ok("Shelf").play(&[step]).passed();
    let sent = played.outcome.trace.iter().find_map(|event| match &event.what {
        What::Request { url, status, .. } => Some((event.cause, url.as_str(), *status)),
        _ => None,
    });
    assert_eq!(sent, Some((Some(played.invocations("Caller")[0].id), "https://api.example.com/shelf", 0)));
}

#[test]
fn an_api_that_is_not_of_the_template_is_forbidden() {
    let origin = "https://abcdefghij.execute-api.us-east-1.amazonaws.com";
    let step = format!(
        "invoke: {{ function: Caller, payload: {{ origin: \"{origin}\" }}, expect: {{ payload: {{ status: [403] }} }} }}"
    );
    caller(Rig::new(CALLER_AND_API)).ok("Shelf").play(&[&step]).passed();
}

#[test]
fn a_service_of_aws_that_is_not_simulated_is_named() {
    let rig = Rig::new(CALLER_AND_API).ok("Shelf").function("Caller", async |state: &State, _| {
        let signed = http::Request::get("/").header(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=123456789012/20260101/us-east-1/quantum/aws4_request, Signature=0",
        );
        request(&state.config, "https://quantum.us-east-1.amazonaws.com", signed.body(SdkBody::empty())?).await?;
        Ok(Value::Null)
    });
    rig.play(&[
        "invoke: { function: Caller, expect: { error: [{ wildcard: \"*the service `quantum` is not simulated*\" }] } }",
    ])
    .passed();
}
