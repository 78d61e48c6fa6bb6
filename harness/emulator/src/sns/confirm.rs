//! Confirmation of a subscription by the owner of its endpoint, and the way back from its cancelling.
//!
//! What always holds: nothing but the request to confirm reaches an endpoint whose subscription is pending.
//! <https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html>

use jiff::{SignedDuration, Timestamp};

use super::deliver::Stamp;
use super::envelope::Notice;
use super::fifo::Taken;
use super::protocol::Protocol;
use super::subscription::{Subscription, topic_arn};
use super::{find_topic, http, invalid, mail, refuse_others, required};
use crate::outbound::{Outbound, Then};
use crate::protocol::query::Form;
use crate::protocol::{AwsError, xml};
use crate::world::{Call, World};

/// A token confirms a subscription for two days.
const TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(48);

#[derive(Clone, Debug)]
pub(super) enum State {
    /// Waits for its confirmation; the last token and when that was sent.
    Pending { token: Option<(String, Timestamp)> },
    /// `authenticated`: nobody but the owner can unsubscribe.
    Confirmed { token: Option<String>, authenticated: bool },
}

impl State {
    /// The state of a new subscription.
    pub fn at_first(protocol: Protocol) -> Self {
        match protocol.needs_confirmation() {
            true => Self::Pending { token: None },
            false => Self::Confirmed { token: None, authenticated: true },
        }
    }
}

/// A subscription that was deleted without a signature, and the token that restores it.
#[derive(Debug)]
pub(super) struct Cancelled {
    token: String,
    at: Timestamp,
    subscription: Subscription,
}

/// Asks the owner of a subscription's endpoint to confirm it, with a new token.
pub(super) fn ask(world: &mut World, call: &Call<'_>, subscription: &str) -> Result<(), AwsError> {
    let (token, now) = (call.ids.hex(288), call.clock.now());
    let topic = find_topic(world, topic_arn(subscription)?)?;
    let Some(pending) = topic.subscriptions.iter_mut().find(|each| each.arn == subscription) else { return Ok(()) };
    pending.state = State::Pending { token: Some((token.clone(), now)) };
    let pending = pending.clone();
    tell(world, call, &pending, Notice::Confirm, &token)
}

/// Keeps a subscription that was deleted without a signature, and tells its endpoint how to have it back.
/// <https://docs.aws.amazon.com/sns/latest/dg/http-unsubscribe-confirmation-json.html>
pub(super) fn cancel(world: &mut World, call: &Call<'_>, subscription: Subscription) -> Result<(), AwsError> {
    let (token, at) = (call.ids.hex(288), call.clock.now());
    tell(world, call, &subscription, Notice::Cancelled, &token)?;
    let topic = find_topic(world, topic_arn(&subscription.arn)?)?;
    topic.cancelled.push(Cancelled { token, at, subscription });
    Ok(())
}

/// Sends a notice with a token to a subscription's endpoint, which is an address or a URL.
fn tell(
    world: &mut World,
    call: &Call<'_>,
    subscription: &Subscription,
    notice: Notice,
    token: &str,
) -> Result<(), AwsError> {
    let stamp = Stamp::new(world, Taken { message_id: call.ids.uuid(), sequence_number: None });
    let topic = find_topic(world, topic_arn(&subscription.arn)?)?;
    if subscription.protocol.is_mail() {
        let mail = mail::notice(topic, subscription, notice, token, &stamp);
        world.send_mail(mail);
    } else if let Some(request) = http::notice(topic, subscription, notice, token, &stamp) {
        // An endpoint that does not take it can be subscribed again.
        let then: Then = Box::new(|_, _| {});
        world.send_http(Outbound { service: "SNS", request, timeout: http::TIMEOUT, then });
    }
    Ok(())
}

/// Confirms the subscription that a token was sent for; again, where it is confirmed already, and restores one that was
/// cancelled.
pub(super) fn confirm(world: &mut World, call: &Call<'_>, form: &Form) -> Result<String, AwsError> {
    refuse_others(call, form, &["TopicArn", "Token", "AuthenticateOnUnsubscribe"])?;
    let topic = find_topic(world, required(form, "TopicArn")?)?;
    let token = required(form, "Token")?;
    let wanted = form.get("AuthenticateOnUnsubscribe").is_some_and(|wanted| wanted == "true");
    let authenticated = wanted && !call.identity.is_anonymous();
    let now = call.clock.now();
    let lives = |at: Timestamp| now.duration_since(at) <= TOKEN_LIFE;
    let is_cancelled = |cancelled: &Cancelled| cancelled.token == token && lives(cancelled.at);
    if let Some(index) = topic.cancelled.iter().position(is_cancelled) {
        topic.subscriptions.push(topic.cancelled.remove(index).subscription);
        let restored = topic.subscriptions.last_mut().expect("it was just put there");
        restored.state = State::Pending { token: Some((token.to_owned(), now)) };
    }
    let is_asked_for = |state: &State| match state {
        State::Pending { token: Some((sent, at)) } => sent == token && lives(*at),
        State::Pending { token: None } => false,
        State::Confirmed { token: used, .. } => used.as_deref() == Some(token),
    };
    let subscription = topic.subscriptions.iter_mut().find(|subscription| is_asked_for(&subscription.state));
    let subscription = subscription.ok_or_else(|| invalid("Token"))?;
    if subscription.is_pending() {
        subscription.state = State::Confirmed { token: Some(token.to_owned()), authenticated };
    }
    let answer = xml::element("SubscriptionArn", &subscription.arn);
    world.changed();
    Ok(answer)
}
