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

/// Checks the place in a pattern that is refused, and EventBridge's words for it.
fn check_refused(pattern: Value, path: &str, message: &str) {
    let error = Pattern::parse(&pattern).expect_err("the table's pattern is invalid");
    assert_eq!((error.path.as_str(), error.message.as_str()), (path, message), "{pattern}");
}

/// The same of one comparison for the field `x`.
fn check_comparison_refused(comparison: Value, message: &str) {
    check_refused(json!({ "x": [comparison] }), "x", message);
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
    check(json!([{"anything-but": {"equals-ignore-case": ""}}]), &[json!("a"), json!(null)], &[json!("")]);
    check(json!([{"anything-but": {"wildcard": ""}}]), &[json!("a")], &[json!("")]);
    check(json!([{"anything-but": {"wildcard": "a\\*"}}]), &[json!("ab")], &[json!("a*")]);
    check(json!([{"anything-but": {"prefix": ["init", "test"]}}]), &[json!(12), json!(null), json!(true)], &[]);
    check(json!([{"anything-but": 0}]), &[json!(1), json!(null)], &[json!(0), json!(0.0)]);
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
    check(json!([{"numeric": [">", 0]}]), &[json!(5e9)], &[json!(5_000_000_001_u64), json!("1")]);
    check(json!([{"numeric": ["<", 0]}]), &[json!(-5e9)], &[json!(-5_000_000_001_i64)]);
    check(json!([{"numeric": [">=", -1, "<", 0.5]}]), &[json!(-1), json!(0)], &[json!(0.5), json!(-1.1)]);
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
    check(json!([{"cidr": "10.0.0.77/24"}]), &[json!("10.0.0.1")], &[json!("10.0.1.77"), json!(10), json!(null)]);
    check(json!([{"cidr": "10.0.0.0/31"}]), &[json!("10.0.0.1")], &[json!("10.0.0.2")]);
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
    let pattern =
        json!({"s": ["s"], "$or": [{"a": [1]}, {"b": [1], "$or": [{"c": [{"exists": false}]}, {"d": {"e": [1]}}]}]});
    check_document(pattern.clone(), json!({"s": "s", "b": 1}), true);
    check_document(pattern.clone(), json!({"s": "s", "b": 1, "c": 1, "d": {"e": 1}}), true);
    check_document(pattern.clone(), json!({"s": "s", "b": 1, "c": 1}), false);
    check_document(pattern, json!({"s": "s", "d": {"e": 1}}), false);
    let pattern = json!({"$or": [{"a": [1]}, {"b": [1]}], "detail": {"$or": [{"c": [1]}, {"d": [1]}]}});
    check_document(pattern.clone(), json!({"b": 1, "detail": {"c": 1}}), true);
    check_document(pattern, json!({"b": 1, "detail": {"e": 1}}), false);
    let pattern = json!({"items": {"$or": [{"a": [1]}, {"b": [1]}], "c": [1]}});
    check_document(pattern.clone(), json!({"items": [{"a": 1}, {"c": 1}]}), false);
    check_document(pattern, json!({"items": [{"a": 1}, {"b": 1, "c": 1}]}), true);
}

#[test]
fn fields_of_an_array_of_objects_are_met_by_one_element() {
    let pattern = json!({"items": {"sku": ["a"], "count": [2]}});
    check_document(pattern.clone(), json!({"items": [{"sku": "b", "count": 1}, {"sku": "a", "count": 2}]}), true);
    check_document(pattern.clone(), json!({"items": [{"sku": "a", "count": 1}, {"sku": "b", "count": 2}]}), false);
    check_document(pattern, json!({"items": {"sku": "a", "count": 2}}), true);
}

#[test]
fn a_dot_in_a_name_leads_into_an_object() {
    let running = json!({"detail": {"state": {"status": "running"}}});
    check_document(json!({"detail.state.status": ["running"]}), running.clone(), true);
    check_document(json!({"detail": {"state.status": ["running"]}}), running.clone(), true);
    check_document(json!({"detail": {"state.status": ["stopped"]}}), running.clone(), false);
    check_document(json!({"detail": {"state.status": {"status": ["running"]}}}), running, false);
    let dotted = json!({"detail": {"state.status": "running"}});
    check_document(json!({"detail": {"state": {"status": ["running"]}}}), dotted.clone(), true);
    check_document(json!({"detail": {"state.status": ["running"]}}), dotted.clone(), true);
    check_document(json!({"detail": {"state": {"status": [{"exists": false}]}}}), dotted, false);
    let both = json!({"a.b": 1, "a": {"b": 2, "c": 3}});
    check_document(json!({"a": {"b": [1], "c": [3]}}), both.clone(), true);
    check_document(json!({"a.b": [2]}), both, true);
    let items = json!({"items": {"sku": ["a"]}, "items.count": [2]});
    check_document(items.clone(), json!({"items": [{"sku": "a", "count": 2}]}), true);
    check_document(items, json!({"items": [{"sku": "a", "count": 1}, {"sku": "b", "count": 2}]}), false);
}

