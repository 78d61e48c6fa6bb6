//! From what a function returned to the HTTP response that the client gets.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html#http-api-develop-integrations-lambda.response>
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-output-format>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;

use super::fault::Fault;
use crate::event::apigateway::{ApiRequest, ApiResponse, is_binary};
use crate::invoke::InvokeError;
use crate::stack::{Api, ApiKind, PayloadFormat};

/// The function failed or was throttled.
pub fn from_error(error: &InvokeError) -> Fault {
    match error {
        InvokeError::Throttled(_) => Fault::FunctionThrottled,
        InvokeError::Function { .. } | InvokeError::RecursiveLoop { .. } => Fault::Integration,
    }
}

/// The type of a body that the function does not tell. Not in the documentation: what the two kinds of API are seen to
/// answer.
pub fn default_type(kind: ApiKind) -> &'static str {
    if kind == ApiKind::Rest { "application/json" } else { "text/plain;charset=UTF-8" }
}

/// The function's response as an HTTP response.
///
/// # Errors
/// The response is malformed.
pub fn from_response(
    api: &Api,
    format: PayloadFormat,
    request: &ApiRequest,
    text: &str,
    default_type: &str,
) -> Result<ApiResponse, Fault> {
    let value = serde_json::from_str::<Value>(text).map_err(|_| Fault::Integration)?;
    if format == PayloadFormat::V2 && value.get("statusCode").is_none() {
        return Ok(inferred(&value));
    }
    let mut response = structured(api, format, request, &value).ok_or(Fault::Integration)?;
    if !response.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        response.headers.push(("content-type".to_owned(), default_type.to_owned()));
    }
    Ok(response)
}

/// Payload 2.0 without a status code: a 200 whose body is the JSON that the function returned.
fn inferred(value: &Value) -> ApiResponse {
    let body = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    ApiResponse { status: 200, headers, body: Bytes::from(body) }
}

fn structured(api: &Api, payload: PayloadFormat, request: &ApiRequest, value: &Value) -> Option<ApiResponse> {
    let kind = api.kind;
    let status = match value.get("statusCode")? {
        Value::Number(number) => u16::try_from(number.as_u64()?).ok()?,
        Value::String(text) => text.parse().ok()?,
        _ => return None,
    };
    if !(100..=599).contains(&status) {
        return None;
    }
    let mut headers = headers(value.get("headers"))?;
    // Each payload format has its own way to give a header several values, and passes over the other's.
    let of_format = |format: PayloadFormat, name: &str| value.get(name).filter(|_| payload == format);
    let several = of_format(PayloadFormat::V1, "multiValueHeaders").and_then(Value::as_object);
    for (name, values) in several.into_iter().flatten() {
        let values: Vec<String> = values.as_array()?.iter().filter_map(scalar).collect();
        // Both are merged, and a pair that stands in both is given once.
        headers.retain(|(known, value)| !known.eq_ignore_ascii_case(name) || !values.contains(value));
        headers.extend(values.into_iter().map(|value| (name.clone(), value)));
    }
    let cookies = of_format(PayloadFormat::V2, "cookies").and_then(Value::as_array).into_iter().flatten();
    headers.extend(cookies.filter_map(scalar).map(|cookie| ("set-cookie".to_owned(), cookie)));
    if kind == ApiKind::Rest {
        headers = headers.into_iter().map(remapped).collect();
    }
    Some(ApiResponse { status, headers, body: body(api, request, value)? })
}

/// A REST API keeps these headers for itself, and hands on the function's under another name.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html>
pub fn remapped((name, value): (String, String)) -> (String, String) {
    let own = ["authorization", "connection", "content-length", "content-md5", "date", "host", "server"];
    let own = own.into_iter().chain(["max-forwards", "user-agent", "www-authenticate"]);
    match own.into_iter().any(|own| name.eq_ignore_ascii_case(own)) {
        true => (format!("x-amzn-Remapped-{name}"), value),
        false => (name, value),
    }
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

/// A REST API decodes a body in base64 where the client accepts one of its binary media types first, and else
/// hands it on as it is. An HTTP API always decodes it.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings-workflow.html>
fn body(api: &Api, request: &ApiRequest, value: &Value) -> Option<Bytes> {
    let text = match value.get("body") {
        None | Some(Value::Null) => "",
        Some(Value::String(text)) => text,
        Some(_) => return None,
    };
    let accepted = request.header("accept").unwrap_or("*/*").split([',', ';']).next().unwrap_or_default().trim();
    let is_binary = api.kind == ApiKind::Http || is_binary(&api.binary_media_types, accepted);
    if is_binary && value.get("isBase64Encoded").and_then(Value::as_bool) == Some(true) {
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
        let api = api(kind);
        let answer = from_response(&api, payload, &ApiRequest::default(), response, default_type(kind));
        let answer = answer.unwrap_or_else(|fault| fault.response(&api));
        assert_eq!((answer.status, answer.body.as_ref()), (status, body.as_bytes()));
    }

    fn api(kind: ApiKind) -> Api {
        let (logical_id, id) = ("Api".to_owned(), "a1b2c3d4e5".to_owned());
        Api::new(logical_id, id, kind, "us-east-1")
    }

    #[test]
    fn a_function_error_is_a_502_on_rest_and_a_500_on_http() {
        let fault = from_error(&InvokeError::Function { error_type: "E".into(), message: "m".into() });
        assert_eq!(fault.response(&api(ApiKind::Rest)).status, 502);
        assert_eq!(fault.response(&api(ApiKind::Http)).status, 500);
    }
}
