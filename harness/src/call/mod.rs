//! The layer around every AWS call of a function and of a scenario step: it knows who calls, records the
//! call in the trace, and holds back calls of an execution environment that is frozen or gone.
//!
//! It stands between the SDK and the backend's HTTP client, so it works the same on every backend.

mod describe;
mod lambda;
mod send;
mod written;

use std::fmt;
use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::error::display::DisplayErrorContext;
use bytes::Bytes;
use rehearsal_emulator::protocol::{Request, identify};
use rehearsal_emulator::{collect_response, into_sdk, request_into_sdk};
use tokio::sync::watch;

use crate::trace::{EventId, Recorder, What};
pub use lambda::{LambdaCall, lambda_call};
pub use send::send;

use describe::{effect, error_code, produced_ids, resource};
use written::written;

/// Tells the harness's own Lambda and API Gateway which event of the trace a request is. Set on requests to what the
/// emulator does not know, and taken off before a function sees it.
pub const CAUSE_HEADER: &str = "x-rehearsal-cause";

/// Who calls: an execution environment, a scenario step, or Lambda itself. Clones are one caller.
#[derive(Clone, Debug)]
pub struct Caller(Arc<watch::Sender<Phase>>);

/// What a caller may do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Its calls belong to this event.
    Running(EventId),
    /// Between two invocations: calls wait for the next one, as Lambda freezes an idle environment.
    /// <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>
    Frozen,
    /// The environment is gone: calls never return.
    Discarded,
}

impl Default for Caller {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Phase::Frozen)))
    }
}

impl Caller {
    /// A caller whose calls belong to an event from the start.
    pub fn of(event: EventId) -> Self {
        let caller = Self::default();
        caller.run(event);
        caller
    }

    /// From now on its calls belong to this event.
    pub fn run(&self, event: EventId) {
        self.0.send_replace(Phase::Running(event));
    }

    /// Holds its calls back until the next [`Self::run`].
    pub fn freeze(&self) {
        self.0.send_replace(Phase::Frozen);
    }

    /// Holds its calls back for good.
    pub fn discard(&self) {
        self.0.send_replace(Phase::Discarded);
    }

    /// Waits until it runs, and tells the event that its calls belong to.
    async fn running(&self) -> EventId {
        let mut phase = self.0.subscribe();
        loop {
            let now = *phase.borrow_and_update();
            match now {
                Phase::Running(event) => return event,
                Phase::Frozen => {}
                Phase::Discarded => std::future::pending().await,
            }
            if phase.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

/// An HTTP client that records each call of one caller and passes it on.
#[derive(Clone)]
pub struct CallLayer {
    inner: SharedHttpClient,
    recorder: Recorder,
    caller: Caller,
    /// The service that calls, where it is one.
    service: Option<&'static str>,
}

impl CallLayer {
    /// A layer over a backend's HTTP client.
    pub fn new(inner: SharedHttpClient, recorder: Recorder, caller: Caller) -> Self {
        Self { inner, recorder, caller, service: None }
    }

    /// The same for calls of a service by itself.
    pub fn of_service(self, service: &'static str) -> Self {
        Self { service: Some(service), ..self }
    }
}

impl HttpClient for CallLayer {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            inner: self.inner.http_connector(settings, components),
            recorder: self.recorder.clone(),
            caller: self.caller.clone(),
            service: self.service,
        })
    }
}

#[derive(Clone)]
struct Connector {
    inner: SharedHttpConnector,
    recorder: Recorder,
    caller: Caller,
    service: Option<&'static str>,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let connector = self.clone();
        HttpConnectorFuture::new(async move { connector.pass_on(request).await })
    }
}

