//! The JSON around a message, spaced as SNS spaces it.
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::deliver::Stamp;
use super::publish::Notification;
use super::subscription::Subscription;
use super::topic::Topic;
use crate::sqs::{AttributeValue, MessageAttribute};

/// Names and texts, in their order.
#[derive(Default)]
struct Fields(Vec<(&'static str, String)>);

impl Fields {
    fn put(&mut self, name: &'static str, text: &str) {
        self.0.push((name, quoted(text)));
    }

    /// A message says how it is signed, except on a FIFO topic.
    fn sign(&mut self, topic: &Topic, stamp: &Stamp) {
        if !topic.is_fifo() {
            self.put("SignatureVersion", topic.signature_version());
            self.put("Signature", &stamp.signature);
            let certificate = format!("{}/SimpleNotificationService-{}.pem", topic.host(), topic.certificate);
            self.put("SigningCertURL", &certificate);
        }
    }

    fn into_json(self) -> String {
        object(self.0.into_iter(), "  ", "")
    }
}

/// A notification.
pub(super) fn notification(
    topic: &Topic,
    subscription: &Subscription,
    notification: &Notification,
    stamp: &Stamp,
) -> String {
    let mut fields = Fields::default();
    fields.put("Type", "Notification");
    fields.put("MessageId", &stamp.taken.message_id);
    if let Some(number) = &stamp.taken.sequence_number {
        fields.put("SequenceNumber", number);
    }
    fields.put("TopicArn", &topic.arn);
    if let Some(subject) = &notification.subject {
        fields.put("Subject", subject);
    }
    fields.put("Message", notification.message.for_protocol(subscription.protocol.name()));
    fields.put("Timestamp", &stamp.written_time());
    fields.sign(topic, stamp);
    fields.put("UnsubscribeURL", &format!("{}/?Action=Unsubscribe&SubscriptionArn={}", topic.host(), subscription.arn));
    if !notification.attributes.is_empty() {
        let attributes = notification.attributes.iter().map(|(name, value)| (name.as_str(), attribute(value)));
        fields.0.push(("MessageAttributes", object(attributes, "    ", "  ")));
    }
    fields.into_json()
}

/// What an endpoint's owner is told of a subscription, with a token that confirms it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notice {
    /// It waits for its confirmation.
    /// <https://docs.aws.amazon.com/sns/latest/dg/http-subscription-confirmation-json.html>
    Confirm,
    /// It was deleted, and can be restored.
    /// <https://docs.aws.amazon.com/sns/latest/dg/http-unsubscribe-confirmation-json.html>
    Cancelled,
}

impl Notice {
    /// The message's type.
    pub fn name(self) -> &'static str {
        match self {
            Self::Confirm => "SubscriptionConfirmation",
            Self::Cancelled => "UnsubscribeConfirmation",
        }
    }
}

/// A notice to the endpoint of a subscription.
pub(super) fn notice(topic: &Topic, subscription: &Subscription, notice: Notice, token: &str, stamp: &Stamp) -> String {
    let arn = &topic.arn;
    let message = match notice {
        Notice::Confirm => format!(
            "You have chosen to subscribe to the topic {arn}.\nTo confirm the subscription, visit the SubscribeURL \
             included in this message."
        ),
        Notice::Cancelled => format!(
            "You have chosen to deactivate subscription {}.\nTo cancel this operation and restore the subscription, \
             visit the SubscribeURL included in this message.",
            subscription.arn
        ),
    };
    let mut fields = Fields::default();
    fields.put("Type", notice.name());
    fields.put("MessageId", &stamp.taken.message_id);
    fields.put("Token", token);
    fields.put("TopicArn", arn);
    fields.put("Message", &message);
    fields.put("SubscribeURL", &format!("{}/?Action=ConfirmSubscription&TopicArn={arn}&Token={token}", topic.host()));
    fields.put("Timestamp", &stamp.written_time());
    fields.sign(topic, stamp);
    fields.into_json()
}

fn attribute(attribute: &MessageAttribute) -> String {
    let value = match &attribute.value {
        AttributeValue::Text(text) => text.clone(),
        AttributeValue::Binary(bytes) => STANDARD.encode(bytes),
    };
    json!({ "Type": attribute.data_type, "Value": value }).to_string()
}

fn object<'n>(fields: impl Iterator<Item = (&'n str, String)>, indent: &str, end: &str) -> String {
    let lines: Vec<_> = fields.map(|(name, value)| format!("{indent}{} : {value}", quoted(name))).collect();
    format!("{{\n{}\n{end}}}", lines.join(",\n"))
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("text is JSON's too")
}
