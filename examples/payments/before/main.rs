//! A Lambda project as `cargo lambda new` lays it out: everything in `main.rs`.

use aws_lambda_events::event::sqs::SqsEvent;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Deserialize;

#[derive(Deserialize)]
struct Payment {
    account: String,
    cents: i64,
}

pub async fn handler(dynamodb: &Client, table: &str, event: LambdaEvent<SqsEvent>) -> Result<(), Error> {
    for message in event.payload.records {
        let payment: Payment = serde_json::from_str(&message.body.unwrap_or_default())?;
        dynamodb
            .update_item()
            .table_name(table)
            .key("account", AttributeValue::S(payment.account))
            .update_expression("ADD cents :cents")
            .expression_attribute_values(":cents", AttributeValue::N(payment.cents.to_string()))
            .send()
            .await?;
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let config = aws_config::load_from_env().await;
    let (dynamodb, table) = (Client::new(&config), std::env::var("BALANCES_TABLE")?);
    lambda_runtime::run(service_fn(async |event| handler(&dynamodb, &table, event).await)).await
}
