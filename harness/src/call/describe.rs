//! What a call is about, read off its request and response: resource, effect, error, and the ids it
//! brought into the world.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::Bytes;
use rehearsal_emulator::protocol::{Identity, Request, Service, query};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::trace::Effect;

/// The table, queue, topic, bus, or bucket and key that a call is about, as `name` calls it; several joined
/// with commas.
pub fn resource(identity: &Identity, request: &Request, name: impl Fn(&str) -> String) -> String {
    let all = match identity.service {
        Service::S3 => {
            let (bucket, key) = rehearsal_emulator::s3::bucket_and_key(request);
            return [bucket.map(|bucket| name(&bucket)), key].into_iter().flatten().collect::<Vec<_>>().join("/");
        }
        Service::Sns => {
            let form = query::form(request);
            let arn = form.get("TopicArn").or_else(|| form.get("TargetArn"));
            arn.map(|arn| last(arn, ':')).unwrap_or_default()
        }
        Service::Sts => String::new(),
        // The schedule or group that the path names.
        Service::Scheduler => last(request.uri.path(), '/'),
        Service::Sqs | Service::EventBridge | Service::DynamoDb | Service::DynamoDbStreams | Service::Kinesis => {
            serde_json::from_slice::<Names<'_>>(&request.body).unwrap_or_default().resource()
        }
    };
    all.split(',').map(name).collect::<Vec<_>>().join(",")
}

/// The parts of a request's JSON body that name resources. Whatever else it has is not kept: it may be large.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Names<'b> {
    #[serde(borrow)]
    table_name: Option<Cow<'b, str>>,
    stream_name: Option<Cow<'b, str>>,
    #[serde(rename = "StreamARN")]
    stream_arn: Option<Cow<'b, str>>,
    queue_url: Option<Cow<'b, str>>,
    queue_name: Option<Cow<'b, str>>,
    name: Option<Cow<'b, str>>,
    rule: Option<Cow<'b, str>>,
    request_items: BTreeMap<String, IgnoredAny>,
    transact_items: Vec<BTreeMap<String, Table>>,
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Table {
    table_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    event_bus_name: Option<String>,
}

impl Names<'_> {
    fn resource(self) -> String {
        if let Some(table) = self.table_name {
            return table.into_owned();
        }
        if let Some(stream) = self.stream_name.or(self.stream_arn) {
            return last(&stream, '/');
        }
        if let Some(url) = self.queue_url {
            return last(&url, '/');
        }
        let single = || [self.queue_name, self.name, self.rule].into_iter().flatten().map(Cow::into_owned).collect();
        let mut names: Vec<String> = if !self.request_items.is_empty() {
            self.request_items.into_keys().collect()
        } else if !self.transact_items.is_empty() {
            self.transact_items.into_iter().flat_map(BTreeMap::into_values).map(|table| table.table_name).collect()
        } else if !self.entries.is_empty() {
            let bus = |entry: Entry| entry.event_bus_name.unwrap_or_else(|| "default".to_owned());
            self.entries.into_iter().map(bus).collect()
        } else {
            single()
        };
        names.sort();
        names.dedup();
        names.join(",")
    }
}

fn last(text: &str, separator: char) -> String {
    text.rsplit(separator).next().unwrap_or_default().to_owned()
}

/// What a call with this status did.
pub fn effect(operation: &str, status: u16) -> Effect {
    const READS: [&str; 7] = ["Get", "List", "Describe", "Head", "Query", "Scan", "BatchGet"];
    let reads = READS.iter().any(|verb| operation.starts_with(verb)) || operation == "TransactGetItems";
    match (reads, status) {
        (true, _) => Effect::Read,
        (false, 200..=299) => Effect::Write,
        (false, _) => Effect::None,
    }
}

