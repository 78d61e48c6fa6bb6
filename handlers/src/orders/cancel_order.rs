//! `CancelOrder`: `POST /orders/{orderId}/cancel`. Cancelling a cancelled order changes nothing.

use lambda_runtime::{Error, LambdaEvent};

use super::{Status, replace, requested, shown};
use crate::api::{ApiRequest, ApiResponse, Failure, answer};

/// All that the function needs is the table of orders.
pub use super::Orders as State;

/// 200 with the cancelled order; 404; 409 when another request changed it meanwhile.
///
/// # Errors
/// When DynamoDB fails.
pub async fn handler(state: &State, event: LambdaEvent<ApiRequest>) -> Result<ApiResponse, Error> {
    answer(cancel(state, &event.payload).await)
}

async fn cancel(state: &State, request: &ApiRequest) -> Result<ApiResponse, Failure> {
    let current = requested(state, request).await?;
    if current.status == Status::Cancelled {
        return shown(200, &current);
    }
    let next = current.cancelled(request.time()?);
    replace(state, &current, next).await
}
