//! One invocation of a function: execution environment, context, timeout, and what becomes of an error, a
//! panic or a timeout.
//!
//! What always holds: whatever a handler does, [`Lambda::invoke`] returns, and the trace has an invocation
//! with its end. A cold start runs the function's constructor; after success, an error or a panic the
//! environment stays warm (the Rust runtime catches panics); after a timeout or a crash it is gone.
//! <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>

mod busy;
mod context;
mod panics;

use std::any::type_name;
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use aws_types::SdkConfig;
use rehearsal_emulator::{Clock, Ids};
use serde_json::json;
use tracing::Instrument;

use crate::app::{Code, Instance};
use crate::call::{CallLayer, Caller};
use crate::stack;
use crate::trace::{Ended, Environment, EventId, Recorder, What};
use crate::words::error_chain;

/// The synchronous payload limit, request and response.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
pub const SYNCHRONOUS_PAYLOAD_LIMIT: usize = 6 * 1024 * 1024;

/// How often a function may lead to itself before Lambda stops the loop.
/// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html>
const RECURSION_LIMIT: usize = 16;

/// The Lambda service: functions by ARN, and all that invoking one needs.
pub struct Lambda {
    functions: BTreeMap<String, Rc<Function>>,
    config: SdkConfig,
    clock: Clock,
    ids: Ids,
    recorder: Recorder,
}

/// A function, its code and its execution environments.
pub struct Function {
    pub settings: stack::Function,
    code: Arc<dyn Code>,
    idle: RefCell<Vec<ExecutionEnvironment>>,
    planned: RefCell<VecDeque<PlannedFailure>>,
}

struct ExecutionEnvironment {
    instance: Box<dyn Instance>,
    caller: Caller,
    log_stream: String,
}

/// What a `fail` step asks of a function's next attempt. The handler does not run in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedFailure {
    pub kind: FailureKind,
    pub message: String,
}

/// How an attempt fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    Error,
    Throttle,
    Timeout,
    Crash,
}

/// An invocation that is over.
#[derive(Clone, Debug)]
pub struct Invoked {
    /// Its event in the trace.
    pub event: EventId,
    pub result: Result<String, InvokeError>,
}

/// Why an invocation has no response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvokeError {
    /// The function did not run.
    Throttled,
    /// The function did not run, because it has led to itself too often. Lambda does not try again.
    RecursiveLoop { message: String },
    /// The function failed; what Lambda hands on about it.
    Function { error_type: String, message: String },
}

impl InvokeError {
    /// What the error says, in one line.
    pub fn message(&self) -> &str {
        match self {
            Self::Throttled => "Rate Exceeded.",
            Self::RecursiveLoop { message } | Self::Function { message, .. } => message,
        }
    }

    /// The error as Lambda returns it to a caller.
    /// <https://docs.aws.amazon.com/lambda/latest/dg/rust-handler.html>
    pub fn payload(&self) -> serde_json::Value {
        match self {
            Self::Throttled => {
                json!({ "Reason": "ConcurrentInvocationLimitExceeded", "Type": "User", "message": self.message() })
            }
            Self::RecursiveLoop { message } => json!({ "Type": "User", "Message": message }),
            Self::Function { error_type, message } => json!({ "errorType": error_type, "errorMessage": message }),
        }
    }
}

