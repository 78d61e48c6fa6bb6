//! Function URLs: an HTTPS endpoint of a function's own. Served by the harness on every backend.
//!
//! The event is that of an HTTP API's `$default` route, payload 2.0, and a response is read by the same rules.
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html>

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::api::{self, cors, respond};
use crate::event::apigateway::{self, ApiRequest, ApiResponse, Surroundings};
use crate::invoke::{InvokeError, Request, SYNCHRONOUS_PAYLOAD_LIMIT};
use crate::shared::Shared;
use crate::stack::{
    Api, ApiKind, FunctionUrl, Integration, LambdaProxy, ParameterMapping, PayloadFormat, Route, Stage, UrlAuth,
};
use crate::trace::{EventId, What};

/// Serves a request to a function's URL, on behalf of the event `cause`.
pub async fn serve(
    shared: &Rc<Shared>,
    url: &FunctionUrl,
    mut request: ApiRequest,
    cause: Option<EventId>,
) -> ApiResponse {
    if let Some(preflight) = url.cors.as_ref().and_then(|cors| cors::preflight(cors, &request)) {
        return ApiResponse { status: 200, ..preflight };
    }
    let mut response = answer(shared, url, &mut request, cause).await;
    if let Some(cors) = &url.cors {
        cors::add_headers(cors, &request, &mut response);
    }
    response
}

async fn answer(
    shared: &Rc<Shared>,
    url: &FunctionUrl,
    request: &mut ApiRequest,
    cause: Option<EventId>,
) -> ApiResponse {
    if request.body.len() > SYNCHRONOUS_PAYLOAD_LIMIT {
        return too_large();
    }
    let api = as_api(url);
    api::add_headers(shared, url.host(), request);
    let payload = event(shared, url, &api, request).to_string();
    if payload.len() > SYNCHRONOUS_PAYLOAD_LIMIT {
        return too_large();
    }
    match invoke(shared, url, request, payload, cause).await {
        Ok(response) => respond::from_response(&api, PayloadFormat::V2, request, &response, "application/json")
            .unwrap_or_else(|_| failed()),
        Err(InvokeError::Throttled(_)) => refused(429, "TooManyRequestsException", "Rate Exceeded."),
        Err(InvokeError::Function { .. } | InvokeError::RecursiveLoop { .. }) => failed(),
    }
}

/// The function failed, or answered what is no HTTP response.
fn failed() -> ApiResponse {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    ApiResponse { status: 502, headers, body: Bytes::from_static(b"Internal Server Error") }
}

fn too_large() -> ApiResponse {
    let limit = SYNCHRONOUS_PAYLOAD_LIMIT;
    let message = format!("Request must be smaller than {limit} bytes for the InvokeFunction operation");
    refused(413, "RequestEntityTooLargeException", &message)
}

fn refused(status: u16, error_type: &str, message: &str) -> ApiResponse {
    let headers = [("content-type", "application/json"), ("x-amzn-errortype", error_type)];
    let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    ApiResponse { status, headers, body: Bytes::from(json!({ "Message": message }).to_string()) }
}

/// A URL is as an HTTP API with nothing but a `$default` route.
fn as_api(url: &FunctionUrl) -> Api {
    let (logical_id, id, endpoint) = (url.logical_id.clone(), url.id.clone(), url.endpoint.clone());
    Api { endpoint, ..Api::new(logical_id, id, ApiKind::Http, "") }
}

/// The event of such an API, and what Lambda tells otherwise.
fn event(shared: &Shared, url: &FunctionUrl, api: &Api, request: &ApiRequest) -> Value {
    let format = PayloadFormat::V2;
    let (function_arn, mapping) = (url.function_arn.clone(), ParameterMapping::default());
    let proxy = LambdaProxy { function_arn, payload: format, timeout: Duration::MAX, mapping };
    let route = Route::new("ANY", "$default", Integration::Lambda(proxy));
    let stage = Stage { name: route.path.clone(), ..Stage::default() };
    let account = url.function_arn.split(':').nth(4).unwrap_or_default();
    let request_id = shared.ids.uuid();
    let mut event = apigateway::event(
        request,
        &Surroundings {
            api,
            stage: &stage,
            via: None,
            route: &route,
            format,
            path_parameters: &BTreeMap::new(),
            key: None,
            authorizer: None,
            account: if url.auth == UrlAuth::AwsIam { account } else { "anonymous" },
            request_id: &request_id,
            extended_request_id: &request_id,
            now: shared.backend.clock().now(),
        },
    );
    if url.auth == UrlAuth::AwsIam {
        event["requestContext"]["authorizer"] = json!({ "iam": caller(account) });
    }
    event
}

/// Whoever asks is the account itself, as no signature is checked.
fn caller(account: &str) -> Value {
    json!({
        "accessKey": account,
        "accountId": account,
        "callerId": account,
        "cognitoIdentity": null,
        "principalOrgId": null,
        "userArn": format!("arn:aws:iam::{account}:root"),
        "userId": account,
    })
}

/// Invokes the function, which has all the time that its timeout allows.
async fn invoke(
    shared: &Rc<Shared>,
    url: &FunctionUrl,
    request: &ApiRequest,
    payload: String,
    cause: Option<EventId>,
) -> Result<String, InvokeError> {
    let function = shared.lambda.function(&url.function_arn).map(Rc::clone);
    let function = function.expect("the template's links have been checked");
    let logical_id = function.settings.logical_id.clone();
    let from = format!("URL of {logical_id} {} {}", request.method, request.path);
    let what = What::Delivery { from, function: logical_id.clone(), records: 1, ids: Vec::new() };
    let delivery = shared.recorder.record(cause, what);
    let _pending = shared.pending.begin(format!("{logical_id} answers a request"));
    let invocation = Request { payload: &payload, request_id: shared.ids.uuid(), attempt: 1, cause: delivery };
    shared.lambda.invoke(&function, invocation).await.result
}
