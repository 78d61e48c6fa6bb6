//! Settings of tables that the engine does not have: continuous backups, which are kept and told, and what a table never
//! has here, as DynamoDB tells it of a table without: a stream of Kinesis as its destination, contributor insights, a
//! policy. Turning those on, and restoring from a backup, is refused by name.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::protocol::AwsError;
use crate::world::Call;

/// The days for which backups are kept unless fewer are asked for.
const MOST_DAYS: u64 = 35;
/// How far behind the last time that can be restored is.
const BEHIND: SignedDuration = SignedDuration::from_mins(5);

/// The operations that are answered here.
pub(super) const OPERATIONS: [&str; 6] = [
    "DescribeContinuousBackups",
    "DescribeContributorInsights",
    "DescribeKinesisStreamingDestination",
    "DescribeLimits",
    "GetResourcePolicy",
    "UpdateContinuousBackups",
];

/// The tables with point-in-time recovery, by name.
#[derive(Debug, Default)]
pub(super) struct Settings(BTreeMap<String, Recovery>);

#[derive(Clone, Copy, Debug)]
struct Recovery {
    since: Timestamp,
    days: u64,
}

impl Settings {
    /// Answers an operation on a table, or on a table's ARN, where `exists` tells whether a table is there.
    pub fn answer(
        &mut self,
        call: &Call<'_>,
        input: &Value,
        exists: impl FnOnce(&str) -> bool,
    ) -> Result<Value, AwsError> {
        if call.operation() == "DescribeLimits" {
            return Ok(limits());
        }
        let named = input["TableName"].as_str().or(input["ResourceArn"].as_str()).unwrap_or_default();
        let table = named.rsplit_once(":table/").map_or(named, |(_, table)| table);
        if !exists(table) {
            return Err(no_such_table(call.operation(), table));
        }
        match call.operation() {
            "UpdateContinuousBackups" => self.update(call, table, &input["PointInTimeRecoverySpecification"]),
            "DescribeContinuousBackups" => Ok(self.described(table, call.clock.now())),
            "DescribeKinesisStreamingDestination" => {
                Ok(json!({ "TableName": table, "KinesisDataStreamDestinations": [] }))
            }
            "GetResourcePolicy" => {
                let message = format!("Resource-based policy not found for the provided ResourceArn: {named}");
                Err(AwsError::client("PolicyNotFoundException", message))
            }
            _ => Ok(json!({ "TableName": table, "ContributorInsightsStatus": "DISABLED" })),
        }
    }

    /// Forgets a table that was deleted.
    pub fn forget(&mut self, table: &str) {
        self.0.remove(table);
    }

    /// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateContinuousBackups.html>
    fn update(&mut self, call: &Call<'_>, table: &str, specification: &Value) -> Result<Value, AwsError> {
        let enabled = specification["PointInTimeRecoveryEnabled"].as_bool();
        let enabled = enabled.ok_or_else(|| {
            AwsError::client("ValidationException", "PointInTimeRecoveryEnabled must be true or false")
        })?;
        let days = match &specification["RecoveryPeriodInDays"] {
            Value::Null => MOST_DAYS,
            days => days.as_u64().filter(|days| (1..=MOST_DAYS).contains(days)).ok_or_else(|| {
                let message = format!("RecoveryPeriodInDays must be between 1 and {MOST_DAYS}");
                AwsError::client("ValidationException", message)
            })?,
        };
        let now = call.clock.now();
        match enabled {
            true => self.0.entry(table.to_owned()).or_insert(Recovery { since: now, days }).days = days,
            false => self.forget(table),
        }
        Ok(self.described(table, now))
    }

    /// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ContinuousBackupsDescription.html>
    fn described(&self, table: &str, now: Timestamp) -> Value {
        let recovery = match self.0.get(table) {
            None => json!({ "PointInTimeRecoveryStatus": "DISABLED" }),
            Some(recovery) => {
                let kept = SignedDuration::from_hours(24 * i64::try_from(recovery.days).expect("35 at the most"));
                let earliest = recovery.since.max(now - kept);
                json!({
                    "PointInTimeRecoveryStatus": "ENABLED",
                    "RecoveryPeriodInDays": recovery.days,
                    "EarliestRestorableDateTime": earliest.as_second(),
                    "LatestRestorableDateTime": earliest.max(now - BEHIND).as_second(),
                })
            }
        };
        json!({
            "ContinuousBackupsDescription": {
                "ContinuousBackupsStatus": "ENABLED",
                "PointInTimeRecoveryDescription": recovery,
            }
        })
    }
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeLimits.html>
fn limits() -> Value {
    json!({
        "AccountMaxReadCapacityUnits": 80_000,
        "AccountMaxWriteCapacityUnits": 80_000,
        "TableMaxReadCapacityUnits": 40_000,
        "TableMaxWriteCapacityUnits": 40_000,
    })
}

fn no_such_table(operation: &str, table: &str) -> AwsError {
    match operation {
        "DescribeContinuousBackups" | "UpdateContinuousBackups" => {
            AwsError::client("TableNotFoundException", format!("Table not found: {table}"))
        }
        _ => {
            let message = format!("Requested resource not found: Table: {table} not found");
            AwsError::client("ResourceNotFoundException", message)
        }
    }
}
