//! One table per operator: a pattern, documents that match it, documents that do not.

use serde_json::{Value, json};

use super::Pattern;

/// Checks a list of comparisons for the field `x` against values of `x`.
fn check(comparisons: Value, matching: &[Value], others: &[Value]) {
    let pattern = Pattern::parse(&json!({ "x": comparisons })).expect("the table's pattern is valid");
    for value in matching {
        assert_eq!(pattern.mismatches(&json!({ "x": value })), [""; 0], "{comparisons} should match {value}");
    }
    for value in others {
        assert!(!pattern.matches(&json!({ "x": value })), "{comparisons} should not match {value}");
    }
}

fn check_document(pattern: Value, document: Value, expected: bool) {
    let parsed = Pattern::parse(&pattern).expect("the table's pattern is valid");
    assert_eq!(parsed.matches(&document), expected, "{pattern} on {document}");
}

fn check_refused(pattern: Value, path: &str, part_of_message: &str) {
    let error = Pattern::parse(&pattern).expect_err("the table's pattern is invalid");
    assert_eq!(error.path, path, "{pattern}: {error}");
    assert!(error.message.contains(part_of_message), "{pattern}: {error}");
}

#[test]
fn exact_values_match_by_type_and_as_written() {
    check(json!(["a"]), &[json!("a")], &[json!("A"), json!("ab"), json!(1), json!(null)]);
    check(json!([""]), &[json!("")], &[json!(null), json!("a")]);
    check(json!([300]), &[json!(300)], &[json!(300.0), json!("300"), json!(301)]);
    check(json!([true]), &[json!(true)], &[json!(false), json!("true")]);
    check(json!([null]), &[json!(null)], &[json!(""), json!("null"), json!(0)]);
    check(json!(["a", 1]), &[json!("a"), json!(1)], &[json!("b")]);
}

#[test]
fn any_element_of_an_array_in_the_event_matches() {
    check(json!(["a"]), &[json!(["b", "a"]), json!([["a"]])], &[json!(["b"]), json!([])]);
    check(json!([{"prefix": "a"}]), &[json!(["b", "ab"])], &[json!(["b"])]);
    check(json!([{"anything-but": "a"}]), &[json!(["a", "b"])], &[json!(["a", "a"])]);
}

#[test]
fn prefix_and_suffix_match_strings_only() {
    check(json!([{"prefix": "us-"}]), &[json!("us-east-1"), json!("us-")], &[json!("eu-us-"), json!("US-"), json!(5)]);
    check(json!([{"prefix": ""}]), &[json!(""), json!("a")], &[json!(1)]);
    check(json!([{"suffix": ".png"}]), &[json!("a.png")], &[json!("a.PNG"), json!(".png.")]);
    check(json!([{"prefix": {"equals-ignore-case": "EventB"}}]), &[json!("eventBridge")], &[json!("even")]);
    check(json!([{"suffix": {"equals-ignore-case": ".PNG"}}]), &[json!("a.png"), json!("a.pNg")], &[json!("png")]);
}

#[test]
fn equals_ignore_case_compares_whole_strings() {
    check(json!([{"equals-ignore-case": "alice"}]), &[json!("ALICE"), json!("Alice")], &[json!("alices"), json!(1)]);
}

#[test]
fn wildcard_stands_for_any_characters_and_can_be_escaped() {
    check(
        json!([{"wildcard": "dir/*.png"}]),
        &[json!("dir/a.png"), json!("dir/a/b.png"), json!("dir/.png")],
        &[json!("dir/a.jpg"), json!("xdir/a.png"), json!(1)],
    );
    check(json!([{"wildcard": "*"}]), &[json!(""), json!("a")], &[json!(1)]);
    check(json!([{"wildcard": "a*b*c"}]), &[json!("abc"), json!("abbc")], &[json!("ac"), json!("abcd")]);
    check(json!([{"wildcard": "ab*ba"}]), &[json!("abba")], &[json!("aba")]);
    check(json!([{"wildcard": "a\\*b\\\\*"}]), &[json!("a*b\\"), json!("a*b\\c")], &[json!("axb\\"), json!("a*b")]);
    check(json!([{"wildcard": "plain"}]), &[json!("plain")], &[json!("plainer")]);
}

