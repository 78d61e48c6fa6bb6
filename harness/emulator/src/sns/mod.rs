//! SNS. (to be written)
use crate::protocol::{AwsError, Reply, Service};
use crate::sqs::MessageAttribute;
use crate::world::{Call, Undeliverable, World};
use std::collections::BTreeMap;

#[derive(Default)]
pub(crate) struct State;

/// What is published to a topic.
#[derive(Clone, Debug, Default)]
pub(crate) struct NewNotification {
    pub subject: Option<String>,
    pub message: String,
    pub attributes: BTreeMap<String, MessageAttribute>,
}

/// Publishes to a topic and delivers to its subscriptions.
pub(crate) fn publish(
    _world: &mut World,
    _topic: &str,
    _notification: NewNotification,
) -> Result<String, Undeliverable> {
    Err(Undeliverable::NoSuchTarget)
}

pub(crate) fn answer(_world: &mut World, call: &Call<'_>) -> Result<Reply, AwsError> {
    Err(AwsError::not_simulated(Service::Sns, call.operation()))
}
