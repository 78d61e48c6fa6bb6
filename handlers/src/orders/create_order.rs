//! `CreateOrder`: `POST /orders`, with an optional `Idempotency-Key` header.
//!
//! The order's id follows from the key, or from API Gateway's request id, so that whatever is repeated
//! meets the order that is already there.

use aws_types::SdkConfig;
use lambda_runtime::{Error, LambdaEvent};

use super::store::{Answered, IdempotencyKeys};
use super::{NewOrder, Order, Orders};
use crate::api::{ApiRequest, ApiResponse, Failure, Problem, answer};
use crate::{Environment, text};

/// The longest idempotency key, in characters.
const LONGEST_KEY: usize = 255;

pub struct State {
    orders: Orders,
    keys: IdempotencyKeys,
}

impl State {
    /// Built once per cold start.
    ///
    /// # Errors
    /// When `ORDERS_TABLE` or `IDEMPOTENCY_TABLE` is not set.
    pub fn new(config: &SdkConfig, environment: &Environment) -> Result<Self, Error> {
        Ok(Self { orders: Orders::new(config, environment)?, keys: IdempotencyKeys::new(config, environment)? })
    }
}

/// 201 with the order; 400, 415; 422 when the key came with another body before.
///
/// # Errors
/// When DynamoDB fails.
pub async fn handler(state: &State, event: LambdaEvent<ApiRequest>) -> Result<ApiResponse, Error> {
    answer(state.create(&event.payload).await)
}

impl State {
    async fn create(&self, request: &ApiRequest) -> Result<ApiResponse, Failure> {
        let body = request.json()?;
        let new = NewOrder::parse(&body)?;
        let time = request.time()?;
        match request.header("idempotency-key") {
            Some(key) => {
                check_key(key)?;
                let order = Order::placed(text::stable_id(&["key", key]), new.customer_id, new.items, time);
                self.create_once(key, request.request_id(), order).await
            }
            None => {
                let order_id = text::stable_id(&["request", request.request_id()]);
                let order = self.orders.create(Order::placed(order_id, new.customer_id, new.items, time)).await?;
                tracing::info!(order_id = order.order_id, "order created");
                Ok(created(&order.order_id, serde_json::to_string(&order).map_err(Error::from)?))
            }
        }
    }

    /// The key's first request decides: its answer is given again, unless this one asks for something else.
    async fn create_once(&self, key: &str, request_id: &str, order: Order) -> Result<ApiResponse, Failure> {
        let answered = answered(&order)?;
        if self.keys.create(key, request_id, &order, &answered).await? {
            tracing::info!(order_id = order.order_id, idempotency_key = key, "order created");
            return Ok(created(&order.order_id, answered.answer));
        }
        let first = self.keys.get(key).await?.ok_or_else(|| Error::from("the order exists without its key"))?;
        if first.fingerprint != answered.fingerprint {
            let message = "the idempotency key was used for a different order";
            return Err(Problem::new(422, "IdempotencyKeyReused", message).into());
        }
        tracing::info!(order_id = order.order_id, idempotency_key = key, "order was already created");
        Ok(created(&order.order_id, first.answer))
    }
}

/// The fingerprint is of what the client chose, not of the body's text: spaces and key order do not matter.
fn answered(order: &Order) -> Result<Answered, Error> {
    let items = serde_json::to_string(&order.items)?;
    let fingerprint = text::stable_id(&[&order.customer_id, &items]);
    Ok(Answered { fingerprint, answer: serde_json::to_string(order)? })
}

fn created(order_id: &str, order: String) -> ApiResponse {
    ApiResponse::json_text(201, order)
        .with_header("location", format!("/orders/{order_id}"))
        .with_header("etag", "\"1\"")
}

fn check_key(key: &str) -> Result<(), Problem> {
    if (1..=LONGEST_KEY).contains(&key.len()) {
        return Ok(());
    }
    Err(Problem::invalid_field("Idempotency-Key", format!("must have 1 to {LONGEST_KEY} characters")))
}