#[test]
fn what_eventbridge_refuses_is_refused_with_its_path() {
    check_refused(json!([]), "$", "Filter is not an object");
    check_refused(json!({}), "$", "Empty objects are not allowed");
    check_refused(json!({"detail": {}}), "detail", "Empty objects are not allowed");
    check_refused(json!({"detail": {"a": []}}), "detail.a", "Empty arrays are not allowed");
    check_refused(json!({"source": "x"}), "source", "\"source\" must be an object or an array");
    check_refused(json!({"a": [["b"]]}), "a", "Match value must be String, number, true, false, or null");
    check_refused(json!({"$or": {"a": [1]}}), "$or", "It must be an Array followed with $or.");
    check_refused(json!({"$or": [[1], [2]]}), "$or", "Only JSON object is allowed in array of $or relationship.");
    check_refused(json!({"$or": [{"a": [1]}]}), "$or", "There must have at least 2 Objects in $or relationship.");
    check_refused(json!({"detail": {"$or": [{"a": [1]}, {"b": []}]}}), "detail.$or.b", "Empty arrays are not allowed");
    check_refused(
        json!({"$or": [{"a": [1]}, {"b": {"prefix": ["c"]}}]}),
        "$or.b.prefix",
        "prefix is Ruler reserved fieldName which cannot be used inside $or.",
    );
}

#[test]
fn operators_are_refused_in_the_words_of_event_ruler() {
    let one_key = "Only one key allowed in match expression";
    let ignoring_case = "equals-ignore-case match pattern must be a string";
    check_comparison_refused(json!({}), "Match expression name not found");
    check_comparison_refused(json!({"contains": "b"}), "Unrecognized match type contains");
    check_comparison_refused(json!({"EXISTS": true}), "Unrecognized match type EXISTS");
    check_comparison_refused(json!({"prefix": "b", "suffix": "c"}), one_key);
    check_comparison_refused(json!({"prefix": 1}), "prefix match pattern must be a string");
    check_comparison_refused(json!({"suffix": [".png"]}), "suffix match pattern must be a string");
    check_comparison_refused(json!({"prefix": {}}), "Prefix expression name not found");
    check_comparison_refused(json!({"suffix": {"prefix": "b"}}), "Unsupported suffix pattern: prefix");
    check_comparison_refused(json!({"prefix": {"equals-ignore-case": 1}}), ignoring_case);
    check_comparison_refused(json!({"prefix": {"equals-ignore-case": "a", "b": "c"}}), one_key);
    check_comparison_refused(json!({"equals-ignore-case": ["b"]}), ignoring_case);
    check_comparison_refused(json!({"equals-ignore-case": {"prefix": "b"}}), ignoring_case);
    check_comparison_refused(json!({"wildcard": ["a*"]}), "wildcard match pattern must be a string");
    check_comparison_refused(json!({"wildcard": "a**b"}), "Consecutive wildcard characters at pos 2");
    check_comparison_refused(json!({"wildcard": "é**b"}), "Consecutive wildcard characters at pos 3");
    check_comparison_refused(json!({"wildcard": "a\\b"}), "Invalid escape character at pos 2");
    check_comparison_refused(json!({"wildcard": "a\\"}), "Invalid escape character at pos 2");
    check_comparison_refused(json!({"exists": "true"}), "exists match pattern must be either true or false.");
    check_comparison_refused(json!({"cidr": ["10.0.0.0/8"]}), "prefix match pattern must be a string");
    check_comparison_refused(json!({"cidr": "10.0.0.0"}), "Malformed CIDR, one '/' required");
    check_comparison_refused(json!({"cidr": "10.0.0.0/8/8"}), "Malformed CIDR, one '/' required");
    check_comparison_refused(json!({"cidr": "10.0.0.0/x"}), "Malformed CIDR, mask bits must be an integer");
    check_comparison_refused(json!({"cidr": "10.0.0.0/-1"}), "Malformed CIDR, mask bits must not be negative");
    check_comparison_refused(json!({"cidr": "10.0.0.0/32"}), "IPv4 mask bits must be < 32");
    check_comparison_refused(json!({"cidr": "::/128"}), "IPv6 mask bits must be < 128");
    check_comparison_refused(json!({"cidr": "xx.11.xx/8"}), "Nonstandard IP address: xx.11.xx");
}

