//! The event of an event source mapping of a table's stream.
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>

use aws_sdk_dynamodbstreams::types::{AttributeValue, Record, StreamRecord};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// A record as a function gets it.
pub fn record(record: &Record, stream_arn: &str) -> Value {
    let mut written = json!({
        "eventID": record.event_id(),
        "eventName": record.event_name().map(|name| name.as_str()),
        "eventVersion": record.event_version(),
        "eventSource": record.event_source(),
        "awsRegion": stream_arn.split(':').nth(3).unwrap_or_default(),
        "dynamodb": record.dynamodb().map(change),
        "eventSourceARN": stream_arn,
    });
    // Only what DynamoDB itself removes, such as an item whose time to live is over, tells who did.
    if let Some(identity) = record.user_identity() {
        written["userIdentity"] = json!({ "type": identity.r#type(), "principalId": identity.principal_id() });
    }
    written
}

/// What became of the item. An image is there where the stream's view has it, and never empty: some emulators give
/// an empty one where there was no item.
fn change(record: &StreamRecord) -> Value {
    let mut change = Map::new();
    let mut add = |name: &str, value: Option<Value>| change.extend(value.map(|value| (name.to_owned(), value)));
    add("ApproximateCreationDateTime", record.approximate_creation_date_time().map(|time| seconds(time.as_secs_f64())));
    add("Keys", record.keys().map(item));
    add("NewImage", record.new_image().filter(|image| !image.is_empty()).map(item));
    add("OldImage", record.old_image().filter(|image| !image.is_empty()).map(item));
    add("SequenceNumber", record.sequence_number().map(Value::from));
    add("SizeBytes", record.size_bytes().map(Value::from));
    add("StreamViewType", record.stream_view_type().map(|view| view.as_str().into()));
    Value::Object(change)
}

/// Whole seconds without a fraction.
fn seconds(time: f64) -> Value {
    if time.fract() == 0.0 { json!(time as i64) } else { json!(time) }
}

/// Attributes in the order of their names, since the SDK keeps them in none.
fn item<'i>(attributes: impl IntoIterator<Item = (&'i String, &'i AttributeValue)>) -> Value {
    let mut attributes: Vec<_> = attributes.into_iter().collect();
    attributes.sort_by_key(|(name, _)| *name);
    attributes.into_iter().map(|(name, value)| (name.clone(), attribute(value))).collect::<Map<_, _>>().into()
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_AttributeValue.html>
fn attribute(value: &AttributeValue) -> Value {
    let base64 = |bytes: &[u8]| STANDARD.encode(bytes);
    match value {
        AttributeValue::B(bytes) => json!({ "B": base64(bytes.as_ref()) }),
        AttributeValue::Bool(value) => json!({ "BOOL": value }),
        AttributeValue::Bs(all) => json!({ "BS": all.iter().map(|bytes| base64(bytes.as_ref())).collect::<Vec<_>>() }),
        AttributeValue::L(members) => json!({ "L": members.iter().map(attribute).collect::<Vec<_>>() }),
        AttributeValue::M(members) => json!({ "M": item(members) }),
        AttributeValue::N(number) => json!({ "N": number }),
        AttributeValue::Ns(numbers) => json!({ "NS": numbers }),
        AttributeValue::Null(value) => json!({ "NULL": value }),
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::Ss(texts) => json!({ "SS": texts }),
        // A type of attribute that DynamoDB does not have yet.
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attribute_values_are_in_dynamodbs_json() {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let binary = AttributeValue::B(b"bytes".to_vec().into());
        let inner = [("z".to_owned(), AttributeValue::N("1.5".to_owned())), ("a".to_owned(), binary.clone())];
        let value = AttributeValue::L(vec![
            text("a"),
            AttributeValue::Bool(true),
            AttributeValue::Null(true),
            AttributeValue::Ss(vec!["x".to_owned()]),
            AttributeValue::Ns(vec!["2".to_owned()]),
            AttributeValue::Bs(vec![b"bytes".to_vec().into()]),
            AttributeValue::M(inner.into_iter().collect()),
        ]);
        assert_eq!(
            attribute(&value).to_string(),
            r#"{"L":[{"S":"a"},{"BOOL":true},{"NULL":true},{"SS":["x"]},{"NS":["2"]},{"BS":["Ynl0ZXM="]},{"M":{"a":{"B":"Ynl0ZXM="},"z":{"N":"1.5"}}}]}"#
        );
    }
}
