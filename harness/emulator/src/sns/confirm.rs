//! Confirmation of a subscription by the owner of its endpoint.
//!
//! What always holds: nothing but the request to confirm reaches an endpoint whose subscription is pending.
//! <https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html>

use jiff::{SignedDuration, Timestamp};

use super::deliver::Stamp;
use super::fifo::Taken;
use super::protocol::Protocol;
use super::subscription::topic_arn;
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

/// Asks the owner of a subscription's endpoint to confirm it, with a new token.
pub(super) fn ask(world: &mut World, call: &Call<'_>, subscription: &str) -> Result<(), AwsError> {
    let now = call.clock.now();
    let token = call.ids.hex(288);
    let stamp = Stamp::new(world, Taken { message_id: call.ids.uuid(), sequence_number: None });
    let topic = find_topic(world, topic_arn(subscription)?)?;
    let Some(pending) = topic.subscriptions.iter_mut().find(|each| each.arn == subscription) else { return Ok(()) };
    pending.state = State::Pending { token: Some((token.clone(), now)) };
    let pending = pending.clone();
    if pending.protocol.is_mail() {
        let mail = mail::confirmation(topic, &pending, &token, &stamp);
        world.send_mail(mail);
    } else if let Some(request) = http::confirmation(topic, &pending, &token, &stamp) {
        // An endpoint that does not take it can be subscribed again.
        let then: Then = Box::new(|_, _| {});
        world.send_http(Outbound { service: "SNS", request, timeout: http::TIMEOUT, then });
    }
    Ok(())
}

/// Confirms the subscription that a token was sent for; again, where it is confirmed already.
pub(super) fn confirm(world: &mut World, call: &Call<'_>, form: &Form) -> Result<String, AwsError> {
    refuse_others(call, form, &["TopicArn", "Token", "AuthenticateOnUnsubscribe"])?;
    let topic = find_topic(world, required(form, "TopicArn")?)?;
    let token = required(form, "Token")?;
    let authenticated = form.get("AuthenticateOnUnsubscribe").is_some_and(|wanted| wanted == "true");
    let now = call.clock.now();
    let is_asked_for = |state: &State| match state {
        State::Pending { token: Some((sent, at)) } => sent == token && now.duration_since(*at) <= TOKEN_LIFE,
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
