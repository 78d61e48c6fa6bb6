//! Filter policies: which subscription gets which message.

use rstest::rstest;
use serde_json::{Value, json};

use crate::setup::{FUNCTION, TOPIC, attribute, setup};

#[rstest]
#[case::attribute(&[("FilterPolicy", r#"{"kind": ["new"]}"#)], true)]
#[case::other_value(&[("FilterPolicy", r#"{"kind": ["old"]}"#)], false)]
#[case::number(&[("FilterPolicy", r#"{"total": [{"numeric": [">", 10]}]}"#)], true)]
#[case::array(&[("FilterPolicy", r#"{"tags": ["b"]}"#)], true)]
#[case::missing(&[("FilterPolicy", r#"{"gone": [{"exists": true}]}"#)], false)]
#[case::body(&[("FilterPolicy", r#"{"order": {"id": [1]}}"#), ("FilterPolicyScope", "MessageBody")], true)]
#[case::other_body(&[("FilterPolicy", r#"{"order": {"id": [2]}}"#), ("FilterPolicyScope", "MessageBody")], false)]
#[case::empty(&[("FilterPolicy", "{}")], true)]
#[tokio::test(start_paused = true)]
async fn a_filter_policy_decides_on_attributes_or_body(#[case] attributes: &[(&str, &str)], #[case] delivered: bool) {
    let setup = setup().await;
    setup.subscribe("lambda", FUNCTION, attributes).await;
    let publish = setup.sns.publish().topic_arn(TOPIC).message(r#"{"order": {"id": 1}}"#);
    let publish = publish.message_attributes("kind", attribute("String", "new"));
    let publish = publish.message_attributes("total", attribute("Number", "12.5"));
    publish.message_attributes("tags", attribute("String.Array", r#"["a", "b"]"#)).send().await.expect("published");
    assert_eq!(setup.delivered().len(), usize::from(delivered));
}

/// The operators on message attributes, each with values that match and values that do not: a value is an attribute's type
/// and text, none an attribute that is not there.
/// <https://docs.aws.amazon.com/sns/latest/dg/attribute-and-payload-filtering.html>
#[rstest]
#[case::exact(json!(["a", "b"]), &[("String", "b")], &[("String", "A"), ("String", "c"), ("", "")])]
#[case::anything_but(json!([{"anything-but": ["a", "b"]}]), &[("String", "c"), ("Number", "1")], &[("String", "a"), ("", "")])]
#[case::anything_but_number(json!([{"anything-but": [1]}]), &[("Number", "2")], &[("Number", "1")])]
#[case::anything_but_prefix(json!([{"anything-but": {"prefix": "a-"}}]), &[("String", "b-1")], &[("String", "a-1")])]
#[case::anything_but_suffix(json!([{"anything-but": {"suffix": "-a"}}]), &[("String", "1-b")], &[("String", "1-a")])]
#[case::anything_but_wildcard(json!([{"anything-but": {"wildcard": "a*z"}}]), &[("String", "ab")], &[("String", "abz")])]
#[case::prefix(json!([{"prefix": "a-"}]), &[("String", "a-1")], &[("String", "1-a")])]
#[case::suffix(json!([{"suffix": "-a"}]), &[("String", "1-a")], &[("String", "a-1")])]
#[case::ignoring_case(json!([{"equals-ignore-case": "tennis"}]), &[("String", "TENNIS")], &[("String", "tenni")])]
#[case::wildcard(json!([{"wildcard": "a*z"}]), &[("String", "abcz")], &[("String", "abc")])]
#[case::cidr(json!([{"cidr": "10.0.0.0/24"}]), &[("String", "10.0.0.7")], &[("String", "10.0.1.7")])]
#[case::numeric(json!([{"numeric": [">", 0, "<=", 150]}]), &[("Number", "150"), ("Number.float", "0.5")], &[("Number", "0"), ("String", "5")])]
#[case::equal(json!([{"numeric": ["=", 301.5]}]), &[("Number", "301.5"), ("Number", "3.015e2")], &[("Number", "301")])]
#[case::exists(json!([{"exists": true}]), &[("String", "a")], &[("", ""), ("Binary", "a")])]
#[case::absent(json!([{"exists": false}]), &[("", "")], &[("String", "a")])]
#[case::null(json!([null]), &[("", ""), ("String.Array", r#"["a", null]"#)], &[("String", "null")])]
#[case::array(json!(["b"]), &[("String.Array", r#"["a", "b"]"#)], &[("String.Array", r#"["a"]"#), ("String.Array", "[]")])]
#[case::array_of_numbers(json!([{"numeric": ["<", 5]}]), &[("String.Array", r#"["a", 4]"#)], &[("String.Array", "[6]")])]
#[case::boolean(json!([true]), &[("String.Array", "[true]")], &[("String", "true")])]
#[tokio::test(start_paused = true)]
async fn every_operator_decides_on_message_attributes(
    #[case] wanted: Value,
    #[case] matching: &[(&str, &str)],
    #[case] others: &[(&str, &str)],
) {
    let setup = setup().await;
    setup.subscribe("lambda", FUNCTION, &[("FilterPolicy", &json!({ "x": wanted }).to_string())]).await;
    for (index, (data_type, value)) in matching.iter().chain(others).enumerate() {
        let publish = setup.sns.publish().topic_arn(TOPIC).message("m");
        let publish = match *data_type {
            "" => publish,
            "Binary" => {
                let binary = aws_sdk_sns::types::MessageAttributeValue::builder().data_type("Binary");
                let binary = binary.binary_value(aws_sdk_sns::primitives::Blob::new(*value)).build();
                publish.message_attributes("x", binary.expect("it has a type"))
            }
            data_type => publish.message_attributes("x", attribute(data_type, value)),
        };
        let before = setup.delivered().len();
        publish.send().await.expect("published");
        let delivered = setup.delivered().len() > before;
        assert_eq!(delivered, index < matching.len(), "{wanted} and {data_type} {value}");
    }
}

/// <https://docs.aws.amazon.com/sns/latest/dg/and-or-logic.html>
#[rstest]
#[case::all_keys(json!({"a": ["x"], "b": ["y"]}), r#"{"a": "x", "b": "y"}"#, true)]
#[case::one_key(json!({"a": ["x"], "b": ["y"]}), r#"{"a": "x"}"#, false)]
#[case::either(json!({"a": ["x"], "$or": [{"b": ["y"]}, {"c": [{"numeric": [">", 1]}]}]}), r#"{"a": "x", "c": 2}"#, true)]
#[case::neither(json!({"a": ["x"], "$or": [{"b": ["y"]}, {"c": [{"numeric": [">", 1]}]}]}), r#"{"a": "x", "c": 1}"#, false)]
#[case::nested(json!({"order": {"lines": {"sku": ["s-1"]}}}), r#"{"order": {"lines": [{"sku": "s-0"}, {"sku": "s-1"}]}}"#, true)]
#[case::nested_absent(json!({"order": {"gone": [{"exists": false}]}}), r#"{"order": {"id": 1}}"#, true)]
#[case::null(json!({"a": [null]}), r#"{"a": null}"#, true)]
#[case::null_is_no_absence(json!({"a": [null]}), "{}", false)]
#[case::boolean(json!({"a": [true]}), r#"{"a": true}"#, true)]
#[case::no_object(json!({"a": [{"exists": false}]}), "[1]", false)]
#[case::no_json(json!({"a": [{"exists": false}]}), "hello", false)]
#[tokio::test(start_paused = true)]
async fn a_policy_on_the_body_looks_into_it(#[case] policy: Value, #[case] body: &str, #[case] delivered: bool) {
    let setup = setup().await;
    let attributes = [("FilterPolicy", policy.to_string()), ("FilterPolicyScope", "MessageBody".to_owned())];
    let attributes = attributes.each_ref().map(|(name, value)| (*name, value.as_str()));
    setup.subscribe("lambda", FUNCTION, &attributes).await;
    setup.sns.publish().topic_arn(TOPIC).message(body).send().await.expect("published");
    assert_eq!(setup.delivered().len(), usize::from(delivered), "{policy} and {body}");
}

/// The combinations are the lengths of the lists multiplied, each by how deep it is nested; alternatives add up.
/// <https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html>
#[rstest]
#[case::attributes(json!({"a": many(15), "b": many(10)}), "MessageAttributes", None)]
#[case::too_many(json!({"a": many(151)}), "MessageAttributes", Some("FilterPolicy: Filter policy is too complex"))]
#[case::five_keys(json!({"a": ["x"], "b": ["x"], "c": ["x"], "d": ["x"], "e": ["x"]}), "MessageAttributes", None)]
#[case::six_keys(
    json!({"a": ["x"], "b": ["x"], "c": ["x"], "d": ["x"], "e": ["x"], "f": ["x"]}),
    "MessageAttributes",
    Some("FilterPolicy: Filter policy can not have more than 5 keys")
)]
#[case::depth_counts(json!({"a": {"b": {"c": many(4)}}, "d": {"e": many(3)}}), "MessageBody", None)]
#[case::too_deep(json!({"a": {"b": {"c": many(51)}}}), "MessageBody", Some("FilterPolicy: Filter policy is too complex"))]
#[case::alternatives_add_up(json!({"$or": [{"a": many(75)}, {"b": many(75)}]}), "MessageBody", None)]
#[case::too_many_alternatives(
    json!({"$or": [{"a": many(75)}, {"b": many(76)}]}),
    "MessageBody",
    Some("FilterPolicy: Filter policy is too complex")
)]
#[case::nesting_is_for_bodies(
    json!({"a": {"b": ["c"]}}),
    "MessageAttributes",
    Some("Filter policy scope MessageAttributes does not support nested filter policy")
)]
#[case::values_are_lists(json!({"key_a": "value_one"}), "MessageAttributes", Some("FilterPolicy: \"key_a\" must be an object or an array"))]
#[case::operator(json!({"a": [{"contains": "b"}]}), "MessageAttributes", Some("FilterPolicy: Unrecognized match type contains"))]
#[case::numbers(json!({"a": [{"numeric": ["=", 1e9]}]}), "MessageAttributes", None)]
#[case::greater_numbers(
    json!({"a": {"numeric": [{"numeric": [">", -1_000_000_001, "<", 0]}]}}),
    "MessageBody",
    Some("FilterPolicy: Value must be between -1.0E9 and 1.0E9, inclusive")
)]
#[case::two_operators(
    json!({"a": [{"prefix": "b", "suffix": "c"}]}),
    "MessageAttributes",
    Some("FilterPolicy: Only one key allowed in match expression")
)]
#[tokio::test(start_paused = true)]
async fn a_policy_keeps_within_its_limits(#[case] policy: Value, #[case] scope: &str, #[case] refused: Option<&str>) {
    let setup = setup().await;
    let policy = policy.to_string();
    let attributes = [("FilterPolicy", policy.as_str()), ("FilterPolicyScope", scope)];
    let subscribed = setup.try_subscribe(TOPIC, "lambda", FUNCTION, &attributes).await;
    let wording = refused.map(|reason| format!("InvalidParameter: Invalid parameter: Attributes Reason: {reason}"));
    assert_eq!(subscribed.err(), wording);
}

/// So many different values.
fn many(count: usize) -> Vec<String> {
    (0..count).map(|number| number.to_string()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_topic_has_at_most_200_filter_policies() {
    let setup = setup().await;
    let policy = [("FilterPolicy", r#"{"a": ["b"]}"#)];
    for number in 0..200 {
        setup.subscribe("lambda", &format!("{FUNCTION}{number}"), &policy).await;
    }
    let refused = setup.try_subscribe(TOPIC, "lambda", FUNCTION, &policy).await.expect_err("one too many");
    assert_eq!(refused, "FilterPolicyLimitExceeded: Filter policy limit exceeded for the topic");
    setup.subscribe("lambda", FUNCTION, &[]).await;
}
