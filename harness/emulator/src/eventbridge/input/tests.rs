//! A table of templates and what they make of one event, and one of those that are refused.

use serde_json::json;

use super::*;

fn transformer(paths: &[(&str, &str)], template: &str) -> InputTransformer {
    InputTransformer {
        input_paths_map: paths.iter().map(|(name, path)| ((*name).to_owned(), (*path).to_owned())).collect(),
        input_template: template.to_owned(),
    }
}

const PATHS: [(&str, &str); 9] = [
    ("instance", "$.detail.instance-id"),
    ("state", "$.detail.state"),
    ("n", "$.detail.n"),
    ("yes", "$.detail.yes"),
    ("nothing", "$.detail.nothing"),
    ("list", "$.resources"),
    ("object", "$.detail.object"),
    ("quoted", "$.detail.quoted"),
    ("no", "$.detail.no"),
];

fn check(template: &str, expected: &str) {
    let input = Input::new("t", None, None, Some(&transformer(&PATHS, template)));
    let input = input.expect("the table's transformer is valid");
    let event = json!({
        "version": "0",
        "detail-type": "State-change",
        "resources": ["arn:a", "arn:b"],
        "detail": {
            "instance-id": "i-0123456789", "state": "RUNNING", "n": 5.5, "yes": true, "nothing": null,
            "object": {"a": "b", "c": [1]}, "quoted": "a \"b\"",
        },
    });
    let surroundings = Surroundings { rule_arn: "arn:rule", rule_name: "orders", ingested: "2026-01-01T00:00:00Z" };
    assert_eq!(input.of(&event, &surroundings), expected, "{template}");
}

/// The examples of AWS's page.
#[test]
fn the_examples_of_aws_give_what_it_says() {
    check(r#""instance <instance> is in <state>""#, r#""instance i-0123456789 is in RUNNING""#);
    check(r#""instance \"<instance>\" is in <state>""#, r#""instance \"i-0123456789\" is in RUNNING""#);
    check(r#"{"instance" : <instance>, "state": <state>}"#, r#"{"instance" : "i-0123456789", "state": "RUNNING"}"#);
    check(
        r#"{"instance" : <instance>, "state": "<state>", "instanceStatus": "instance \"<instance>\" is in <state>"}"#,
        r#"{"instance" : "i-0123456789", "state": "RUNNING", "instanceStatus": "instance \"i-0123456789\" is in RUNNING"}"#,
    );
    check(
        r#"{"instance" : <instance>, "state": [ 9, <state>, true ], "Transformed" : "Yes"}"#,
        r#"{"instance" : "i-0123456789", "state": [ 9, "RUNNING", true ], "Transformed" : "Yes"}"#,
    );
}

#[test]
fn a_value_is_json_outside_of_quotes_and_text_within() {
    check(r#"{"a": <n>, "b": <yes>, "c": <nothing>}"#, r#"{"a": 5.5, "b": true, "c": null}"#);
    check(r#"{"a": "<n>", "b": "<yes> or <nothing>"}"#, r#"{"a": "5.5", "b": "true or null"}"#);
    check(r#"{"a": <list>, "b": <object>}"#, r#"{"a": ["arn:a","arn:b"], "b": {"a":"b","c":[1]}}"#);
    check(r#"{"a": "<list>", "b": "is <object>"}"#, r#"{"a": "[arn:a,arn:b]", "b": "is {a:b,c:[1]}"}"#);
    check(r#"{"a": <quoted>, "b": "<quoted>"}"#, r#"{"a": "a \"b\"", "b": "a \"b\""}"#);
    check("[<instance>, <n>]", r#"["i-0123456789", 5.5]"#);
    check("<instance>", r#""i-0123456789""#);
    check(r#""5 < 6 and 7 > 6, <n>""#, r#""5 < 6 and 7 > 6, 5.5""#);
}

#[test]
fn a_path_that_leads_nowhere_is_an_empty_text() {
    check(r#""gone: <no>""#, r#""gone: ""#);
    check(r#"{"a": "<no>", "b": <no>, "c": [<no>]}"#, r#"{"a": "", "b": "", "c": [""]}"#);
}

#[test]
fn every_template_has_the_predefined_variables() {
    check(
        r#"{"arn": <aws.events.rule-arn>, "name": <aws.events.rule-name>, "at": <aws.events.event.ingestion-time>}"#,
        r#"{"arn": "arn:rule", "name": "orders", "at": "2026-01-01T00:00:00Z"}"#,
    );
    check(
        r#""<aws.events.rule-arn> <aws.events.rule-name> <aws.events.event.ingestion-time>""#,
        r#""arn:rule orders 2026-01-01T00:00:00Z""#,
    );
    check(
        r#"{"e": <aws.events.event>}"#,
        r#"{"e": {"version":"0","detailType":"State-change","resources":["arn:a","arn:b"]}}"#,
    );
    let whole = r#"{"version":"0","detail-type":"State-change","resources":["arn:a","arn:b"],"detail":{"instance-id":"i-0123456789","state":"RUNNING","n":5.5,"yes":true,"nothing":null,"object":{"a":"b","c":[1]},"quoted":"a \"b\""}}"#;
    check(r#" {"e": <aws.events.event.json>}"#, &format!(r#" {{"e": {whole}}}"#));
}

#[test]
fn a_template_that_cannot_be_filled_in_is_refused() {
    let refused = |paths: &[(&str, &str)], template: &str, expected: &str| {
        let error = Input::new("t", None, None, Some(&transformer(paths, template)));
        assert_eq!(error.expect_err("the table's transformer is invalid").message, expected, "{template}");
    };
    let only_json =
        |name| format!("InputTemplate for target t contains placeholder {name} valid only for JSON template.");
    for name in ["aws.events.event", "aws.events.event.json"] {
        refused(&[], &format!("[<{name}>]"), &only_json(name));
        refused(&[], &format!("\"was <{name}>\""), &only_json(name));
    }
    refused(&[], "\"<other>\"", "InputTemplate for target t contains invalid placeholder other.");
    refused(&[], "<aws.events.id>", "InputTemplate for target t contains invalid placeholder aws.events.id.");
    refused(&[("AWS-a", "$.a")], "1", "Invalid variable name AWS-a in InputPathsMap for target t.");
    refused(&[("a.b", "$.a")], "1", "Invalid variable name a.b in InputPathsMap for target t.");
    refused(&[("a", "a")], "<a>", "Invalid InputPath a in InputPathsMap for target t.");
    let not_json = "Invalid InputTemplate for target t : key must be a string at line 1 column 2";
    refused(&[("a", "$.a")], "{<a>: 1}", not_json);
    let names: Vec<_> = (0..101).map(|n| format!("v{n}")).collect();
    let many: Vec<_> = names.iter().map(|name| (name.as_str(), "$.a")).collect();
    refused(&many, "1", "The InputPathsMap of target t must have length less than or equal to 100.");
    let long = format!("\"{}\"", "x".repeat(8191));
    refused(&[], &long, "The InputTemplate of target t must have length less than or equal to 8192.");
}