#[test]
fn anything_but_matches_every_value_that_is_there_except_those() {
    check(json!([{"anything-but": "a"}]), &[json!("b"), json!(1), json!(null), json!(true)], &[json!("a"), json!([])]);
    check(json!([{"anything-but": 5}]), &[json!(4), json!("5")], &[json!(5), json!(5.0)]);
    check(json!([{"anything-but": ["a", "b"]}]), &[json!("c")], &[json!("a"), json!("b")]);
    check(json!([{"anything-but": [1, 2]}]), &[json!(3)], &[json!(1), json!(2)]);
    check(json!([{"anything-but": {"prefix": "us-"}}]), &[json!("eu"), json!(1)], &[json!("us-1")]);
    check(json!([{"anything-but": {"prefix": ["us-", "eu-"]}}]), &[json!("ap-1")], &[json!("us-1"), json!("eu-1")]);
    check(json!([{"anything-but": {"suffix": ".png"}}]), &[json!("a.jpg")], &[json!("a.png")]);
    check(json!([{"anything-but": {"suffix": [".png", ".gif"]}}]), &[json!("a.jpg")], &[json!("a.gif")]);
    check(json!([{"anything-but": {"equals-ignore-case": "a"}}]), &[json!("b")], &[json!("A"), json!("a")]);
    check(json!([{"anything-but": {"equals-ignore-case": ["a", "b"]}}]), &[json!("c")], &[json!("A"), json!("B")]);
    check(json!([{"anything-but": {"wildcard": "*/lib/*"}}]), &[json!("/src/a")], &[json!("/lib/a")]);
    check(json!([{"anything-but": {"wildcard": ["*/lib/*", "*/bin/*"]}}]), &[json!("/src/a")], &[json!("x/bin/a")]);
    check_document(json!({"x": [{"anything-but": "a"}]}), json!({}), false);
}

#[test]
fn numeric_compares_by_value_within_ranges() {
    check(json!([{"numeric": ["=", 300]}]), &[json!(300), json!(300.0), json!(3.0e2)], &[json!(301), json!("300")]);
    check(json!([{"numeric": ["<", 10]}]), &[json!(9.9), json!(-5)], &[json!(10), json!(null)]);
    check(json!([{"numeric": ["<=", 10]}]), &[json!(10)], &[json!(10.1)]);
    check(json!([{"numeric": [">", 10]}]), &[json!(11)], &[json!(10), json!(5)]);
    check(json!([{"numeric": [">=", 10.5]}]), &[json!(10.5)], &[json!(10)]);
    check(json!([{"numeric": [">", 10, "<=", 20]}]), &[json!(10.1), json!(20)], &[json!(10), json!(21)]);
}

#[test]
fn exists_looks_at_leaves_only() {
    check(json!([{"exists": true}]), &[json!("a"), json!(null), json!([1])], &[json!({"y": 1}), json!([])]);
    check(json!([{"exists": false}]), &[json!({"y": 1})], &[json!("a"), json!(null)]);
    check_document(json!({"x": [{"exists": false}]}), json!({"y": 1}), true);
    check_document(json!({"x": [{"exists": true}]}), json!({"y": 1}), false);
    check_document(json!({"x": {"y": [{"exists": false}]}}), json!({}), true);
    check_document(json!({"x": {"y": [{"exists": false}]}}), json!({"x": [{"y": 1}, {"z": 1}]}), false);
    check_document(json!({"x": [{"exists": false}, "a"]}), json!({"x": "a"}), true);
    check_document(json!({"x": [{"exists": false}, "a"]}), json!({"x": "b"}), false);
}

#[test]
fn cidr_matches_addresses_within_the_block() {
    check(json!([{"cidr": "10.0.0.0/24"}]), &[json!("10.0.0.255")], &[json!("10.0.1.0"), json!("x"), json!("::1")]);
    check(json!([{"cidr": "0.0.0.0/0"}]), &[json!("1.2.3.4")], &[json!("::1")]);
    check(json!([{"cidr": "2001:db8::/32"}]), &[json!("2001:db8:1::1")], &[json!("2001:db9::1"), json!("10.0.0.1")]);
}

#[test]
fn or_holds_where_one_alternative_does_beside_the_other_fields() {
    let pattern = json!({"source": ["s"], "detail": {"$or": [{"a": [1]}, {"b": [{"numeric": [">", 5]}]}], "c": ["c"]}});
    check_document(pattern.clone(), json!({"source": "s", "detail": {"a": 1, "c": "c"}}), true);
    check_document(pattern.clone(), json!({"source": "s", "detail": {"b": 6, "c": "c"}}), true);
    check_document(pattern.clone(), json!({"source": "s", "detail": {"a": 2, "b": 5, "c": "c"}}), false);
    check_document(pattern.clone(), json!({"source": "s", "detail": {"a": 1}}), false);
    check_document(json!({"$or": [{"a": [1]}, {"b": [1]}]}), json!({"b": 1}), true);
}

#[test]
fn fields_of_an_array_of_objects_are_met_by_one_element() {
    let pattern = json!({"items": {"sku": ["a"], "count": [2]}});
    check_document(pattern.clone(), json!({"items": [{"sku": "b", "count": 1}, {"sku": "a", "count": 2}]}), true);
    check_document(pattern.clone(), json!({"items": [{"sku": "a", "count": 1}, {"sku": "b", "count": 2}]}), false);
    check_document(pattern, json!({"items": {"sku": "a", "count": 2}}), true);
}

