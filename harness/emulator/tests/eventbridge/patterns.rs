//! `TestEventPattern`: what a pattern takes, and the words with which one is refused.

use serde_json::{Value, json};

use crate::setup::setup;

fn event(detail: Value) -> Value {
    json!({
        "id": "1", "account": "1", "source": "shop", "time": "2026-01-01T00:00:00Z", "region": "us-east-1",
        "resources": [], "detail-type": "t", "detail": detail,
    })
}

/// Each operator of AWS's table: a pattern of `detail`, and details that it takes and does not take.
fn operators() -> Vec<(Value, Value, Value)> {
    vec![
        (json!({"day": ["Monday"], "at": ["NY"]}), json!({"day": "Monday", "at": "NY"}), json!({"day": "Monday"})),
        (json!({"x": [{"anything-but": "a"}]}), json!({"x": "b"}), json!({"x": "a"})),
        (json!({"x": [{"anything-but": ["a", "b"]}]}), json!({"x": null}), json!({"x": "b"})),
        (json!({"x": [{"anything-but": [1, 2]}]}), json!({"x": 3}), json!({"x": 2})),
        (json!({"x": [{"anything-but": {"prefix": "us-"}}]}), json!({"x": "eu-1"}), json!({"x": "us-1"})),
        (json!({"x": [{"anything-but": {"suffix": ".png"}}]}), json!({"x": "a.gif"}), json!({"x": "a.png"})),
        (json!({"x": [{"anything-but": {"equals-ignore-case": "a"}}]}), json!({"x": "b"}), json!({"x": "A"})),
        (json!({"x": [{"anything-but": {"wildcard": "*/lib/*"}}]}), json!({"x": "/src/a"}), json!({"x": "/lib/a"})),
        (json!({"x": [{"prefix": "us-"}]}), json!({"x": "us-1"}), json!({"x": "eu-1"})),
        (json!({"x": [{"prefix": {"equals-ignore-case": "eventb"}}]}), json!({"x": "EventBus"}), json!({"x": "e"})),
        (json!({"x": [""]}), json!({"x": ""}), json!({"x": null})),
        (json!({"x": ["Alice"]}), json!({"x": "Alice"}), json!({"x": "alice"})),
        (json!({"x": [{"equals-ignore-case": "alice"}]}), json!({"x": "Alice"}), json!({"x": "Alicia"})),
        (json!({"x": [{"suffix": ".png"}]}), json!({"x": "a.png"}), json!({"x": "a.gif"})),
        (json!({"x": [{"suffix": {"equals-ignore-case": "tbridge"}}]}), json!({"x": "EventBridge"}), json!({"x": "b"})),
        (json!({"x": [{"exists": true}]}), json!({"x": null}), json!({})),
        (json!({"x": [{"exists": false}]}), json!({"x": {"y": 1}}), json!({"x": 1})),
        (json!({"x": [{"numeric": ["=", 100]}]}), json!({"x": 1e2}), json!({"x": "100"})),
        (json!({"x": [{"numeric": [">", 10, "<=", 20]}]}), json!({"x": 20}), json!({"x": 10})),
        (json!({"x": [{"cidr": "10.0.0.0/24"}]}), json!({"x": "10.0.0.9"}), json!({"x": "10.0.1.0"})),
        (json!({"x": [{"cidr": "2001:db8::/32"}]}), json!({"x": "2001:db8::1"}), json!({"x": "10.0.0.1"})),
        (json!({"x": [null]}), json!({"x": null}), json!({"x": ""})),
        (json!({"$or": [{"x": [1]}, {"y": [2]}]}), json!({"y": 2}), json!({"x": 2})),
        (json!({"x": ["a", "b"]}), json!({"x": ["c", "b"]}), json!({"x": ["c"]})),
        (json!({"x": [{"wildcard": "dir/*.png"}]}), json!({"x": "dir/a/b.png"}), json!({"x": "a.png"})),
        (json!({"x.y": [1]}), json!({"x": {"y": 1}}), json!({"x": {"y": 2}})),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_pattern_takes_what_aws_s_table_of_operators_says() {
    let setup = setup();
    for (pattern, taken, not_taken) in operators() {
        let pattern = json!({"source": ["shop"], "detail": pattern}).to_string();
        for (detail, expected) in [(taken, true), (not_taken, false)] {
            let test =
                setup.events.test_event_pattern().event_pattern(&pattern).event(event(detail.clone()).to_string());
            assert_eq!(test.send().await.expect("valid").result(), expected, "{pattern} on {detail}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_pattern_that_is_none_is_refused_in_aws_s_words() {
    let setup = setup();
    let cases = [
        (r#"["a"]"#, "Filter is not an object"),
        (r#"{"int": 42}"#, "\"int\" must be an object or an array"),
        (r#"{"resources": []}"#, "Empty arrays are not allowed"),
        (r#"{"source": ["aws.health"], "detail": {}}"#, "Empty objects are not allowed"),
        (r#"{"detail": {"equal": [{"NUMERIC": ["=", 5]}]}}"#, "Unrecognized match type NUMERIC"),
        (r#"{"detail": {"n": [{"numeric": [">", 0, ">", 0]}]}}"#, "Bad numeric range operator: >"),
        (r#"{"detail": {"ip": [{"cidr": "bad-filter"}]}}"#, "Malformed CIDR, one '/' required"),
    ];
    for (pattern, reason) in cases {
        let test = setup.events.test_event_pattern().event_pattern(pattern).event(event(json!({})).to_string());
        let error = test.send().await.expect_err("the pattern is invalid").into_service_error();
        assert!(error.is_invalid_event_pattern_exception(), "{pattern}: {error}");
        assert_eq!(error.meta().message(), Some(format!("Event pattern is not valid. Reason: {reason}").as_str()));
    }
}

#[tokio::test(start_paused = true)]
async fn the_event_of_a_test_is_an_object_with_all_its_fields() {
    let setup = setup();
    let test = |event: String| setup.events.test_event_pattern().event_pattern(r#"{"source": ["shop"]}"#).event(event);
    for event in ["plain string", "[]", "\"a\""] {
        let error = test(event.to_owned()).send().await.expect_err("no object").into_service_error();
        assert_eq!(error.meta().message(), Some("Parameter Event is not valid."), "{event}");
    }
    for field in ["id", "account", "source", "time", "region", "resources", "detail-type"] {
        let mut event = event(json!({}));
        event.as_object_mut().expect("an object").remove(field);
        let error = test(event.to_string()).send().await.expect_err("a field is missing").into_service_error();
        let expected = format!("Parameter Event is not valid. Reason: {field} is a required argument.");
        assert_eq!(error.meta().message(), Some(expected.as_str()));
    }
}
