//! The events of API Gateway's Lambda proxy integration, payload format 1.0 and 2.0.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html>

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use crate::stack::{Api, ApiKey, ApiKind, PayloadFormat, Route, Stage};

/// A request to an API.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiRequest {
    pub method: String,
    /// Without the stage or base path, percent-encoded.
    pub path: String,
    /// Percent-encoded, without the question mark.
    pub query_string: String,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

/// How a request came by a custom domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Via {
    pub domain: String,
    /// The whole path, as the client asked for it.
    pub path: String,
}

/// What an API answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiResponse {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

impl ApiResponse {
    /// A response with API Gateway's own message.
    pub fn message(status: u16, message: &str) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self { status, headers, body: Bytes::from(json!({ "message": message }).to_string()) }
    }
}

/// What an authorizer says of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Authorized {
    /// What a function answered.
    Function(Value),
    /// What is in a token, and the scopes of the route.
    Token { claims: Value, scopes: Value },
    /// What is in the token of a user pool.
    UserPool(Value),
}

impl Authorized {
    /// As format 1.0 has it.
    fn version_1(&self) -> Value {
        match self {
            Self::Function(context) => context.clone(),
            Self::Token { claims, scopes } => json!({ "claims": claims, "scopes": scopes }),
            Self::UserPool(claims) => json!({ "claims": claims }),
        }
    }

    /// As format 2.0 has it.
    fn version_2(&self) -> Value {
        match self {
            Self::Function(context) => json!({ "lambda": context }),
            token => json!({ "jwt": token.version_1() }),
        }
    }
}

/// What the payload tells beside the request itself.
pub struct Surroundings<'a> {
    pub api: &'a Api,
    pub stage: &'a Stage,
    /// Unless the request came to the API's own address.
    pub via: Option<&'a Via>,
    pub route: &'a Route,
    pub format: PayloadFormat,
    pub path_parameters: &'a BTreeMap<String, String>,
    /// The API key that a REST API asked for.
    pub key: Option<&'a ApiKey>,
    /// What the authorizer said.
    pub authorizer: Option<&'a Authorized>,
    pub account: &'a str,
    pub request_id: &'a str,
    /// The same as `request_id` for an HTTP API.
    pub extended_request_id: &'a str,
    pub now: Timestamp,
}

impl Surroundings<'_> {
    /// The host that the client asked.
    fn domain(&self) -> &str {
        self.via.map_or(self.api.endpoint.trim_start_matches("https://"), |via| &via.domain)
    }

    fn domain_prefix(&self) -> &str {
        self.domain().split('.').next().unwrap_or_default()
    }

    /// The path that the client asked for: with the stage, or a custom domain's base path. Format 2.0 never tells the
    /// base path.
    fn whole_path(&self, request: &ApiRequest) -> String {
        self.via.map_or_else(|| staged_path(request, self.stage), |via| via.path.clone())
    }
}

impl ApiRequest {
    /// A header's first value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// A header's values.
    pub fn header_values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body's media type, in lower case and without parameters.
    pub fn media_type(&self) -> String {
        let content_type = self.header("content-type").unwrap_or("application/json");
        content_type.split(';').next().unwrap_or_default().trim().to_lowercase()
    }

    /// The query's parameters, decoded.
    pub fn query(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(self.query_string.as_bytes()).into_owned().collect()
    }
}

/// The payload in the format that the route asks for.
pub fn event(request: &ApiRequest, surroundings: &Surroundings<'_>) -> Value {
    match surroundings.format {
        PayloadFormat::V1 => version_1(request, surroundings),
        PayloadFormat::V2 => version_2(request, surroundings),
    }
}

