//! A message: what SQS accepts in one, what it weighs, and its MD5 digests.
//!
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html>

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use md5::{Digest, Md5};
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::{invalid, missing};
use super::{AttributeValue, MessageAttribute};
use crate::Ids;
use crate::hex::hex;
use crate::protocol::{AwsError, Service};

/// A message that stands in a queue.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub id: String,
    /// Shared with what is received: a body may be large.
    pub content: Arc<Content>,
    pub sender: String,
    /// When the message was sent. A move to a standard dead-letter queue does not change it.
    pub sent: Timestamp,
    pub place: Place,
    /// When the message came into line, or will.
    pub visible_at: Timestamp,
    /// In a FIFO queue.
    pub sequence_number: Option<String>,
    /// How often the message was received, across all queues.
    pub receive_count: u32,
    /// How often the message was received from the queue it stands in.
    pub received_here: u32,
    pub first_received: Option<Timestamp>,
    pub last_received: Option<Timestamp>,
    /// The receipt handle of the last receive.
    pub receipt: Option<String>,
    /// The queue that the message was moved from, in a dead-letter queue.
    pub dead_letter_source: Option<String>,
}

/// Where a message stands in its queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It can be received when its turn comes.
    InLine,
    /// It was received, and is neither deleted nor visible again.
    InFlight,
    /// Its delay is not over.
    Delayed,
}

/// What a sender puts into a message.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    pub body: String,
    pub attributes: BTreeMap<String, MessageAttribute>,
    /// `AWSTraceHeader`, the one system attribute that a sender can set.
    pub trace_header: Option<String>,
    pub group_id: Option<String>,
    /// For FIFO queues: the sender's, or the body's digest where the queue deduplicates by content.
    pub deduplication_id: Option<String>,
}

/// A message attribute as requests carry it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct WireAttribute {
    #[serde(default)]
    data_type: String,
    string_value: Option<String>,
    binary_value: Option<String>,
    /// AWS: "Not implemented. Reserved for future use."
    #[serde(default)]
    string_list_values: Vec<Value>,
    #[serde(default)]
    binary_list_values: Vec<Value>,
}

impl Message {
    /// A message that is sent now and can be received after `delay`.
    pub fn new(content: Arc<Content>, sender: String, now: Timestamp, delay: SignedDuration, ids: &Ids) -> Self {
        Self {
            id: ids.uuid(),
            content,
            sender,
            sent: now,
            place: Place::InLine,
            visible_at: now + delay,
            sequence_number: None,
            receive_count: 0,
            received_here: 0,
            first_received: None,
            last_received: None,
            receipt: None,
            dead_letter_source: None,
        }
    }

    /// The message group, where there is one.
    pub fn group(&self) -> Option<&str> {
        self.content.group_id.as_deref()
    }

    /// The message as a dead-letter queue gets it from `source`: with its id and its receive count, visible
    /// at once. Its retention goes on in a standard queue, and starts again in a FIFO queue.
    /// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html>
    pub fn dead(mut self, source: &str, now: Timestamp, fifo: bool) -> Self {
        self.received_here = 0;
        self.receipt = None;
        self.dead_letter_source = Some(source.to_owned());
        if fifo {
            self.sent = now;
        }
        self
    }
}

impl Content {
    /// What counts towards a message's size: the body and the attributes' names, types and values.
    pub fn size(&self) -> usize {
        let attributes = self
            .attributes
            .iter()
            .map(|(name, attribute)| name.len() + attribute.data_type.len() + attribute.value.bytes().len());
        self.body.len() + attributes.sum::<usize>()
    }

    /// The digests of an answer to a send.
    pub fn digests(&self) -> Value {
        let mut digests = json!({ "MD5OfMessageBody": md5_hex(self.body.as_bytes()) });
        if !self.attributes.is_empty() {
            digests["MD5OfMessageAttributes"] = attributes_md5(&self.attributes).into();
        }
        if let Some(header) = &self.trace_header {
            let header = MessageAttribute { data_type: "String".into(), value: AttributeValue::Text(header.clone()) };
            digests["MD5OfMessageSystemAttributes"] =
                attributes_md5(&[("AWSTraceHeader".into(), header)].into()).into();
        }
        digests
    }
}

impl WireAttribute {
    /// What the type and value weigh.
    pub fn size(&self) -> usize {
        let binary = self.binary_value.as_ref().map_or(0, |text| STANDARD.decode(text).map_or(0, |bytes| bytes.len()));
        self.data_type.len() + self.string_value.as_ref().map_or(0, String::len) + binary
    }
}

impl AttributeValue {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }
}

impl MessageAttribute {
    /// As answers carry it.
    pub(super) fn to_wire(&self) -> Value {
        match &self.value {
            AttributeValue::Text(text) => json!({ "StringValue": text, "DataType": self.data_type }),
            AttributeValue::Binary(bytes) => {
                json!({ "BinaryValue": STANDARD.encode(bytes), "DataType": self.data_type })
            }
        }
    }
}

/// The MD5 of a text in hexadecimal digits.
pub(super) fn md5_hex(bytes: &[u8]) -> String {
    hex(Md5::digest(bytes).as_slice())
}

