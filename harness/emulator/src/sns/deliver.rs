//! Delivery of a notification to a topic's subscriptions.
//!
//! What always holds: a notification reaches each subscription that filters it in once, its dead-letter
//! queue instead where it cannot, or nobody. AWS's retries to a queue or function that is there but
//! unavailable are not simulated: that counts as undeliverable at once.
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::find_topic;
use super::publish::Notification;
use super::subscription::{Protocol, Subscription};
use super::topic::Topic;
use crate::sqs::{AttributeValue, MessageAttribute, NewMessage};
use crate::world::{FunctionSource, Undeliverable, World};

/// Raw delivery of a message with more attributes than a queue takes fails.
/// <https://docs.aws.amazon.com/sns/latest/dg/sns-large-payload-raw-message-delivery.html>
const MAX_RAW_ATTRIBUTES: usize = 10;

/// What is said of a message to every subscription.
struct Stamp {
    message_id: String,
    time: Timestamp,
    signature: String,
}

/// Delivers to the subscriptions of a topic, and returns the message id.
pub(super) fn to_subscriptions(world: &mut World, topic: &str, notification: &Notification) -> String {
    let stamp = Stamp { message_id: world.ids.uuid(), time: world.clock.now(), signature: world.ids.base64(256) };
    let deliveries: Vec<_> = match find_topic(world, topic) {
        Ok(topic) => {
            let wanting = topic.subscriptions.iter().filter(|subscription| wants(subscription, notification));
            wanting
                .map(|subscription| (subscription.clone(), message(topic, subscription, notification, &stamp)))
                .collect()
        }
        Err(_) => Vec::new(),
    };
    for (subscription, message) in deliveries {
        if hand_over(world, &subscription, message.clone()).is_err()
            && let Some(queue) = &subscription.settings.dead_letter_queue
        {
            // What cannot be put into a dead-letter queue either is lost, as it is in AWS.
            let _lost = world.send_to_queue(queue, message).is_err();
        }
    }
    stamp.message_id
}

fn wants(subscription: &Subscription, notification: &Notification) -> bool {
    let filter = subscription.settings.filter.as_ref();
    filter.is_none_or(|filter| filter.takes(notification, subscription.protocol.name()))
}

fn hand_over(world: &mut World, subscription: &Subscription, message: NewMessage) -> Result<(), Undeliverable> {
    match subscription.protocol {
        Protocol::Sqs if message.attributes.len() > MAX_RAW_ATTRIBUTES => Err(Undeliverable::NoSuchTarget),
        Protocol::Sqs => world.send_to_queue(&subscription.endpoint, message).map(drop),
        Protocol::Lambda => {
            let source = FunctionSource::Sns { subscription_arn: subscription.arn.clone() };
            world.invoke(&subscription.endpoint, source, message.body)
        }
    }
}

/// What a subscription gets: the message itself with its attributes, or the envelope around it.
fn message(topic: &Topic, subscription: &Subscription, notification: &Notification, stamp: &Stamp) -> NewMessage {
    if subscription.settings.raw {
        let body = notification.message.for_protocol(subscription.protocol.name()).to_owned();
        return NewMessage { body, attributes: notification.attributes.clone(), ..NewMessage::default() };
    }
    NewMessage { body: envelope(topic, subscription, notification, stamp), ..NewMessage::default() }
}

/// The JSON around a message, spaced as SNS spaces it.
fn envelope(topic: &Topic, subscription: &Subscription, notification: &Notification, stamp: &Stamp) -> String {
    let host = format!("https://sns.{}.amazonaws.com", topic.region);
    let mut fields: Vec<(&str, String)> = Vec::new();
    let mut put = |name, text: &str| fields.push((name, Value::from(text).to_string()));
    put("Type", "Notification");
    put("MessageId", &stamp.message_id);
    put("TopicArn", &topic.arn);
    if let Some(subject) = &notification.subject {
        put("Subject", subject);
    }
    put("Message", notification.message.for_protocol(subscription.protocol.name()));
    put("Timestamp", &stamp.time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string());
    put("SignatureVersion", topic.signature_version());
    put("Signature", &stamp.signature);
    put("SigningCertURL", &format!("{host}/SimpleNotificationService-{}.pem", topic.certificate));
    put("UnsubscribeURL", &format!("{host}/?Action=Unsubscribe&SubscriptionArn={}", subscription.arn));
    if !notification.attributes.is_empty() {
        let attributes = notification.attributes.iter().map(|(name, value)| (name.as_str(), attribute(value)));
        fields.push(("MessageAttributes", object(attributes, "    ", "  ")));
    }
    object(fields.into_iter(), "  ", "")
}

fn attribute(attribute: &MessageAttribute) -> String {
    let value = match &attribute.value {
        AttributeValue::Text(text) => text.clone(),
        AttributeValue::Binary(bytes) => STANDARD.encode(bytes),
    };
    json!({ "Type": attribute.data_type, "Value": value }).to_string()
}

fn object<'n>(fields: impl Iterator<Item = (&'n str, String)>, indent: &str, end: &str) -> String {
    let lines: Vec<_> = fields.map(|(name, value)| format!("{indent}{} : {value}", Value::from(name))).collect();
    format!("{{\n{}\n{end}}}", lines.join(",\n"))
}
