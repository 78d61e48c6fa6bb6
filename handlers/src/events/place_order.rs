//! `PlaceOrder`: `POST /actions`, a user's action that becomes the event `OrderPlaced`.

use std::collections::BTreeMap;

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_types::SdkConfig;
use lambda_runtime::{Error, LambdaEvent};
use serde_json::{Value, json};

use super::{OrderPlaced, Priority, put_events};
use crate::api::{ApiRequest, ApiResponse, Failure, Problem, answer};
use crate::{Environment, required, text};

const SOURCE: &str = "shop.web";

pub struct State {
    eventbridge: Client,
    bus: String,
}

impl State {
    /// Built once per cold start.
    ///
    /// # Errors
    /// When `EVENT_BUS` is not set.
    pub fn new(config: &SdkConfig, environment: &Environment) -> Result<Self, Error> {
        Ok(Self { eventbridge: Client::new(config), bus: required(environment, "EVENT_BUS")? })
    }
}

/// 202 with the event's id; 400, 415. The same `Idempotency-Key` is the same event.
///
/// # Errors
/// When EventBridge does not take the event.
pub async fn handler(state: &State, event: LambdaEvent<ApiRequest>) -> Result<ApiResponse, Error> {
    answer(place(state, &event.payload).await)
}

async fn place(state: &State, request: &ApiRequest) -> Result<ApiResponse, Failure> {
    let cause = request.header("idempotency-key").unwrap_or(request.request_id());
    let order = parse(&request.json()?, text::stable_id(&[SOURCE, cause]))?;
    let entry = PutEventsRequestEntry::builder()
        .event_bus_name(&state.bus)
        .source(SOURCE)
        .detail_type("OrderPlaced")
        .detail(serde_json::to_string(&order).map_err(Error::from)?);
    put_events(&state.eventbridge, vec![entry.build()]).await?;
    tracing::info!(event_id = order.event_id, total_cents = order.total_cents, "order placed");
    Ok(ApiResponse::json(202, &json!({ "eventId": order.event_id }))?)
}

fn parse(body: &Value, event_id: String) -> Result<OrderPlaced, Problem> {
    let filled = |name: &str| body[name].as_str().filter(|value| !value.is_empty());
    let (customer_id, region, total_cents) = (filled("customerId"), filled("region"), body["totalCents"].as_u64());
    let priority = match &body["priority"] {
        Value::Null => Some(Priority::default()),
        given => serde_json::from_value(given.clone()).ok(),
    };
    if let (Some(customer_id), Some(region), Some(total_cents), Some(priority)) =
        (customer_id, region, total_cents, priority)
    {
        let (customer_id, region) = (customer_id.to_owned(), region.to_owned());
        return Ok(OrderPlaced { event_id, customer_id, total_cents, region, priority });
    }
    let checks = [
        ("customerId", customer_id.is_some(), "must be a text"),
        ("region", region.is_some(), "must be a text"),
        ("totalCents", total_cents.is_some(), "must be a whole number"),
        ("priority", priority.is_some(), "must be normal or high"),
    ];
    let wrong = checks.iter().filter(|(_, valid, _)| !valid);
    Err(Problem::invalid(
        wrong.map(|(name, _, reason)| ((*name).to_owned(), (*reason).to_owned())).collect::<BTreeMap<_, _>>(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_names_every_field_that_is_wrong() {
        let order = |customer_id: &str, region: &str, total_cents, priority| OrderPlaced {
            event_id: "e".to_owned(),
            customer_id: customer_id.to_owned(),
            total_cents,
            region: region.to_owned(),
            priority,
        };
        for (body, expected) in [
            (
                json!({ "customerId": "c-1", "region": "eu", "totalCents": 5 }),
                Ok(order("c-1", "eu", 5, Priority::Normal)),
            ),
            (
                json!({ "customerId": "c-1", "region": "eu", "totalCents": 5, "priority": "high" }),
                Ok(order("c-1", "eu", 5, Priority::High)),
            ),
            (json!([]), Err(json!(["customerId", "region", "totalCents"]))),
            (
                json!({ "customerId": "", "region": 1, "totalCents": -5, "priority": "urgent" }),
                Err(json!(["customerId", "priority", "region", "totalCents"])),
            ),
        ] {
            let parsed = parse(&body, "e".to_owned());
            assert_eq!(
                parsed.map_err(|problem| json!(problem.fields().keys().collect::<Vec<_>>())),
                expected,
                "{body}"
            );
        }
    }
}
