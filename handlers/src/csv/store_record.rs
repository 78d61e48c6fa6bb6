//! `StoreRecord`: queue messages to items of the table, each on its own, so that one bad message does not
//! bring back the other nine.

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_types::SdkConfig;
use futures_util::future::join_all;
use lambda_runtime::{Error, LambdaEvent};

use super::RecordMessage;
use crate::{Environment, required};

pub struct State {
    dynamodb: Client,
    table: String,
}

impl State {
    /// Built once per cold start.
    ///
    /// # Errors
    /// When `AIRPORTS_TABLE` is not set.
    pub fn new(config: &SdkConfig, environment: &Environment) -> Result<Self, Error> {
        Ok(Self { dynamodb: Client::new(config), table: required(environment, "AIRPORTS_TABLE")? })
    }
}

/// Stores a batch; the answer names the messages that failed and come back.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>
///
/// # Errors
/// When a message has no id: SQS then brings the whole batch back.
pub async fn handler(state: &State, event: LambdaEvent<SqsEvent>) -> Result<SqsBatchResponse, Error> {
    let messages = event.payload.records;
    let results = join_all(messages.iter().map(|message| state.store(message))).await;
    let mut response = SqsBatchResponse::default();
    for (message, result) in messages.iter().zip(results) {
        let id = message.message_id.as_deref().ok_or("a message has no id")?;
        if let Err(error) = result {
            tracing::error!(message_id = id, error = %error, "the message failed");
            response.add_failure(id);
        }
    }
    Ok(response)
}

impl State {
    /// Puts the airport unless the table has it from the same content or from a newer upload. That is a
    /// condition per item, which `BatchWriteItem` does not know; hence one put each, side by side.
    async fn store(&self, message: &SqsMessage) -> Result<(), Error> {
        let RecordMessage { import, line, airport } =
            serde_json::from_str(message.body.as_deref().unwrap_or_default())?;
        let iata = airport.iata().to_owned();
        let mut item = airport.into_item();
        item.insert("object_key".to_owned(), AttributeValue::S(import.object_key));
        item.insert("etag".to_owned(), AttributeValue::S(import.etag.clone()));
        item.insert("imported_at".to_owned(), AttributeValue::S(import.imported_at.clone()));
        item.insert("line".to_owned(), AttributeValue::N(line.to_string()));
        let put = self.dynamodb.put_item().table_name(&self.table).set_item(Some(item));
        let result = put
            .condition_expression("attribute_not_exists(iata) OR (imported_at < :imported_at AND etag <> :etag)")
            .expression_attribute_values(":imported_at", AttributeValue::S(import.imported_at))
            .expression_attribute_values(":etag", AttributeValue::S(import.etag))
            .send()
            .await;
        match result {
            Err(error) if error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) => {
                tracing::info!(iata, "already stored from the same content or a newer upload");
                Ok(())
            }
            other => other.map(drop).map_err(Error::from),
        }
    }
}
