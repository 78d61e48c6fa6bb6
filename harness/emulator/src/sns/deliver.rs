//! Delivery of a notification to a topic's subscriptions.
//!
//! What always holds: a notification that a confirmed subscription filters in is delivered, on its way, in the
//! subscription's dead-letter queue, or dropped for want of one. An endpoint that is not there is not tried again; one
//! that is busy is, as its delivery policy says.
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html>

use jiff::Timestamp;

use super::delivery_policy::{DeliveryPolicy, Retries};
use super::fifo::{self, Taken};
use super::protocol::Protocol;
use super::publish::Notification;
use super::subscription::Subscription;
use super::topic::Topic;
use super::{envelope, find_topic, http, mail};
use crate::arn::Arn;
use crate::mailbox::Mail;
use crate::outbound::{Outbound, Then};
use crate::protocol::Request;
use crate::sqs::NewMessage;
use crate::world::{FunctionSource, Outstanding, Undeliverable, World};

/// Raw delivery of a message with more attributes than a queue takes fails.
/// <https://docs.aws.amazon.com/sns/latest/dg/sns-large-payload-raw-message-delivery.html>
const MAX_RAW_ATTRIBUTES: usize = 10;

/// What is said of a message to every subscription.
#[derive(Clone, Debug)]
pub(super) struct Stamp {
    pub taken: Taken,
    pub time: Timestamp,
    pub signature: String,
}

impl Stamp {
    pub fn new(world: &World, taken: Taken) -> Self {
        Self { taken, time: world.clock.now(), signature: world.ids.base64(256) }
    }

    /// The time, as messages write it.
    pub fn written_time(&self) -> String {
        self.time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
    }
}

/// One message on its way to one subscription.
#[derive(Clone, Debug)]
struct Delivery {
    subscription: Subscription,
    /// What a queue or function gets, and in any case the dead-letter queue.
    message: NewMessage,
    /// What an address gets.
    mail: Option<Mail>,
    /// What an HTTP endpoint gets.
    request: Option<Request>,
    policy: Retries,
    /// How often it was tried again.
    retries: u64,
}

/// A delivery that is to be tried again.
pub(crate) struct Retry {
    delivery: Delivery,
    /// The request that it follows from.
    origin: Option<String>,
}

/// Delivers to the subscriptions of a topic.
pub(super) fn to_subscriptions(world: &mut World, topic: &str, notification: &Notification, stamp: &Stamp) {
    let Ok(topic) = find_topic(world, topic) else { return };
    let wanting = topic.subscriptions.iter().filter(|subscription| subscription.wants(notification));
    let deliveries: Vec<_> = wanting.map(|subscription| delivery(topic, subscription, notification, stamp)).collect();
    for delivery in deliveries {
        attempt(world, delivery);
    }
}

fn delivery(topic: &Topic, subscription: &Subscription, notification: &Notification, stamp: &Stamp) -> Delivery {
    let (is_mail, is_http) = (subscription.protocol.is_mail(), subscription.protocol.is_http());
    let message = message(topic, subscription, notification, stamp);
    let policy = DeliveryPolicy::of(topic, subscription);
    let request = || http::notification(topic, subscription, stamp, policy.content_type(), &message.body);
    Delivery {
        subscription: subscription.clone(),
        mail: is_mail.then(|| mail::notification(topic, subscription, notification, stamp)),
        request: is_http.then(request).flatten(),
        message,
        policy: Retries::of(subscription.protocol, &policy),
        retries: 0,
    }
}

/// The message itself with its attributes, or the envelope around it.
fn message(topic: &Topic, subscription: &Subscription, notification: &Notification, stamp: &Stamp) -> NewMessage {
    let (body, attributes) = match subscription.settings.raw {
        true => {
            let body = notification.message.for_protocol(subscription.protocol.name()).to_owned();
            (body, notification.attributes.clone())
        }
        false => (envelope::notification(topic, subscription, notification, stamp), Default::default()),
    };
    let deduplication_id = topic.is_fifo().then(|| fifo::deduplication_id(notification));
    NewMessage { body, attributes, group_id: notification.group_id.clone(), deduplication_id }
}

