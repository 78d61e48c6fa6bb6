//! The Lambda service of one replay: everything that delivers, put together over a provisioned stack.

use std::rc::Rc;

use rehearsal_emulator::protocol::{Reply, Request};
use rehearsal_emulator::{HostAnswer, HostHandler};
use tokio::sync::{mpsc, oneshot};

use crate::api;
use crate::call::{CAUSE_HEADER, lambda_call};
use crate::event::apigateway::{ApiRequest, ApiResponse};
use crate::lambda_api;
use crate::mapping::{SqsMapping, StreamMapping};
use crate::push;
use crate::shared::Shared;
use crate::stack::{self, EventSourceMapping};
use crate::trace::EventId;

/// The parts of the driver at work. They stop when this is dropped.
pub struct Driver {
    pub shared: Rc<Shared>,
    pub mappings: Vec<Rc<SqsMapping>>,
    pub streams: Vec<Rc<StreamMapping>>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Driver {
    /// Starts delivering: from streams, what is written from now on, and where a mapping says so what was before.
    /// Must be called within a `LocalSet`.
    pub async fn start(shared: Rc<Shared>, hosts: mpsc::UnboundedReceiver<HostRequest>) -> Self {
        let (mappings, streams) = (mappings(&shared), streams(&shared));
        for stream in &streams {
            stream.prepare().await;
        }
        let backend = Rc::clone(&shared.backend);
        let mut tasks = vec![
            tokio::task::spawn_local(async move { backend.drive().await }),
            tokio::task::spawn_local(push::accept(Rc::clone(&shared), shared.backend.function_events())),
            tokio::task::spawn_local(serve_hosts(Rc::clone(&shared), hosts)),
        ];
        tasks.extend(mappings.iter().map(|mapping| tokio::task::spawn_local(Rc::clone(mapping).run())));
        tasks.extend(streams.iter().map(|stream| tokio::task::spawn_local(Rc::clone(stream).run())));
        Self { shared, mappings, streams, tasks }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

fn mappings(shared: &Rc<Shared>) -> Vec<Rc<SqsMapping>> {
    let stack = &shared.stack;
    let mapping = |settings: &EventSourceMapping| {
        let queue = stack.queues.iter().find(|queue| queue.arn == settings.queue_arn)?.clone();
        let function = Rc::clone(shared.lambda.function(&settings.function_arn)?);
        Some(Rc::new(SqsMapping::new(settings.clone(), queue, function, Rc::clone(shared))))
    };
    stack.event_source_mappings.iter().filter_map(mapping).collect()
}

fn streams(shared: &Rc<Shared>) -> Vec<Rc<StreamMapping>> {
    let mapping = |settings: &stack::StreamMapping| {
        let has_stream = |table: &&stack::Table| table.stream_arn.as_ref() == Some(&settings.stream_arn);
        let table = shared.stack.tables.iter().find(has_stream)?.clone();
        let function = Rc::clone(shared.lambda.function(&settings.function_arn)?);
        Some(Rc::new(StreamMapping::new(settings.clone(), table, function, Rc::clone(shared))))
    };
    shared.stack.stream_mappings.iter().filter_map(mapping).collect()
}

/// A handler's request to Lambda or to the endpoint of an API, and where its answer goes.
pub type HostRequest = (Request, oneshot::Sender<Reply>);

/// Answers for Lambda and for the endpoints of APIs: hands requests over to the driver, which lives on the replay's thread.
pub fn host_handler() -> (HostHandler, mpsc::UnboundedReceiver<HostRequest>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let handler = move |request: &Request| -> Option<HostAnswer> {
        let is_served = request.host().contains(".execute-api.") || lambda_call(request).is_some();
        if !is_served {
            return None;
        }
        let (answer, answered) = oneshot::channel();
        sender.send((request.clone(), answer)).ok()?;
        Some(Box::pin(async move { answered.await.unwrap_or_else(|_| Reply::empty().with_status(503)) }))
    };
    (std::sync::Arc::new(handler), receiver)
}

async fn serve_hosts(shared: Rc<Shared>, mut requests: mpsc::UnboundedReceiver<HostRequest>) {
    while let Some((request, answer)) = requests.recv().await {
        let shared = Rc::clone(&shared);
        tokio::task::spawn_local(async move {
            let reply = serve_host(&shared, &request).await;
            // The handler may have given up waiting.
            let _ = answer.send(reply);
        });
    }
}

async fn serve_host(shared: &Rc<Shared>, request: &Request) -> Reply {
    let cause = request.header(CAUSE_HEADER).and_then(|event| event.parse().ok());
    match (lambda_call(request), cause) {
        (Some(call), Some(cause)) => lambda_api::serve(shared, &call, request, cause).await,
        _ => serve_api(shared, request, cause).await,
    }
}

async fn serve_api(shared: &Rc<Shared>, request: &Request, cause: Option<EventId>) -> Reply {
    let address = match api::find(&shared.stack, request.host(), request.uri.path()) {
        Ok(address) => address,
        Err(response) => return reply(response),
    };
    let pairs = request.headers.iter().filter(|(name, _)| name.as_str() != CAUSE_HEADER);
    let headers = pairs.filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned()))).collect();
    let api_request = ApiRequest {
        method: request.method.to_string(),
        path: address.path,
        query_string: request.uri.query().unwrap_or_default().to_owned(),
        headers,
        body: request.body.clone(),
    };
    reply(api::serve(shared, api::Call { api: address.api, stage: address.stage, request: api_request, cause }).await)
}

fn reply(response: ApiResponse) -> Reply {
    let reply = Reply { body: response.body, ..Reply::empty() }.with_status(response.status);
    response.headers.iter().fold(reply, |reply, (name, value)| reply.with_further_header(name, value))
}
