//! What a function's response says of the messages or records of its batch.
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting>
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html>

use std::collections::BTreeSet;

use serde_json::Value;

/// Which items of a batch failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failed {
    None,
    /// Those with these ids: message ids, or sequence numbers of records.
    Some(BTreeSet<String>),
    /// The whole batch, for this reason.
    All(String),
}

impl Failed {
    /// Whether the item with this id failed.
    pub fn has(&self, id: &str) -> bool {
        match self {
            Self::None => false,
            Self::Some(ids) => ids.contains(id),
            Self::All(_) => true,
        }
    }

    /// Why, in a few words.
    pub fn reason(&self) -> &str {
        match self {
            Self::None => "nothing failed",
            Self::Some(_) => "named in batchItemFailures",
            Self::All(reason) => reason,
        }
    }
}

/// Reads a response to a batch of items with these ids. No list, null or an empty list: all succeeded. An identifier that is empty, null, not
/// text or not in the batch, or a response that is not of this shape: the whole batch failed.
pub fn failed_items<'b>(response: &str, ids: impl Iterator<Item = &'b str>) -> Failed {
    let Ok(response) = serde_json::from_str::<Value>(response) else {
        return Failed::All("the response is not JSON".to_owned());
    };
    let failures = match &response {
        Value::Null => return Failed::None,
        Value::Object(fields) => fields.get("batchItemFailures").unwrap_or(&Value::Null),
        _ => return Failed::All("the response is not an object with batchItemFailures".to_owned()),
    };
    let failures = match failures {
        Value::Null => return Failed::None,
        Value::Array(failures) if failures.is_empty() => return Failed::None,
        Value::Array(failures) => failures,
        _ => return Failed::All("batchItemFailures is not a list".to_owned()),
    };
    let known: BTreeSet<&str> = ids.collect();
    let mut failed = BTreeSet::new();
    for failure in failures {
        match failure["itemIdentifier"].as_str() {
            Some(id) if known.contains(id) => failed.insert(id.to_owned()),
            Some(id) => return Failed::All(format!("batchItemFailures names `{id}`, which is not in the batch")),
            None => return Failed::All("batchItemFailures has an entry without itemIdentifier".to_owned()),
        };
    }
    Failed::Some(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::null("null", &[])]
    #[case::empty_object("{}", &[])]
    #[case::null_list(r#"{"batchItemFailures": null}"#, &[])]
    #[case::empty_list(r#"{"batchItemFailures": []}"#, &[])]
    #[case::one(r#"{"batchItemFailures": [{"itemIdentifier": "b"}]}"#, &["b"])]
    #[case::not_json("nonsense", &["a", "b"])]
    #[case::wrong_shape(r#"["b"]"#, &["a", "b"])]
    #[case::not_a_list(r#"{"batchItemFailures": "b"}"#, &["a", "b"])]
    #[case::unknown_identifier(r#"{"batchItemFailures": [{"itemIdentifier": "c"}]}"#, &["a", "b"])]
    #[case::empty_identifier(r#"{"batchItemFailures": [{"itemIdentifier": ""}]}"#, &["a", "b"])]
    #[case::null_identifier(r#"{"batchItemFailures": [{"itemIdentifier": null}]}"#, &["a", "b"])]
    #[case::misspelt_key(r#"{"batchItemFailures": [{"ItemIdentifier": "b"}]}"#, &["a", "b"])]
    fn batch_item_failures_name_what_stays(#[case] response: &str, #[case] stays: &[&str]) {
        let batch = ["a", "b"];
        let failed = failed_items(response, batch.into_iter());
        let staying: Vec<_> = batch.into_iter().filter(|id| failed.has(id)).collect();
        assert_eq!(staying, stays);
    }
}