fn version_2(request: &ApiRequest, around: &Surroundings<'_>) -> Value {
    let mut event = json!({
        "version": "2.0",
        "routeKey": route_key(around.route),
        "rawPath": decoded(&staged_path(request, around.stage)),
        "rawQueryString": request.query_string,
        "headers": joined(request.headers.iter().filter(|(name, _)| !is(name, "cookie")).map(|(name, value)| (name.to_lowercase(), value))),
    });
    let cookies: Vec<&str> = request.header_values("cookie").flat_map(|value| value.split("; ")).collect();
    if !cookies.is_empty() {
        event["cookies"] = json!(cookies);
    }
    let query = request.query();
    if !query.is_empty() {
        event["queryStringParameters"] = joined(query.iter().map(|(name, value)| (name.clone(), value)));
    }
    event["requestContext"] = context_2(request, around);
    if let Some(authorizer) = around.authorizer {
        event["requestContext"]["authorizer"] = authorizer.version_2();
    }
    if !around.path_parameters.is_empty() {
        event["pathParameters"] = json!(around.path_parameters);
    }
    if !around.stage.variables.is_empty() {
        event["stageVariables"] = json!(around.stage.variables);
    }
    set_body(&mut event, request, is_text(request));
    event
}

fn context_2(request: &ApiRequest, around: &Surroundings<'_>) -> Value {
    json!({
        "accountId": around.account,
        "apiId": around.api.id,
        "domainName": around.domain(),
        "domainPrefix": around.domain_prefix(),
        "http": {
            "method": request.method,
            "path": decoded(&staged_path(request, around.stage)),
            "protocol": "HTTP/1.1",
            "sourceIp": SOURCE_IP,
            "userAgent": request.header("user-agent").unwrap_or_default(),
        },
        "requestId": around.request_id,
        "routeKey": route_key(around.route),
        "stage": around.stage.name,
        "time": clf_time(around.now),
        "timeEpoch": around.now.as_millisecond(),
    })
}

fn version_1(request: &ApiRequest, around: &Surroundings<'_>) -> Value {
    let mut event = match around.api.kind {
        ApiKind::Http => json!({ "version": "1.0" }),
        ApiKind::Rest => json!({}),
    };
    let (headers, path) = match around.api.kind {
        ApiKind::Rest => (request.headers.clone(), around.via.map_or(&request.path, |via| &via.path).clone()),
        ApiKind::Http => (lower_case(&request.headers), decoded(&around.whole_path(request))),
    };
    let query = request.query();
    let fields = json!({
        "resource": around.route.path,
        "path": path,
        "httpMethod": request.method,
        "headers": last_values(&headers),
        "multiValueHeaders": all_values(&headers),
        "queryStringParameters": or_null(last_values(&query)),
        "multiValueQueryStringParameters": or_null(all_values(&query)),
        "requestContext": context_1(request, around),
        "pathParameters": if around.path_parameters.is_empty() { Value::Null } else { json!(around.path_parameters) },
        "stageVariables": if around.stage.variables.is_empty() { Value::Null } else { json!(around.stage.variables) },
    });
    if let (Value::Object(event), Value::Object(fields)) = (&mut event, fields) {
        event.extend(fields);
    }
    let as_text = match around.api.kind {
        ApiKind::Rest => !is_binary(&around.api.binary_media_types, request.media_type().as_str()),
        ApiKind::Http => is_text(request),
    };
    set_body(&mut event, request, as_text);
    event.as_object_mut().expect("it was made as one").entry("body").or_insert(Value::Null);
    event
}

fn context_1(request: &ApiRequest, around: &Surroundings<'_>) -> Value {
    let mut context = json!({
        "accountId": around.account,
        "apiId": around.api.id,
        "domainName": around.domain(),
        "domainPrefix": around.domain_prefix(),
        "extendedRequestId": around.extended_request_id,
        "httpMethod": request.method,
        "identity": {
            "accessKey": null,
            "accountId": null,
            "caller": null,
            "cognitoAuthenticationProvider": null,
            "cognitoAuthenticationType": null,
            "cognitoIdentityId": null,
            "cognitoIdentityPoolId": null,
            "principalOrgId": null,
            "sourceIp": SOURCE_IP,
            "user": null,
            "userAgent": request.header("user-agent"),
            "userArn": null,
        },
        "path": match around.api.kind {
            ApiKind::Rest => around.whole_path(request),
            ApiKind::Http => decoded(&around.whole_path(request)),
        },
        "protocol": "HTTP/1.1",
        "requestId": around.request_id,
        "requestTime": clf_time(around.now),
        "requestTimeEpoch": around.now.as_millisecond(),
        "resourceId": route_key(around.route),
        "resourcePath": around.route.path,
        "stage": around.stage.name,
    });
    if let Some(authorizer) = around.authorizer {
        context["authorizer"] = authorizer.version_1();
    }
    if let Some(key) = around.key {
        context["identity"]["apiKey"] = key.value.as_str().into();
        context["identity"]["apiKeyId"] = key.id.as_str().into();
    }
    match around.api.kind {
        ApiKind::Http => context["identity"]["cognitoAmr"] = Value::Null,
        ApiKind::Rest => {
            context["resourceId"] = six_letters(&around.route.path).into();
            context["deploymentId"] = six_letters(&around.api.id).into();
        }
    }
    context
}

