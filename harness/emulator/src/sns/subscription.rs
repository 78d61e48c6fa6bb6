//! Subscriptions to topics: their life and what is told of them.

use std::collections::BTreeMap;

use super::confirm::{self, State};
use super::delivery_policy::DeliveryPolicy;
use super::protocol::Protocol;
use super::publish::Notification;
use super::settings::Settings;
use super::topic::Topic;
use super::{attributes, find_topic, invalid, not_found, page, refuse_others, required};
use crate::arn::Arn;
use crate::protocol::query::{self, Form};
use crate::protocol::{AwsError, xml};
use crate::world::{Call, World};

#[derive(Clone, Debug)]
pub(super) struct Subscription {
    pub arn: String,
    pub protocol: Protocol,
    /// The ARN of the queue or function, the address, or the URL.
    pub endpoint: String,
    pub settings: Settings,
    pub state: State,
    /// The attributes as they were set.
    pub attributes: BTreeMap<String, String>,
}

impl Subscription {
    pub fn is_pending(&self) -> bool {
        matches!(self.state, State::Pending { .. })
    }

    /// Whether only its owner can unsubscribe it.
    fn needs_a_signature(&self) -> bool {
        matches!(self.state, State::Confirmed { authenticated: true, .. })
    }

    /// Whether it gets a message.
    pub fn wants(&self, notification: &Notification) -> bool {
        let filter = self.settings.filter.as_ref();
        !self.is_pending() && filter.is_none_or(|filter| filter.takes(notification, self.protocol.name()))
    }
}

/// Subscribes an endpoint, or finds the subscription that is there. A queue's or function's is confirmed at once; the
/// owner of another endpoint is asked to confirm it, again where that has not been done.
/// <https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html>
pub(super) fn subscribe(world: &mut World, call: &Call<'_>, form: &Form) -> Result<String, AwsError> {
    refuse_others(call, form, &["TopicArn", "Protocol", "Endpoint", "Attributes", "ReturnSubscriptionArn"])?;
    let protocol = Protocol::parse(call, required(form, "Protocol")?)?;
    let endpoint = required(form, "Endpoint")?;
    let attributes = query::entries(form, "Attributes.entry");
    let topic = find_topic(world, required(form, "TopicArn")?)?;
    protocol.check_endpoint(endpoint, topic)?;
    let settings = Settings::parse(call, (protocol, endpoint), topic.is_fifo(), &attributes);
    let settings = settings.map_err(|refusal| refusal.on_creation())?;
    let existing = topic.subscriptions.iter().position(|old| old.protocol == protocol && old.endpoint == endpoint);
    let index = match existing {
        Some(index) => {
            let old = &topic.subscriptions[index];
            if attributes.iter().any(|(name, value)| old.attributes.get(name) != Some(value)) {
                return Err(invalid("Attributes Reason: Subscription already exists with different attributes"));
            }
            index
        }
        None => {
            check_filters(topic, settings.filter.is_some())?;
            let (arn, endpoint) = (format!("{}:{}", topic.arn, call.ids.uuid()), endpoint.to_owned());
            let state = State::at_first(protocol);
            topic.subscriptions.push(Subscription { arn, protocol, endpoint, settings, state, attributes });
            topic.subscriptions.len() - 1
        }
    };
    let (arn, is_pending) = (topic.subscriptions[index].arn.clone(), topic.subscriptions[index].is_pending());
    if is_pending {
        confirm::ask(world, call, &arn)?;
    }
    world.changed();
    let told = form.get("ReturnSubscriptionArn").is_some_and(|wanted| wanted == "true");
    Ok(xml::element("SubscriptionArn", if is_pending && !told { "pending confirmation" } else { &arn }))
}

/// A topic has at most this many subscriptions with a filter policy.
/// <https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html>
const MAX_FILTERS: usize = 200;

fn check_filters(topic: &Topic, one_more: bool) -> Result<(), AwsError> {
    let filters = topic.subscriptions.iter().filter(|subscription| subscription.settings.filter.is_some()).count();
    if one_more && filters >= MAX_FILTERS {
        let message = "Filter policy limit exceeded for the topic";
        return Err(AwsError::new(403, "FilterPolicyLimitExceeded", message));
    }
    Ok(())
}

/// Deletes a subscription; one that does not exist is deleted already. Who is not its owner may do so unless it was
/// confirmed with a signature that is asked for then, and its endpoint is told.
/// <https://docs.aws.amazon.com/sns/latest/api/API_Unsubscribe.html>
pub(super) fn unsubscribe(world: &mut World, call: &Call<'_>, form: &Form) -> Result<String, AwsError> {
    refuse_others(call, form, &["SubscriptionArn"])?;
    let arn = form.get("SubscriptionArn").map(String::as_str);
    let arn = arn.ok_or_else(|| invalid("SubscriptionArn Reason: no value for required parameter"))?;
    let topic_arn = topic_arn(arn)?;
    let is_anonymous = call.identity.is_anonymous();
    if let Ok(topic) = find_topic(world, topic_arn)
        && let Some(index) = topic.subscriptions.iter().position(|subscription| subscription.arn == arn)
    {
        if is_anonymous && topic.subscriptions[index].needs_a_signature() {
            return Err(AwsError::new(403, "AuthorizationError", "Not authorized to unsubscribe"));
        }
        let removed = topic.subscriptions.remove(index);
        topic.unsubscribed += 1;
        if is_anonymous {
            confirm::cancel(world, call, removed)?;
        }
    }
    world.changed();
    Ok(String::new())
}

