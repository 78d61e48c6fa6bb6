//! Other systems as stubs: what they answer to handlers, and what they must have been asked.

use aws_smithy_types::body::SdkBody;
use rehearsal::trace::What;
use serde_json::json;

use crate::kit::{Rig, State, request};

const CALLER: &str = "  Caller: { Type: AWS::Serverless::Function, Properties: { Timeout: 60 } }\n";
const HOST: &str = "https://partner.example";

/// A function that asks the partner what its event says, and returns the answer.
fn caller() -> Rig {
    Rig::new(CALLER).function("Caller", async |state: &State, event| {
        let text = |name: &str, otherwise: &str| event.payload[name].as_str().unwrap_or(otherwise).to_owned();
        let (method, path) = (text("method", "POST"), text("path", "/hooks"));
        let asking = http::Request::builder().method(method.as_str()).uri(path).header("x-id", "5");
        let body = SdkBody::from(event.payload["body"].to_string());
        let reply = request(&state.config, &text("host", HOST), asking.body(body)?).await?;
        let header = reply.headers.iter().find(|(name, _)| name == "x-partner").map(|(_, value)| value.as_str());
        Ok(json!({ "status": reply.status, "body": String::from_utf8(reply.body.clone())?, "header": header }))
    })
}

fn call(payload: &str, expect: &str) -> String {
    format!("invoke: {{ function: Caller, payload: {payload}, expect: {expect} }}")
}

#[test]
fn a_stub_gives_the_first_answer_that_is_for_the_request_and_is_left() {
    let rig = caller().given(
        "stubs: { \"https://partner.example\": [\
           { method: POST, path: /hooks, respond: { status: 503 }, times: 2 }, \
           { path: \"/orders/*\", respond: { json: { ok: true }, headers: { X-Partner: yes } } }, \
           { path: /hooks, respond: { status: 202, body: taken } }] }",
    );
    let played = rig.play(&[
        &call("{}", "{ payload: { status: 503, body: \"\" } }"),
        &call("{}", "{ payload: { status: 503 } }"),
        &call("{}", "{ payload: { status: 202, body: taken } }"),
        &call("{ method: GET }", "{ payload: { status: 202 } }"),
        &call("{ path: /orders/5 }", "{ payload: { status: 200, body: '{\"ok\":true}', header: \"yes\" } }"),
    ]);
    played.passed();
}

#[test]
fn a_stub_s_delay_is_virtual_and_a_refusal_is_no_answer() {
    let rig = caller().given(
        "stubs: { \"https://partner.example\": [\
           { path: /slow, respond: { delay: 20s } }, { respond: refuse }] }",
    );
    let played = rig.play(&[
        &call("{ path: /slow }", "{ payload: { status: 200 } }"),
        &call("{}", "{ error: [{ wildcard: \"*refuses the connection*\" }] }"),
    ]);
    assert_eq!(played.passed().outcome.virtual_time.map(|time| time.as_secs()), Some(20));
}

#[test]
fn what_no_stub_answers_is_a_404_and_fails_the_scenario() {
    let rig = caller().given("stubs: { \"https://partner.example\": [{ path: /hooks, respond: {}, times: 1 }] }");
    let played = rig.play(&[
        &call("{}", "{ payload: { status: 200 } }"),
        &call("{}", "{ payload: { status: 404 } }"),
        &call("{ method: PUT, path: \"/a?b=c\" }", "{ payload: { status: 404 } }"),
    ]);
    let messages: Vec<_> = played.outcome.failures.iter().map(|failure| failure.diagnostic.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "https://partner.example was asked POST /hooks, and no stub that is left answers that",
            "https://partner.example was asked PUT /a, and no stub that is left answers that",
        ]
    );
}

#[test]
fn hosts_are_told_apart_by_scheme_and_port() {
    let rig = caller().given(
        "stubs: { \"https://partner.example\": [{ respond: { status: 201 } }], \
           \"http://partner.example:8080\": [{ respond: { status: 202 } }] }",
    );
    let played = rig.play(&[
        &call("{}", "{ payload: { status: 201 } }"),
        &call("{ host: \"http://partner.example:8080\" }", "{ payload: { status: 202 } }"),
        &call("{ host: \"https://other.example\" }", "{ error: [{ wildcard: \"*nothing answers for the host*\" }] }"),
    ]);
    let requests = played.passed().outcome.trace.clone();
    let urls: Vec<_> = requests
        .iter()
        .filter_map(|event| match &event.what {
            What::Request { sender: None, url, status, .. } => Some((url.as_str(), *status)),
            _ => None,
        })
        .collect();
    assert_eq!(
        urls,
        [
            ("https://partner.example/hooks", 201),
            ("http://partner.example:8080/hooks", 202),
            ("https://other.example/hooks", 0)
        ]
    );
}

#[test]
fn what_a_host_was_asked_is_expected_as_messages_are() {
    let stubs = "stubs: { \"https://partner.example\": [{ respond: {} }] }";
    let steps = [
        call("{ body: { orderId: o-1 }, path: \"/hooks?dry=1\" }", "{ payload: { status: 200 } }"),
        call("{ method: GET, body: 5 }", "{ payload: { status: 200 } }"),
    ];
    let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
    for (expected, failure) in [
        ("2", None),
        ("{ min: 3 }", Some("https://partner.example got 2 requests, expected at least 3")),
        ("empty", Some("https://partner.example got 2 requests, expected none")),
        (
            "[{ method: GET }, { method: POST, path: /hooks, query: { dry: \"1\" }, headers: { X-ID: \"5\" }, body: { orderId: [{ exists: true }] } }]",
            None,
        ),
        ("[{}]", Some("https://partner.example got 1 request more than expected")),
        ("[{}, { path: /other }]", Some("https://partner.example got no request like number 2 of the list")),
        (
            "[{}, { query: { dry: [{ exists: false }] }, headers: { x-none: \"5\" } }]",
            Some("https://partner.example got no request like number 2 of the list"),
        ),
    ] {
        let rig = caller().given(stubs).expect(&format!("requests: {{ \"https://partner.example\": {expected} }}"));
        let played = rig.play(&steps);
        let messages: Vec<_> =
            played.outcome.failures.iter().map(|failure| failure.diagnostic.message.as_str()).collect();
        assert_eq!(messages, failure.into_iter().collect::<Vec<_>>(), "{expected}");
        if failure.is_some() {
            let details = ["POST /hooks?dry=1 {\"orderId\":\"o-1\"}", "GET /hooks 5"];
            assert_eq!(played.outcome.failures[0].details, details);
        }
    }
}