/// An address of the range that is kept for examples.
pub const SOURCE_IP: &str = "192.0.2.1";

fn set_body(event: &mut Value, request: &ApiRequest, as_text: bool) {
    let text = std::str::from_utf8(&request.body).ok().filter(|_| as_text);
    event["isBase64Encoded"] = (!request.body.is_empty() && text.is_none() && !as_text).into();
    if request.body.is_empty() {
        return;
    }
    event["body"] = match text {
        Some(text) => text.into(),
        None if as_text => String::from_utf8_lossy(&request.body).into(),
        None => STANDARD.encode(&request.body).into(),
    };
}

/// Whether a media type is one of those that a REST API takes and gives as bytes.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings.html>
pub fn is_binary(binary_media_types: &[String], media_type: &str) -> bool {
    let fits = |pattern: &String| match pattern.strip_suffix('*') {
        Some("*/") => true,
        Some(start) => media_type.starts_with(start),
        None => pattern == media_type,
    };
    binary_media_types.iter().any(fits)
}

/// An HTTP API hands these bodies on as they are, and all others in base64.
fn is_text(request: &ApiRequest) -> bool {
    let media_type = request.media_type();
    let media_type = media_type.as_str();
    media_type.starts_with("text/")
        || ["application/json", "application/xml", "application/javascript", "application/x-www-form-urlencoded"]
            .contains(&media_type)
        || media_type.ends_with("+json")
        || media_type.ends_with("+xml")
}

fn route_key(route: &Route) -> String {
    if route.path == "$default" { route.path.clone() } else { format!("{} {}", route.method, route.path) }
}

/// The path with its stage in front, which only the `$default` stage leaves out.
fn staged_path(request: &ApiRequest, stage: &Stage) -> String {
    if stage.name == "$default" { request.path.clone() } else { format!("/{}{}", stage.name, request.path) }
}

/// An HTTP API decodes the path that it hands on; a REST API does not.
fn decoded(path: &str) -> String {
    percent_decode_str(path).decode_utf8_lossy().into_owned()
}

fn lower_case(headers: &[(String, String)]) -> Vec<(String, String)> {
    headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect()
}

fn clf_time(now: Timestamp) -> String {
    now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string()
}

/// An id as API Gateway gives one, which depends on a text alone.
fn six_letters(text: &str) -> String {
    let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (0..6).map(|index| char::from(b'a' + ((hash >> (index * 5)) % 26) as u8)).collect()
}

fn is(name: &str, wanted: &str) -> bool {
    name.eq_ignore_ascii_case(wanted)
}

/// Several values of one name joined with commas, as 2.0 has no fields of several values.
fn joined<'a>(pairs: impl Iterator<Item = (String, &'a String)>) -> Value {
    let mut fields: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in pairs {
        fields.entry(name).and_modify(|all| *all = format!("{all},{value}")).or_insert_with(|| value.clone());
    }
    json!(fields)
}

fn last_values(pairs: &[(String, String)]) -> Map<String, Value> {
    pairs.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect()
}

fn all_values(pairs: &[(String, String)]) -> Map<String, Value> {
    let mut fields: Map<String, Value> = Map::new();
    for (name, value) in pairs {
        let values = fields.entry(name.clone()).or_insert_with(|| json!([]));
        values.as_array_mut().expect("it was made as one").push(value.as_str().into());
    }
    fields
}

fn or_null(fields: Map<String, Value>) -> Value {
    if fields.is_empty() { Value::Null } else { Value::Object(fields) }
}
