//! `UpdateOrder`: `PUT /orders/{orderId}`, new items for the version that the client has seen, named by
//! `If-Match` (the ETag of an earlier answer) or by the body's `version`.

use lambda_runtime::{Error, LambdaEvent};

use super::{Change, Status, check_version, replace, requested};
use crate::api::{ApiRequest, ApiResponse, Failure, Problem, answer};

/// All that the function needs is the table of orders.
pub use super::Orders as State;

/// 200 with the changed order; 400, 404, 415; 409 when the version is not the order's or it is cancelled.
///
/// # Errors
/// When DynamoDB fails.
pub async fn handler(state: &State, event: LambdaEvent<ApiRequest>) -> Result<ApiResponse, Error> {
    answer(update(state, &event.payload).await)
}

async fn update(state: &State, request: &ApiRequest) -> Result<ApiResponse, Failure> {
    let change = Change::parse(&request.json()?)?;
    let version = seen_version(request.header("if-match"), change.version)?;
    let current = requested(state, request).await?;
    check_version(&current, version)?;
    if current.status == Status::Cancelled {
        return Err(Problem::new(409, "OrderCancelled", "a cancelled order cannot be changed").into());
    }
    let next = current.with_items(change.items, request.time()?);
    replace(state, &current, next).await
}

/// The version that the client has seen; the header comes first.
fn seen_version(if_match: Option<&str>, body: Option<u64>) -> Result<u64, Problem> {
    match (if_match, body) {
        (Some(tag), _) => tag
            .trim_matches('"')
            .parse()
            .map_err(|_| Problem::invalid_field("If-Match", "must be the ETag of an order, such as \"1\"")),
        (None, Some(version)) => Ok(version),
        (None, None) => Err(Problem::invalid_field("version", "is required, here or as If-Match")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_comes_from_the_header_or_the_body() {
        for (if_match, body, expected) in [
            (Some("\"3\""), None, Ok(3)),
            (Some("3"), Some(2), Ok(3)),
            (None, Some(2), Ok(2)),
            (None, None, Err("version")),
            (Some("*"), Some(2), Err("If-Match")),
            (Some("W/\"3\""), None, Err("If-Match")),
        ] {
            let version = seen_version(if_match, body);
            let version = version.map_err(|problem| problem.fields().keys().cloned().collect::<String>());
            assert_eq!(version, expected.map_err(str::to_owned), "{if_match:?} {body:?}");
        }
    }
}
