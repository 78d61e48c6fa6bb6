//! Workflow 3, event producers: [`place_order`] (a user's action) and [`upload_watcher`] (a system event) put
//! events on a bus; rules hand them by pattern to [`record_large_order`], [`audit_event`] and
//! [`notify_region`]; a schedule runs [`daily_report`].
//!
//! What always holds: the producer gives its event an `eventId` that follows from the cause, so the same
//! order or upload reported twice is one event to every consumer, whatever EventBridge's own id.

pub mod audit_event;
pub mod daily_report;
pub mod notify_region;
pub mod place_order;
pub mod record_large_order;
pub mod upload_watcher;

use std::collections::HashMap;

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use lambda_runtime::Error;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{batch, time};

/// The detail of `OrderPlaced`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderPlaced {
    pub event_id: String,
    pub customer_id: String,
    pub total_cents: u64,
    pub region: String,
    pub priority: Priority,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    #[default]
    Normal,
    High,
}

/// The detail of `DocumentUploaded`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentUploaded {
    pub event_id: String,
    pub bucket: String,
    /// Decoded.
    pub key: String,
    pub size: i64,
}

/// Puts events on a bus, all of them or an error.
///
/// # Errors
/// When EventBridge refuses a call, or still refuses entries after several.
async fn put_events(client: &aws_sdk_eventbridge::Client, entries: Vec<PutEventsRequestEntry>) -> Result<(), Error> {
    batch::until_done(entries, async |entries: Vec<PutEventsRequestEntry>| {
        let output = client.put_events().set_entries(Some(entries.clone())).send().await?;
        // The answer has one result per entry, in the same order.
        let results = output.entries().iter().zip(entries);
        let refused = results.filter(|(result, _)| result.error_code().is_some());
        Ok(refused
            .map(|(result, entry)| {
                tracing::warn!(error = result.error_code(), message = result.error_message(), "event refused");
                entry
            })
            .collect())
    })
    .await
}

/// Stores an item unless one with its key is there; `key` is any attribute of the key.
///
/// # Errors
/// When DynamoDB fails.
async fn store_once(
    client: &aws_sdk_dynamodb::Client,
    table: &str,
    key: &str,
    item: HashMap<String, AttributeValue>,
) -> Result<(), Error> {
    let put = client.put_item().table_name(table).set_item(Some(item));
    let put = put.condition_expression("attribute_not_exists(#key)").expression_attribute_names("#key", key);
    match put.send().await {
        Ok(_) => tracing::info!(table, "event stored"),
        Err(error) if error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) => {
            tracing::info!(table, "event was already stored");
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// When the event happened, as stored times are written.
///
/// # Errors
/// When the event has no time, which EventBridge always gives.
fn event_time<D: Serialize + DeserializeOwned>(event: &EventBridgeEvent<D>) -> Result<String, Error> {
    time::from_epoch_millis(event.time.ok_or("the event has no time")?.timestamp_millis())
}

fn text(name: &str, value: impl Into<String>) -> (String, AttributeValue) {
    (name.to_owned(), AttributeValue::S(value.into()))
}

fn number(name: &str, value: impl ToString) -> (String, AttributeValue) {
    (name.to_owned(), AttributeValue::N(value.to_string()))
}
