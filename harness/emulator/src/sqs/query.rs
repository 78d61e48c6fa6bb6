//! SQS's older query protocol, which SDKs from before the end of 2023 speak: a form in, XML out. Such a request becomes
//! the same request in JSON, and the answer in JSON becomes the XML that AWS would have answered.
//!
//! What always holds: no operation knows in which protocol it was asked.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests-xml.html>

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderValue, Method};
use serde_json::{Map, Value};

use super::error::invalid_value;
use crate::protocol::query::{self, Form};
use crate::protocol::{AwsError, Reply, Request, xml};

const NAMESPACE: &str = "http://queue.amazonaws.com/doc/2012-11-05/";

/// Parameters that are lists of texts, each with its member in JSON.
const LISTS: [(&str, &str); 6] = [
    ("AWSAccountId", "AWSAccountIds"),
    ("ActionName", "Actions"),
    ("AttributeName", "AttributeNames"),
    ("MessageAttributeName", "MessageAttributeNames"),
    ("MessageSystemAttributeName", "MessageSystemAttributeNames"),
    ("TagKey", "TagKeys"),
];

/// Parameters that are maps: the member in JSON, and what key and value are called.
const MAPS: [(&str, &str, &str, &str); 4] = [
    ("Attribute", "Attributes", "Name", "Value"),
    ("MessageAttribute", "MessageAttributes", "Name", "Value"),
    ("MessageSystemAttribute", "MessageSystemAttributes", "Name", "Value"),
    ("Tag", "Tags", "Key", "Value"),
];

const NUMBERS: [&str; 6] = [
    "DelaySeconds",
    "MaxNumberOfMessages",
    "MaxNumberOfMessagesPerSecond",
    "MaxResults",
    "VisibilityTimeout",
    "WaitTimeSeconds",
];

/// Operations whose answer has no result.
const WITHOUT_RESULT: [&str; 9] = [
    "AddPermission",
    "ChangeMessageVisibility",
    "DeleteMessage",
    "DeleteQueue",
    "PurgeQueue",
    "RemovePermission",
    "SetQueueAttributes",
    "TagQueue",
    "UntagQueue",
];

/// Whether a request speaks the query protocol.
pub(crate) fn is_query(request: &Request) -> bool {
    request.header("x-amz-target").is_none()
}

/// The same request in JSON.
pub(crate) fn to_json(request: &Request, operation: &str) -> Result<Request, AwsError> {
    let mut form = query::form(request);
    form.retain(|name, _| !matches!(name.as_str(), "Action" | "Version"));
    // A request without the parameter is for the queue whose URL it was sent to.
    let path = request.uri.path();
    if path.len() > 1 && !form.contains_key("QueueUrl") && is_of_queue(operation) {
        form.insert("QueueUrl".to_owned(), format!("https://{}{path}", request.host()));
    }
    let mut input = object(&form)?;
    if operation == "CreateQueue"
        && let Some(tags) = input.remove("Tags")
    {
        input.insert("tags".to_owned(), tags);
    }
    let mut headers = request.headers.clone();
    if let Ok(target) = HeaderValue::try_from(format!("AmazonSQS.{operation}")) {
        headers.insert("x-amz-target", target);
    }
    let body = Bytes::from(Value::Object(input).to_string());
    Ok(Request { method: Method::POST, uri: request.uri.clone(), headers, body })
}

/// Whether an operation has the parameter `QueueUrl`.
fn is_of_queue(operation: &str) -> bool {
    !matches!(operation, "CreateQueue" | "GetQueueUrl" | "ListQueues")
        && !operation.ends_with("MoveTask")
        && operation != "ListMessageMoveTasks"
}

