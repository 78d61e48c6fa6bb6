//! One invocation of a function: execution environment, context, timeout, and what becomes of an error, a
//! panic or a timeout.
//!
//! What always holds: whatever a handler does, [`Lambda::invoke`] returns, and the trace has an invocation
//! with its end. A cold start runs the function's constructor; after success, an error or a panic the
//! environment stays warm (the Rust runtime catches panics); after a timeout or a crash it is gone.
//! <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>

mod busy;
mod concurrency;
mod context;
mod environment;
mod error;
mod function;
mod panics;

pub use error::InvokeError;
pub use function::{FailureKind, Function, PlannedFailure};

use std::any::type_name;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use aws_types::SdkConfig;
use rehearsal_emulator::{Clock, Ids};
use tracing::Instrument;

use crate::app::Code;
use crate::call::{CallLayer, Caller};
use crate::stack;
use crate::trace::{Ended, Environment, EventId, Recorder, What};
use crate::words::error_chain;
use concurrency::Slot;
use function::ExecutionEnvironment;

/// The synchronous payload limit, request and response.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
pub const SYNCHRONOUS_PAYLOAD_LIMIT: usize = 6 * 1024 * 1024;
/// The limit of an event that Lambda queues.
pub const ASYNCHRONOUS_PAYLOAD_LIMIT: usize = 1024 * 1024;

/// How often a function may lead to itself before Lambda stops the loop.
/// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html>
const RECURSION_LIMIT: usize = 16;

/// How often a function may lead to itself where the template allows it to go on for ever, as a replay cannot.
const ALLOWED_LOOP_LIMIT: usize = 1000;

/// The Lambda service: functions by ARN, and all that invoking one needs.
pub struct Lambda {
    functions: BTreeMap<String, Rc<Function>>,
    config: SdkConfig,
    clock: Clock,
    ids: Ids,
    recorder: Recorder,
}

/// An invocation that is over.
#[derive(Clone, Debug)]
pub struct Invoked {
    /// Its event in the trace.
    pub event: EventId,
    pub result: Result<String, InvokeError>,
}

/// What an invocation is made for.
pub struct Request<'a> {
    pub payload: &'a str,
    pub request_id: String,
    pub attempt: u32,
    /// The delivery that it follows from.
    pub cause: EventId,
}

/// What an attempt is about.
struct Attempt<'a> {
    function: &'a Function,
    request: &'a Request<'a>,
    /// What the caller says of itself.
    client: Option<serde_json::Value>,
    event: EventId,
}

impl Lambda {
    /// The service with its functions. `config` is how handlers reach AWS.
    pub(crate) fn new(
        functions: impl IntoIterator<Item = (stack::Function, Arc<dyn Code>)>,
        config: SdkConfig,
        clock: Clock,
        ids: Ids,
        recorder: Recorder,
    ) -> Self {
        Self { functions: function::by_arn(functions), config, clock, ids, recorder }
    }

    /// The function with an ARN, which may end in a version or alias.
    pub fn function(&self, arn: &str) -> Option<&Rc<Function>> {
        self.functions.get(arn)
    }

    /// The function with a logical id.
    pub fn by_logical_id(&self, logical_id: &str) -> Option<&Rc<Function>> {
        let is_it = |function: &&Rc<Function>| {
            function.settings.logical_id == logical_id && function.arn == function.settings.arn
        };
        self.functions.values().find(is_it)
    }

    /// Invokes a function and waits for its end.
    pub async fn invoke(&self, function: &Function, request: Request<'_>) -> Invoked {
        self.invoke_with(function, request, None).await
    }

