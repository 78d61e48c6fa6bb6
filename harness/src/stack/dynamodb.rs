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

impl Table {
    /// The attributes of its key: the partition key, then the sort key where it has one.
    pub fn key_names(&self) -> Vec<String> {
        let schema = &self.definition["KeySchema"];
        let named = |kind: &str| {
            let key = schema.as_array()?.iter().find(|key| key["KeyType"] == kind)?;
            key["AttributeName"].as_str().map(str::to_owned)
        };
        ["HASH", "RANGE"].into_iter().filter_map(named).collect()
    }
}