#[test]
fn anything_but_is_refused_in_the_words_of_event_ruler() {
    let refused = |operand: Value, message| check_comparison_refused(json!({ "anything-but": operand }), message);
    let mixed = "Inside anything but list, either all values are number or string, mixed type is not supported";
    let not_a_value = "Value of anything-but must be an array or single string/number value.";
    refused(json!([]), mixed);
    refused(json!([1, "b"]), mixed);
    refused(json!(["a", null]), "Inside anything but list, start|null|boolean is not supported.");
    refused(json!([{"wildcard": "a*"}]), "Inside anything but list, start|null|boolean is not supported.");
    refused(json!(true), not_a_value);
    refused(json!(null), not_a_value);
    refused(json!({}), "Anything-But expression name not found");
    refused(json!({"numeric": ["=", 1]}), "Unsupported anything-but pattern: numeric");
    refused(json!({"prefix": {"equals-ignore-case": "a"}}), not_a_value);
    refused(json!({"suffix": {"equals-ignore-case": "a"}}), not_a_value);
    refused(json!({"prefix": ""}), "Null prefix/suffix not allowed");
    refused(json!({"suffix": ["a", ""]}), "Null prefix/suffix not allowed");
    refused(json!({"prefix": 123}), "prefix/suffix match pattern must be a string");
    refused(json!({"suffix": [123, ".txt"]}), "prefix/suffix match pattern must be a string");
    refused(json!({"wildcard": [123, "*/dir/*"]}), "wildcard match pattern must be a string");
    refused(json!({"wildcard": ["a", "b**"]}), "Consecutive wildcard characters at pos 2");
    refused(
        json!({"equals-ignore-case": [123, 456]}),
        "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.",
    );
    refused(json!({"prefix": "a", "suffix": "b"}), "Too many elements in numeric expression");
    check_comparison_refused(json!({"anything-but": "a", "b": 1}), "Too many elements in numeric expression");
}

#[test]
fn numeric_is_refused_in_the_words_of_event_ruler() {
    let refused = |operand: Value, message| check_comparison_refused(json!({ "numeric": operand }), message);
    let too_many = "Too many elements in numeric expression";
    refused(json!(">"), "Value of numeric must be an array.");
    refused(json!([]), "Invalid member in numeric match: ]");
    refused(json!([1]), "Invalid member in numeric match: 1");
    refused(json!(["!", 1]), "Unrecognized numeric range operator: !");
    refused(json!(["=", "1"]), "Value of equals must be numeric");
    refused(json!([">"]), "Value of > must be numeric");
    refused(json!([">", "1"]), "Value of > must be numeric");
    refused(json!([">", 0, "<"]), "Value of < must be numeric");
    refused(json!([">", 0, 5]), "Bad value in numeric range: 5");
    refused(json!([">", 0, ">", 0]), "Bad numeric range operator: >");
    refused(json!(["=", 1, "<", 2]), too_many);
    refused(json!(["<", 1, ">", 0]), too_many);
    refused(json!([">", 1, "<", 5, "<", 6]), "Too many terms in numeric range expression");
    refused(json!([">", 5, "<", 5]), "Bottom must be less than top");
    refused(json!([">", 6e9]), "Value must be between -5.0E9 and 5.0E9, inclusive");
    check_comparison_refused(json!({"numeric": ["=", 1], "b": 1}), too_many);
}

#[test]
fn or_may_not_multiply_to_more_than_1000_combinations() {
    let ten = json!(vec![json!({"a": [1]}); 10]);
    let within = json!({"x": {"$or": ten}, "y": {"$or": ten}, "z": {"$or": ten}});
    assert!(Pattern::parse(&within).is_ok());
    let beyond = json!({"x": {"$or": ten}, "y": {"$or": ten}, "z": {"$or": ten}, "$or": [{"a": [1]}, {"b": [1]}]});
    check_refused(beyond, "$", "Too many combinations of $or, at most 1000 are allowed");
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