    /// Invokes a function with what its caller says of itself, and waits for its end.
    pub async fn invoke_with(
        &self,
        function: &Function,
        request: Request<'_>,
        client: Option<serde_json::Value>,
    ) -> Invoked {
        let admitted = self.admit(function, request.cause);
        let warm = if admitted.is_ok() { function.take_idle() } else { None };
        let environment = match (&admitted, &warm) {
            (Err(_), _) => Environment::None,
            (Ok(_), Some(_)) => Environment::Warm,
            (Ok(_), None) => Environment::Cold,
        };
        let event = self.recorder.record(
            Some(request.cause),
            What::Invocation {
                function: function.settings.logical_id.clone(),
                request_id: request.request_id.clone(),
                attempt: request.attempt,
                environment,
                duration: None,
                result: None,
            },
        );
        self.recorder.payload(&function.settings.logical_id, request.payload);
        let ended = match admitted {
            Err(refused) => Err(refused),
            Ok((_slot, planned)) => {
                let span = crate::logs::invocation_span(event);
                let attempt = Attempt { function, request: &request, client, event };
                self.attempt(&attempt, warm, planned).instrument(span).await
            }
        };
        let (ended, result) = match ended {
            Ok(response) => (Ended::Success, Ok(response)),
            Err((ended, error)) => (ended, Err(error)),
        };
        self.recorder.end_invocation(event, ended);
        Invoked { event, result }
    }

    /// Whether the function may run, and how it is to fail.
    fn admit(
        &self,
        function: &Function,
        cause: EventId,
    ) -> Result<(Slot, Option<PlannedFailure>), (Ended, InvokeError)> {
        let logical_id = &function.settings.logical_id;
        let limit = if function.settings.allows_loops { ALLOWED_LOOP_LIMIT } else { RECURSION_LIMIT };
        if self.recorder.runs_before(cause, logical_id) >= limit {
            return Err(recursive_loop(logical_id, limit));
        }
        function.admit().map_err(|reason| (Ended::Throttled, InvokeError::Throttled(reason)))
    }

    async fn attempt(
        &self,
        attempt: &Attempt<'_>,
        warm: Option<ExecutionEnvironment>,
        planned: Option<PlannedFailure>,
    ) -> Result<String, (Ended, InvokeError)> {
        let Attempt { function, request, event, .. } = *attempt;
        let environment = match warm {
            Some(environment) => environment,
            None => self.cold_start(function, event)?,
        };
        environment.caller.run(event);
        let ended = match planned {
            Some(planned) => self.fail_as_planned(function, planned, request).await,
            None => self.run(attempt, &environment).await,
        };
        match &ended {
            Err((Ended::Timeout(_) | Ended::Crash(_), _)) => environment.caller.discard(),
            _ => {
                environment.caller.freeze();
                function.keep_idle(environment);
            }
        }
        ended
    }

    /// The init phase: the function's constructor builds its state.
    fn cold_start(&self, function: &Function, event: EventId) -> Result<ExecutionEnvironment, (Ended, InvokeError)> {
        let caller = Caller::of(event);
        let http = self.config.http_client().expect("every backend has an HTTP client");
        let layer = CallLayer::new(http, self.recorder.clone(), caller.clone());
        let config = self.config.to_builder().http_client(layer).build();
        let log_stream = self.log_stream(&function.version);
        let variables = environment::variables(function, &config, &log_stream);
        let started = panics::catch(|| function.code.start(&config, &variables));
        let instance = match started {
            Ok(Ok(instance)) => instance,
            Ok(Err(error)) => {
                caller.discard();
                return Err(failed("Runtime.InitError", format!("the constructor failed: {error}")));
            }
            Err(panic) => {
                caller.discard();
                return Err(failed("Runtime.InitError", format!("the constructor panicked: {panic}")));
            }
        };
        Ok(ExecutionEnvironment { instance, caller, log_stream })
    }

