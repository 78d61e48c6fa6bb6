//! SQS. (to be written)
use crate::Ids;
use crate::protocol::{AwsError, Reply, Request, Service};
use crate::world::{Call, Undeliverable, World};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

#[derive(Default)]
pub(crate) struct State;

/// A message that another service sends.
#[derive(Clone, Debug, Default)]
pub(crate) struct NewMessage {
    pub body: String,
    pub attributes: BTreeMap<String, MessageAttribute>,
}

/// A message attribute: its data type and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MessageAttribute {
    /// `String`, `Number` or `Binary`, with an optional custom label after a dot.
    pub data_type: String,
    pub value: AttributeValue,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AttributeValue {
    Text(String),
    Binary(Vec<u8>),
}

/// What stands in a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueDepth {
    pub arn: String,
    pub url: String,
    /// Messages that can be received now.
    pub visible: usize,
    /// Messages that were received and are neither deleted nor visible again.
    pub in_flight: usize,
    /// Messages whose delay is not over.
    pub delayed: usize,
    /// When the next message that is in flight or delayed becomes visible.
    pub next_visible: Option<Timestamp>,
}

impl State {
    pub fn deliver(
        &mut self,
        _name: &str,
        _message: NewMessage,
        _now: Timestamp,
        _ids: &Ids,
    ) -> Result<String, Undeliverable> {
        Err(Undeliverable::NoSuchTarget)
    }
    /// What stands in each queue.
    pub fn depths(&self, _now: Timestamp) -> Vec<QueueDepth> {
        Vec::new()
    }
    /// When the next message of a queue can be received (now or earlier, for one that is visible).
    pub fn next_visible(&self, _url: &str) -> Option<Timestamp> {
        None
    }
}

/// The queue and the time that a `ReceiveMessage` may wait, where it may.
pub(crate) fn long_poll(_world: &World, _request: &Request) -> Option<(String, Duration)> {
    None
}

pub(crate) fn answer(_world: &mut World, call: &Call<'_>) -> Result<Reply, AwsError> {
    Err(AwsError::not_simulated(Service::Sqs, call.operation()))
}
