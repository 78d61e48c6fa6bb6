//! The orders in DynamoDB: one table of orders with an index by customer, one of idempotency keys.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use aws_types::SdkConfig;
use lambda_runtime::Error;

use super::Order;
use super::order::{Attributes, text_of};
use crate::{Environment, required, text};

/// Index of the orders table: `customerId`, then `createdAt`.
const BY_CUSTOMER: &str = "ByCustomer";

pub struct Orders {
    dynamodb: Client,
    orders_table: String,
}

/// What became of an idempotency key's first request.
pub struct Answered {
    /// [`text::stable_id`] of the request's body.
    pub fingerprint: String,
    /// The order as it was then, as JSON text.
    pub answer: String,
}

/// Some of a customer's orders, oldest first.
pub struct Page {
    pub orders: Vec<Order>,
    /// Where the next page starts: `orderId` and `createdAt` of the last order.
    pub last: Option<(String, String)>,
}

impl Orders {
    /// # Errors
    /// When `ORDERS_TABLE` is not set.
    pub fn new(config: &SdkConfig, environment: &Environment) -> Result<Self, Error> {
        Ok(Self { dynamodb: Client::new(config), orders_table: required(environment, "ORDERS_TABLE")? })
    }

    pub async fn get(&self, order_id: &str) -> Result<Option<Order>, Error> {
        let get = self.dynamodb.get_item().table_name(&self.orders_table).consistent_read(true);
        let output = get.key("orderId", AttributeValue::S(order_id.to_owned())).send().await?;
        output.item.as_ref().map(Order::from_item).transpose()
    }

    /// Stores a new order; the one already there when the same request was here before.
    pub async fn create(&self, order: Order) -> Result<Order, Error> {
        let put = self.dynamodb.put_item().table_name(&self.orders_table).set_item(Some(order.to_item()));
        match put.condition_expression("attribute_not_exists(orderId)").send().await {
            Err(error) if error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) => {
                self.get(&order.order_id).await?.ok_or_else(|| "the order came and went".into())
            }
            other => other.map(|_| order).map_err(Error::from),
        }
    }

    /// Stores `next` if the order is still at `version`; `false` when it is not.
    ///
    /// The SDK repeats a call whose answer was lost, and the repeated call finds the version already
    /// changed; so an order that is exactly `next` counts as stored.
    pub async fn replace(&self, version: u64, next: &Order) -> Result<bool, Error> {
        let put = self.dynamodb.put_item().table_name(&self.orders_table).set_item(Some(next.to_item()));
        let result = put
            .condition_expression("#version = :seen")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":seen", AttributeValue::N(version.to_string()))
            .send()
            .await;
        match result {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) => {
                Ok(self.get(&next.order_id).await?.as_ref() == Some(next))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A customer's orders after `start`, oldest first, at most `limit`. Reads the index, which follows the
    /// table after a moment.
    pub async fn list(&self, customer_id: &str, limit: i32, start: Option<(String, String)>) -> Result<Page, Error> {
        let customer = AttributeValue::S(customer_id.to_owned());
        let start = start.map(|(order_id, created_at)| {
            HashMap::from([
                ("orderId".to_owned(), AttributeValue::S(order_id)),
                ("customerId".to_owned(), customer.clone()),
                ("createdAt".to_owned(), AttributeValue::S(created_at)),
            ])
        });
        let query = self.dynamodb.query().table_name(&self.orders_table).index_name(BY_CUSTOMER);
        let output = query
            .key_condition_expression("customerId = :customer")
            .expression_attribute_values(":customer", customer)
            .limit(limit)
            .set_exclusive_start_key(start)
            .send()
            .await?;
        let orders = output.items().iter().map(Order::from_item).collect::<Result<_, Error>>()?;
        Ok(Page { orders, last: output.last_evaluated_key().map(position).transpose()? })
    }
}

fn position(key: &Attributes) -> Result<(String, String), Error> {
    Ok((text_of(key, "orderId")?, text_of(key, "createdAt")?))
}

/// The idempotency keys, each with the answer it got.
pub struct IdempotencyKeys {
    dynamodb: Client,
    orders_table: String,
    keys_table: String,
}

impl IdempotencyKeys {
    /// # Errors
    /// When `ORDERS_TABLE` or `IDEMPOTENCY_TABLE` is not set.
    pub fn new(config: &SdkConfig, environment: &Environment) -> Result<Self, Error> {
        Ok(Self {
            dynamodb: Client::new(config),
            orders_table: required(environment, "ORDERS_TABLE")?,
            keys_table: required(environment, "IDEMPOTENCY_TABLE")?,
        })
    }

    pub async fn get(&self, key: &str) -> Result<Option<Answered>, Error> {
        let get = self.dynamodb.get_item().table_name(&self.keys_table).consistent_read(true);
        let output = get.key("idempotencyKey", AttributeValue::S(key.to_owned())).send().await?;
        let answered = |item: &Attributes| {
            Ok(Answered { fingerprint: text_of(item, "fingerprint")?, answer: text_of(item, "answer")? })
        };
        output.item.as_ref().map(answered).transpose()
    }

    /// Stores the order and the key's answer, both or neither; `false` when the key was used before.
    ///
    /// `request_id` makes the call's own token, so that the SDK's retries of it count once.
    /// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>
    pub async fn create(&self, key: &str, request_id: &str, order: &Order, answered: &Answered) -> Result<bool, Error> {
        let item = HashMap::from([
            ("idempotencyKey".to_owned(), AttributeValue::S(key.to_owned())),
            ("orderId".to_owned(), AttributeValue::S(order.order_id.clone())),
            ("fingerprint".to_owned(), AttributeValue::S(answered.fingerprint.clone())),
            ("answer".to_owned(), AttributeValue::S(answered.answer.clone())),
        ]);
        let transaction = self.dynamodb.transact_write_items().client_request_token(text::stable_id(&[request_id]));
        let result = transaction
            .transact_items(put_new(&self.keys_table, item, "idempotencyKey")?)
            .transact_items(put_new(&self.orders_table, order.to_item(), "orderId")?)
            .send()
            .await;
        match result {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(condition_failed) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

fn put_new(table: &str, item: Attributes, key: &str) -> Result<TransactWriteItem, Error> {
    let condition = format!("attribute_not_exists({key})");
    let put = Put::builder().table_name(table).set_item(Some(item)).condition_expression(condition).build()?;
    Ok(TransactWriteItem::builder().put(put).build())
}

/// Whether the transaction was cancelled because the key or the order was already there.
fn condition_failed(error: &TransactWriteItemsError) -> bool {
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = error else { return false };
    cancelled.cancellation_reasons().iter().any(|reason| reason.code() == Some("ConditionalCheckFailed"))
}