/// The error's code in a refused call's body, JSON or XML.
pub fn error_code(status: u16, body: &Bytes) -> Option<String> {
    if status < 400 {
        return None;
    }
    let text = String::from_utf8_lossy(body);
    let json: Option<Value> = serde_json::from_str(&text).ok();
    let from_json = json.and_then(|body| body["__type"].as_str().map(|code| last(code, '#')));
    let from_xml = || Some(text.split_once("<Code>")?.1.split_once("</Code>")?.0.to_owned());
    from_json.or_else(from_xml).or_else(|| Some(format!("HTTP {status}")))
}

/// The ids by which a later delivery can be traced back to the call: its own request id, which S3's
/// notifications carry, and the ids of messages and events.
pub fn produced_ids(identity: &Identity, response: &http::Response<Bytes>) -> Vec<String> {
    if !response.status().is_success() {
        return Vec::new();
    }
    let header = |name: &str| Some(response.headers().get(name)?.to_str().ok()?.to_owned());
    let delivers = matches!(identity.service, Service::S3 | Service::Sns | Service::EventBridge);
    let request_id = header("x-amz-request-id").or_else(|| header("x-amzn-requestid")).filter(|_| delivers);
    request_id.into_iter().chain(carried_ids(identity, response)).collect()
}

fn carried_ids(identity: &Identity, response: &http::Response<Bytes>) -> Vec<String> {
    match identity.service {
        Service::Sqs | Service::EventBridge
            if identity.operation.starts_with("Send") || identity.operation == "PutEvents" =>
        {
            let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
            let of =
                |entry: &Value| entry["MessageId"].as_str().or_else(|| entry["EventId"].as_str()).map(str::to_owned);
            let entries = body["Successful"].as_array().or_else(|| body["Entries"].as_array());
            entries.map_or_else(|| of(&body).into_iter().collect(), |entries| entries.iter().filter_map(of).collect())
        }
        // As the event of a function names a record.
        Service::Kinesis if identity.operation.starts_with("PutRecord") => {
            let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
            let of = |put: &Value| Some(format!("{}:{}", put["ShardId"].as_str()?, put["SequenceNumber"].as_str()?));
            let records = body["Records"].as_array();
            records.map_or_else(|| of(&body).into_iter().collect(), |records| records.iter().filter_map(of).collect())
        }
        Service::Sns if identity.operation.starts_with("Publish") => {
            let text = String::from_utf8_lossy(response.body());
            let ids = text.split("<MessageId>").skip(1).filter_map(|rest| rest.split_once("</MessageId>"));
            ids.map(|(id, _)| id.to_owned()).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case(json!({"TableName": "Orders"}), "Orders")]
    #[case(json!({"QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/Records"}), "Records")]
    #[case(json!({"RequestItems": {"B": [], "A": []}}), "A,B")]
    #[case(json!({"TransactItems": [{"Put": {"TableName": "Orders"}}, {"Update": {"TableName": "Keys"}}]}), "Keys,Orders")]
    #[case(json!({"Entries": [{"EventBusName": "Business"}, {}]}), "Business,default")]
    fn a_call_names_its_resource(#[case] body: Value, #[case] expected: &str) {
        let body = body.to_string();
        assert_eq!(serde_json::from_str::<Names<'_>>(&body).expect("it is valid").resource(), expected);
    }

    #[rstest]
    #[case("GetItem", 200, Effect::Read)]
    #[case("PutItem", 200, Effect::Write)]
    #[case("PutItem", 400, Effect::None)]
    #[case("TransactGetItems", 200, Effect::Read)]
    fn a_refused_write_has_no_effect(#[case] operation: &str, #[case] status: u16, #[case] expected: Effect) {
        assert_eq!(effect(operation, status), expected);
    }

    #[test]
    fn the_error_code_is_found_in_json_and_in_xml() {
        let json =
            Bytes::from_static(br#"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"}"#);
        assert_eq!(error_code(400, &json).as_deref(), Some("ConditionalCheckFailedException"));
        let xml = Bytes::from_static(b"<Error><Code>NoSuchKey</Code></Error>");
        assert_eq!(error_code(404, &xml).as_deref(), Some("NoSuchKey"));
    }
}
