//! `Publish` and `PublishBatch`, and what other services publish.
//! <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{deliver, find_topic, invalid, not_simulated, refuse_others, required};
use crate::protocol::query::{self, Form};
use crate::protocol::{AwsError, xml};
use crate::sqs::{AttributeValue, MessageAttribute};
use crate::world::{Call, Undeliverable, World};

/// A message with its attributes has at most this many bytes, and so has a batch.
const MAX_BYTES: usize = 256 * 1024;

/// A batch has at most this many entries.
const MAX_ENTRIES: usize = 10;

/// What is published to a topic.
#[derive(Clone, Debug, Default)]
pub(crate) struct NewNotification {
    pub subject: Option<String>,
    pub message: String,
    pub attributes: BTreeMap<String, MessageAttribute>,
}

/// What is published, with a message for each protocol.
#[derive(Clone, Debug)]
pub(super) struct Notification {
    pub subject: Option<String>,
    pub message: Message,
    pub attributes: BTreeMap<String, MessageAttribute>,
}

#[derive(Clone, Debug)]
pub(super) struct Message {
    default: String,
    by_protocol: BTreeMap<String, String>,
}

impl Message {
    pub fn for_protocol(&self, protocol: &str) -> &str {
        self.by_protocol.get(protocol).unwrap_or(&self.default)
    }
}

impl From<String> for Message {
    fn from(default: String) -> Self {
        Self { default, by_protocol: BTreeMap::new() }
    }
}

/// Publishes to a topic and delivers to its subscriptions, as another service does. Returns the message id.
pub(crate) fn publish(world: &mut World, topic: &str, notification: NewNotification) -> Result<String, Undeliverable> {
    find_topic(world, topic).map_err(|_| Undeliverable::NoSuchTarget)?;
    let NewNotification { subject, message, attributes } = notification;
    let notification = Notification { subject, message: message.into(), attributes };
    Ok(deliver::to_subscriptions(world, topic, &notification))
}

const FIELDS: [&str; 4] = ["Message", "Subject", "MessageStructure", "MessageAttributes"];

pub(super) fn one(world: &mut World, call: &Call<'_>, form: &Form) -> Result<String, AwsError> {
    refuse_others(call, form, &[&FIELDS[..], &["TopicArn", "TargetArn"]].concat())?;
    let topic = form.get("TopicArn").or_else(|| form.get("TargetArn"));
    let topic = topic.ok_or_else(|| invalid("TopicArn or TargetArn Reason: no value for required parameter"))?;
    if topic.contains(":endpoint/") {
        return Err(not_simulated(call, "a platform endpoint as TargetArn"));
    }
    find_topic(world, topic)?;
    let notification = notification(form)?;
    if size(&notification) > MAX_BYTES {
        return Err(invalid("Message too long"));
    }
    Ok(xml::element("MessageId", &deliver::to_subscriptions(world, topic, &notification)))
}

/// Publishes entries, each of which may fail by itself.
/// <https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html>
pub(super) fn batch(world: &mut World, call: &Call<'_>, form: &Form) -> Result<String, AwsError> {
    refuse_others(call, form, &["TopicArn", "PublishBatchRequestEntries"])?;
    let topic = required(form, "TopicArn")?;
    find_topic(world, topic)?;
    let entries = query::members(form, "PublishBatchRequestEntries.member");
    check_batch(call, &entries)?;
    let notifications: Vec<_> = entries.iter().map(notification).collect();
    if notifications.iter().flatten().map(size).sum::<usize>() > MAX_BYTES {
        return Err(batch_error(
            "BatchRequestTooLong",
            "The length of all the messages put together is more than the limit.",
        ));
    }
    let (mut successful, mut failed) = (String::new(), String::new());
    for (entry, notification) in entries.iter().zip(notifications) {
        let id = xml::element("Id", required(entry, "Id")?);
        match notification {
            Ok(notification) => {
                let message_id = deliver::to_subscriptions(world, topic, &notification);
                successful += &format!("<member>{id}{}</member>", xml::element("MessageId", &message_id));
            }
            Err(error) => {
                let (code, message) = (xml::element("Code", &error.code), xml::element("Message", &error.message));
                failed += &format!("<member>{id}{code}{message}<SenderFault>true</SenderFault></member>");
            }
        }
    }
    Ok(format!("<Successful>{successful}</Successful><Failed>{failed}</Failed>"))
}