/// The MD5 of message attributes: each sorted by name as length-prefixed name, type and value, with one
/// byte that tells text from binary.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html#sqs-attributes-md5-message-digest-calculation>
pub(super) fn attributes_md5(attributes: &BTreeMap<String, MessageAttribute>) -> String {
    let mut digest = Md5::new();
    let mut part = |bytes: &[u8], transport: Option<u8>| {
        digest.update(transport.as_slice());
        let length = u32::try_from(bytes.len()).expect("a message is at most 1 MiB");
        digest.update(length.to_be_bytes());
        digest.update(bytes);
    };
    for (name, attribute) in attributes {
        part(name.as_bytes(), None);
        part(attribute.data_type.as_bytes(), None);
        let transport = match attribute.value {
            AttributeValue::Text(_) => 1,
            AttributeValue::Binary(_) => 2,
        };
        part(attribute.value.bytes(), Some(transport));
    }
    hex(digest.finalize().as_slice())
}

/// A body that SQS accepts: not empty, and of the characters that XML 1.0 allows.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>
pub(super) fn check_body(body: &str) -> Result<(), AwsError> {
    if body.is_empty() {
        return Err(missing("MessageBody"));
    }
    let allowed = |character: char| matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..);
    if body.chars().all(allowed) {
        return Ok(());
    }
    let message = "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | \
                   #xE000 to #xFFFD | #x10000 to #x10FFFF.";
    Err(AwsError::client("InvalidMessageContents", message))
}

/// The message attributes of a request, or why SQS refuses them.
pub(super) fn check_attributes(
    operation: &str,
    wire: BTreeMap<String, WireAttribute>,
) -> Result<BTreeMap<String, MessageAttribute>, AwsError> {
    if wire.len() > 10 {
        return Err(invalid(format!(
            "Number of message attributes [{}] exceeds the allowed maximum [10].",
            wire.len()
        )));
    }
    let check = |(name, attribute): (String, WireAttribute)| {
        check_attribute_name(&name)?;
        let attribute = check_attribute(operation, &name, attribute)?;
        Ok((name, attribute))
    };
    wire.into_iter().map(check).collect()
}

/// `AWSTraceHeader` of a request's system attributes; there is no other that can be sent.
pub(super) fn check_system_attributes(
    operation: &str,
    wire: BTreeMap<String, WireAttribute>,
) -> Result<Option<String>, AwsError> {
    let mut header = None;
    for (name, attribute) in wire {
        if name != "AWSTraceHeader" {
            return Err(invalid(format!("Message system attribute name '{name}' is invalid.")));
        }
        match check_attribute(operation, &name, attribute)? {
            MessageAttribute { data_type, value: AttributeValue::Text(text) } if data_type == "String" => {
                header = Some(text)
            }
            _ => return Err(invalid("The message system attribute 'AWSTraceHeader' must be of the type String.")),
        }
    }
    Ok(header)
}

fn check_attribute_name(name: &str) -> Result<(), AwsError> {
    let valid = (1..=256).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
        && !(name.starts_with('.') || name.ends_with('.') || name.contains(".."));
    if !valid {
        return Err(invalid(format!("Message (user) attribute name '{name}' is invalid.")));
    }
    let lower = name.to_ascii_lowercase();
    if lower.starts_with("aws.") || lower.starts_with("amazon.") {
        return Err(invalid(format!(
            "You can't use message attribute names beginning with 'AWS.' or 'Amazon.': '{name}'."
        )));
    }
    Ok(())
}

fn check_attribute(operation: &str, name: &str, wire: WireAttribute) -> Result<MessageAttribute, AwsError> {
    if !wire.string_list_values.is_empty() || !wire.binary_list_values.is_empty() {
        return Err(AwsError::parameter_not_simulated(Service::Sqs, operation, "a list value of a message attribute"));
    }
    let empty = || invalid(format!("The message attribute '{name}' must contain a non-empty message attribute value."));
    let prefix = wire.data_type.split('.').next().unwrap_or_default();
    let value = match prefix {
        "String" | "Number" => {
            AttributeValue::Text(wire.string_value.filter(|text| !text.is_empty()).ok_or_else(empty)?)
        }
        "Binary" => {
            let bytes = STANDARD.decode(wire.binary_value.unwrap_or_default());
            let bytes = bytes.map_err(|error| AwsError::client("SerializationException", error.to_string()))?;
            AttributeValue::Binary(Some(bytes).filter(|bytes| !bytes.is_empty()).ok_or_else(empty)?)
        }
        "" => {
            return Err(invalid(format!(
                "The message attribute '{name}' must contain a non-empty message attribute type."
            )));
        }
        _ => {
            return Err(invalid(format!(
                "The type of message attribute '{name}' is invalid. You must use only the following supported type \
                 prefixes: Binary, Number, String."
            )));
        }
    };
    if prefix == "Number" && std::str::from_utf8(value.bytes()).is_ok_and(|text| text.parse::<f64>().is_err()) {
        return Err(invalid(format!("Can't cast the value of message (user) attribute '{name}' to a number.")));
    }
    Ok(MessageAttribute { data_type: wire.data_type, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(data_type: &str, value: &str) -> MessageAttribute {
        MessageAttribute { data_type: data_type.into(), value: AttributeValue::Text(value.into()) }
    }

    #[test]
    fn the_digest_of_attributes_is_awss() {
        let attributes = [("timestamp".to_owned(), text("Number", "1493147359900"))].into();
        assert_eq!(attributes_md5(&attributes), "235c5c510d26fb653d073faed50ae77c");
    }

    #[test]
    fn a_binary_attribute_is_told_from_text_with_the_same_bytes() {
        let binary = MessageAttribute { data_type: "String".into(), value: AttributeValue::Binary(b"x".to_vec()) };
        assert_ne!(
            attributes_md5(&[("a".to_owned(), text("String", "x"))].into()),
            attributes_md5(&[("a".to_owned(), binary)].into())
        );
    }
}
