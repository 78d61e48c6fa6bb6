//! `RecordLargeOrder`: orders from the threshold of its rule on are kept for the sales team.

use std::collections::HashMap;

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use aws_sdk_dynamodb::Client;
use aws_types::SdkConfig;
use lambda_runtime::{Error, LambdaEvent};

use super::{OrderPlaced, event_time, number, store_once, text};
use crate::{Environment, required};

pub struct State {
    dynamodb: Client,
    table: String,
}

impl State {
    /// Built once per cold start.
    ///
    /// # Errors
    /// When `LARGE_ORDERS_TABLE` is not set.
    pub fn new(config: &SdkConfig, environment: &Environment) -> Result<Self, Error> {
        Ok(Self { dynamodb: Client::new(config), table: required(environment, "LARGE_ORDERS_TABLE")? })
    }
}

/// Stores the order under its event's id.
///
/// # Errors
/// When DynamoDB fails: Lambda retries twice, then hands the event to the on-failure destination.
pub async fn handler(state: &State, event: LambdaEvent<EventBridgeEvent<OrderPlaced>>) -> Result<(), Error> {
    let placed_at = event_time(&event.payload)?;
    let order = event.payload.detail;
    let item = HashMap::from([
        text("eventId", order.event_id),
        text("customerId", order.customer_id),
        number("totalCents", order.total_cents),
        text("placedAt", placed_at),
    ]);
    store_once(&state.dynamodb, &state.table, "eventId", item).await
}
