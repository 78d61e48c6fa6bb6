//! API Gateway: takes an HTTP request, finds its route, invokes the function behind it and turns what comes
//! back into an HTTP response. Served by the harness on every backend.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>

mod access;
mod address;
mod authorize;
mod cache;
pub mod cors;
mod fault;
mod gateway_response;
mod http;
mod keys;
mod mapped;
mod outgoing;
mod parameters;
mod policy;
pub mod respond;
mod route;
mod token;

pub use address::{Address, domain, find};
pub use outgoing::SENDER;

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use self::fault::Fault;
use crate::event::apigateway::{self, ApiRequest, ApiResponse, Authorized, SOURCE_IP, Surroundings, Via};
use crate::invoke::{Function, Invoked, Request, SYNCHRONOUS_PAYLOAD_LIMIT};
use crate::shared::Shared;
use crate::stack::{Api, ApiKey, ApiKind, Integration, LambdaProxy, Mock, PayloadFormat, Route, Stage};
use crate::trace::{EventId, What};

/// What a request's and a response's body may have at the most.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>
const PAYLOAD_LIMIT: usize = 10 * 1024 * 1024;

/// What the request line and the values of all headers may have at the most.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>
const HEAD_LIMIT: usize = 10_240;

fn size_of_head(request: &ApiRequest) -> usize {
    // The method, a space, the path, the query behind its mark, and the protocol.
    let line = request.method.len() + request.path.len() + request.query_string.len() + " ? HTTP/1.1".len();
    line + request.headers.iter().map(|(_, value)| value.len()).sum::<usize>()
}

/// A request to a stage of an API.
pub struct Call<'a> {
    pub api: &'a Api,
    pub stage: &'a Stage,
    pub via: Option<Via>,
    pub request: ApiRequest,
    /// The event that it follows from.
    pub cause: Option<EventId>,
}

/// Serves a request to an API.
pub async fn serve(shared: &Rc<Shared>, mut call: Call<'_>) -> ApiResponse {
    let cors = call.api.cors.as_ref();
    if let Some(response) = cors.and_then(|cors| cors::preflight(cors, &call.request)) {
        return response;
    }
    let host = call.via.as_ref().map_or(call.api.endpoint.trim_start_matches("https://"), |via| &via.domain);
    let is_too_large = size_of_head(&call.request) > HEAD_LIMIT;
    add_headers(shared, host, &mut call.request);
    let answered = if is_too_large { Err(Fault::HeadTooLarge) } else { answer(shared, &call).await };
    let mut response = answered.unwrap_or_else(|fault| gateway_response::respond(&fault, shared, &call));
    if let Some(cors) = cors {
        cors::add_headers(cors, &call.request, &mut response);
    }
    if call.request.method == "HEAD" {
        response.body = Bytes::new();
    }
    response
}

/// A request that has found its route.
struct Routed<'a> {
    call: &'a Call<'a>,
    route: &'a Route,
    path_parameters: BTreeMap<String, String>,
    key: Option<&'a ApiKey>,
    /// What the authorizer said, for the payload.
    authorizer: Option<Authorized>,
}

impl<'a> Routed<'a> {
    /// The same for another request on the same way.
    fn of(&self, call: &'a Call<'a>) -> Self {
        Self { call, path_parameters: self.path_parameters.clone(), authorizer: self.authorizer.clone(), ..*self }
    }
}

async fn answer(shared: &Rc<Shared>, call: &Call<'_>) -> Result<ApiResponse, Fault> {
    let Call { api, request, .. } = call;
    let found = route::find(api.kind, &api.routes, &request.method, &request.path);
    let (route, path_parameters) = found.ok_or(Fault::NoRoute)?;
    let mut routed = Routed { call, route, path_parameters, key: None, authorizer: None };
    if request.body.len() > PAYLOAD_LIMIT {
        return Err(Fault::TooLarge);
    }
    let (authorizer, key_of_authorizer) = authorize::authorize(shared, &routed).await?;
    routed.authorizer = authorizer;
    let key = if api.key_of_authorizer { key_of_authorizer.as_deref() } else { request.header("x-api-key") };
    routed.key = access::check(shared, &routed, key)?;
    parameters::validate(&routed)?;
    let Some(place) = cache::Place::of(&routed) else { return integrate(shared, &routed).await };
    let mut response = match place.get(shared) {
        Some(response) => response,
        None => {
            let response = integrate(shared, &routed).await?;
            place.put(shared, &response);
            response
        }
    };
    place.warn(&mut response);
    Ok(response)
}

