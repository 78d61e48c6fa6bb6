//! Filter criteria: which messages or records of its source a mapping takes. A pattern is one of EventBridge's
//! language; what it says of a record's data is compared with the data read as JSON, or with its text.
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rehearsal_emulator::eventbridge::pattern::Pattern;
use serde_json::Value;

/// The field of a record that carries what its producer sent.
#[derive(Clone, Copy, Debug)]
pub enum DataField {
    /// There is none: the record is JSON throughout.
    None,
    Text(&'static str),
    Base64(&'static str),
}

/// The filters of one mapping.
#[derive(Debug)]
pub struct Filters {
    filters: Vec<Filter>,
    field: DataField,
}

#[derive(Debug)]
struct Filter {
    pattern: Pattern,
    written: Value,
}

/// In which form a pattern wants the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Json,
    Text,
}

impl Filters {
    /// Filters of these patterns. One that EventBridge would refuse is refused by the template.
    pub fn new(patterns: &[Value], field: DataField) -> Self {
        let filter =
            |written: &Value| Some(Filter { pattern: Pattern::parse(written).ok()?, written: written.clone() });
        Self { filters: patterns.iter().filter_map(filter).collect(), field }
    }

    /// Whether a record matches one of the filters, or there is none.
    pub fn pass(&self, record: impl FnOnce() -> Value) -> bool {
        if self.filters.is_empty() {
            return true;
        }
        let record = record();
        let matches =
            |filter: &Filter| self.seen_by(filter, &record).is_some_and(|record| filter.pattern.matches(&record));
        self.filters.iter().any(matches)
    }

    /// The record with its data in the form that a filter wants; none where the data has the other one.
    fn seen_by(&self, filter: &Filter, record: &Value) -> Option<Value> {
        let (DataField::Text(name) | DataField::Base64(name)) = self.field else { return Some(record.clone()) };
        let Some(form) = form(&filter.written, name) else { return Some(record.clone()) };
        let text = record[name].as_str()?;
        let text = match self.field {
            DataField::Base64(_) => String::from_utf8(STANDARD.decode(text).ok()?).ok()?,
            _ => text.to_owned(),
        };
        let json = serde_json::from_str::<Value>(&text).ok().filter(|json| json.is_object() || json.is_array());
        let mut record = record.clone();
        record[name] = match (form, json) {
            (Form::Json, Some(json)) => json,
            (Form::Text, None) => text.into(),
            _ => return None,
        };
        Some(record)
    }
}

/// The form in which a pattern names the data, at its top or in an alternative; none where it does not.
fn form(pattern: &Value, name: &str) -> Option<Form> {
    if let Some(data) = pattern.get(name) {
        return Some(if data.is_object() { Form::Json } else { Form::Text });
    }
    pattern["$or"].as_array()?.iter().find_map(|alternative| form(alternative, name))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    /// <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html>
    #[rstest]
    #[case::json_by_json(json!({ "body": { "n": [{ "numeric": [">", 5] }] } }), r#"{"n": 6}"#, true)]
    #[case::other_json(json!({ "body": { "n": [5] } }), r#"{"n": 6}"#, false)]
    #[case::text_by_text(json!({ "body": ["hello"] }), "hello", true)]
    #[case::other_text(json!({ "body": [{ "prefix": "he" }] }), "bye", false)]
    #[case::text_by_json(json!({ "body": { "n": [6] } }), "hello", false)]
    #[case::json_by_text(json!({ "body": [{ "anything-but": "hello" }] }), r#"{"n": 6}"#, false)]
    #[case::no_pattern_for_the_body(json!({ "messageId": ["1"] }), "hello", true)]
    #[case::an_alternative(json!({ "$or": [{ "body": { "n": [6] } }, { "messageId": ["2"] }] }), r#"{"n": 6}"#, true)]
    fn a_body_is_compared_in_the_form_that_the_pattern_has(
        #[case] pattern: Value,
        #[case] body: &str,
        #[case] passes: bool,
    ) {
        let filters = Filters::new(&[pattern], DataField::Text("body"));
        assert_eq!(filters.pass(|| json!({ "messageId": "1", "body": body })), passes);
    }

    #[rstest]
    #[case::json(br#"{"n": 6}"#, true)]
    #[case::not_json(b"n", false)]
    #[case::not_utf8(b"\xff", false)]
    fn data_is_read_out_of_its_base64(#[case] data: &[u8], #[case] passes: bool) {
        let filters = Filters::new(&[json!({ "data": { "n": [6] } })], DataField::Base64("data"));
        assert_eq!(filters.pass(|| json!({ "data": STANDARD.encode(data) })), passes);
    }

    #[test]
    fn one_filter_of_several_is_enough_and_none_lets_all_pass() {
        let record = || json!({ "eventName": "INSERT" });
        let of = |patterns: &[Value]| Filters::new(patterns, DataField::None).pass(record);
        assert!(of(&[]));
        assert!(of(&[json!({ "eventName": ["REMOVE"] }), json!({ "eventName": ["INSERT"] })]));
        assert!(!of(&[json!({ "eventName": ["REMOVE"] })]));
    }
}
