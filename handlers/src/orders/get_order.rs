//! `GetOrder`: `GET /orders/{orderId}`.

use aws_types::SdkConfig;
use lambda_runtime::{Error, LambdaEvent};

use super::{Orders, requested, shown};
use crate::Environment;
use crate::api::{ApiRequest, ApiResponse, Failure, answer};

pub struct State {
    orders: Orders,
}

impl State {
    /// Built once per cold start.
    ///
    /// # Errors
    /// When `ORDERS_TABLE` is not set.
    pub fn new(config: &SdkConfig, environment: &Environment) -> Result<Self, Error> {
        Ok(Self { orders: Orders::new(config, environment)? })
    }
}

/// 200 with the order; 404.
///
/// # Errors
/// When DynamoDB fails.
pub async fn handler(state: &State, event: LambdaEvent<ApiRequest>) -> Result<ApiResponse, Error> {
    answer(get(state, &event.payload).await)
}

async fn get(state: &State, request: &ApiRequest) -> Result<ApiResponse, Failure> {
    shown(200, &requested(&state.orders, request).await?)
}