fn check_batch(call: &Call<'_>, entries: &[Form]) -> Result<(), AwsError> {
    if entries.is_empty() {
        return Err(batch_error("EmptyBatchRequest", "The batch request doesn't contain any entries."));
    }
    if entries.len() > MAX_ENTRIES {
        let message = "The batch request contains more entries than permissible.";
        return Err(batch_error("TooManyEntriesInBatchRequest", message));
    }
    let mut ids = Vec::new();
    for entry in entries {
        refuse_others(call, entry, &[&FIELDS[..], &["Id"]].concat())?;
        let id = required(entry, "Id")?;
        let allowed = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
        if id.is_empty() || id.len() > 80 || !id.chars().all(allowed) {
            let message = "The Id of a batch entry in a batch request doesn't abide by the specification.";
            return Err(batch_error("InvalidBatchEntryId", message));
        }
        if ids.contains(&id) {
            let message = "Two or more batch entries in the request have the same Id.";
            return Err(batch_error("BatchEntryIdsNotDistinct", message));
        }
        ids.push(id);
    }
    Ok(())
}

fn batch_error(code: &'static str, message: &str) -> AwsError {
    AwsError::client(code, message)
}

/// The message, subject and attributes of a form, checked.
fn notification(form: &Form) -> Result<Notification, AwsError> {
    let subject = form.get("Subject").cloned();
    if let Some(subject) = &subject {
        let printable = subject.chars().all(|character| !character.is_control());
        let starts_well = subject.starts_with(|first: char| first.is_ascii_graphic());
        if subject.chars().count() > 100 || !printable || !starts_well {
            return Err(invalid("Subject"));
        }
    }
    let message = form.get("Message").filter(|message| !message.is_empty()).ok_or_else(|| invalid("Empty message"))?;
    let message = match form.get("MessageStructure").map(String::as_str) {
        None => message.clone().into(),
        Some("json") => structured(message)?,
        Some(_) => return Err(invalid("MessageStructure")),
    };
    Ok(Notification { subject, message, attributes: message_attributes(form)? })
}

/// A JSON object with a message for each protocol, and one for all others under `default`.
fn structured(message: &str) -> Result<Message, AwsError> {
    let Ok(Value::Object(object)) = serde_json::from_str(message) else {
        return Err(invalid("Message Structure - JSON message body failed to parse"));
    };
    let texts = object.iter().filter_map(|(name, text)| Some((name.clone(), text.as_str()?.to_owned())));
    let mut by_protocol: BTreeMap<_, _> = texts.collect();
    let default = by_protocol.remove("default");
    let default = default.ok_or_else(|| invalid("Message Structure - No default entry in JSON message body"))?;
    Ok(Message { default, by_protocol })
}

fn message_attributes(form: &Form) -> Result<BTreeMap<String, MessageAttribute>, AwsError> {
    let mut attributes = BTreeMap::new();
    for entry in query::members(form, "MessageAttributes.entry") {
        let name = required(&entry, "Name")?;
        attributes.insert(name.to_owned(), message_attribute(name, &entry)?);
    }
    Ok(attributes)
}

fn message_attribute(name: &str, entry: &Form) -> Result<MessageAttribute, AwsError> {
    let refuse =
        |reason: &str| AwsError::client("ParameterValueInvalid", format!("The message attribute '{name}' {reason}"));
    let data_type = entry.get("Value.DataType").filter(|data_type| !data_type.is_empty());
    let data_type = data_type.ok_or_else(|| refuse("must contain non-empty message attribute type."))?;
    let value = match data_type.split('.').next() {
        Some("String" | "Number") => entry.get("Value.StringValue").cloned().map(AttributeValue::Text),
        Some("Binary") => match entry.get("Value.BinaryValue").map(|base64| STANDARD.decode(base64)) {
            Some(Err(_)) => return Err(refuse("has a binary value that is not base64.")),
            value => value.and_then(Result::ok).map(AttributeValue::Binary),
        },
        _ => {
            let reason = "has an invalid message attribute type, the set of supported type prefixes is Binary, Number, \
                          and String.";
            return Err(refuse(reason));
        }
    };
    let present = |value: &AttributeValue| match value {
        AttributeValue::Text(text) => !text.is_empty(),
        AttributeValue::Binary(bytes) => !bytes.is_empty(),
    };
    let value = value.filter(present);
    let value = value.ok_or_else(|| {
        refuse(&format!("must contain non-empty message attribute value for message attribute type '{data_type}'."))
    })?;
    if let (true, AttributeValue::Text(text)) = (data_type.starts_with("Number"), &value)
        && text.parse::<f64>().is_err()
    {
        return Err(refuse("could not be parsed as a number."));
    }
    Ok(MessageAttribute { data_type: data_type.clone(), value })
}

fn size(notification: &Notification) -> usize {
    let message = &notification.message;
    let attribute = |(name, attribute): (&String, &MessageAttribute)| {
        let value = match &attribute.value {
            AttributeValue::Text(text) => text.len(),
            AttributeValue::Binary(bytes) => bytes.len(),
        };
        name.len() + attribute.data_type.len() + value
    };
    message.default.len()
        + message.by_protocol.values().map(String::len).sum::<usize>()
        + notification.attributes.iter().map(attribute).sum::<usize>()
}
