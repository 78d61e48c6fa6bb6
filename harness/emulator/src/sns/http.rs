//! What HTTP endpoints are sent, and what their answers mean.
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html>

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::deliver::Stamp;
use super::envelope::{self, Notice};
use super::subscription::Subscription;
use super::topic::Topic;
use crate::outbound::NoAnswer;
use crate::protocol::{Reply, Request};
use crate::world::Undeliverable;

/// How long SNS waits for an answer.
pub(super) const TIMEOUT: Duration = Duration::from_secs(15);

/// A notification: its envelope, or with raw delivery its message. None where the endpoint is no URL.
pub(super) fn notification(
    topic: &Topic,
    subscription: &Subscription,
    stamp: &Stamp,
    content_type: &str,
    body: &str,
) -> Option<Request> {
    let mut headers = vec![
        ("x-amz-sns-message-type", "Notification"),
        ("x-amz-sns-message-id", &stamp.taken.message_id),
        ("x-amz-sns-topic-arn", &topic.arn),
        ("x-amz-sns-subscription-arn", &subscription.arn),
        ("content-type", content_type),
    ];
    if subscription.settings.raw {
        headers.push(("x-amz-sns-rawdelivery", "true"));
    }
    post(&subscription.endpoint, &headers, body.to_owned())
}

/// A notice to an endpoint's owner. None where the endpoint is no URL.
pub(super) fn notice(
    topic: &Topic,
    subscription: &Subscription,
    notice: Notice,
    token: &str,
    stamp: &Stamp,
) -> Option<Request> {
    let mut headers = vec![
        ("x-amz-sns-message-type", notice.name()),
        ("x-amz-sns-message-id", stamp.taken.message_id.as_str()),
        ("x-amz-sns-topic-arn", topic.arn.as_str()),
        ("content-type", "text/plain; charset=UTF-8"),
    ];
    if notice == Notice::Cancelled {
        headers.push(("x-amz-sns-subscription-arn", subscription.arn.as_str()));
    }
    post(&subscription.endpoint, &headers, envelope::notice(topic, subscription, notice, token, stamp))
}

fn post(endpoint: &str, headers: &[(&str, &str)], body: String) -> Option<Request> {
    let agent = [("user-agent", "Amazon Simple Notification Service Agent")];
    let mut all = HeaderMap::new();
    for (name, value) in headers.iter().chain(&agent) {
        all.insert(HeaderName::try_from(*name).ok()?, HeaderValue::try_from(*value).ok()?);
    }
    Some(Request { method: Method::POST, uri: endpoint.parse().ok()?, headers: all, body: Bytes::from(body) })
}

/// What an outcome means: 5xx, 429 and no answer are tried again, other refusals are final.
/// <https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.prepare.html>
pub(super) fn result(outcome: Result<Reply, NoAnswer>) -> Result<(), Undeliverable> {
    match outcome {
        Ok(reply) if (200..300).contains(&reply.status) => Ok(()),
        Ok(reply) if reply.status < 500 && reply.status != 429 => Err(Undeliverable::NoSuchTarget),
        Ok(_) | Err(NoAnswer::Refused | NoAnswer::TimedOut) => Err(Undeliverable::Busy),
    }
}
