//! API Gateway: takes an HTTP request, finds its route, invokes the function behind it and turns what comes
//! back into an HTTP response. Served by the harness on every backend.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>

mod respond;
mod route;

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;

use crate::event::apigateway::{self, ApiRequest, SOURCE_IP, Surroundings};
use crate::invoke::{Invoked, Request, SYNCHRONOUS_PAYLOAD_LIMIT};
use crate::shared::Shared;
use crate::stack::{Api, ApiKind, Route};
use crate::trace::{EventId, What};

/// What a request's and a response's body may have at the most.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>
const PAYLOAD_LIMIT: usize = 10 * 1024 * 1024;

/// What an API answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiResponse {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

impl ApiResponse {
    /// A response with API Gateway's own message.
    fn message(status: u16, message: &str) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self { status, headers, body: Bytes::from(format!("{{\"message\":\"{message}\"}}")) }
    }
}

/// Serves a request to an API, on behalf of the event `cause`.
pub async fn serve(shared: &Rc<Shared>, api: &Api, mut request: ApiRequest, cause: Option<EventId>) -> ApiResponse {
    let Some((route, path_parameters)) = route::find(api.kind, &api.routes, &request.method, &request.path) else {
        return respond::no_route(api.kind);
    };
    if request.body.len() > PAYLOAD_LIMIT {
        return respond::too_large(api.kind);
    }
    add_headers(shared, api, &mut request);
    let payload = payload(shared, api, route, &path_parameters, &request);
    if payload.len() > SYNCHRONOUS_PAYLOAD_LIMIT {
        return respond::too_large(api.kind);
    }
    let delivery = record(shared, api, route, &request, cause);
    let Some(invoked) = invoke(shared, api, route, payload, delivery).await else {
        return respond::timed_out(api.kind);
    };
    match invoked.result {
        Ok(response) => respond::from_response(api.kind, route.payload, &response),
        Err(error) => respond::from_error(api.kind, &error),
    }
}

/// What API Gateway adds on the way.
fn add_headers(shared: &Shared, api: &Api, request: &mut ApiRequest) {
    let trace = format!("Root=1-{:08x}-{}", shared.backend.clock().now().as_second(), shared.ids.hex(24));
    let host = api.endpoint.trim_start_matches("https://");
    let length = request.body.len().to_string();
    let added = [
        ("Host", host),
        ("Content-Length", length.as_str()),
        ("X-Amzn-Trace-Id", trace.as_str()),
        ("X-Forwarded-For", SOURCE_IP),
        ("X-Forwarded-Port", "443"),
        ("X-Forwarded-Proto", "https"),
    ];
    for (name, value) in added {
        let is_there = request.header(name).is_some();
        let of_no_body = name == "Content-Length" && request.body.is_empty();
        if !is_there && !of_no_body {
            request.headers.push((name.to_owned(), value.to_owned()));
        }
    }
}

fn record(shared: &Shared, api: &Api, route: &Route, request: &ApiRequest, cause: Option<EventId>) -> EventId {
    let function = shared.lambda.function(&route.function_arn);
    shared.recorder.record(
        cause,
        What::Delivery {
            from: format!("API Gateway {} {} {}", api.logical_id, request.method, request.path),
            function: function.map(|function| function.settings.logical_id.clone()).unwrap_or_default(),
            records: 1,
            ids: Vec::new(),
        },
    )
}

fn payload(
    shared: &Shared,
    api: &Api,
    route: &Route,
    path_parameters: &BTreeMap<String, String>,
    request: &ApiRequest,
) -> String {
    let account = route.function_arn.split(':').nth(4).unwrap_or_default();
    let request_id = match api.kind {
        ApiKind::Rest => shared.ids.uuid(),
        ApiKind::Http => shared.ids.base64(11),
    };
    let extended_request_id = match api.kind {
        ApiKind::Rest => shared.ids.base64(11),
        ApiKind::Http => request_id.clone(),
    };
    let now = shared.backend.clock().now();
    let (request_id, extended_request_id) = (request_id.as_str(), extended_request_id.as_str());
    let surroundings = Surroundings { api, route, path_parameters, account, request_id, extended_request_id, now };
    apigateway::event(request, &surroundings).to_string()
}

/// Invokes the function; none when the API's own limit passes first. The function then runs on.
async fn invoke(shared: &Rc<Shared>, api: &Api, route: &Route, payload: String, delivery: EventId) -> Option<Invoked> {
    let function = shared.lambda.function(&route.function_arn).map(Rc::clone)?;
    let pending = shared.pending.begin(format!("{} answers a request", function.settings.logical_id));
    let request_id = shared.ids.uuid();
    let invocation = tokio::task::spawn_local({
        let shared = Rc::clone(shared);
        async move {
            let _pending = pending;
            let request = Request { payload: &payload, request_id, attempt: 1, cause: delivery };
            shared.lambda.invoke(&function, request).await
        }
    });
    let limit = match api.kind {
        ApiKind::Rest => Duration::from_secs(29),
        ApiKind::Http => Duration::from_secs(30),
    };
    let finished = tokio::time::timeout(limit, invocation).await.ok()?;
    Some(finished.expect("an invocation catches the handler's panics"))
}
