//! The protocols that a subscription may have, and which endpoints each takes.
//! <https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html>

use super::topic::Topic;
use super::{invalid, not_simulated};
use crate::arn::Arn;
use crate::protocol::AwsError;
use crate::world::Call;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Sqs,
    Lambda,
    Email,
    EmailJson,
    Http,
    Https,
}

/// Protocols that SNS has and that are not simulated: text messages, mobile push and Firehose.
const OTHERS: [&str; 3] = ["application", "firehose", "sms"];

impl Protocol {
    const ALL: [Self; 6] = [Self::Sqs, Self::Lambda, Self::Email, Self::EmailJson, Self::Http, Self::Https];

    /// Its name in requests, and in a message that has a text for each protocol.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqs => "sqs",
            Self::Lambda => "lambda",
            Self::Email => "email",
            Self::EmailJson => "email-json",
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The protocol with a name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|protocol| protocol.name() == name)
    }

    pub fn parse(call: &Call<'_>, name: &str) -> Result<Self, AwsError> {
        match Self::of(name) {
            Some(protocol) => Ok(protocol),
            None if OTHERS.contains(&name) => Err(not_simulated(call, &format!("the protocol {name}"))),
            None => Err(invalid(format!("Amazon SNS does not support this protocol string: {name}"))),
        }
    }

    pub fn is_http(self) -> bool {
        matches!(self, Self::Http | Self::Https)
    }

    pub fn is_mail(self) -> bool {
        matches!(self, Self::Email | Self::EmailJson)
    }

    /// Whether a subscription is pending until the endpoint's owner confirms it. A queue or function of the
    /// same account needs no confirmation.
    pub fn needs_confirmation(self) -> bool {
        self.is_http() || self.is_mail()
    }

    /// Whether messages may be delivered without their envelope.
    /// <https://docs.aws.amazon.com/sns/latest/dg/sns-large-payload-raw-message-delivery.html>
    pub fn can_be_raw(self) -> bool {
        self == Self::Sqs || self.is_http()
    }

    /// What is wrong with an endpoint of the protocol, whatever the topic.
    pub fn misfit(self, endpoint: &str) -> Option<&'static str> {
        let service = Arn::parse(endpoint).map(|arn| arn.service);
        match self {
            Self::Sqs if service != Some("sqs") => Some("SQS endpoint ARN"),
            Self::Lambda if service != Some("lambda") => Some("Lambda endpoint ARN"),
            Self::Email | Self::EmailJson if !is_address(endpoint) => Some("Email address"),
            Self::Http | Self::Https if !endpoint.starts_with(&format!("{}://", self.name())) => {
                Some("Endpoint must match the specified protocol")
            }
            _ => None,
        }
    }

    /// Refuses an endpoint that the protocol or the topic does not take.
    /// <https://docs.aws.amazon.com/sns/latest/dg/fifo-topic-message-delivery.html>
    pub fn check_endpoint(self, endpoint: &str, topic: &Topic) -> Result<(), AwsError> {
        if let Some(refusal) = self.misfit(endpoint) {
            return Err(invalid(refusal));
        }
        let refusal = match self {
            _ if topic.is_fifo() && self != Self::Sqs => {
                "Invalid parameter: Endpoint Reason: Please use FIFO SQS queue"
            }
            Self::Sqs if endpoint.ends_with(".fifo") && !topic.is_fifo() => {
                "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics"
            }
            _ => return Ok(()),
        };
        Err(invalid(refusal))
    }
}

/// `somebody@somewhere`.
fn is_address(endpoint: &str) -> bool {
    let parts = endpoint.split_once('@');
    parts.is_some_and(|(user, host)| {
        !user.is_empty() && !host.is_empty() && !host.contains('@') && !endpoint.contains(char::is_whitespace)
    })
}
