//! What a call to DynamoDB wrote, read off its request.

use rehearsal_emulator::protocol::{Identity, Request, Service};
use serde_json::Value;

use crate::trace::Written;

/// The items that a call wrote, which it may have done or not, as far as its request tells.
pub fn written(identity: &Identity, request: &Request) -> Vec<Written> {
    if identity.service != Service::DynamoDb {
        return Vec::new();
    }
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    match identity.operation.as_str() {
        "PutItem" | "UpdateItem" | "DeleteItem" => item(&body["TableName"], &body).into_iter().collect(),
        "BatchWriteItem" => {
            let tables = body["RequestItems"].as_object().into_iter().flatten();
            let requests = tables.flat_map(|(table, requests)| {
                let requests = requests.as_array().into_iter().flatten();
                requests
                    .flat_map(Value::as_object)
                    .flat_map(|request| request.values())
                    .map(move |inner| (table, inner))
            });
            requests.filter_map(|(table, inner)| item(&Value::from(table.as_str()), inner)).collect()
        }
        "TransactWriteItems" => {
            let actions = body["TransactItems"].as_array().into_iter().flatten().flat_map(Value::as_object);
            actions.flat_map(|action| action.values()).filter_map(|inner| item(&inner["TableName"], inner)).collect()
        }
        "ExecuteStatement" | "BatchExecuteStatement" | "ExecuteTransaction" => vec![Written::Anything],
        _ => Vec::new(),
    }
}

/// The item of a put, or the keys of an update or delete. A table is named, or given by its ARN.
fn item(table: &Value, of: &Value) -> Option<Written> {
    let table = table.as_str()?.rsplit('/').next()?.to_owned();
    let item = of.get("Item").or_else(|| of.get("Key"))?.clone();
    Some(Written::Item { table, item })
}
