//! What subscribers get by mail: the request to confirm, notifications, and that they were unsubscribed.
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html>

use super::deliver::Stamp;
use super::envelope::{self, Notice};
use super::protocol::Protocol;
use super::publish::Notification;
use super::subscription::Subscription;
use super::topic::Topic;
use crate::mailbox::Mail;

const DEFAULT_SUBJECT: &str = "AWS Notification Message";

/// The mail of a notice: with a link to confirm a subscription, or to have it back.
pub(super) fn notice(topic: &Topic, subscription: &Subscription, notice: Notice, token: &str, stamp: &Stamp) -> Mail {
    let (arn, address) = (&topic.arn, &subscription.endpoint);
    let (what, text, why) = match notice {
        Notice::Confirm => (
            "Subscription",
            "You have chosen to subscribe to the topic: ",
            "To confirm this subscription, click or visit the link below (If this was in error no action is necessary): ",
        ),
        Notice::Cancelled => (
            "Unsubscribe",
            "Your subscription to the topic below has been deactivated: ",
            "If this was in error or you wish to resubscribe, click or visit the link below to resubscribe to the topic: ",
        ),
    };
    let body = match subscription.protocol {
        Protocol::EmailJson => envelope::notice(topic, subscription, notice, token, stamp),
        _ => format!(
            "{text}\n{arn}\n\n{why}\n{}/confirmation.html?TopicArn={arn}&Token={token}&Endpoint={address}\n\nPlease do \
             not reply directly to this email. If you wish to remove yourself from receiving all future SNS subscription \
             confirmation requests please send an email to sns-opt-out@amazon.com\n",
            topic.host()
        ),
    };
    mail(topic, subscription, format!("AWS Notification - {what} Confirmation"), body, stamp)
}

/// The mail of a notification: its text, or with `email-json` its envelope, and how to unsubscribe.
pub(super) fn notification(
    topic: &Topic,
    subscription: &Subscription,
    notification: &Notification,
    stamp: &Stamp,
) -> Mail {
    let text = match subscription.protocol {
        Protocol::EmailJson => envelope::notification(topic, subscription, notification, stamp),
        _ => notification.message.for_protocol(subscription.protocol.name()).to_owned(),
    };
    let subject = notification.subject.clone().unwrap_or_else(|| DEFAULT_SUBJECT.to_owned());
    let body = format!(
        "{text}\n\n--\nIf you wish to stop receiving notifications from this topic, please click or visit the link below \
         to unsubscribe:\n{}/unsubscribe.html?SubscriptionArn={}&Endpoint={}\n\nPlease do not reply directly to this \
         email. If you have any questions or comments regarding this email, please contact us at \
         https://aws.amazon.com/support\n",
        topic.host(),
        subscription.arn,
        subscription.endpoint
    );
    mail(topic, subscription, subject, body, stamp)
}

fn mail(topic: &Topic, subscription: &Subscription, subject: String, body: String, stamp: &Stamp) -> Mail {
    let name = topic.attributes.get("DisplayName").filter(|name| !name.is_empty());
    let name = name.map_or("AWS Notifications", String::as_str);
    Mail {
        at: stamp.time,
        from: format!("{name} <no-reply@sns.amazonaws.com>"),
        to: subscription.endpoint.clone(),
        subject,
        body,
        message_id: stamp.taken.message_id.clone(),
        origin: None,
    }
}