/// Tries a delivery. What an HTTP endpoint makes of it comes later.
fn attempt(world: &mut World, delivery: Delivery) {
    if let Some(request) = delivery.request.clone() {
        let then: Then = Box::new(move |world, outcome| follow(world, delivery, http::result(outcome)));
        return world.send_http(Outbound { service: "SNS", request, timeout: http::TIMEOUT, then });
    }
    let result = hand_over(world, &delivery);
    follow(world, delivery, result);
}

/// Sees to what follows where an attempt failed.
fn follow(world: &mut World, mut delivery: Delivery, result: Result<(), Undeliverable>) {
    match result {
        Ok(()) => {}
        Err(Undeliverable::NoSuchTarget | Undeliverable::TooLarge) => give_up(world, delivery),
        Err(Undeliverable::Busy) => match delivery.policy.delay(delivery.retries) {
            None => give_up(world, delivery),
            Some(delay) => {
                delivery.retries += 1;
                let (due, origin) = (world.clock.now() + delay, world.origin.clone());
                world.sns_retries.add(due, Retry { delivery, origin });
                world.changed();
            }
        },
    }
}

fn hand_over(world: &mut World, delivery: &Delivery) -> Result<(), Undeliverable> {
    let Delivery { subscription, message, .. } = delivery;
    match subscription.protocol {
        Protocol::Sqs if message.attributes.len() > MAX_RAW_ATTRIBUTES => Err(Undeliverable::NoSuchTarget),
        Protocol::Sqs => world.send_to_queue(&subscription.endpoint, message.clone()).map(drop),
        Protocol::Lambda => {
            let source = FunctionSource::Sns { subscription_arn: subscription.arn.clone() };
            world.invoke(&subscription.endpoint, source, message.body.clone())
        }
        Protocol::Email | Protocol::EmailJson => {
            delivery.mail.iter().for_each(|mail| world.send_mail(mail.clone()));
            Ok(())
        }
        // Without a request: its endpoint is no URL.
        Protocol::Http | Protocol::Https => Err(Undeliverable::NoSuchTarget),
    }
}

/// Sends what cannot be delivered to the subscription's dead-letter queue, as it would have been delivered.
/// <https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html>
fn give_up(world: &mut World, delivery: Delivery) {
    if let Some(queue) = &delivery.subscription.settings.dead_letter_queue {
        // What cannot be put into a dead-letter queue either is lost, as it is in AWS.
        let _lost = world.send_to_queue(queue, delivery.message).is_err();
    }
    world.changed();
}

/// Tries the deliveries again that are due, in the order of their times.
pub(crate) fn run_due(world: &mut World) {
    let now = world.clock.now();
    while let Some(Retry { delivery, origin }) = world.sns_retries.take_due(now) {
        // Nothing is delivered to a subscription that is gone.
        if is_there(world, &delivery.subscription) {
            world.origin = origin;
            attempt(world, delivery);
            world.origin = None;
        }
    }
}

fn is_there(world: &mut World, subscription: &Subscription) -> bool {
    let topic = subscription.arn.rsplit_once(':').map_or("", |(topic, _)| topic);
    find_topic(world, topic).is_ok_and(|topic| topic.subscriptions.iter().any(|each| each.arn == subscription.arn))
}

/// When a delivery is tried again next.
pub(crate) fn next_due(world: &World) -> Option<Timestamp> {
    world.sns_retries.next_due()
}

/// The deliveries that are to be tried again.
pub(crate) fn outstanding(world: &World) -> Vec<Outstanding> {
    let told = |(due, Retry { delivery, .. }): (Timestamp, &Retry)| {
        let endpoint = &delivery.subscription.endpoint;
        let topic = Arn::parse(&delivery.subscription.arn).map_or("", |arn| arn.resource);
        let topic = topic.split(':').next().unwrap_or_default();
        let what = format!("retry {} of topic {topic} to {endpoint}", delivery.retries);
        Outstanding { what, due, recurring: false }
    };
    world.sns_retries.iter().map(told).collect()
}
