//! Lambda's API, for handlers that call Lambda by the SDK. Served by the harness on every backend.
//!
//! What always holds: an operation or parameter that is not simulated is refused by name.
//! <https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html>

mod error;
mod invoke;
mod tail;

use std::rc::Rc;

use rehearsal_emulator::protocol::{Reply, Request};

use crate::call::LambdaCall;
use crate::invoke::Function;
use crate::shared::Shared;
use crate::stack::function_name;
use crate::trace::EventId;
use error::Refusal;

/// Answers a request that is signed for Lambda; `cause` is the call in the trace.
pub async fn serve(shared: &Rc<Shared>, call: &LambdaCall, request: &Request, cause: EventId) -> Reply {
    let answer = match call.operation.as_ref() {
        "Invoke" => invoke::answer(shared, call, request, cause).await,
        other => Err(Refusal::not_simulated(&format!("Lambda's operation {other}"))),
    };
    let reply = answer.unwrap_or_else(Refusal::reply);
    let has_id = reply.headers.contains_key(REQUEST_ID);
    if has_id { reply } else { reply.with_header(REQUEST_ID, &shared.ids.uuid()) }
}

/// The header of every answer.
const REQUEST_ID: &str = "x-amzn-requestid";

/// The function that a request names in its path, with the qualifier that it names there or in its query.
fn target(shared: &Shared, call: &LambdaCall, request: &Request) -> Result<Rc<Function>, Refusal> {
    let given = call.names.first().map(String::as_str).unwrap_or_default();
    let (name, in_name) = function_name(given);
    let in_query = request.query().into_iter().find(|(key, _)| key == "Qualifier").map(|(_, value)| value);
    let qualifier = match (in_name, in_query) {
        (Some(in_name), Some(in_query)) if in_name != in_query => {
            let message = "The derived qualifier from the function name does not match the specified qualifier.";
            return Err(Refusal::of_user(400, "InvalidParameterValueException", message));
        }
        (in_name, in_query) => in_name.map(str::to_owned).or(in_query),
    };
    let arn = match given.starts_with("arn:") {
        true => given.strip_suffix(&format!(":{}", in_name.unwrap_or_default())).unwrap_or(given).to_owned(),
        false => format!("{}{name}", arn_prefix(shared)),
    };
    let arn = qualifier.map_or_else(|| arn.clone(), |qualifier| format!("{arn}:{qualifier}"));
    shared.lambda.function(&arn).map(Rc::clone).ok_or_else(|| Refusal::not_found(&arn))
}

/// What the ARNs of the stack's functions begin with.
fn arn_prefix(shared: &Shared) -> String {
    let arn = shared.stack.functions.first().map(|function| function.arn.as_str()).unwrap_or_default();
    arn.split_inclusive(':').take(6).collect()
}
