//! From what a function returned to the HTTP response that the client gets.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html#http-api-develop-integrations-lambda.response>
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-output-format>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;

use super::ApiResponse;
use crate::invoke::InvokeError;
use crate::stack::{ApiKind, PayloadFormat};

/// No route takes the request.
pub fn no_route(kind: ApiKind) -> ApiResponse {
    match kind {
        ApiKind::Rest => ApiResponse::message(403, "Missing Authentication Token"),
        ApiKind::Http => ApiResponse::message(404, "Not Found"),
    }
}

/// The request's body is over the limit.
pub fn too_large(kind: ApiKind) -> ApiResponse {
    match kind {
        ApiKind::Rest => ApiResponse::message(413, "Request Too Long"),
        ApiKind::Http => ApiResponse::message(413, "Request Entity Too Large"),
    }
}

/// The function took longer than the API waits.
pub fn timed_out(kind: ApiKind) -> ApiResponse {
    match kind {
        ApiKind::Rest => ApiResponse::message(504, "Endpoint request timed out"),
        ApiKind::Http => ApiResponse::message(503, "Service Unavailable"),
    }
}

/// The function failed or was throttled.
pub fn from_error(kind: ApiKind, error: &InvokeError) -> ApiResponse {
    match (kind, error) {
        (ApiKind::Rest, InvokeError::Throttled(_)) => ApiResponse::message(500, "Internal server error"),
        (ApiKind::Http, InvokeError::Throttled(_)) => ApiResponse::message(503, "Service Unavailable"),
        (kind, InvokeError::Function { .. } | InvokeError::RecursiveLoop { .. }) => malformed(kind),
    }
}

/// The function's response as an HTTP response.
pub fn from_response(kind: ApiKind, payload: PayloadFormat, response: &str) -> ApiResponse {
    let Ok(value) = serde_json::from_str::<Value>(response) else { return malformed(kind) };
    if payload == PayloadFormat::V2 && value.get("statusCode").is_none() {
        return inferred(&value);
    }
    structured(kind, payload, &value).unwrap_or_else(|| malformed(kind))
}

fn malformed(kind: ApiKind) -> ApiResponse {
    match kind {
        ApiKind::Rest => ApiResponse::message(502, "Internal server error"),
        ApiKind::Http => ApiResponse::message(500, "Internal Server Error"),
    }
}

/// Payload 2.0 without a status code: a 200 whose body is the JSON that the function returned.
fn inferred(value: &Value) -> ApiResponse {
    let body = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    ApiResponse { status: 200, headers, body: Bytes::from(body) }
}

fn structured(kind: ApiKind, payload: PayloadFormat, value: &Value) -> Option<ApiResponse> {
    let status = match value.get("statusCode")? {
        Value::Number(number) => u16::try_from(number.as_u64()?).ok()?,
        Value::String(text) => text.parse().ok()?,
        _ => return None,
    };
    let mut headers = headers(value.get("headers"))?;
    // Each payload format has its own way to give a header several values, and passes over the other's.
    let of_format = |format: PayloadFormat, name: &str| value.get(name).filter(|_| payload == format);
    let several = of_format(PayloadFormat::V1, "multiValueHeaders").and_then(Value::as_object);
    for (name, values) in several.into_iter().flatten() {
        headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        headers.extend(values.as_array()?.iter().filter_map(scalar).map(|value| (name.clone(), value)));
    }
    let cookies = of_format(PayloadFormat::V2, "cookies").and_then(Value::as_array).into_iter().flatten();
    headers.extend(cookies.filter_map(scalar).map(|cookie| ("set-cookie".to_owned(), cookie)));
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        // Not in the documentation: what the two kinds of API are seen to answer.
        let default = if kind == ApiKind::Rest { "application/json" } else { "text/plain;charset=UTF-8" };
        headers.push(("content-type".to_owned(), default.to_owned()));
    }
    Some(ApiResponse { status, headers, body: body(kind, value)? })
}

fn headers(value: Option<&Value>) -> Option<Vec<(String, String)>> {
    match value {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::Object(fields)) => {
            fields.iter().map(|(name, value)| Some((name.clone(), scalar(value)?))).collect()
        }
        Some(_) => None,
    }
}

/// A REST API without binary media types hands a body in base64 on as it is.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings-workflow.html>
fn body(kind: ApiKind, value: &Value) -> Option<Bytes> {
    let text = match value.get("body") {
        None | Some(Value::Null) => "",
        Some(Value::String(text)) => text,
        Some(_) => return None,
    };
    if kind == ApiKind::Http && value.get("isBase64Encoded").and_then(Value::as_bool) == Some(true) {
        return STANDARD.decode(text).ok().map(Bytes::from);
    }
    Some(Bytes::from(text.to_owned()))
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::rest_status(ApiKind::Rest, PayloadFormat::V1, r#"{"statusCode": 201, "body": "ok"}"#, 201, "ok")]
    #[case::rest_no_status(
        ApiKind::Rest,
        PayloadFormat::V1,
        r#"{"id": 1}"#,
        502,
        r#"{"message":"Internal server error"}"#
    )]
    #[case::rest_body_not_text(
        ApiKind::Rest,
        PayloadFormat::V1,
        r#"{"statusCode": 200, "body": {}}"#,
        502,
        r#"{"message":"Internal server error"}"#
    )]
    #[case::http_no_status(ApiKind::Http, PayloadFormat::V2, r#"{"id":1}"#, 200, r#"{"id":1}"#)]
    #[case::http_text(ApiKind::Http, PayloadFormat::V2, r#""hello""#, 200, "hello")]
    #[case::http_v1_no_status(
        ApiKind::Http,
        PayloadFormat::V1,
        r#"{"id":1}"#,
        500,
        r#"{"message":"Internal Server Error"}"#
    )]
    #[case::base64(
        ApiKind::Http,
        PayloadFormat::V2,
        r#"{"statusCode":200,"body":"aGk=","isBase64Encoded":true}"#,
        200,
        "hi"
    )]
    fn a_functions_response_becomes_an_http_response(
        #[case] kind: ApiKind,
        #[case] payload: PayloadFormat,
        #[case] response: &str,
        #[case] status: u16,
        #[case] body: &str,
    ) {
        let answer = from_response(kind, payload, response);
        assert_eq!((answer.status, answer.body.as_ref()), (status, body.as_bytes()));
    }

    #[test]
    fn a_function_error_is_a_502_on_rest_and_a_500_on_http() {
        let error = InvokeError::Function { error_type: "E".into(), message: "m".into() };
        assert_eq!(from_error(ApiKind::Rest, &error).status, 502);
        assert_eq!(from_error(ApiKind::Http, &error).status, 500);
    }
}
