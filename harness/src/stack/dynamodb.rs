//! Tables.

use serde_json::Value;

/// A DynamoDB table.
#[derive(Clone, Debug)]
pub struct Table {
    pub logical_id: String,
    pub name: String,
    pub arn: String,
    /// The ARN of its stream, where it has one, with another label at the end than the backend gives it.
    pub stream_arn: Option<String>,
    /// `CreateTable`'s input as JSON, `TableName` included.
    pub definition: Value,
    /// The attribute that holds an item's expiry, where time to live is on.
    pub time_to_live: Option<String>,
}
