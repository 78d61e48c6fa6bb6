//! Subscriptions of queues and functions to topics.

use std::collections::BTreeMap;

use serde_json::Value;

use super::filter::Filter;
use super::topic::Topic;
use super::{attributes, find_topic, invalid, not_found, not_simulated, page, refuse_others, required};
use crate::arn::Arn;
use crate::protocol::query::{self, Form};
use crate::protocol::{AwsError, xml};
use crate::world::{Call, World};

#[derive(Clone, Debug)]
pub(super) struct Subscription {
    pub arn: String,
    pub protocol: Protocol,
    /// The ARN of the queue or function.
    pub endpoint: String,
    pub settings: Settings,
    /// The attributes as they were set.
    attributes: BTreeMap<String, String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Sqs,
    Lambda,
}

/// What the attributes mean.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub raw: bool,
    pub filter: Option<Filter>,
    /// The ARN of the queue that takes what cannot be delivered.
    pub dead_letter_queue: Option<String>,
}

/// The attributes that are simulated.
const SIMULATED: [&str; 4] = ["RawMessageDelivery", "FilterPolicy", "FilterPolicyScope", "RedrivePolicy"];
/// The attributes that SNS has beside them.
/// <https://docs.aws.amazon.com/sns/latest/api/API_SetSubscriptionAttributes.html>
const OTHER_ATTRIBUTES: [&str; 3] = ["DeliveryPolicy", "ReplayPolicy", "SubscriptionRoleArn"];

/// Protocols that SNS has and that are not simulated.
const OTHER_PROTOCOLS: [&str; 7] = ["application", "email", "email-json", "firehose", "http", "https", "sms"];

impl Protocol {
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqs => "sqs",
            Self::Lambda => "lambda",
        }
    }

    fn parse(call: &Call<'_>, name: &str) -> Result<Self, AwsError> {
        match name {
            "sqs" => Ok(Self::Sqs),
            "lambda" => Ok(Self::Lambda),
            other if OTHER_PROTOCOLS.contains(&other) => Err(not_simulated(call, &format!("the protocol {other}"))),
            other => Err(invalid(format!("Amazon SNS does not support this protocol string: {other}"))),
        }
    }
}

impl Settings {
    fn parse(call: &Call<'_>, protocol: Protocol, attributes: &BTreeMap<String, String>) -> Result<Self, AwsError> {
        if let Some(name) = attributes.keys().find(|name| !SIMULATED.contains(&name.as_str())) {
            return Err(not_simulated(call, &format!("the attribute {name}")));
        }
        let get = |name: &str| attributes.get(name).map(String::as_str);
        let raw = match get("RawMessageDelivery").map(str::to_ascii_lowercase).as_deref() {
            None | Some("false") => false,
            Some("true") if protocol == Protocol::Sqs => true,
            Some("true") => {
                let reason = "Delivery protocol [lambda] does not support raw message delivery.";
                return Err(invalid(format!("Attributes Reason: {reason}")));
            }
            Some(_) => {
                return Err(invalid("Attributes Reason: RawMessageDelivery: Invalid value. Must be true or false."));
            }
        };
        let filter = Filter::parse(get("FilterPolicy"), get("FilterPolicyScope"))?;
        let dead_letter_queue = get("RedrivePolicy").filter(|policy| !policy.is_empty()).map(dead_letter_queue);
        Ok(Self { raw, filter, dead_letter_queue: dead_letter_queue.transpose()? })
    }
}

fn dead_letter_queue(policy: &str) -> Result<String, AwsError> {
    let json: Value = serde_json::from_str(policy).map_err(|_| invalid("RedrivePolicy: failed to parse JSON."))?;
    let queue = json.get("deadLetterTargetArn").and_then(Value::as_str);
    let queue = queue.filter(|queue| Arn::parse(queue).is_some_and(|arn| arn.service == "sqs"));
    queue.map(str::to_owned).ok_or_else(|| invalid("RedrivePolicy: deadLetterTargetArn is an invalid arn"))
}

/// Subscribes a queue or function, which is confirmed at once, or finds the subscription that is there.
/// <https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html>
pub(super) fn subscribe(world: &mut World, call: &Call<'_>, form: &Form) -> Result<String, AwsError> {
    // A subscription that is confirmed at once always returns its ARN.
    refuse_others(call, form, &["TopicArn", "Protocol", "Endpoint", "Attributes", "ReturnSubscriptionArn"])?;
    let protocol = Protocol::parse(call, required(form, "Protocol")?)?;
    let endpoint = required(form, "Endpoint")?;
    let attributes = query::entries(form, "Attributes.entry");
    let settings = Settings::parse(call, protocol, &attributes)?;
    check_endpoint(protocol, endpoint)?;
    let topic = find_topic(world, required(form, "TopicArn")?)?;
    let existing = topic.subscriptions.iter().find(|old| old.protocol == protocol && old.endpoint == endpoint);
    if let Some(existing) = existing {
        if existing.attributes != attributes {
            return Err(invalid("Attributes Reason: Subscription already exists with different attributes"));
        }
        return Ok(xml::element("SubscriptionArn", &existing.arn));
    }
    let arn = format!("{}:{}", topic.arn, call.ids.uuid());
    let answer = xml::element("SubscriptionArn", &arn);
    topic.subscriptions.push(Subscription { arn, protocol, endpoint: endpoint.to_owned(), settings, attributes });
    world.changed();
    Ok(answer)
}