#[test]
fn what_eventbridge_refuses_is_refused_with_its_path() {
    check_refused(json!([]), "$", "not an object");
    check_refused(json!({}), "$", "Empty objects");
    check_refused(json!({"detail": {}}), "detail", "Empty objects");
    check_refused(json!({"detail": {"a": []}}), "detail.a", "Empty arrays");
    check_refused(json!({"source": "x"}), "source", "\"source\" must be an object or an array");
    check_refused(json!({"a": [["b"]]}), "a", "Match value must be");
    check_refused(json!({"a": [{"contains": "b"}]}), "a", "Unrecognized match type contains");
    check_refused(json!({"a": [{"prefix": "b", "suffix": "c"}]}), "a", "Only one key");
    check_refused(json!({"a": [{}]}), "a", "Only one key");
    check_refused(json!({"a": [{"prefix": 1}]}), "a", "prefix match pattern must be a string");
    check_refused(json!({"a": [{"suffix": {"prefix": "b"}}]}), "a", "suffix match pattern must be a string");
    check_refused(json!({"a": [{"equals-ignore-case": ["b"]}]}), "a", "must be a string");
    check_refused(json!({"a": [{"wildcard": "a**b"}]}), "a", "Consecutive wildcard");
    check_refused(json!({"a": [{"wildcard": "a\\b"}]}), "a", "Invalid escape");
    check_refused(json!({"a": [{"anything-but": []}]}), "a", "Empty arrays");
    check_refused(json!({"a": [{"anything-but": [1, "b"]}]}), "a", "mixed type");
    check_refused(json!({"a": [{"anything-but": true}]}), "a", "anything-but must be");
    check_refused(json!({"a": [{"anything-but": {"numeric": ["=", 1]}}]}), "a", "Unsupported anything-but");
    check_refused(json!({"a": [{"anything-but": {"prefix": ""}}]}), "a", "Null prefix");
    check_refused(json!({"a": [{"numeric": ">"}]}), "a", "must be an array");
    check_refused(json!({"a": [{"numeric": []}]}), "a", "empty");
    check_refused(json!({"a": [{"numeric": ["!", 1]}]}), "a", "Unrecognized numeric");
    check_refused(json!({"a": [{"numeric": [">"]}]}), "a", "must be numeric");
    check_refused(json!({"a": [{"numeric": [">", "1"]}]}), "a", "must be numeric");
    check_refused(json!({"a": [{"numeric": ["<", 1, ">", 0]}]}), "a", "Bad numeric range");
    check_refused(json!({"a": [{"numeric": [">", 5, "<", 5]}]}), "a", "Bottom must be less");
    check_refused(json!({"a": [{"numeric": [">", 6e9]}]}), "a", "between");
    check_refused(json!({"a": [{"exists": "true"}]}), "a", "true or false");
    check_refused(json!({"a": [{"cidr": "10.0.0.0"}]}), "a", "CIDR");
    check_refused(json!({"a": [{"cidr": "10.0.0.0/32"}]}), "a", "CIDR");
    check_refused(json!({"$or": [{"a": [1]}]}), "$or", "at least two");
    check_refused(json!({"detail": {"$or": [{"a": [1]}, {"b": []}]}}), "detail.$or.b", "Empty arrays");
}

#[test]
fn or_may_not_multiply_to_more_than_1000_combinations() {
    let ten = json!(vec![json!({"a": [1]}); 10]);
    let within = json!({"x": {"$or": ten}, "y": {"$or": ten}, "z": {"$or": ten}});
    assert!(Pattern::parse(&within).is_ok());
    let beyond = json!({"x": {"$or": ten}, "y": {"$or": ten}, "z": {"$or": ten}, "$or": [{"a": [1]}, {"b": [1]}]});
    check_refused(beyond, "$", "Too many combinations");
}

#[test]
fn mismatches_say_which_path_did_not_match_and_why() {
    let pattern = json!({
        "source": ["shop"],
        "detail": {"total": [{"numeric": [">", 10]}], "kind": ["a", "b"], "gone": [1], "$or": [{"p": [1]}, {"q": [2]}]},
    });
    let pattern = Pattern::parse(&pattern).expect("the pattern is valid");
    let mismatches =
        pattern.mismatches(&json!({"source": "shop", "detail": {"total": 5, "kind": "c", "p": {}, "q": 3}}));
    assert_eq!(
        mismatches,
        [
            "detail.total: 5 does not match {\"numeric\":[\">\",10]}",
            "detail.kind: \"c\" does not match any of \"a\", \"b\"",
            "detail.gone: is missing and does not match 1",
            "detail.$or: no alternative holds (detail.p: is an object and does not match 1; \
             detail.q: 3 does not match 2)",
        ]
    );
}
