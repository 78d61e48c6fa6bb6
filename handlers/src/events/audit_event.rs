//! `AuditEvent`: whatever its rule selects, kept by day with all of its detail.

use std::collections::HashMap;

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use aws_sdk_dynamodb::Client;
use aws_types::SdkConfig;
use lambda_runtime::{Error, LambdaEvent};
use serde_json::Value;

use super::{event_time, store_once, text};
use crate::{Environment, required, time};

pub struct State {
    dynamodb: Client,
    table: String,
}

impl State {
    /// Built once per cold start.
    ///
    /// # Errors
    /// When `AUDIT_TABLE` is not set.
    pub fn new(config: &SdkConfig, environment: &Environment) -> Result<Self, Error> {
        Ok(Self { dynamodb: Client::new(config), table: required(environment, "AUDIT_TABLE")? })
    }
}

/// Stores the event under its day and id: the producer's, or EventBridge's where a producer gives none.
///
/// # Errors
/// When DynamoDB fails: Lambda retries twice, then hands the event to the dead-letter queue.
pub async fn handler(state: &State, event: LambdaEvent<EventBridgeEvent<Value>>) -> Result<(), Error> {
    let event = event.payload;
    let happened_at = event_time(&event)?;
    let event_id = event.detail["eventId"].as_str().or(event.id.as_deref()).ok_or("the event has no id")?;
    let item = HashMap::from([
        text("day", time::day(&happened_at)),
        text("eventId", event_id),
        text("source", &event.source),
        text("detailType", &event.detail_type),
        text("detail", event.detail.to_string()),
        text("happenedAt", &happened_at),
    ]);
    store_once(&state.dynamodb, &state.table, "eventId", item).await
}
