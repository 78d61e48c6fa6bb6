//! `Invoke`: synchronous, asynchronous, or to see whether it could be done.
//! <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>

use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rehearsal_emulator::protocol::{Reply, Request};
use serde_json::Value;

use super::error::Refusal;
use super::{REQUEST_ID, tail, target};
use crate::call::LambdaCall;
use crate::invoke::{
    ASYNCHRONOUS_PAYLOAD_LIMIT, Function, InvokeError, Invoked, Request as Invocation, SYNCHRONOUS_PAYLOAD_LIMIT,
};
use crate::push;
use crate::shared::Shared;
use crate::trace::EventId;

/// Parameters that change what happens, and are not simulated.
const NOT_SIMULATED: [(&str, &str); 2] =
    [("x-amz-tenant-id", "TenantId"), ("x-amz-durable-execution-name", "DurableExecutionName")];

/// Answers `Invoke`.
pub async fn answer(
    shared: &Rc<Shared>,
    call: &LambdaCall,
    request: &Request,
    cause: EventId,
) -> Result<Reply, Refusal> {
    if let Some((_, name)) = NOT_SIMULATED.iter().find(|(header, _)| request.header(header).is_some()) {
        return Err(Refusal::not_simulated(&format!("{name} of Lambda's Invoke")));
    }
    let kind = one_of(request, "x-amz-invocation-type", "invocationType", &["RequestResponse", "Event", "DryRun"])?;
    let log_type = one_of(request, "x-amz-log-type", "logType", &["None", "Tail"])?;
    let function = target(shared, call, request)?;
    let limit = if kind == "Event" { ASYNCHRONOUS_PAYLOAD_LIMIT } else { SYNCHRONOUS_PAYLOAD_LIMIT };
    let payload = payload(request, limit)?;
    let client = client_context(request)?;
    match kind {
        "DryRun" => Ok(Reply::empty().with_status(204)),
        "Event" => {
            let request_id = push::spawn(shared, function, payload, cause);
            Ok(Reply::empty().with_status(202).with_header(REQUEST_ID, &request_id))
        }
        _ => {
            let (request_id, invoked) = invoke(shared, &function, payload, client, cause).await;
            let reply = response(&function, &invoked)?.with_header(REQUEST_ID, &request_id);
            Ok(match log_type {
                "Tail" => reply.with_header("x-amz-log-result", &tail::tail(shared, &function, &request_id, &invoked)),
                _ => reply,
            })
        }
    }
}

/// One of the values that a header may have; the first where it is not there.
fn one_of(request: &Request, header: &str, member: &str, values: &[&'static str]) -> Result<&'static str, Refusal> {
    let Some(given) = request.header(header) else { return Ok(values[0]) };
    values.iter().find(|value| **value == given).copied().ok_or_else(|| {
        let mut all = values.to_vec();
        all.sort_unstable();
        Refusal::validation(format!(
            "1 validation error detected: Value '{given}' at '{member}' failed to satisfy constraint: Member must satisfy enum value set: [{}]",
            all.join(", ")
        ))
    })
}

/// The payload as text, which must be JSON; an empty one is an empty object.
fn payload(request: &Request, limit: usize) -> Result<String, Refusal> {
    if request.body.len() > limit {
        let message = format!("Request must be smaller than {limit} bytes for the InvokeFunction operation");
        return Err(Refusal::of_user(413, "RequestTooLargeException", message));
    }
    if request.body.is_empty() {
        return Ok("{}".to_owned());
    }
    match serde_json::from_slice::<Value>(&request.body) {
        Ok(_) => Ok(String::from_utf8_lossy(&request.body).into_owned()),
        Err(error) => {
            let message = format!("Could not parse request body into json: {error}");
            Err(Refusal::of_user(400, "InvalidRequestContentException", message))
        }
    }
}

fn client_context(request: &Request) -> Result<Option<Value>, Refusal> {
    let Some(header) = request.header("x-amz-client-context") else { return Ok(None) };
    let decoded = STANDARD.decode(header).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    decoded.filter(Value::is_object).map(Some).ok_or_else(|| {
        let message = "Client context must be a valid Base64-encoded JSON object.";
        Refusal::of_user(400, "InvalidRequestContentException", message)
    })
}

/// Invokes the function, which runs on where the caller gives up waiting.
async fn invoke(
    shared: &Rc<Shared>,
    function: &Rc<Function>,
    payload: String,
    client: Option<Value>,
    cause: EventId,
) -> (String, Invoked) {
    let _pending = shared.pending.begin(format!("{} answers a call", function.settings.logical_id));
    let request_id = shared.ids.uuid();
    let invocation = Invocation { payload: &payload, request_id: request_id.clone(), attempt: 1, cause };
    let invoked = shared.lambda.invoke_with(function, invocation, client).await;
    (request_id, invoked)
}

/// A function error is a success of `Invoke`, told by a header.
fn response(function: &Function, invoked: &Invoked) -> Result<Reply, Refusal> {
    let reply =
        |body: String| Reply::bytes("application/json", body).with_header("x-amz-executed-version", &function.version);
    match &invoked.result {
        Ok(response) => Ok(reply(response.clone())),
        Err(error @ InvokeError::Function { .. }) => {
            Ok(reply(error.payload().to_string()).with_header("x-amz-function-error", "Unhandled"))
        }
        Err(error @ InvokeError::Throttled(_)) => Err(Refusal::new(429, "TooManyRequestsException", error.payload())),
        Err(error @ InvokeError::RecursiveLoop { .. }) => {
            Err(Refusal::new(400, "RecursiveInvocationException", error.payload()))
        }
    }
}
