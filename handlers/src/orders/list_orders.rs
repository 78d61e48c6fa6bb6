//! `ListOrders`: `GET /orders?customerId=…&limit=…&nextToken=…`, a customer's orders, oldest first, in pages.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lambda_runtime::{Error, LambdaEvent};
use serde::Serialize;

use super::Order;
use crate::api::{ApiRequest, ApiResponse, Failure, Problem, answer};

const DEFAULT_LIMIT: i32 = 20;
const LARGEST_LIMIT: i32 = 100;

/// All that the function needs is the table of orders.
pub use super::Orders as State;

/// 200 with `count`, `orders`, and `nextToken` while there may be more; 400.
///
/// # Errors
/// When DynamoDB fails.
pub async fn handler(state: &State, event: LambdaEvent<ApiRequest>) -> Result<ApiResponse, Error> {
    answer(list(state, &event.payload).await)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listing {
    /// Of this page.
    count: usize,
    orders: Vec<Order>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

async fn list(state: &State, request: &ApiRequest) -> Result<ApiResponse, Failure> {
    let Some(customer_id) = request.query("customerId").filter(|id| !id.is_empty()) else {
        return Err(Problem::invalid_field("customerId", "is required").into());
    };
    let limit = request.query("limit").map_or(Ok(DEFAULT_LIMIT), parse_limit)?;
    let start = request.query("nextToken").map(parse_token).transpose()?;
    let page = state.list(customer_id, limit, start).await?;
    let next_token = page.last.as_ref().map(token).transpose()?;
    Ok(ApiResponse::json(200, &Listing { count: page.orders.len(), orders: page.orders, next_token })?)
}

fn parse_limit(text: &str) -> Result<i32, Problem> {
    let limit = text.parse().ok().filter(|limit| (1..=LARGEST_LIMIT).contains(limit));
    limit.ok_or_else(|| Problem::invalid_field("limit", format!("must be a whole number from 1 to {LARGEST_LIMIT}")))
}

/// The position as text that fits a query string and that clients have no reason to take apart.
fn token(position: &(String, String)) -> Result<String, Error> {
    Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(position)?))
}

fn parse_token(token: &str) -> Result<(String, String), Problem> {
    let position = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    position.ok_or_else(|| Problem::invalid_field("nextToken", "is not a token of this API"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_whole_numbers_within_bounds() {
        for (text, limit) in
            [("1", Some(1)), ("100", Some(100)), ("0", None), ("101", None), ("-1", None), ("two", None), ("", None)]
        {
            assert_eq!(parse_limit(text).ok(), limit, "{text}");
        }
    }

    #[test]
    fn tokens_come_back_as_the_position_they_were_made_of() {
        let position = ("o-1".to_owned(), "2024-05-01T12:00:00.000Z".to_owned());
        assert_eq!(parse_token(&token(&position).expect("JSON")), Ok(position));
        for token in ["", "%%%", "bm90IEpTT04", "W10"] {
            let problem = parse_token(token).expect_err("no token");
            assert_eq!(problem.fields().keys().collect::<Vec<_>>(), ["nextToken"]);
        }
    }
}
