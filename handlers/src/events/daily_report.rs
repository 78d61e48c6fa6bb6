//! `DailyReport`: every morning, how many events of each type the day before had in the audit trail.

use std::collections::{BTreeMap, HashMap};

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_types::SdkConfig;
use jiff::civil::Date;
use lambda_runtime::{Error, LambdaEvent};
use serde_json::Value;

use super::{event_time, number, text};
use crate::{Environment, required, time};

pub struct State {
    dynamodb: Client,
    audit_table: String,
    reports_table: String,
}

impl State {
    /// Built once per cold start.
    ///
    /// # Errors
    /// When `AUDIT_TABLE` or `REPORTS_TABLE` is not set.
    pub fn new(config: &SdkConfig, environment: &Environment) -> Result<Self, Error> {
        Ok(Self {
            dynamodb: Client::new(config),
            audit_table: required(environment, "AUDIT_TABLE")?,
            reports_table: required(environment, "REPORTS_TABLE")?,
        })
    }
}

/// Writes the report of the day before the scheduled time. The same schedule event writes the same report.
///
/// # Errors
/// When DynamoDB fails: Lambda then retries.
pub async fn handler(state: &State, event: LambdaEvent<EventBridgeEvent<Value>>) -> Result<(), Error> {
    let day = day_before(&event_time(&event.payload)?)?;
    let counts = state.count(&day).await?;
    let total: u64 = counts.values().sum();
    let by_type = counts.iter().map(|(detail_type, count)| number(detail_type, count)).collect();
    let item =
        HashMap::from([text("day", &day), number("events", total), ("byType".to_owned(), AttributeValue::M(by_type))]);
    state.dynamodb.put_item().table_name(&state.reports_table).set_item(Some(item)).send().await?;
    tracing::info!(day, events = total, "report written");
    Ok(())
}

impl State {
    /// The day's events by detail type; reads every page of the query.
    async fn count(&self, day: &str) -> Result<BTreeMap<String, u64>, Error> {
        let query = self.dynamodb.query().table_name(&self.audit_table).consistent_read(true);
        let query = query
            .key_condition_expression("#day = :day")
            .expression_attribute_names("#day", "day")
            .expression_attribute_values(":day", AttributeValue::S(day.to_owned()));
        let mut items = query.into_paginator().items().send();
        let mut counts = BTreeMap::new();
        while let Some(item) = items.try_next().await? {
            let detail_type = item.get("detailType").and_then(|value| value.as_s().ok());
            *counts.entry(detail_type.ok_or("an audited event has no type")?.clone()).or_default() += 1;
        }
        Ok(counts)
    }
}

fn day_before(time: &str) -> Result<String, Error> {
    Ok(time::day(time).parse::<Date>()?.yesterday()?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_is_about_the_day_before() {
        for (time, day) in [
            ("2024-05-02T06:00:00.000Z", "2024-05-01"),
            ("2024-03-01T06:00:00.000Z", "2024-02-29"),
            ("2025-01-01T06:00:00.000Z", "2024-12-31"),
        ] {
            assert_eq!(day_before(time).expect("a day"), day);
        }
    }
}
