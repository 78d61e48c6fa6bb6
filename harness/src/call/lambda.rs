//! Which operation of Lambda a request asks for. Lambda is the harness itself, on every backend, so its requests
//! are told apart here and not in the emulator.
//! <https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html>

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use rehearsal_emulator::protocol::{Request, UnknownRequest, identify};

use crate::stack::function_name;

/// A request to Lambda.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LambdaCall {
    /// The operation's API name; for one that is not known here, the method and path.
    pub operation: Cow<'static, str>,
    /// What the path names, decoded: for operations on a function its name or ARN.
    pub names: Vec<String>,
}

impl LambdaCall {
    /// The name of the function that the request is about; empty where it is about none.
    pub fn function(&self) -> &str {
        self.names.first().map_or("", |given| function_name(given).0)
    }
}

/// Methods, and paths after the API's version; `*` stands for a name.
const OPERATIONS: &[(&str, &str, &str)] = &[
    ("POST", "functions/*/invocations", "Invoke"),
    ("POST", "functions/*/invoke-async", "InvokeAsync"),
    ("POST", "functions/*/response-streaming-invocations", "InvokeWithResponseStream"),
    ("GET", "functions", "ListFunctions"),
    ("POST", "functions", "CreateFunction"),
    ("GET", "functions/*", "GetFunction"),
    ("DELETE", "functions/*", "DeleteFunction"),
    ("PUT", "functions/*/code", "UpdateFunctionCode"),
    ("GET", "functions/*/configuration", "GetFunctionConfiguration"),
    ("PUT", "functions/*/configuration", "UpdateFunctionConfiguration"),
    ("GET", "functions/*/concurrency", "GetFunctionConcurrency"),
    ("PUT", "functions/*/concurrency", "PutFunctionConcurrency"),
    ("DELETE", "functions/*/concurrency", "DeleteFunctionConcurrency"),
    ("GET", "functions/*/event-invoke-config", "GetFunctionEventInvokeConfig"),
    ("PUT", "functions/*/event-invoke-config", "PutFunctionEventInvokeConfig"),
    ("POST", "functions/*/event-invoke-config", "UpdateFunctionEventInvokeConfig"),
    ("DELETE", "functions/*/event-invoke-config", "DeleteFunctionEventInvokeConfig"),
    ("GET", "functions/*/recursion-config", "GetFunctionRecursionConfig"),
    ("PUT", "functions/*/recursion-config", "PutFunctionRecursionConfig"),
    ("GET", "functions/*/url", "GetFunctionUrlConfig"),
    ("POST", "functions/*/url", "CreateFunctionUrlConfig"),
    ("GET", "functions/*/urls", "ListFunctionUrlConfigs"),
    ("GET", "functions/*/versions", "ListVersionsByFunction"),
    ("POST", "functions/*/versions", "PublishVersion"),
    ("GET", "functions/*/aliases", "ListAliases"),
    ("POST", "functions/*/aliases", "CreateAlias"),
    ("GET", "functions/*/aliases/*", "GetAlias"),
    ("PUT", "functions/*/aliases/*", "UpdateAlias"),
    ("GET", "functions/*/policy", "GetPolicy"),
    ("POST", "functions/*/policy", "AddPermission"),
    ("GET", "event-source-mappings", "ListEventSourceMappings"),
    ("POST", "event-source-mappings", "CreateEventSourceMapping"),
    ("GET", "event-source-mappings/*", "GetEventSourceMapping"),
    ("PUT", "event-source-mappings/*", "UpdateEventSourceMapping"),
    ("DELETE", "event-source-mappings/*", "DeleteEventSourceMapping"),
    ("GET", "account-settings", "GetAccountSettings"),
];

/// The operation of a request that is signed for Lambda.
pub fn lambda_call(request: &Request) -> Option<LambdaCall> {
    match identify(request) {
        Err(UnknownRequest::Service(service)) if service == "lambda" => Some(of_path(request)),
        _ => None,
    }
}

fn of_path(request: &Request) -> LambdaCall {
    let path = request.uri.path().trim_matches('/');
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let fits = |pattern: &str| {
        let parts: Vec<&str> = pattern.split('/').collect();
        parts.len() == segments.len()
            && parts.iter().zip(&segments).all(|(part, segment)| *part == "*" || part == segment)
    };
    let known = OPERATIONS.iter().find(|(method, pattern, _)| request.method == *method && fits(pattern));
    let operation = match known {
        Some((_, _, name)) => Cow::Borrowed(*name),
        None => Cow::Owned(format!("{} /{path}", request.method)),
    };
    let decode = |segment: &&str| percent_decode_str(segment).decode_utf8_lossy().into_owned();
    let names = segments.iter().skip(1).step_by(2).map(decode).collect();
    LambdaCall { operation, names }
}