fn check_endpoint(protocol: Protocol, endpoint: &str) -> Result<(), AwsError> {
    let service = Arn::parse(endpoint).map(|arn| arn.service).unwrap_or_default();
    match (protocol, service) {
        (Protocol::Sqs, "sqs") | (Protocol::Lambda, "lambda") => {}
        (Protocol::Sqs, _) => return Err(invalid("SQS endpoint ARN")),
        (Protocol::Lambda, _) => return Err(invalid("Lambda endpoint ARN")),
    }
    if protocol == Protocol::Sqs && endpoint.ends_with(".fifo") {
        let reason = "Please use FIFO SNS topic";
        return Err(invalid(format!(
            "Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics. {reason}"
        )));
    }
    Ok(())
}

/// Deletes a subscription; one that does not exist is deleted already.
pub(super) fn unsubscribe(world: &mut World, call: &Call<'_>, form: &Form) -> Result<String, AwsError> {
    refuse_others(call, form, &["SubscriptionArn"])?;
    let arn = required(form, "SubscriptionArn")?;
    let topic_arn = topic_arn(arn)?;
    if let Ok(topic) = find_topic(world, topic_arn) {
        let before = topic.subscriptions.len();
        topic.subscriptions.retain(|subscription| subscription.arn != arn);
        topic.unsubscribed += before - topic.subscriptions.len();
    }
    world.changed();
    Ok(String::new())
}

/// The ARN of the topic that a subscription's ARN begins with.
fn topic_arn(subscription: &str) -> Result<&str, AwsError> {
    let topic = subscription.rsplit_once(':').map(|(topic, _)| topic);
    let topic = topic.filter(|topic| Arn::parse(topic).is_some_and(|arn| arn.service == "sns"));
    topic.ok_or_else(|| invalid("SubscriptionArn Reason: An ARN must have at least 6 elements"))
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
        [
            xml::element("SubscriptionArn", &subscription.arn),
            xml::element("Owner", &topic.owner),
            xml::element("Protocol", subscription.protocol.name()),
            xml::element("Endpoint", &subscription.endpoint),
            xml::element("TopicArn", &topic.arn),
        ]
        .concat()
    };
    topic.subscriptions.iter().map(member).collect()
}

fn find<'w>(world: &'w mut World, form: &Form) -> Result<(String, &'w mut Subscription), AwsError> {
    let arn = required(form, "SubscriptionArn")?;
    let topic = find_topic(world, topic_arn(arn)?).map_err(|_| not_found("Subscription"))?;
    let subscription = topic.subscriptions.iter_mut().find(|subscription| subscription.arn == arn);
    Ok((topic.owner.clone(), subscription.ok_or_else(|| not_found("Subscription"))?))
}

pub(super) fn get_attributes(world: &mut World, call: &Call<'_>, form: &Form) -> Result<String, AwsError> {
    refuse_others(call, form, &["SubscriptionArn"])?;
    let (owner, subscription) = find(world, form)?;
    let mut all = subscription.attributes.clone();
    let mut put = |name: &str, value: &str| all.insert(name.to_owned(), value.to_owned());
    put("SubscriptionArn", &subscription.arn);
    put("TopicArn", topic_arn(&subscription.arn)?);
    put("Owner", &owner);
    put("Protocol", subscription.protocol.name());
    put("Endpoint", &subscription.endpoint);
    put("RawMessageDelivery", if subscription.settings.raw { "true" } else { "false" });
    put("PendingConfirmation", "false");
    put("ConfirmationWasAuthenticated", "true");
    if subscription.attributes.contains_key("FilterPolicy") {
        all.entry("FilterPolicyScope".to_owned()).or_insert_with(|| "MessageAttributes".to_owned());
    }
    Ok(attributes(&all))
}

/// Sets one attribute; the empty filter policy `{}` and an empty redrive policy take theirs away.
/// <https://docs.aws.amazon.com/sns/latest/api/API_SetSubscriptionAttributes.html>
pub(super) fn set_attributes(world: &mut World, call: &Call<'_>, form: &Form) -> Result<String, AwsError> {
    refuse_others(call, form, &["SubscriptionArn", "AttributeName", "AttributeValue"])?;
    let name = required(form, "AttributeName")?;
    let value = form.get("AttributeValue").cloned().unwrap_or_default();
    let (_, subscription) = find(world, form)?;
    if !SIMULATED.contains(&name) && !OTHER_ATTRIBUTES.contains(&name) {
        return Err(invalid("AttributeName"));
    }
    let mut attributes = subscription.attributes.clone();
    match (name, value.as_str()) {
        ("FilterPolicy", "" | "{}") | ("RedrivePolicy", "") => attributes.remove(name),
        _ => attributes.insert(name.to_owned(), value),
    };
    subscription.settings = Settings::parse(call, subscription.protocol, &attributes)?;
    subscription.attributes = attributes;
    world.changed();
    Ok(String::new())
}
