//! The Lambda service of one replay: everything that delivers, put together over a provisioned stack.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use aws_types::SdkConfig;
use rehearsal_emulator::protocol::{Reply, Request};
use rehearsal_emulator::{HostAnswer, HostHandler, Ids};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

use crate::api::{self, ApiRequest};
use crate::app::App;
use crate::backend::Backend;
use crate::call::{CAUSE_HEADER, CallLayer, Caller};
use crate::invoke::Lambda;
use crate::mapping::SqsMapping;
use crate::pending::PendingWork;
use crate::push;
use crate::stack::{Api, Stack};
use crate::trace::{EventId, Recorder};

/// What all parts of the driver share.
pub struct Shared {
    pub backend: Rc<dyn Backend>,
    pub stack: Stack,
    pub lambda: Lambda,
    pub ids: Ids,
    pub recorder: Recorder,
    pub pending: PendingWork,
    /// What went wrong in the driver itself. A replay with a problem has failed.
    problems: RefCell<Vec<String>>,
    /// How many events for functions have been taken from the backend.
    taken: Cell<u64>,
}

impl Shared {
    /// The state of a replay over a provisioned stack, with the app's code behind its functions.
    pub fn new(backend: Rc<dyn Backend>, stack: Stack, app: &App, ids: Ids, recorder: Recorder) -> Rc<Self> {
        let bound =
            stack.functions.iter().filter_map(|function| Some((function.clone(), app.code(&function.logical_id)?)));
        let lambda = Lambda::new(bound, backend.config(), backend.clock(), ids.clone(), recorder.clone());
        let (pending, problems, taken) = (PendingWork::default(), RefCell::default(), Cell::new(0));
        Rc::new(Self { backend, stack, lambda, ids, recorder, pending, problems, taken })
    }

    /// How Lambda itself reaches AWS: not traced, for polling and deleting.
    pub fn service_config(&self) -> SdkConfig {
        self.backend.config()
    }

    /// A configuration whose calls are recorded as following from an event.
    pub fn service_config_for(&self, cause: EventId) -> SdkConfig {
        let config = self.backend.config();
        let http = config.http_client().expect("every backend has an HTTP client");
        let layer = CallLayer::new(http, self.recorder.clone(), Caller::of(cause));
        config.to_builder().http_client(layer).build()
    }

    /// The call that one of these ids comes from.
    pub fn producer_of(&self, ids: &[String]) -> Option<EventId> {
        ids.iter().find_map(|id| self.recorder.producer(id))
    }

    /// The call that a queue's message comes from: by its id or, where another service put it there, by its
    /// origin or the id of what it carries.
    pub fn producer_of_message(&self, id: &str, body: &str) -> Option<EventId> {
        let origin = || self.recorder.producer(&self.backend.origin_of(id)?);
        self.recorder.producer(id).or_else(origin).or_else(|| {
            let body: Value = serde_json::from_str(body).ok()?;
            let carried =
                ["/Records/0/responseElements/x-amz-request-id", "/MessageId", "/id", "/requestContext/requestId"];
            let mut carried = carried.iter().filter_map(|pointer| body.pointer(pointer)?.as_str());
            carried.find_map(|id| self.recorder.producer(id))
        })
    }

    /// The URL of a queue of the stack.
    pub fn queue_url(&self, arn: &str) -> Option<&str> {
        self.stack.queues.iter().find(|queue| queue.arn == arn).map(|queue| queue.url.as_str())
    }

    /// Notes something that must not happen in a sound replay.
    pub fn problem(&self, text: String) {
        self.problems.borrow_mut().push(text);
    }

    /// What has been noted.
    pub fn problems(&self) -> Vec<String> {
        self.problems.borrow().clone()
    }

    /// Notes that an event for a function has been taken from the backend.
    pub fn took_event(&self) {
        self.taken.set(self.taken.get() + 1);
    }

    /// How many events have been taken.
    pub fn events_taken(&self) -> u64 {
        self.taken.get()
    }
}

/// The parts of the driver at work. They stop when this is dropped.
pub struct Driver {
    pub shared: Rc<Shared>,
    pub mappings: Vec<Rc<SqsMapping>>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Driver {
    /// Starts delivering. Must be called within a `LocalSet`.
    pub fn start(shared: Rc<Shared>, hosts: mpsc::UnboundedReceiver<HostRequest>) -> Self {
        let mappings = mappings(&shared);
        let backend = Rc::clone(&shared.backend);
        let mut tasks = vec![
            tokio::task::spawn_local(async move { backend.drive().await }),
            tokio::task::spawn_local(push::accept(Rc::clone(&shared), shared.backend.function_events())),
            tokio::task::spawn_local(serve_hosts(Rc::clone(&shared), hosts)),
        ];
        tasks.extend(mappings.iter().map(|mapping| tokio::task::spawn_local(Rc::clone(mapping).run())));
        Self { shared, mappings, tasks }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

fn mappings(shared: &Rc<Shared>) -> Vec<Rc<SqsMapping>> {
    let stack = &shared.stack;
    let mapping = |settings: &crate::stack::EventSourceMapping| {
        let queue = stack.queues.iter().find(|queue| queue.arn == settings.queue_arn)?.clone();
        let function = Rc::clone(shared.lambda.function(&settings.function_arn)?);
        Some(Rc::new(SqsMapping::new(settings.clone(), queue, function, Rc::clone(shared))))
    };
    stack.event_source_mappings.iter().filter_map(mapping).collect()
}

/// A handler's request to the endpoint of an API, and where its answer goes.
pub type HostRequest = (Request, oneshot::Sender<Reply>);

/// Answers for the endpoints of APIs: hands requests over to the driver, which lives on the replay's thread.
pub fn host_handler() -> (HostHandler, mpsc::UnboundedReceiver<HostRequest>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let handler = move |request: &Request| -> Option<HostAnswer> {
        if !request.host().contains(".execute-api.") {
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
    let id = request.host().split('.').next().unwrap_or_default();
    let Some(api) = shared.stack.apis.iter().find(|api| api.id == id).cloned() else {
        return Reply::json(&serde_json::json!({ "message": "Forbidden" })).with_status(403);
    };
    let Some(path) = without_stage(&api, request.uri.path()) else {
        return Reply::json(&serde_json::json!({ "message": "Forbidden" })).with_status(403);
    };
    let cause = request.header(CAUSE_HEADER).and_then(|event| event.parse().ok());
    let pairs = request.headers.iter().filter(|(name, _)| name.as_str() != CAUSE_HEADER);
    let headers = pairs.filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned()))).collect();
    let api_request = ApiRequest {
        method: request.method.to_string(),
        path,
        query_string: request.uri.query().unwrap_or_default().to_owned(),
        headers,
        body: request.body.clone(),
    };
    let response = api::serve(shared, &api, api_request, cause).await;
    let reply = Reply { body: response.body, ..Reply::empty() }.with_status(response.status);
    response.headers.iter().fold(reply, |reply, (name, value)| reply.with_further_header(name, value))
}

fn without_stage(api: &Api, path: &str) -> Option<String> {
    if api.stage == "$default" {
        return Some(path.to_owned());
    }
    let rest = path.strip_prefix('/')?.strip_prefix(api.stage.as_str())?;
    if rest.is_empty() { Some("/".to_owned()) } else { rest.starts_with('/').then(|| rest.to_owned()) }
}
