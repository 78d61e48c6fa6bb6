//! Patterns, by `TestEventPattern`.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html>

use serde_json::{Value, json};

use crate::kit::{Aws, Case, Known, case, cases, refused, seen};

cases![
    values_match_by_type_and_as_written,
    texts_match_by_their_beginning_and_end,
    values_are_excluded,
    numbers_match_within_ranges,
    fields_are_there_or_not,
    a_list_matches_where_one_member_does,
    alternatives_match_where_one_does,
    a_pattern_that_is_none_is_refused,
];

/// Whether each pattern for the detail matches an event.
async fn tested(aws: Aws, detail: Value, patterns: Vec<Value>) -> Value {
    let event = json!({
        "id": "1", "account": "123456789012", "source": "shop", "time": "2026-01-01T00:00:00Z",
        "region": "us-east-1", "resources": [], "detail-type": "order", "detail": detail,
    });
    let mut results = Vec::new();
    for pattern in patterns {
        let pattern = json!({ "source": ["shop"], "detail": pattern }).to_string();
        let test = aws.eventbridge().test_event_pattern().event_pattern(pattern).event(event.to_string());
        results.push(seen(test.send().await, |tested| tested.result().into()));
    }
    results.into()
}

fn values_match_by_type_and_as_written() -> Case {
    case(|aws| {
        let detail = json!({ "text": "a", "number": 1, "empty": "", "none": null, "truth": true });
        let patterns = vec![
            json!({ "text": ["a", "b"] }),
            json!({ "number": [1] }),
            json!({ "number": ["1"] }),
            json!({ "empty": [""] }),
            json!({ "none": [null] }),
            json!({ "empty": [null] }),
            json!({ "truth": [true] }),
            json!({ "text": ["A"] }),
        ];
        tested(aws, detail, patterns)
    })
    .gives(json!([true, true, false, true, true, false, true, false]))
}

fn texts_match_by_their_beginning_and_end() -> Case {
    case(|aws| {
        let detail = json!({ "file": "images/Cat.PNG" });
        let patterns = vec![
            json!({ "file": [{ "prefix": "images/" }] }),
            json!({ "file": [{ "suffix": ".PNG" }] }),
            json!({ "file": [{ "suffix": ".png" }] }),
            json!({ "file": [{ "prefix": { "equals-ignore-case": "IMAGES/" } }] }),
            json!({ "file": [{ "suffix": { "equals-ignore-case": ".png" } }] }),
            json!({ "file": [{ "equals-ignore-case": "Images/cat.png" }] }),
            json!({ "file": [{ "wildcard": "*/Cat.*" }] }),
            json!({ "file": [{ "wildcard": "*/cat.*" }] }),
        ];
        tested(aws, detail, patterns)
    })
    .gives(json!([true, true, false, true, true, true, true, false]))
}

fn values_are_excluded() -> Case {
    case(|aws| {
        let detail = json!({ "state": "initializing", "limit": 100 });
        let patterns = vec![
            json!({ "state": [{ "anything-but": "initializing" }] }),
            json!({ "state": [{ "anything-but": ["stopped", "overloaded"] }] }),
            json!({ "limit": [{ "anything-but": [100, 200] }] }),
            json!({ "state": [{ "anything-but": { "prefix": "init" } }] }),
            json!({ "state": [{ "anything-but": { "suffix": ["ed", "ing"] } }] }),
            json!({ "state": [{ "anything-but": { "equals-ignore-case": "INITIALIZING" } }] }),
            json!({ "state": [{ "anything-but": { "wildcard": "*/init/*" } }] }),
            json!({ "absent": [{ "anything-but": "x" }] }),
        ];
        tested(aws, detail, patterns)
    })
    .gives(json!([false, true, false, false, false, false, true, false]))
}

fn numbers_match_within_ranges() -> Case {
    case(|aws| {
        let patterns =
            [json!([">", 0, "<=", 10]), json!(["<", 10]), json!(["=", 10]), json!([">=", 10]), json!([">", 10.5])];
        let patterns = patterns.map(|range| json!({ "price": [{ "numeric": range }] }));
        tested(aws, json!({ "price": 10 }), patterns.into())
    })
    .gives(json!([true, false, true, true, false]))
}

fn fields_are_there_or_not() -> Case {
    case(|aws| {
        let detail = json!({ "coupon": "c", "none": null, "customer": { "id": 1 } });
        let patterns = vec![
            json!({ "coupon": [{ "exists": true }] }),
            json!({ "coupon": [{ "exists": false }] }),
            json!({ "absent": [{ "exists": false }] }),
            json!({ "none": [{ "exists": true }] }),
            json!({ "customer": { "id": [{ "exists": true }] } }),
            json!({ "customer": { "name": [{ "exists": false }] } }),
        ];
        tested(aws, detail, patterns)
    })
    .gives(json!([true, false, true, true, true, true]))
}

fn a_list_matches_where_one_member_does() -> Case {
    case(|aws| {
        let detail = json!({ "tags": ["new", "gift"], "lines": [{ "sku": "a", "n": 1 }, { "sku": "b", "n": 2 }] });
        let patterns = vec![
            json!({ "tags": ["gift"] }),
            json!({ "tags": ["old"] }),
            json!({ "lines": { "sku": ["a"], "n": [1] } }),
            json!({ "lines": { "sku": ["a"], "n": [2] } }),
        ];
        tested(aws, detail, patterns)
    })
    .gives(json!([true, false, true, false]))
    .localstack(Known {
        got: json!([true, false, true, true]),
        reason: "LocalStack looks for each field in another member of the list",
        page: "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern.html",
    })
}

fn alternatives_match_where_one_does() -> Case {
    case(|aws| {
        let detail = json!({ "state": "paid", "price": 5, "address": "10.0.0.9" });
        let patterns = vec![
            json!({ "$or": [{ "state": ["new"] }, { "price": [{ "numeric": ["<", 10] }] }] }),
            json!({ "$or": [{ "state": ["new"] }, { "price": [6] }] }),
            json!({ "state": ["paid"], "$or": [{ "price": [5] }, { "price": [6] }] }),
            json!({ "state": ["new"], "$or": [{ "price": [5] }, { "price": [6] }] }),
            json!({ "address": [{ "cidr": "10.0.0.0/29" }, { "cidr": "10.0.0.8/29" }] }),
        ];
        tested(aws, detail, patterns)
    })
    .gives(json!([true, false, true, false, true]))
}

/// The error tells what is wrong by its code; AWS's words are those of Event Ruler.
fn a_pattern_that_is_none_is_refused() -> Case {
    case(async |aws| {
        let mut codes = Vec::new();
        for detail in [
            json!({ "a": "b" }),
            json!({ "a": [] }),
            json!({ "a": [{ "prefixes": "b" }] }),
            json!({ "a": [{ "numeric": [">", "b"] }] }),
            json!({ "a": [{ "wildcard": "a**b" }] }),
            json!({ "a": [{ "exists": "yes" }] }),
            json!({ "a": [{ "cidr": "10.0.0.0/33" }] }),
        ] {
            let pattern = json!({ "detail": detail }).to_string();
            let event = json!({
                "id": "1", "account": "1", "source": "s", "time": "2026-01-01T00:00:00Z", "region": "r",
                "resources": [], "detail-type": "t", "detail": {},
            });
            let test = aws.eventbridge().test_event_pattern().event_pattern(pattern).event(event.to_string());
            codes.push(refused(test.send().await)["code"].take());
        }
        codes.into()
    })
    .gives(json!(vec!["InvalidEventPatternException"; 7]))
}