/// What an invocation is made for.
pub struct Request<'a> {
    pub payload: &'a str,
    pub request_id: String,
    pub attempt: u32,
    /// The delivery that it follows from.
    pub cause: EventId,
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
        let function = |(settings, code): (stack::Function, Arc<dyn Code>)| {
            let (idle, planned) = (RefCell::default(), RefCell::default());
            (settings.arn.clone(), Rc::new(Function { settings, code, idle, planned }))
        };
        Self { functions: functions.into_iter().map(function).collect(), config, clock, ids, recorder }
    }

    /// The function with an ARN.
    pub fn function(&self, arn: &str) -> Option<&Rc<Function>> {
        self.functions.get(arn)
    }

    /// The function with a logical id.
    pub fn by_logical_id(&self, logical_id: &str) -> Option<&Rc<Function>> {
        self.functions.values().find(|function| function.settings.logical_id == logical_id)
    }

    /// Invokes a function and waits for its end.
    pub async fn invoke(&self, function: &Function, request: Request<'_>) -> Invoked {
        let is_loop = self.recorder.runs_before(request.cause, &function.settings.logical_id) >= RECURSION_LIMIT;
        let planned = if is_loop { None } else { function.planned.borrow_mut().pop_front() };
        let refused = match &planned {
            _ if is_loop => Some(recursive_loop(&function.settings.logical_id)),
            Some(planned) if planned.kind == FailureKind::Throttle => Some((Ended::Throttled, InvokeError::Throttled)),
            _ => None,
        };
        let warm = if refused.is_some() { None } else { function.idle.borrow_mut().pop() };
        let environment = match (&refused, &warm) {
            (Some(_), _) => Environment::None,
            (None, Some(_)) => Environment::Warm,
            (None, None) => Environment::Cold,
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
        let ended = match refused {
            Some(refused) => Err(refused),
            None => {
                let span = crate::logs::invocation_span(event);
                self.attempt(function, warm, planned, &request, event).instrument(span).await
            }
        };
        let (ended, result) = match ended {
            Ok(response) => (Ended::Success, Ok(response)),
            Err((ended, error)) => (ended, Err(error)),
        };
        self.recorder.end_invocation(event, ended);
        Invoked { event, result }
    }

    async fn attempt(
        &self,
        function: &Function,
        warm: Option<ExecutionEnvironment>,
        planned: Option<PlannedFailure>,
        request: &Request<'_>,
        event: EventId,
    ) -> Result<String, (Ended, InvokeError)> {
        let environment = match warm {
            Some(environment) => environment,
            None => self.cold_start(function, event)?,
        };
        environment.caller.run(event);
        let ended = match planned {
            Some(planned) => self.fail_as_planned(function, planned, request).await,
            None => self.run(function, &environment, request).await,
        };
        match &ended {
            Err((Ended::Timeout(_) | Ended::Crash(_), _)) => environment.caller.discard(),
            _ => {
                environment.caller.freeze();
                function.idle.borrow_mut().push(environment);
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
        let started = panics::catch(|| function.code.start(&config, &function.settings.environment));
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
        Ok(ExecutionEnvironment { instance, caller, log_stream: self.log_stream() })
    }

    async fn run(
        &self,
        function: &Function,
        environment: &ExecutionEnvironment,
        request: &Request<'_>,
    ) -> Result<String, (Ended, InvokeError)> {
        let timeout = function.settings.timeout;
        let context = context::build(self, function, &environment.log_stream, &request.request_id);
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

    fn log_stream(&self) -> String {
        format!("{}[$LATEST]{}", self.clock.now().strftime("%Y/%m/%d/"), self.ids.hex(32))
    }
}

impl Function {
    /// Makes the next `times` attempts fail.
    pub fn plan_failures(&self, failure: &PlannedFailure, times: u32) {
        self.planned.borrow_mut().extend((0..times).map(|_| failure.clone()));
    }

    /// How many planned failures have not happened.
    pub fn planned_failures(&self) -> usize {
        self.planned.borrow().len()
    }
}

/// The type that the Rust runtime names for a panic: that of what a panic carries.
const PANIC_TYPE: &str = "alloc::boxed::Box<dyn core::any::Any + core::marker::Send>";

fn recursive_loop(function: &str) -> (Ended, InvokeError) {
    let message = format!("Lambda stopped a recursive loop: {function} has led to itself {RECURSION_LIMIT} times");
    (Ended::Error(message.clone()), InvokeError::RecursiveLoop { message })
}

fn failed(error_type: &str, message: String) -> (Ended, InvokeError) {
    (Ended::Error(message.clone()), InvokeError::Function { error_type: error_type.to_owned(), message })
}
