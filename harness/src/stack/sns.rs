//! Topics and their subscriptions.

use std::collections::BTreeMap;

/// An SNS topic.
#[derive(Clone, Debug)]
pub struct Topic {
    pub logical_id: String,
    pub name: String,
    pub arn: String,
    /// The attributes as `CreateTopic` takes them: `FifoTopic`, `DisplayName` and so on.
    pub attributes: BTreeMap<String, String>,
}

/// An SNS subscription.
#[derive(Clone, Debug)]
pub struct Subscription {
    pub logical_id: String,
    pub topic_arn: String,
    /// `sqs`, `lambda`, `email` and so on.
    pub protocol: String,
    /// The queue's or function's ARN, the address, or the URL.
    pub endpoint: String,
    /// The attributes as `Subscribe` takes them: `RawMessageDelivery` and so on.
    pub attributes: BTreeMap<String, String>,
}

impl Subscription {
    /// Whether a URL subscribes.
    pub fn is_http(&self) -> bool {
        self.protocol.starts_with("http")
    }

    /// Whether an address subscribes.
    pub fn is_mail(&self) -> bool {
        self.protocol.starts_with("email")
    }
}
