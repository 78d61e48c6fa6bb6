//! What the attributes of a subscription mean.
//! <https://docs.aws.amazon.com/sns/latest/api/API_SetSubscriptionAttributes.html>

use std::collections::BTreeMap;

use serde_json::Value;

use super::delivery_policy::{self, DeliveryPolicy};
use super::filter::Filter;
use super::not_simulated;
use super::protocol::Protocol;
use super::refusal::Refusal;
use crate::arn::Arn;
use crate::world::Call;

#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub raw: bool,
    pub filter: Option<Filter>,
    /// The ARN of the queue that takes what cannot be delivered.
    pub dead_letter_queue: Option<String>,
}

/// Attributes that SNS has and that are not simulated: they are for Firehose and for archives of FIFO topics.
const OTHERS: [&str; 2] = ["ReplayPolicy", "SubscriptionRoleArn"];
const SIMULATED: [&str; 5] =
    ["DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy"];

impl Settings {
    /// Reads attributes of a subscription to an endpoint, whose topic may be a FIFO topic.
    pub fn parse(
        call: &Call<'_>,
        (protocol, endpoint): (Protocol, &str),
        is_fifo: bool,
        attributes: &BTreeMap<String, String>,
    ) -> Result<Self, Refusal> {
        for name in attributes.keys().map(String::as_str) {
            if OTHERS.contains(&name) {
                return Err(Refusal::NotSimulated(not_simulated(call, &format!("the attribute {name}"))));
            }
            if !SIMULATED.contains(&name) {
                return Err(Refusal::Unknown(name.to_owned()));
            }
        }
        let get = |name: &str| attributes.get(name).map(String::as_str);
        let redrive = get("RedrivePolicy").filter(|policy| !policy.is_empty());
        let needs_fifo = is_fifo && endpoint.ends_with(".fifo");
        if let Some(policy) = get("DeliveryPolicy") {
            check_delivery_policy(protocol, policy)?;
        }
        Ok(Self {
            raw: raw(protocol, get("RawMessageDelivery"))?,
            filter: Filter::parse(get("FilterPolicy"), get("FilterPolicyScope"))?,
            dead_letter_queue: redrive.map(|policy| dead_letter_queue(policy, needs_fifo)).transpose()?,
        })
    }
}

fn raw(protocol: Protocol, value: Option<&str>) -> Result<bool, Refusal> {
    let Some(value) = value else { return Ok(false) };
    match value.to_ascii_lowercase().as_str() {
        "false" => Ok(false),
        "true" if protocol.can_be_raw() => Ok(true),
        "true" => {
            let name = protocol.name();
            Err(Refusal::invalid(format!("Delivery protocol [{name}] does not support raw message delivery.")))
        }
        _ => Err(Refusal::invalid(format!("RawMessageDelivery: Invalid value [{value}]. Must be true or false."))),
    }
}

fn check_delivery_policy(protocol: Protocol, policy: &str) -> Result<(), Refusal> {
    if !protocol.is_http() {
        let name = protocol.name();
        return Err(Refusal::invalid(format!("DeliveryPolicy: Delivery protocol [{name}] does not support it.")));
    }
    delivery_policy::of_subscription(policy, &DeliveryPolicy::default()).map(drop)
}

/// <https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html>
fn dead_letter_queue(policy: &str, needs_fifo: bool) -> Result<String, Refusal> {
    let refuse = |reason: &str| Refusal::invalid(format!("RedrivePolicy: {reason}"));
    let json: Value = serde_json::from_str(policy).map_err(|_| refuse("failed to parse JSON."))?;
    let queue = json.get("deadLetterTargetArn").and_then(Value::as_str);
    let queue = queue.filter(|queue| Arn::parse(queue).is_some_and(|arn| arn.service == "sqs"));
    let queue = queue.ok_or_else(|| refuse("deadLetterTargetArn is an invalid arn"))?;
    if needs_fifo && !queue.ends_with(".fifo") {
        return Err(refuse("must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic."));
    }
    Ok(queue.to_owned())
}