/// The ARN of the topic that a subscription's ARN begins with.
pub(super) fn topic_arn(subscription: &str) -> Result<&str, AwsError> {
    let elements = subscription.split(':').count();
    if elements < 6 || Arn::parse(subscription).is_none_or(|arn| arn.service != "sns") {
        return Err(invalid(format!("SubscriptionArn Reason: An ARN must have at least 6 elements, not {elements}")));
    }
    let topic = subscription.rsplit_once(':').map(|(topic, _)| topic).filter(|_| elements > 6);
    topic.ok_or_else(|| invalid("SubscriptionId"))
}

pub(super) fn list(world: &mut World, call: &Call<'_>, form: &Form) -> Result<String, AwsError> {
    refuse_others(call, form, &["NextToken"])?;
    let topics = call.region(world).sns.topics.values();
    page("Subscriptions", topics.flat_map(members).collect(), form)
}

pub(super) fn list_by_topic(world: &mut World, call: &Call<'_>, form: &Form) -> Result<String, AwsError> {
    refuse_others(call, form, &["TopicArn", "NextToken"])?;
    let topic = find_topic(world, required(form, "TopicArn")?)?;
    page("Subscriptions", members(topic), form)
}

fn members(topic: &Topic) -> Vec<String> {
    let member = |subscription: &Subscription| {
        let arn = if subscription.is_pending() { "PendingConfirmation" } else { &subscription.arn };
        [
            xml::element("SubscriptionArn", arn),
            xml::element("Owner", &topic.owner),
            xml::element("Protocol", subscription.protocol.name()),
            xml::element("Endpoint", &subscription.endpoint),
            xml::element("TopicArn", &topic.arn),
        ]
        .concat()
    };
    topic.subscriptions.iter().map(member).collect()
}

/// The topic of the subscription that a form names, and where in it that is.
fn find<'w>(world: &'w mut World, form: &Form) -> Result<(&'w mut Topic, usize), AwsError> {
    let arn = required(form, "SubscriptionArn")?;
    let topic = find_topic(world, topic_arn(arn)?).map_err(|_| not_found("Subscription"))?;
    let index = topic.subscriptions.iter().position(|subscription| subscription.arn == arn);
    let index = index.ok_or_else(|| not_found("Subscription"))?;
    Ok((topic, index))
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_GetSubscriptionAttributes.html>
pub(super) fn get_attributes(world: &mut World, call: &Call<'_>, form: &Form) -> Result<String, AwsError> {
    refuse_others(call, form, &["SubscriptionArn"])?;
    let (topic, index) = find(world, form)?;
    let subscription = &topic.subscriptions[index];
    let mut all = subscription.attributes.clone();
    let mut put = |name: &str, value: &str| all.insert(name.to_owned(), value.to_owned());
    put("SubscriptionArn", &subscription.arn);
    put("SubscriptionPrincipal", &format!("arn:aws:iam::{}:root", topic.owner));
    put("TopicArn", &topic.arn);
    put("Owner", &topic.owner);
    put("Protocol", subscription.protocol.name());
    put("Endpoint", &subscription.endpoint);
    put("RawMessageDelivery", if subscription.settings.raw { "true" } else { "false" });
    put("PendingConfirmation", if subscription.is_pending() { "true" } else { "false" });
    put("ConfirmationWasAuthenticated", if subscription.needs_a_signature() { "true" } else { "false" });
    if subscription.protocol.is_http() {
        let policy = DeliveryPolicy::of(topic, subscription);
        put("EffectiveDeliveryPolicy", &policy.told_of_subscription().to_string());
    }
    if subscription.settings.filter.is_some() {
        all.entry("FilterPolicyScope".to_owned()).or_insert_with(|| "MessageAttributes".to_owned());
    } else {
        all.remove("FilterPolicy");
        all.remove("FilterPolicyScope");
    }
    Ok(attributes(&all))
}

/// Sets one attribute; an empty value takes it away.
/// <https://docs.aws.amazon.com/sns/latest/api/API_SetSubscriptionAttributes.html>
pub(super) fn set_attributes(world: &mut World, call: &Call<'_>, form: &Form) -> Result<String, AwsError> {
    refuse_others(call, form, &["SubscriptionArn", "AttributeName", "AttributeValue"])?;
    let name = required(form, "AttributeName")?;
    let value = form.get("AttributeValue").cloned().unwrap_or_default();
    let (topic, index) = find(world, form)?;
    let old = &topic.subscriptions[index];
    let mut attributes = old.attributes.clone();
    match value.as_str() {
        "" if matches!(name, "DeliveryPolicy" | "FilterPolicy" | "RedrivePolicy") => attributes.remove(name),
        _ => attributes.insert(name.to_owned(), value),
    };
    let settings = Settings::parse(call, (old.protocol, &old.endpoint), topic.is_fifo(), &attributes);
    let settings = settings.map_err(|refusal| refusal.later())?;
    check_filters(topic, settings.filter.is_some() && old.settings.filter.is_none())?;
    let subscription = &mut topic.subscriptions[index];
    (subscription.settings, subscription.attributes) = (settings, attributes);
    world.changed();
    Ok(String::new())
}
