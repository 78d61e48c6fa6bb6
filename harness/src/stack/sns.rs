//! Topics and their subscriptions.

use std::collections::BTreeMap;

/// An SNS standard topic.
#[derive(Clone, Debug)]
pub struct Topic {
    pub logical_id: String,
    pub name: String,
    pub arn: String,
    /// Who may publish, as JSON text, where that is not the account alone.
    pub policy: Option<String>,
}

/// An SNS subscription.
#[derive(Clone, Debug)]
pub struct Subscription {
    pub logical_id: String,
    pub topic_arn: String,
    /// `sqs` or `lambda`.
    pub protocol: String,
    /// The queue's or function's ARN.
    pub endpoint: String,
    /// The attributes as `Subscribe` takes them: `RawMessageDelivery` and so on.
    pub attributes: BTreeMap<String, String>,
}