    async fn run(
        &self,
        attempt: &Attempt<'_>,
        environment: &ExecutionEnvironment,
    ) -> Result<String, (Ended, InvokeError)> {
        let Attempt { function, request, client, .. } = attempt;
        let timeout = function.settings.timeout;
        let mut context = context::build(self, function, &environment.log_stream, &request.request_id);
        if let Some(client) = client {
            // The Rust runtime cannot go on with a context of another form.
            let read = serde_json::from_value(client.clone());
            context.client_context = Some(read.map_err(|error| failed("Runtime.ExitError", error.to_string()))?);
        }
        let handler = panics::catch_async(environment.instance.invoke(request.payload, context));
        let outcome = match tokio::time::timeout(timeout, busy::guard(self.clock, handler)).await {
            Ok(Ok(outcome)) => Ok(outcome),
            Ok(Err(busy::Busy)) => return Err(self.never_waits(&request.request_id, timeout)),
            Err(elapsed) => Err(elapsed),
        };
        match outcome {
            Ok(Ok(Ok(response))) if response.len() > SYNCHRONOUS_PAYLOAD_LIMIT => Err(failed(
                "Function.ResponseSizeTooLarge",
                format!(
                    "Response payload size ({} bytes) exceeded maximum allowed payload size ({SYNCHRONOUS_PAYLOAD_LIMIT} bytes).",
                    response.len()
                ),
            )),
            Ok(Ok(Ok(response))) => Ok(response),
            Ok(Ok(Err(failure))) => {
                let (error_type, message) = (failure.error_type.to_owned(), failure.error.to_string());
                let shown = Ended::Error(error_chain(failure.error.as_ref()));
                Err((shown, InvokeError::Function { error_type, message }))
            }
            Ok(Err(panic)) => {
                let shown = Ended::Error(format!("Lambda panicked: {panic}"));
                let message = format!("Lambda panicked: {}", panic.message);
                Err((shown, InvokeError::Function { error_type: PANIC_TYPE.to_owned(), message }))
            }
            Err(_) => Err(self.timed_out(&request.request_id, timeout)),
        }
    }

    async fn fail_as_planned(
        &self,
        function: &Function,
        planned: PlannedFailure,
        request: &Request<'_>,
    ) -> Result<String, (Ended, InvokeError)> {
        match planned.kind {
            FailureKind::Error | FailureKind::Throttle => {
                Err(failed(type_name::<lambda_runtime::Error>(), planned.message))
            }
            FailureKind::Timeout => {
                tokio::time::sleep(function.settings.timeout).await;
                Err(self.timed_out(&request.request_id, function.settings.timeout))
            }
            FailureKind::Crash => {
                let message = format!("RequestId: {} Error: Runtime exited: {}", request.request_id, planned.message);
                let error =
                    InvokeError::Function { error_type: "Runtime.ExitError".to_owned(), message: message.clone() };
                Err((Ended::Crash(message), error))
            }
        }
    }

    /// A timeout that virtual time would never come to.
    fn never_waits(&self, request_id: &str, timeout: Duration) -> (Ended, InvokeError) {
        let (_, error) = self.timed_out(request_id, timeout);
        let message =
            format!("{}: the handler loops without ever waiting, so virtual time stands still", error.message());
        (Ended::Timeout(message), error)
    }

    /// Lambda's words for a timeout.
    fn timed_out(&self, request_id: &str, timeout: Duration) -> (Ended, InvokeError) {
        let at = self.clock.now().strftime("%Y-%m-%dT%H:%M:%S.%3fZ");
        let message = format!("{at} {request_id} Task timed out after {:.2} seconds", timeout.as_secs_f64());
        (Ended::Timeout(message.clone()), InvokeError::Function { error_type: "Sandbox.Timedout".to_owned(), message })
    }

    fn log_stream(&self, version: &str) -> String {
        format!("{}[{version}]{}", self.clock.now().strftime("%Y/%m/%d/"), self.ids.hex(32))
    }
}

/// The type that the Rust runtime names for a panic: that of what a panic carries.
const PANIC_TYPE: &str = "alloc::boxed::Box<dyn core::any::Any + core::marker::Send>";

fn recursive_loop(function: &str, rounds: usize) -> (Ended, InvokeError) {
    let message = format!("Lambda stopped a recursive loop: {function} has led to itself {rounds} times");
    (Ended::Error(message.clone()), InvokeError::RecursiveLoop { message })
}

fn failed(error_type: &str, message: String) -> (Ended, InvokeError) {
    (Ended::Error(message.clone()), InvokeError::Function { error_type: error_type.to_owned(), message })
}
