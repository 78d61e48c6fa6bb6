//! API destinations: HTTP endpoints that rules send events to.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html>

use std::collections::VecDeque;

use bytes::Bytes;
use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::connection::{Connection, Parameter, set};
use super::path::Path;
use super::{State, input, invalid, not_found, page};
use crate::arn::Arn;
use crate::delivery::HttpParameters;
use crate::protocol::{AwsError, Request};
use crate::world::{Call, World};

/// How many invocations a second a destination takes where it does not say.
const DEFAULT_RATE: usize = 300;

/// The headers that are EventBridge's own.
const OWN_HEADERS: [(&str, &str); 3] = [
    ("user-agent", "Amazon/EventBridge/ApiDestinations"),
    ("range", "bytes=0-1048575"),
    ("accept-encoding", "gzip,deflate"),
];

/// What is encoded in a value of the path.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

pub(super) struct ApiDestination {
    arn: String,
    connection_arn: String,
    endpoint: String,
    method: String,
    rate: usize,
    description: Option<String>,
    created: Timestamp,
    modified: Timestamp,
    /// When it was invoked within the last second.
    recent: VecDeque<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Put {
    name: String,
    description: Option<String>,
    connection_arn: Option<String>,
    invocation_endpoint: Option<String>,
    http_method: Option<String>,
    invocation_rate_limit_per_second: Option<usize>,
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateApiDestination.html>
pub(super) fn create(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let put: Put = input(call)?;
    let (Some(connection_arn), Some(endpoint), Some(method)) =
        (put.connection_arn, put.invocation_endpoint, put.http_method)
    else {
        return Err(invalid("ConnectionArn, InvocationEndpoint and HttpMethod must be specified."));
    };
    let (now, id) = (call.clock.now(), call.ids.uuid());
    let (region, account, name) = (&call.identity.region, &call.identity.account, put.name);
    let destination = ApiDestination {
        arn: format!("arn:aws:events:{region}:{account}:api-destination/{name}/{id}"),
        connection_arn,
        endpoint,
        method,
        rate: put.invocation_rate_limit_per_second.unwrap_or(DEFAULT_RATE),
        description: put.description,
        created: now,
        modified: now,
        recent: VecDeque::new(),
    };
    let state = &mut call.region(world).eventbridge;
    if state.destinations.contains_key(&name) {
        let message = format!("An api-destination '{name}' already exists.");
        return Err(AwsError::client("ResourceAlreadyExistsException", message));
    }
    destination.check(&state.connections)?;
    let answer = destination.brief();
    state.destinations.insert(name, destination);
    Ok(answer)
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_UpdateApiDestination.html>
pub(super) fn update(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let put: Put = input(call)?;
    let now = call.clock.now();
    let state = &mut call.region(world).eventbridge;
    let destination = state.destinations.get_mut(&put.name).ok_or_else(|| missing(&put.name))?;
    let old = |new: Option<String>, old: &String| new.unwrap_or_else(|| old.clone());
    destination.connection_arn = old(put.connection_arn, &destination.connection_arn);
    destination.endpoint = old(put.invocation_endpoint, &destination.endpoint);
    destination.method = old(put.http_method, &destination.method);
    destination.rate = put.invocation_rate_limit_per_second.unwrap_or(destination.rate);
    destination.description = put.description.or(destination.description.take());
    destination.modified = now;
    destination.check(&state.connections)?;
    Ok(destination.brief())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Name {
    name: String,
}

pub(super) fn describe(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let Name { name } = input(call)?;
    let destination = call.region(world).eventbridge.destinations.get(&name);
    Ok(destination.ok_or_else(|| missing(&name))?.describe(&name))
}

pub(super) fn delete(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let Name { name } = input(call)?;
    call.region(world).eventbridge.destinations.remove(&name).ok_or_else(|| missing(&name))?;
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct List {
    name_prefix: Option<String>,
    connection_arn: Option<String>,
    next_token: Option<String>,
    limit: Option<usize>,
}

pub(super) fn list(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let List { name_prefix, connection_arn, next_token, limit } = input(call)?;
    let prefix = name_prefix.unwrap_or_default();
    let wanted =
        |destination: &ApiDestination| connection_arn.as_ref().is_none_or(|arn| *arn == destination.connection_arn);
    let all = call.region(world).eventbridge.destinations.iter();
    let all = all.filter(|(name, destination)| name.starts_with(&prefix) && wanted(destination));
    let all = all.map(|(name, destination)| destination.describe(name)).collect();
    let (all, next) = page(all, next_token.as_deref(), limit)?;
    Ok(json!({ "ApiDestinations": all, "NextToken": next }))
}

fn missing(name: &str) -> AwsError {
    not_found(format!("Failed to describe the api-destination(s). An api-destination '{name}' does not exist."))
}

impl ApiDestination {
    fn check(&self, connections: &std::collections::BTreeMap<String, Connection>) -> Result<(), AwsError> {
        if !connections.values().any(|connection| connection.arn == self.connection_arn) {
            let name = self.connection_arn.split('/').nth(1).unwrap_or(&self.connection_arn);
            return Err(not_found(format!("Connection '{name}' does not exist.")));
        }
        if !self.endpoint.starts_with("https://") || self.endpoint.replace('*', "a").parse::<http::Uri>().is_err() {
            return Err(invalid("Parameter InvocationEndpoint is not valid. Reason: It must be an HTTPS URL."));
        }
        let methods = ["POST", "GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"];
        if !methods.contains(&self.method.as_str()) {
            return Err(invalid(format!(
                "1 validation error detected: Value '{}' at 'httpMethod' failed to satisfy constraint: Member must \
                 satisfy enum value set: [POST, GET, HEAD, OPTIONS, PUT, PATCH, DELETE]",
                self.method
            )));
        }
        if self.rate == 0 {
            return Err(invalid("Parameter InvocationRateLimitPerSecond is not valid. Reason: It must be at least 1."));
        }
        Ok(())
    }

    fn brief(&self) -> Value {
        json!({
            "ApiDestinationArn": self.arn,
            "ApiDestinationState": "ACTIVE",
            "CreationTime": self.created.as_second(),
            "LastModifiedTime": self.modified.as_second(),
        })
    }

    fn describe(&self, name: &str) -> Value {
        let mut answer = self.brief();
        answer["Name"] = name.into();
        answer["ConnectionArn"] = self.connection_arn.as_str().into();
        answer["InvocationEndpoint"] = self.endpoint.as_str().into();
        answer["HttpMethod"] = self.method.as_str().into();
        answer["InvocationRateLimitPerSecond"] = self.rate.into();
        if let Some(description) = &self.description {
            answer["Description"] = description.as_str().into();
        }
        answer
    }

    /// When it may be invoked, where that is not now.
    fn turn(&mut self, now: Timestamp) -> Option<Timestamp> {
        let second = SignedDuration::from_secs(1);
        while self.recent.front().is_some_and(|at| *at + second <= now) {
            self.recent.pop_front();
        }
        if self.recent.len() >= self.rate {
            return self.recent.front().map(|at| *at + second);
        }
        self.recent.push_back(now);
        None
    }
}

/// An event for an API destination.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    /// The destination's ARN.
    pub arn: &'a str,
    /// What parameters that are JSON paths look into.
    pub event: &'a Value,
    /// The body.
    pub payload: &'a str,
    /// Whether the endpoint did not take the last token.
    pub refused_token: bool,
}

/// What a delivery to an API destination can do now.
pub(crate) enum Ready {
    /// Wait: the destination takes no more this second.
    Later(Timestamp),
    /// Ask for a token first.
    Token {
        request: Request,
        connection: String,
    },
    Request(Request),
}

/// The ARN of the destination with a name.
pub(crate) fn arn_of(state: &State, name: &str) -> Option<String> {
    state.destinations.get(name).map(|destination| destination.arn.clone())
}

/// The request for an event; `None` where the destination or its connection is gone.
pub(crate) fn prepare_request(world: &mut World, asked: Asked<'_>, target: &HttpParameters) -> Option<Ready> {
    let now = world.clock.now();
    let arn = Arn::parse(asked.arn)?;
    let state = &mut world.region(arn.account, arn.region).eventbridge;
    let destination = state.destinations.values_mut().find(|one| one.arn == asked.arn)?;
    let (name, connection) = state.connections.iter_mut().find(|(_, one)| one.arn == destination.connection_arn)?;
    if asked.refused_token {
        connection.forget_token();
    }
    let Some(authorization) = connection.authorization(now) else {
        return Some(Ready::Token { request: connection.token_request()?, connection: name.clone() });
    };
    if let Some(due) = destination.turn(now) {
        return Some(Ready::Later(due));
    }
    request(destination, connection, &authorization, asked, target).map(Ready::Request)
}

fn request(
    destination: &ApiDestination,
    connection: &Connection,
    authorization: &(String, String),
    asked: Asked<'_>,
    target: &HttpParameters,
) -> Option<Request> {
    let own = connection.additions();
    let value = |text: &str| dynamic(text, asked.event);
    let mut headers = HeaderMap::new();
    set(&mut headers, "content-type", "application/json; charset=utf-8");
    target.header_parameters.iter().for_each(|(name, text)| set(&mut headers, name, &value(text)));
    own.header_parameters.iter().for_each(|one| set(&mut headers, &one.key, &one.value));
    set(&mut headers, &authorization.0, &authorization.1);
    OWN_HEADERS.iter().for_each(|(name, value)| set(&mut headers, name, value));
    let body = with_parameters(asked.payload, &own.body_parameters);
    set(&mut headers, "content-length", &body.len().to_string());
    let mut query = target.query_string_parameters.iter().map(|(name, text)| (name.clone(), value(text))).collect();
    for Parameter { key, value, .. } in &own.query_string_parameters {
        put(&mut query, key, value);
    }
    Some(Request {
        method: destination.method.parse().ok()?,
        uri: url(&destination.endpoint, &target.path_parameter_values, &query, &value).parse().ok()?,
        headers,
        body: Bytes::from(body),
    })
}

/// A parameter that the connection and the target both have is the connection's.
fn put(query: &mut Vec<(String, String)>, key: &str, value: &str) {
    query.retain(|(name, _)| name != key);
    query.push((key.to_owned(), value.to_owned()));
}

/// The endpoint with values for its `*`s, in order, and a query.
fn url(endpoint: &str, path: &[String], query: &[(String, String)], value: &dyn Fn(&str) -> String) -> String {
    let mut url = String::new();
    let mut values = path.iter();
    for (index, piece) in endpoint.split('*').enumerate() {
        if index > 0 {
            let value = values.next().map_or_else(|| "*".to_owned(), |text| value(text));
            url.extend(utf8_percent_encode(&value, SEGMENT));
        }
        url.push_str(piece);
    }
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    match (query.is_empty(), url.contains('?')) {
        (true, _) => url,
        (false, false) => format!("{url}?{query}"),
        (false, true) => format!("{url}&{query}"),
    }
}

/// A value that is a JSON path stands for what it leads to in the event.
fn dynamic(text: &str, event: &Value) -> String {
    match Path::parse(text).map(|path| path.find(event).unwrap_or_default()) {
        None => text.to_owned(),
        Some(Value::String(found)) => found,
        Some(found) => found.to_string(),
    }
}

/// A body that is a JSON object gets the connection's parameters added.
fn with_parameters(payload: &str, parameters: &[Parameter]) -> String {
    match serde_json::from_str::<Value>(payload) {
        Ok(Value::Object(mut body)) if !parameters.is_empty() => {
            body.extend(parameters.iter().map(|one| (one.key.clone(), one.value.as_str().into())));
            Value::Object(body).to_string()
        }
        _ => payload.to_owned(),
    }
}