/// Parameters as the object of a request in JSON.
fn object(form: &Form) -> Result<Map<String, Value>, AwsError> {
    let mut parameters: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for (name, value) in form {
        let (first, rest) = name.split_once('.').unwrap_or((name, ""));
        parameters.entry(first).or_default().push((rest, value));
    }
    let mut input = Map::new();
    for (name, values) in parameters {
        let member = LISTS.iter().find(|(list, _)| *list == name).map(|(_, member)| *member);
        let map = MAPS.iter().find(|(map, ..)| *map == name);
        let (member, value) = match (member, map) {
            (Some(member), _) => {
                let members = query::members(form, name);
                (member, members.into_iter().map(|mut member| member.remove("").unwrap_or_default()).collect())
            }
            (None, Some((_, member, key, value))) => (*member, entries(form, name, key, value)),
            (None, None) if name.ends_with("BatchRequestEntry") => {
                let entries = query::members(form, name);
                let entries = entries.iter().map(|entry| object(entry).map(Value::Object));
                ("Entries", Value::Array(entries.collect::<Result<_, AwsError>>()?))
            }
            (None, None) => (name, scalar(name, values[0].1)?),
        };
        input.insert(member.to_owned(), value);
    }
    Ok(input)
}

/// A map, whose values are texts or, of message attributes, objects.
fn entries(form: &Form, name: &str, key: &str, value: &str) -> Value {
    let mut entries = Map::new();
    for mut entry in query::members(form, name) {
        let key = entry.remove(key).unwrap_or_default();
        let parts = entry.iter().filter_map(|(name, part)| {
            let name = name.strip_prefix(value)?.strip_prefix('.')?;
            Some((name.to_owned(), Value::from(part.as_str())))
        });
        let parts: Map<String, Value> = parts.collect();
        let value = match entry.remove(value) {
            Some(text) => Value::from(text),
            None if parts.is_empty() => Value::from(""),
            None => Value::Object(parts),
        };
        entries.insert(key, value);
    }
    Value::Object(entries)
}

fn scalar(name: &str, text: &str) -> Result<Value, AwsError> {
    if !NUMBERS.contains(&name) {
        return Ok(text.into());
    }
    let number: Result<i64, _> = text.parse();
    number.map(Value::from).map_err(|_| invalid_value(name, text, "Must be an integer."))
}

/// What AWS answers in XML where the answer in JSON is `reply`.
pub(crate) fn to_xml(operation: &str, reply: Reply) -> Reply {
    let output: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let header = |name: &str| reply.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let request_id = header("x-amzn-requestid");
    let body = match reply.status {
        ..400 => answer(operation, &output, request_id),
        _ => {
            // The header has the code that this protocol has for the error.
            let code = header("x-amzn-query-error").split(';').next().unwrap_or_default().to_owned();
            let message = output["message"].as_str().unwrap_or_default();
            AwsError::new(reply.status, code, message).in_envelope(request_id).body
        }
    };
    Reply { body, ..reply }.with_header("content-type", "text/xml")
}

fn answer(operation: &str, output: &Value, request_id: &str) -> Bytes {
    let result = match WITHOUT_RESULT.contains(&operation) {
        true => String::new(),
        false => format!("<{operation}Result>{}</{operation}Result>", elements(operation, output)),
    };
    let response = format!(
        "<?xml version=\"1.0\"?><{operation}Response xmlns=\"{NAMESPACE}\">{result}\
         <ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{operation}Response>"
    );
    response.into()
}

/// An object's members as elements: lists and maps are flattened.
fn elements(operation: &str, object: &Value) -> String {
    let members = object.as_object().into_iter().flatten();
    members.map(|(name, value)| member(operation, name, value)).collect()
}

fn member(operation: &str, name: &str, value: &Value) -> String {
    let list = |element: &str| {
        let items = value.as_array().into_iter().flatten();
        let items = items.map(|item| match item {
            Value::Object(_) => format!("<{element}>{}</{element}>", elements(operation, item)),
            item => xml::element(element, &text(item)),
        });
        items.collect::<String>()
    };
    match name {
        "QueueUrls" | "queueUrls" => list("QueueUrl"),
        "Messages" => list("Message"),
        "Failed" => list("BatchResultErrorEntry"),
        "Results" | "Successful" => list(&format!("{operation}ResultEntry")),
        _ => match (MAPS.iter().find(|(_, member, ..)| *member == name), value.as_object()) {
            (Some((element, _, key, _)), Some(map)) => map
                .iter()
                .map(|(name, value)| {
                    let value = match value {
                        Value::Object(_) => elements(operation, value),
                        value => xml::escape(&text(value)),
                    };
                    format!("<{element}>{}<Value>{value}</Value></{element}>", xml::element(key, name))
                })
                .collect(),
            _ => xml::element(name, &text(value)),
        },
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}