impl Connector {
    async fn pass_on(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let cause = self.caller.running().await;
        let request = rehearsal_emulator::collect(request).await?;
        let mut passed_on = request_into_sdk(&request)?;
        // The harness may answer by itself, and what follows then has this event as its cause.
        let begun = identify(&request).is_err().then(|| {
            let event = self.recorder.record(Some(cause), self.describe(&request, &NOT_ANSWERED));
            passed_on.headers_mut().insert(CAUSE_HEADER, event.to_string());
            event
        });
        let answered = self.inner.call(passed_on).await;
        // What was answered while the environment was frozen arrives when it runs again.
        self.caller.running().await;
        let response = match answered {
            Ok(response) => collect_response(response).await?,
            Err(error) => {
                let failure = Some(DisplayErrorContext(&error).to_string());
                self.record(begun, cause, self.describe(&request, &Answered { failure, ..NOT_ANSWERED }));
                return Err(error);
            }
        };
        let (status, headers) = (response.status().as_u16(), Some(response.headers()));
        let answered = Answered { status, headers, body: Some(response.body()), failure: None };
        let event = self.record(begun, cause, self.describe(&request, &answered));
        self.remember_ids(event, &request, &response);
        into_sdk(response)
    }

    /// Completes the event that was recorded at the beginning, or records one.
    fn record(&self, begun: Option<EventId>, cause: EventId, what: What) -> EventId {
        match begun {
            Some(event) => {
                self.recorder.answered(event, what);
                event
            }
            None => self.recorder.record(Some(cause), what),
        }
    }

    fn describe(&self, request: &Request, answered: &Answered<'_>) -> What {
        let Answered { status, body, failure, .. } = answered;
        let (status, failure, attempt) = (*status, failure.clone(), sdk_attempt(request));
        if let Ok(identity) = identify(request) {
            return What::Call {
                service: identity.service.name().to_owned(),
                resource: resource(&identity, request, |name| self.recorder.logical_id(name).to_owned()),
                effect: effect(&identity.operation, status),
                status,
                error: failure.or_else(|| error_code(status, (*body)?)),
                attempt,
                operation: identity.operation,
            };
        }
        match lambda_call(request) {
            Some(call) => What::Call {
                service: "Lambda".to_owned(),
                resource: self.recorder.logical_id(call.function()).to_owned(),
                effect: effect(&call.operation, status),
                status,
                error: failure.or_else(|| answered.lambda_error()),
                attempt,
                operation: call.operation.into_owned(),
            },
            None => {
                let (method, url) = (request.method.to_string(), request.uri.to_string());
                What::Request { sender: self.service.map(str::to_owned), method, url, status, error: failure }
            }
        }
    }

    fn remember_ids(&self, event: EventId, request: &Request, response: &http::Response<Bytes>) {
        let Ok(identity) = identify(request) else { return };
        for id in produced_ids(&identity, response) {
            self.recorder.produced(id, event);
        }
        if self.recorder.follows_writes() && response.status().is_success() {
            written(&identity, request).into_iter().for_each(|written| self.recorder.wrote(written, event));
        }
    }
}

/// What a request was answered with, as far as the trace tells.
struct Answered<'a> {
    /// 0 where there is no answer, or none yet.
    status: u16,
    headers: Option<&'a http::HeaderMap>,
    body: Option<&'a Bytes>,
    failure: Option<String>,
}

const NOT_ANSWERED: Answered<'static> = Answered { status: 0, headers: None, body: None, failure: None };

impl Answered<'_> {
    /// Lambda names an error in a header, a function error too.
    fn lambda_error(&self) -> Option<String> {
        let header = |name: &str| Some(self.headers?.get(name)?.to_str().ok()?.to_owned());
        header("x-amzn-errortype").or_else(|| header("x-amz-function-error"))
    }
}

/// Which of the SDK's attempts at a call this is: `amz-sdk-request: attempt=2; max=3`.
fn sdk_attempt(request: &Request) -> u32 {
    let header = request.header("amz-sdk-request").unwrap_or_default();
    let attempt = header.split(';').find_map(|part| part.trim().strip_prefix("attempt="));
    attempt.and_then(|number| number.parse().ok()).unwrap_or(1)
}

impl fmt::Debug for CallLayer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CallLayer")
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("call::Connector")
    }
}
