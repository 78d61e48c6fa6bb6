//! The event of an SQS event source mapping.
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>

use std::collections::BTreeMap;

use aws_sdk_sqs::types::{Message, MessageAttributeValue};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// A batch of received messages as a function gets them.
pub fn event(messages: &[Message], queue_arn: &str) -> Value {
    let records: Vec<Value> = messages.iter().map(|message| record(message, queue_arn)).collect();
    json!({ "Records": records })
}

/// A message as a function gets it.
pub fn record(message: &Message, queue_arn: &str) -> Value {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let mut record = json!({
        "messageId": text(message.message_id()),
        "receiptHandle": text(message.receipt_handle()),
        "body": text(message.body()),
        "attributes": system_attributes(message),
        "messageAttributes": message_attributes(message),
        "md5OfBody": text(message.md5_of_body()),
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": queue_arn.split(':').nth(3).unwrap_or_default(),
    });
    if let Some(digest) = message.md5_of_message_attributes() {
        record["md5OfMessageAttributes"] = digest.into();
    }
    record
}

fn system_attributes(message: &Message) -> BTreeMap<String, String> {
    let attributes = message.attributes().into_iter().flatten();
    attributes.map(|(name, value)| (name.as_str().to_owned(), value.clone())).collect()
}

fn message_attributes(message: &Message) -> Map<String, Value> {
    let attributes: BTreeMap<_, _> = message.message_attributes().into_iter().flatten().collect();
    attributes.into_iter().map(|(name, value)| (name.clone(), message_attribute(value))).collect()
}

fn message_attribute(value: &MessageAttributeValue) -> Value {
    let mut attribute = json!({ "stringListValues": [], "binaryListValues": [], "dataType": value.data_type() });
    if let Some(text) = value.string_value() {
        attribute["stringValue"] = text.into();
    }
    if let Some(bytes) = value.binary_value() {
        attribute["binaryValue"] = STANDARD.encode(bytes).into();
    }
    attribute
}
