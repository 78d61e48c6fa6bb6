//! EventBridge. (to be written)
use crate::protocol::{AwsError, Reply, Service};
use crate::world::{Call, Outstanding, World};
use jiff::Timestamp;
use serde_json::Value;

#[derive(Default)]
pub(crate) struct State;

/// An event before EventBridge gives it an id.
#[derive(Clone, Debug)]
pub(crate) struct NewEvent {
    pub source: String,
    pub detail_type: String,
    pub detail: Value,
    pub resources: Vec<String>,
}

/// Puts an event of an AWS service on the default bus and returns its id.
pub(crate) fn put_on_default_bus(_world: &mut World, _account: &str, _region: &str, _event: NewEvent) -> String {
    String::new()
}
/// Fires what is due.
pub(crate) fn run_due(_world: &mut World) {}
/// When something is due next.
pub(crate) fn next_due(_world: &World) -> Option<Timestamp> {
    None
}
/// What is still to be done.
pub(crate) fn outstanding(_world: &World) -> Vec<Outstanding> {
    Vec::new()
}

pub(crate) fn answer(_world: &mut World, call: &Call<'_>) -> Result<Reply, AwsError> {
    Err(AwsError::not_simulated(Service::EventBridge, call.operation()))
}