async fn integrate(shared: &Rc<Shared>, routed: &Routed<'_>) -> Result<ApiResponse, Fault> {
    let response = match &routed.route.integration {
        Integration::Mock(mock) => return Ok(mocked(mock)),
        Integration::Lambda(proxy) => lambda(shared, routed, proxy).await?,
        Integration::Http(endpoint) => http::ask(shared, routed, endpoint).await?,
    };
    let mapping = routed.route.integration.mapping();
    Ok(match mapping {
        Some(mapping) => mapped::changed_response(response, mapping, shared, routed),
        None => response,
    })
}

fn mocked(mock: &Mock) -> ApiResponse {
    ApiResponse { status: mock.status, headers: mock.headers.clone(), body: Bytes::from(mock.body.clone()) }
}

/// Hands the request to a function and turns what it returns into a response.
async fn lambda(shared: &Rc<Shared>, routed: &Routed<'_>, proxy: &LambdaProxy) -> Result<ApiResponse, Fault> {
    let call = routed.call;
    let arn = call.stage.fill_in(&proxy.function_arn).ok_or(Fault::Configuration)?;
    let function = shared.lambda.function(&arn).map(Rc::clone).ok_or(Fault::Configuration)?;
    let payload = match proxy.mapping.request.as_slice() {
        [] => event_of(shared, routed, proxy.payload),
        changes => {
            let call = Call { via: call.via.clone(), request: mapped::changed(changes, shared, routed), ..*call };
            event_of(shared, &routed.of(&call), proxy.payload)
        }
    };
    let payload = payload.to_string();
    if payload.len() > SYNCHRONOUS_PAYLOAD_LIMIT {
        return Err(Fault::TooLarge);
    }
    let delivery = record(shared, call, &function);
    let invoked = invoke(shared, function, payload, delivery, proxy.timeout).await.ok_or(Fault::TimedOut)?;
    let response = invoked.result.map_err(|error| respond::from_error(&error))?;
    let default_type = respond::default_type(call.api.kind);
    respond::from_response(call.api, proxy.payload, &call.request, &response, default_type)
}

/// What API Gateway, or Lambda for a function's URL, adds on the way.
pub fn add_headers(shared: &Shared, host: &str, request: &mut ApiRequest) {
    let trace = format!("Root=1-{:08x}-{}", shared.backend.clock().now().as_second(), shared.ids.hex(24));
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

fn record(shared: &Shared, call: &Call<'_>, function: &Function) -> EventId {
    let Call { api, request, cause, .. } = call;
    shared.recorder.record(
        *cause,
        What::Delivery {
            from: format!("API Gateway {} {} {}", api.logical_id, request.method, request.path),
            function: function.settings.logical_id.clone(),
            records: 1,
            ids: Vec::new(),
        },
    )
}

/// The event of a request.
fn event_of(shared: &Shared, routed: &Routed<'_>, format: PayloadFormat) -> Value {
    let Call { api, stage, via, request, .. } = routed.call;
    let account =
        shared.stack.functions.first().and_then(|function| function.arn.split(':').nth(4)).unwrap_or_default();
    let request_id = match api.kind {
        ApiKind::Rest => shared.ids.uuid(),
        ApiKind::Http => shared.ids.base64(11),
    };
    let extended_request_id = match api.kind {
        ApiKind::Rest => shared.ids.base64(11),
        ApiKind::Http => request_id.clone(),
    };
    let surroundings = Surroundings {
        api,
        stage,
        via: via.as_ref(),
        route: routed.route,
        format,
        path_parameters: &routed.path_parameters,
        key: routed.key,
        authorizer: routed.authorizer.as_ref(),
        account,
        request_id: &request_id,
        extended_request_id: &extended_request_id,
        now: shared.backend.clock().now(),
    };
    apigateway::event(request, &surroundings)
}

/// Asks an authorizer's function.
async fn invoke_for(shared: &Rc<Shared>, call: &Call<'_>, arn: &str, payload: String) -> Result<Invoked, Fault> {
    let function = shared.lambda.function(arn).map(Rc::clone).ok_or(Fault::AuthorizerMisconfigured)?;
    let delivery = record(shared, call, &function);
    let limit = Duration::from_secs(if call.api.kind == ApiKind::Rest { 29 } else { 30 });
    invoke(shared, function, payload, delivery, limit).await.ok_or(Fault::AuthorizerFailed)
}

/// Invokes the function; none when the API's own limit passes first. The function then runs on.
async fn invoke(
    shared: &Rc<Shared>,
    function: Rc<Function>,
    payload: String,
    delivery: EventId,
    limit: Duration,
) -> Option<Invoked> {
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
    let finished = tokio::time::timeout(limit, invocation).await.ok()?;
    Some(finished.expect("an invocation catches the handler's panics"))
}
