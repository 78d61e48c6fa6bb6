//! What is there before the first step.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};
use serde_json::Value;

use super::{Player, told};
use crate::outcome::Failure;
use crate::state;

impl Player<'_> {
    /// Puts the stubs and items in place that the scenario starts with.
    pub async fn given(&self) -> Result<(), Box<Failure>> {
        self.shared.stubs.set(&self.scenario.given.stubs);
        for table in &self.scenario.given.tables {
            let put = self.given_items(&table.name.value, &self.scenario.path(&table.value.value)).await;
            put.map_err(|message| self.failure(table.value.span.clone(), message))?;
        }
        Ok(())
    }

    async fn given_items(&self, logical_id: &str, file: &std::path::Path) -> Result<(), String> {
        let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
        let items: Vec<serde_json::Map<String, Value>> =
            serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let table = self.shared.stack.tables.iter().find(|table| table.logical_id == logical_id);
        let table = table.ok_or_else(|| format!("the template has no table {logical_id}"))?;
        let dynamodb = aws_sdk_dynamodb::Client::new(&self.shared.service_config());
        for chunk in items.chunks(25) {
            let mut requests = Vec::new();
            for item in chunk {
                let item: HashMap<_, _> = item
                    .iter()
                    .map(|(name, value)| Ok((name.clone(), state::attribute(value)?)))
                    .collect::<Result<_, String>>()?;
                let put = PutRequest::builder().set_item(Some(item)).build().map_err(|error| error.to_string())?;
                requests.push(WriteRequest::builder().put_request(put).build());
            }
            let written = dynamodb.batch_write_item().request_items(&table.name, requests).send().await;
            let written =
                written.map_err(|error| format!("table {logical_id} does not take an item: {}", told(&error)))?;
            if written.unprocessed_items().is_some_and(|left| !left.is_empty()) {
                return Err(format!("table {logical_id} did not take all items"));
            }
        }
        Ok(())
    }
}
