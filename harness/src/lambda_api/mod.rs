//! Lambda's API, for handlers that call Lambda by the SDK. Served by the harness on every backend.
//!
//! What always holds: an operation or parameter that is not simulated is refused by name.
//! <https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html>

mod error;
mod functions;
mod invoke;
mod mappings;
mod page;
mod tail;

use std::rc::Rc;

use rehearsal_emulator::protocol::{Reply, Request};
use serde_json::Value;

use crate::call::LambdaCall;
use crate::invoke::Function;
use crate::shared::Shared;
use crate::stack::function_name;
use crate::trace::EventId;
use error::Refusal;

/// What a request comes to.
type Answer = Result<Reply, Refusal>;

/// Answers a request that is signed for Lambda; `cause` is the call in the trace.
pub async fn serve(shared: &Rc<Shared>, call: &LambdaCall, request: &Request, cause: EventId) -> Reply {
    let answer = match call.operation.as_ref() {
        "Invoke" => invoke::answer(shared, call, request, cause).await,
        _ => tell(shared, call, request),
    };
    let reply = answer.unwrap_or_else(Refusal::reply);
    let has_id = reply.headers.contains_key(REQUEST_ID);
    if has_id { reply } else { reply.with_header(REQUEST_ID, &shared.ids.uuid()) }
}

/// Answers what is answered at once.
fn tell(shared: &Shared, call: &LambdaCall, request: &Request) -> Answer {
    match call.operation.as_ref() {
        "GetFunction" => functions::get(shared, call, request),
        "GetFunctionConfiguration" => functions::get_configuration(shared, call, request),
        "ListFunctions" => functions::list(shared, request),
        "ListVersionsByFunction" => functions::list_versions(shared, call, request),
        "ListAliases" => functions::list_aliases(shared, call, request),
        "GetAlias" => functions::get_alias(shared, call, request),
        "GetFunctionEventInvokeConfig" => functions::get_event_invoke(shared, call, request),
        "GetFunctionRecursionConfig" => functions::get_recursion(shared, call, request),
        "GetFunctionUrlConfig" => functions::get_url(shared, call, request),
        "ListFunctionUrlConfigs" => functions::list_urls(shared, call, request),
        "GetFunctionConcurrency" => functions::get_concurrency(shared, call, request),
        "PutFunctionConcurrency" => functions::put_concurrency(shared, call, request),
        "DeleteFunctionConcurrency" => functions::delete_concurrency(shared, call, request),
        "ListEventSourceMappings" => mappings::list(shared, request),
        "GetEventSourceMapping" => mappings::get(shared, call),
        "UpdateEventSourceMapping" => mappings::update(shared, call, request),
        other => Err(Refusal::not_simulated(&format!("Lambda's operation {other}"))),
    }
}

fn answer(told: &Value) -> Answer {
    Ok(Reply::bytes("application/json", told.to_string()))
}

/// The header of every answer.
const REQUEST_ID: &str = "x-amzn-requestid";

/// The function that a request names in its path, with the qualifier that it names there or in its query.
fn target(shared: &Shared, call: &LambdaCall, request: &Request) -> Result<Rc<Function>, Refusal> {
    find(shared, call.names.first().map(String::as_str).unwrap_or_default(), page::parameter(request, "Qualifier"))
}

/// The function that a request names, whatever its qualifier.
fn whole(shared: &Shared, call: &LambdaCall, request: &Request) -> Result<Rc<Function>, Refusal> {
    let arn = target(shared, call, request)?.settings.arn.clone();
    find(shared, &arn, None)
}

/// A function by name, part of its ARN or ARN, which may have a qualifier in it.
fn find(shared: &Shared, given: &str, in_query: Option<String>) -> Result<Rc<Function>, Refusal> {
    let (name, in_name) = function_name(given);
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
