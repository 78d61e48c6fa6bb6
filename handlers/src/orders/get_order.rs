//! `GetOrder`: `GET /orders/{orderId}`.

use lambda_runtime::{Error, LambdaEvent};

use super::{requested, shown};
use crate::api::{ApiRequest, ApiResponse, Failure, answer};

/// All that the function needs is the table of orders.
pub use super::Orders as State;

/// 200 with the order; 404.
///
/// # Errors
/// When DynamoDB fails.
pub async fn handler(state: &State, event: LambdaEvent<ApiRequest>) -> Result<ApiResponse, Error> {
    answer(get(state, &event.payload).await)
}

async fn get(state: &State, request: &ApiRequest) -> Result<ApiResponse, Failure> {
    shown(200, &requested(state, request).await?)
}
