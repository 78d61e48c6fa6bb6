//! A whole project in small: one function behind an HTTP API counts the visits of pages in a table.

use std::collections::BTreeMap;

use aws_lambda_events::event::apigw::ApiGatewayV2httpRequest;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use aws_types::SdkConfig;
use lambda_runtime::{Error, LambdaEvent};
use rehearsal::{App, Apps};
use serde_json::{Value, json};

/// Which function stands behind which function of which template.
pub fn apps() -> Apps {
    Apps::new(env!("CARGO_MANIFEST_DIR")).app("template.yaml", App::new().function("CountVisit", State::new, handler))
}

/// What a cold start builds, and every invocation of its execution environment shares.
pub struct State {
    dynamodb: Client,
    table: String,
}

impl State {
    pub fn new(config: &SdkConfig, environment: &BTreeMap<String, String>) -> Result<Self, Error> {
        let table = environment.get("PAGES_TABLE").ok_or("PAGES_TABLE is not set")?;
        Ok(Self { dynamodb: Client::new(config), table: table.clone() })
    }
}

pub async fn handler(state: &State, event: LambdaEvent<ApiGatewayV2httpRequest>) -> Result<Value, Error> {
    let page = event.payload.path_parameters.get("page").ok_or("the route has no page")?;
    let updated = state
        .dynamodb
        .update_item()
        .table_name(&state.table)
        .key("id", AttributeValue::S(page.clone()))
        .update_expression("ADD visits :one")
        .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
        .return_values(ReturnValue::UpdatedNew)
        .send()
        .await?;
    let visits = updated.attributes().and_then(|item| item.get("visits")?.as_n().ok()).ok_or("no visits came back")?;
    let visits: u64 = visits.parse()?;
    Ok(json!({ "page": page, "visits": visits }))
}
