//! `Publish`, and what other services publish.
//! <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>

use std::collections::BTreeMap;

use serde_json::Value;

use super::deliver::{self, Stamp};
use super::fifo::{self, Taken};
use super::message_attributes::{self, MessageAttributes};
use super::{find_topic, invalid, not_simulated, refuse_others};
use crate::protocol::query::Form;
use crate::protocol::{AwsError, xml};
use crate::world::{Call, Undeliverable, World};

/// A message with its attributes has at most this many bytes, and so has a batch.
pub(super) const MAX_BYTES: usize = 256 * 1024;

/// What is published to a topic.
#[derive(Clone, Debug, Default)]
pub(crate) struct NewNotification {
    pub subject: Option<String>,
    pub message: String,
    pub attributes: MessageAttributes,
}

/// What is published, with a message for each protocol.
#[derive(Clone, Debug)]
pub(super) struct Notification {
    pub subject: Option<String>,
    pub message: Message,
    pub attributes: MessageAttributes,
    pub group_id: Option<String>,
    pub deduplication_id: Option<String>,
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

    pub fn default_text(&self) -> &str {
        &self.default
    }
}

impl From<String> for Message {
    fn from(default: String) -> Self {
        Self { default, by_protocol: BTreeMap::new() }
    }
}

/// Publishes to a topic and delivers to its subscriptions, as another service does. Returns the message id. No service
/// can publish to a FIFO topic.
pub(crate) fn publish(world: &mut World, topic: &str, notification: NewNotification) -> Result<String, Undeliverable> {
    let found = find_topic(world, topic).map_err(|_| Undeliverable::NoSuchTarget)?;
    if found.is_fifo() {
        return Err(Undeliverable::NoSuchTarget);
    }
    let NewNotification { subject, message, attributes } = notification;
    let message = message.into();
    let notification = Notification { subject, message, attributes, group_id: None, deduplication_id: None };
    Ok(take(world, topic, &notification).message_id)
}

/// What a message may say in `Publish` and in an entry of `PublishBatch`.
pub(super) const FIELDS: [&str; 6] =
    ["Message", "MessageAttributes", "MessageDeduplicationId", "MessageGroupId", "MessageStructure", "Subject"];

pub(super) fn one(world: &mut World, call: &Call<'_>, form: &Form) -> Result<String, AwsError> {
    refuse_others(call, form, &[&FIELDS[..], &["TopicArn", "TargetArn"]].concat())?;
    let topic = form.get("TopicArn").or_else(|| form.get("TargetArn"));
    let topic = topic.ok_or_else(|| invalid("TopicArn or TargetArn Reason: no value for required parameter"))?;
    if topic.contains(":endpoint/") {
        return Err(not_simulated(call, "a platform endpoint as TargetArn"));
    }
    let notification = notification(form);
    let found = find_topic(world, topic)?;
    let notification = notification?;
    fifo::check(found, &notification)?;
    if size(&notification) > MAX_BYTES {
        return Err(invalid("Message too long"));
    }
    Ok(answer(&take(world, topic, &notification)))
}

/// What an accepted message is answered with.
pub(super) fn answer(taken: &Taken) -> String {
    let number = taken.sequence_number.as_ref().map(|number| xml::element("SequenceNumber", number));
    xml::element("MessageId", &taken.message_id) + &number.unwrap_or_default()
}

/// Takes a message and delivers it, unless it is a duplicate.
pub(super) fn take(world: &mut World, topic: &str, notification: &Notification) -> Taken {
    let (message_id, now) = (world.ids.uuid(), world.clock.now());
    let by_group = find_topic(world, topic).is_ok_and(|topic| topic.deduplicates_by_group());
    let history = find_topic(world, topic).ok().and_then(|topic| topic.history.as_mut());
    let taken = match history {
        None => Taken { message_id, sequence_number: None },
        Some(history) => {
            let group = notification.group_id.as_deref().filter(|_| by_group);
            let id = fifo::deduplication_id(notification);
            if let Some(earlier) = history.earlier(group, &id, now) {
                return earlier;
            }
            history.take(group, &id, &message_id, now)
        }
    };
    let stamp = Stamp::new(world, taken.clone());
    deliver::to_subscriptions(world, topic, notification, &stamp);
    taken
}

/// The message, subject, attributes and ids of a form, checked.
pub(super) fn notification(form: &Form) -> Result<Notification, AwsError> {
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
    Ok(Notification {
        subject,
        message,
        attributes: message_attributes::of(form)?,
        group_id: form.get("MessageGroupId").cloned(),
        deduplication_id: form.get("MessageDeduplicationId").cloned(),
    })
}

/// A JSON object with a message for each protocol, and one for all others under `default`. What is no text is ignored.
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

pub(super) fn size(notification: &Notification) -> usize {
    let message = &notification.message;
    message.default.len()
        + message.by_protocol.values().map(String::len).sum::<usize>()
        + message_attributes::size(&notification.attributes)
}
