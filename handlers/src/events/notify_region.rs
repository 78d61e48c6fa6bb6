//! `NotifyRegion`: a note to the region's team for each order, in a table that its dashboard reads.

use std::collections::HashMap;

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use aws_sdk_dynamodb::Client;
use aws_types::SdkConfig;
use lambda_runtime::{Error, LambdaEvent};

use super::{OrderPlaced, event_time, store_once, text};
use crate::{Environment, required};

pub struct State {
    dynamodb: Client,
    table: String,
}

impl State {
    /// Built once per cold start.
    ///
    /// # Errors
    /// When `NOTIFICATIONS_TABLE` is not set.
    pub fn new(config: &SdkConfig, environment: &Environment) -> Result<Self, Error> {
        Ok(Self { dynamodb: Client::new(config), table: required(environment, "NOTIFICATIONS_TABLE")? })
    }
}

/// Stores the note under its region and the event's id.
///
/// # Errors
/// When DynamoDB fails: Lambda then retries.
pub async fn handler(state: &State, event: LambdaEvent<EventBridgeEvent<OrderPlaced>>) -> Result<(), Error> {
    let placed_at = event_time(&event.payload)?;
    let order = event.payload.detail;
    let message = message(&order);
    let item = HashMap::from([
        text("region", order.region),
        text("eventId", order.event_id),
        text("message", message),
        text("placedAt", placed_at),
    ]);
    store_once(&state.dynamodb, &state.table, "eventId", item).await
}

fn message(order: &OrderPlaced) -> String {
    format!("{} ordered for {}.{:02}", order.customer_id, order.total_cents / 100, order.total_cents % 100)
}

#[cfg(test)]
mod tests {
    use super::super::Priority;
    use super::*;

    #[test]
    fn the_note_shows_the_total_in_whole_units() {
        for (total_cents, expected) in
            [(0, "c-1 ordered for 0.00"), (5, "c-1 ordered for 0.05"), (123_456, "c-1 ordered for 1234.56")]
        {
            let order = OrderPlaced {
                event_id: "e".to_owned(),
                customer_id: "c-1".to_owned(),
                total_cents,
                region: "eu".to_owned(),
                priority: Priority::Normal,
            };
            assert_eq!(message(&order), expected);
        }
    }
}
