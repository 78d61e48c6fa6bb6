//! One request type over both payload formats.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>

use std::collections::BTreeMap;

use aws_lambda_events::event::apigw::{ApiGatewayProxyRequest, ApiGatewayV2httpRequest};
use aws_lambda_events::http::HeaderMap;
use aws_lambda_events::query_map::QueryMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::Problem;

/// What a handler needs of a request. Header names match in any case; parameters are already decoded.
#[derive(Clone, Debug)]
pub struct ApiRequest {
    headers: HeaderMap,
    query: BTreeMap<String, String>,
    path: BTreeMap<String, String>,
    body: Option<String>,
    body_is_base64: bool,
    request_id: String,
    epoch_millis: i64,
}

impl ApiRequest {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The first value of a query parameter.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// A path parameter of the route, such as `orderId` of `/orders/{orderId}`.
    pub fn path(&self, name: &str) -> Option<&str> {
        self.path.get(name).map(String::as_str)
    }

    /// API Gateway's id of this request: one per attempt of a client.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// When API Gateway took the request, as stored times are written.
    ///
    /// # Errors
    /// When the event carries no possible time.
    pub fn time(&self) -> Result<String, lambda_runtime::Error> {
        crate::time::from_epoch_millis(self.epoch_millis)
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// 415 unless the content type is `application/json`; 400 when the body is not JSON.
    pub fn json(&self) -> Result<Value, Problem> {
        let content_type = self.header("content-type").unwrap_or_default();
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case("application/json") {
            return Err(Problem::new(415, "UnsupportedMediaType", "send the body as application/json"));
        }
        serde_json::from_slice(&self.body_bytes()?)
            .map_err(|error| Problem::new(400, "MalformedJson", format!("the body is not JSON: {error}")))
    }

    fn body_bytes(&self) -> Result<Vec<u8>, Problem> {
        let body = self.body.as_deref().unwrap_or_default();
        if self.body_is_base64 {
            STANDARD.decode(body).map_err(|_| Problem::new(400, "MalformedBody", "the body is not base64"))
        } else {
            Ok(body.as_bytes().to_vec())
        }
    }
}

impl<'de> Deserialize<'de> for ApiRequest {
    /// Only a payload of version 2.0 has `requestContext.http`; a REST API sends no version at all.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let event = Value::deserialize(deserializer)?;
        if event.pointer("/requestContext/http").is_some() {
            serde_json::from_value(event).map(Self::from_http_api).map_err(D::Error::custom)
        } else {
            serde_json::from_value(event).map(Self::from_rest_api).map_err(D::Error::custom)
        }
    }
}

impl ApiRequest {
    fn from_http_api(event: ApiGatewayV2httpRequest) -> Self {
        Self {
            headers: event.headers,
            query: first_values(&event.query_string_parameters),
            path: event.path_parameters.into_iter().collect(),
            body: event.body,
            body_is_base64: event.is_base64_encoded,
            request_id: event.request_context.request_id.unwrap_or_default(),
            epoch_millis: event.request_context.time_epoch,
        }
    }

    fn from_rest_api(event: ApiGatewayProxyRequest) -> Self {
        Self {
            headers: event.headers,
            query: first_values(&event.query_string_parameters),
            path: event.path_parameters.into_iter().collect(),
            body: event.body,
            body_is_base64: event.is_base64_encoded,
            request_id: event.request_context.request_id.unwrap_or_default(),
            epoch_millis: event.request_context.request_time_epoch,
        }
    }
}

fn first_values(query: &QueryMap) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    for (name, value) in query.iter() {
        values.entry(name.to_owned()).or_insert_with(|| value.to_owned());
    }
    values
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn http_api(content_type: &str, body: Value, base64: bool) -> ApiRequest {
        serde_json::from_value(json!({
            "version": "2.0",
            "routeKey": "PUT /orders/{orderId}",
            "rawPath": "/orders/7",
            "rawQueryString": "limit=2",
            "headers": { "content-type": content_type, "if-match": "\"3\"" },
            "queryStringParameters": { "limit": "2" },
            "pathParameters": { "orderId": "7" },
            "requestContext": {
                "requestId": "JKJaXmPLvHcESHA=", "timeEpoch": 1_714_564_800_000_i64, "stage": "$default",
                "http": { "method": "PUT", "path": "/orders/7", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "x" }
            },
            "body": body,
            "isBase64Encoded": base64
        }))
        .expect("a payload of version 2.0")
    }

    fn rest_api(content_type: &str, body: Value, base64: bool) -> ApiRequest {
        serde_json::from_value(json!({
            "resource": "/orders/{orderId}",
            "path": "/orders/7",
            "httpMethod": "PUT",
            "headers": { "Content-Type": content_type, "If-Match": "\"3\"" },
            "multiValueHeaders": { "Content-Type": [content_type], "If-Match": ["\"3\""] },
            "queryStringParameters": { "limit": "2" },
            "multiValueQueryStringParameters": { "limit": ["2"] },
            "pathParameters": { "orderId": "7" },
            "stageVariables": null,
            "requestContext": {
                "requestId": "JKJaXmPLvHcESHA=", "requestTimeEpoch": 1_714_564_800_000_i64, "stage": "Prod",
                "httpMethod": "PUT", "identity": { "sourceIp": "192.0.2.1" }
            },
            "body": body,
            "isBase64Encoded": base64
        }))
        .expect("a payload of version 1.0")
    }

    #[test]
    fn both_payloads_become_the_same_request() {
        for make in [http_api, rest_api] {
            let request = make("application/json; charset=utf-8", json!("{\"a\":1}"), false);
            assert_eq!(request.header("if-match"), Some("\"3\""));
            assert_eq!(request.query("limit"), Some("2"));
            assert_eq!(request.query("nextToken"), None);
            assert_eq!(request.path("orderId"), Some("7"));
            assert_eq!(request.request_id(), "JKJaXmPLvHcESHA=");
            assert_eq!(request.time().expect("in range"), "2024-05-01T12:00:00.000Z");
            assert_eq!(request.json().expect("JSON"), json!({ "a": 1 }));
        }
    }

    #[test]
    fn bodies_that_are_not_json_are_refused() {
        let cases = [
            ("application/json", json!("{\"a\":1}"), false, None),
            ("application/json", json!("eyJhIjoxfQ=="), true, None),
            ("application/json", json!("{"), false, Some((400, "MalformedJson"))),
            ("application/json", Value::Null, false, Some((400, "MalformedJson"))),
            ("application/json", json!("%%"), true, Some((400, "MalformedBody"))),
            ("text/plain", json!("{\"a\":1}"), false, Some((415, "UnsupportedMediaType"))),
            ("application/jsonp", json!("{\"a\":1}"), false, Some((415, "UnsupportedMediaType"))),
        ];
        for (content_type, body, base64, expected) in cases {
            for make in [http_api, rest_api] {
                let refused = make(content_type, body.clone(), base64).json().err();
                assert_eq!(
                    refused.map(|problem| (problem.status(), problem.code())),
                    expected,
                    "{content_type} {body}"
                );
            }
        }
    }
}
