//! `CancelOrder`: `POST /orders/{orderId}/cancel`. Cancelling a cancelled order changes nothing.

use aws_types::SdkConfig;
use lambda_runtime::{Error, LambdaEvent};

use super::{Orders, Status, replace, requested, shown};
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

/// 200 with the cancelled order; 404; 409 when another request changed it meanwhile.
///
/// # Errors
/// When DynamoDB fails.
pub async fn handler(state: &State, event: LambdaEvent<ApiRequest>) -> Result<ApiResponse, Error> {
    answer(cancel(state, &event.payload).await)
}

async fn cancel(state: &State, request: &ApiRequest) -> Result<ApiResponse, Failure> {
    let current = requested(&state.orders, request).await?;
    if current.status == Status::Cancelled {
        return shown(200, &current);
    }
    let next = current.cancelled(request.time()?);
    replace(&state.orders, &current, next).await
}
