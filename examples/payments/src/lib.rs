//! Payments from a queue, added up in a table.

use std::collections::BTreeMap;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_types::SdkConfig;
use lambda_runtime::{Error, LambdaEvent};
use rehearsal::{App, Apps};
use serde::Deserialize;

/// Which function stands behind which function of which template.
pub fn apps() -> Apps {
    Apps::new(env!("CARGO_MANIFEST_DIR")).app("template.yaml", App::new().function("AddPayment", State::new, handler))
}

/// What a cold start builds, and every invocation of its execution environment shares.
pub struct State {
    dynamodb: Client,
    table: String,
}

impl State {
    pub fn new(config: &SdkConfig, environment: &BTreeMap<String, String>) -> Result<Self, Error> {
        let table = environment.get("BALANCES_TABLE").ok_or("BALANCES_TABLE is not set")?;
        Ok(Self { dynamodb: Client::new(config), table: table.clone() })
    }
}

#[derive(Deserialize)]
struct Payment {
    account: String,
    cents: i64,
}

/// Adds each message's payment to its account; the response names the messages that failed and come back.
pub async fn handler(state: &State, event: LambdaEvent<SqsEvent>) -> Result<SqsBatchResponse, Error> {
    let mut response = SqsBatchResponse::default();
    for message in event.payload.records {
        if let Err(error) = state.add(&message).await {
            eprintln!("a message failed: {error}");
            response.add_failure(message.message_id.ok_or("a message has no id")?);
        }
    }
    Ok(response)
}

impl State {
    /// A message that was added before changes nothing: the account remembers the message's id.
    async fn add(&self, message: &SqsMessage) -> Result<(), Error> {
        let payment: Payment = serde_json::from_str(message.body.as_deref().unwrap_or_default())?;
        let id = message.message_id.clone().ok_or("a message has no id")?;
        let updated = self
            .dynamodb
            .update_item()
            .table_name(&self.table)
            .key("account", AttributeValue::S(payment.account))
            .update_expression("ADD cents :cents, payments :payments")
            .condition_expression("NOT contains(payments, :payment)")
            .expression_attribute_values(":cents", AttributeValue::N(payment.cents.to_string()))
            .expression_attribute_values(":payments", AttributeValue::Ss(vec![id.clone()]))
            .expression_attribute_values(":payment", AttributeValue::S(id))
            .send()
            .await;
        match updated {
            Err(error)
                if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(())
            }
            other => other.map(drop).map_err(Error::from),
        }
    }
}
