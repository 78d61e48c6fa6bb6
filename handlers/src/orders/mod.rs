//! Workflow 2, an API: orders that are created, read, listed, updated and cancelled, one function per route.
//!
//! What always holds: a request with an idempotency key takes effect once, however often it is sent; an
//! order changes only from the version that the client has seen; money is whole cents.

pub mod cancel_order;
pub mod create_order;
pub mod get_order;
pub mod list_orders;
mod order;
mod store;
pub mod update_order;
mod validate;

pub use order::{Item, Order, Status};
pub use store::Orders;
pub use validate::{Change, NewOrder};

use crate::api::{ApiRequest, ApiResponse, Failure, Problem};

/// The answer that shows an order; its version is the ETag that an update's `If-Match` names.
fn shown(status: u16, order: &Order) -> Result<ApiResponse, Failure> {
    Ok(ApiResponse::json(status, order)?.with_header("etag", format!("\"{}\"", order.version)))
}

/// The order that the route's `{orderId}` names.
async fn requested(orders: &Orders, request: &ApiRequest) -> Result<Order, Failure> {
    let order_id = request.path("orderId").unwrap_or_default();
    match orders.get(order_id).await? {
        Some(order) => Ok(order),
        None => Err(Problem::new(404, "OrderNotFound", format!("there is no order {order_id}")).into()),
    }
}

/// Replaces `current` by `next`, unless another request was faster.
async fn replace(orders: &Orders, current: &Order, next: Order) -> Result<ApiResponse, Failure> {
    if orders.replace(current.version, &next).await? {
        tracing::info!(order_id = next.order_id, version = next.version, status = next.status.name(), "order changed");
        return shown(200, &next);
    }
    Err(Problem::new(409, "VersionConflict", "the order was changed by another request").into())
}

/// Refuses a version that is not the order's.
fn check_version(order: &Order, version: u64) -> Result<(), Problem> {
    if version == order.version {
        return Ok(());
    }
    let message = format!("the order is at version {}, not {version}", order.version);
    Err(Problem::new(409, "VersionConflict", message))
}
