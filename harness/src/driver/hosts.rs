//! Requests to what the harness itself serves: to Lambda, to the template's APIs and function URLs, and to the stubs of other systems.
//! Any other host refuses the connection.

use std::rc::Rc;
use std::sync::Arc;

use rehearsal_emulator::protocol::{Reply, Request, UnknownRequest, identify};
use rehearsal_emulator::{HostAnswer, HostHandler, HostRequest, Refused, Sender};
use tokio::sync::{mpsc, oneshot};

use crate::api::{self, Address};
use crate::call::{CAUSE_HEADER, LambdaCall, lambda_call};
use crate::event::apigateway::{ApiRequest, ApiResponse};
use crate::function_url;
use crate::issuer;
use crate::lambda_api;
use crate::shared::Shared;
use crate::stubs::Answer;
use crate::trace::{Effect, EventId, What};

/// A request, and where its answer goes.
pub type Asking = (HostRequest, oneshot::Sender<Result<Reply, Refused>>);

/// Hands requests over to the driver, which lives on the replay's thread: all but those that are signed for a service
/// which is not Lambda.
pub fn host_handler() -> (HostHandler, mpsc::UnboundedReceiver<Asking>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let handler = move |request: HostRequest| -> Option<HostAnswer> {
        let unsigned = identify(&request.request) == Err(UnknownRequest::NotSigned);
        if !unsigned && lambda_call(&request.request).is_none() {
            return None;
        }
        let (answer, answered) = oneshot::channel();
        sender.send((request, answer)).ok()?;
        let over = |_| Err(Refused("the replay is over".to_owned()));
        Some(Box::pin(async move { answered.await.unwrap_or_else(over) }))
    };
    (Arc::new(handler), receiver)
}

/// Answers requests for as long as there are any.
pub async fn serve(shared: Rc<Shared>, mut requests: mpsc::UnboundedReceiver<Asking>) {
    while let Some((request, answer)) = requests.recv().await {
        let shared = Rc::clone(&shared);
        tokio::task::spawn_local(async move {
            let reply = serve_one(&shared, request).await;
            // Who asked may have given up waiting.
            let _ = answer.send(reply);
        });
    }
}

async fn serve_one(shared: &Rc<Shared>, HostRequest { mut request, sender }: HostRequest) -> Result<Reply, Refused> {
    let cause = request.headers.remove(CAUSE_HEADER).and_then(|event| event.to_str().ok()?.parse().ok());
    if let Some(call) = lambda_call(&request) {
        let cause = cause.unwrap_or_else(|| shared.recorder.record(None, client_call(shared, &call)));
        return Ok(lambda_api::serve(shared, &call, &request, cause).await);
    }
    let published = || issuer::answer(shared.stack.issuers(), &request);
    let reply = match shared.stubs.answer(&request).map(Ok).or_else(|| published().map(Err)) {
        Some(Ok(answer)) => stubbed(shared, answer).await,
        Some(Err(published)) => Ok(published),
        None if is_endpoint(shared, &request) => Ok(reply(serve_endpoint(shared, &request, cause).await)),
        None => {
            if let Sender::Service { name, .. } = &sender {
                let (method, uri) = (&request.method, &request.uri);
                shared.problem(format!("{name} sends {method} {uri}, and no stub stands for that host"));
            }
            Err(Refused(format!("nothing answers for the host `{}` in a replay", request.host())))
        }
    };
    if let Sender::Service { name, origin } = sender {
        record(shared, name, origin.as_deref(), &request, &reply);
    }
    reply
}

/// A call of somebody outside of the replay, which nothing leads to.
fn client_call(shared: &Shared, call: &LambdaCall) -> What {
    What::Call {
        service: "Lambda".to_owned(),
        operation: call.operation.to_string(),
        resource: shared.recorder.logical_id(call.function()).to_owned(),
        effect: Effect::Read,
        status: 0,
        error: None,
        attempt: 1,
    }
}

async fn stubbed(shared: &Shared, answer: Answer) -> Result<Reply, Refused> {
    if let Some(unforeseen) = answer.unforeseen {
        shared.problem(unforeseen);
    }
    tokio::time::sleep(answer.delay).await;
    answer.reply
}

/// What a service sends is in the trace here; what a handler sends is recorded around its client.
fn record(
    shared: &Shared,
    service: &str,
    origin: Option<&str>,
    request: &Request,
    reply: &Result<Reply, Refused>,
) -> EventId {
    let cause = origin.and_then(|origin| shared.recorder.producer(origin));
    shared.recorder.record(
        cause,
        What::Request {
            sender: Some(service.to_owned()),
            method: request.method.to_string(),
            url: request.uri.to_string(),
            status: reply.as_ref().map_or(0, |reply| reply.status),
            error: reply.as_ref().err().map(ToString::to_string),
        },
    )
}

/// Whether a request is to an API or to a function's URL.
fn is_endpoint(shared: &Shared, request: &Request) -> bool {
    let host = request.host();
    [".execute-api.", ".lambda-url."].iter().any(|label| host.contains(label))
        || api::domain(&shared.stack, host).is_some()
}

async fn serve_endpoint(shared: &Rc<Shared>, request: &Request, cause: Option<EventId>) -> ApiResponse {
    let (host, path) = (request.host(), request.uri.path());
    if let Some(url) = shared.stack.function_urls.iter().find(|url| url.host() == host) {
        return function_url::serve(shared, url, api_request(request, path.to_owned()), cause).await;
    }
    match api::find(&shared.stack, host, path) {
        Ok(address) => {
            let request = api_request(request, address.path.clone());
            let Address { api, stage, via, .. } = address;
            api::serve(shared, api::Call { api, stage, via, request, cause }).await
        }
        Err(response) => response,
    }
}

fn api_request(request: &Request, path: String) -> ApiRequest {
    let pairs = request.headers.iter();
    let headers = pairs.filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned()))).collect();
    ApiRequest {
        method: request.method.to_string(),
        path,
        query_string: request.uri.query().unwrap_or_default().to_owned(),
        headers,
        body: request.body.clone(),
    }
}

fn reply(response: ApiResponse) -> Reply {
    let reply = Reply { body: response.body, ..Reply::empty() }.with_status(response.status);
    response.headers.iter().fold(reply, |reply, (name, value)| reply.with_further_header(name, value))
}
