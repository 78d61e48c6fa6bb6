//! What Lambda tells of functions, their versions, aliases and URLs. A template has no code, so nothing is told of it.
//! <https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html>

use jiff::Timestamp;
use rehearsal_emulator::protocol::{Reply, Request};
use serde_json::{Value, json};

use super::error::Refusal;
use super::page::{page, parameter};
use super::{Answer, answer, target, whole};
use crate::call::LambdaCall;
use crate::invoke::Function;
use crate::shared::Shared;
use crate::stack::{self, Cors, EventInvokeConfig, FunctionUrl, Qualifier, UrlAuth};

/// `GetFunction`.
pub fn get(shared: &Shared, call: &LambdaCall, request: &Request) -> Answer {
    let function = target(shared, call, request)?;
    let mut told = json!({ "Configuration": configuration(shared, &function) });
    if let Some(reserved) = function.reserved_concurrency() {
        told["Concurrency"] = json!({ "ReservedConcurrentExecutions": reserved });
    }
    answer(&told)
}

/// `GetFunctionConfiguration`.
pub fn get_configuration(shared: &Shared, call: &LambdaCall, request: &Request) -> Answer {
    answer(&configuration(shared, &*target(shared, call, request)?))
}

/// `ListFunctions`: those that have not been published, or with `FunctionVersion=ALL` all versions.
/// <https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctions.html>
pub fn list(shared: &Shared, request: &Request) -> Answer {
    let all = match parameter(request, "FunctionVersion").as_deref() {
        None => false,
        Some("ALL") => true,
        Some(other) => {
            return Err(Refusal::validation(format!(
                "1 validation error detected: Value '{other}' at 'functionVersion' failed to satisfy constraint: Member must satisfy enum value set: [ALL]"
            )));
        }
    };
    if parameter(request, "MasterRegion").is_some() {
        return Err(Refusal::not_simulated("MasterRegion of Lambda's ListFunctions"));
    }
    let functions = shared.stack.functions.iter();
    let told = functions.flat_map(|settings| match all {
        true => versions(shared, settings),
        false => shared.lambda.function(&settings.arn).map(|one| configuration(shared, one)).into_iter().collect(),
    });
    page("Functions", told.collect(), request)
}

/// `ListVersionsByFunction`.
pub fn list_versions(shared: &Shared, call: &LambdaCall, request: &Request) -> Answer {
    page("Versions", versions(shared, &whole(shared, call, request)?.settings), request)
}

/// `$LATEST` and what has been published, each with its version in the ARN.
fn versions(shared: &Shared, settings: &stack::Function) -> Vec<Value> {
    let published = settings.qualifiers.iter().filter(|one| !one.is_alias()).map(|one| one.name.as_str());
    let all = std::iter::once(stack::Function::LATEST).chain(published);
    let functions = all.filter_map(|version| shared.lambda.function(&format!("{}:{version}", settings.arn)));
    functions.map(|function| configuration(shared, function)).collect()
}

/// `ListAliases`.
pub fn list_aliases(shared: &Shared, call: &LambdaCall, request: &Request) -> Answer {
    let function = whole(shared, call, request)?;
    let version = parameter(request, "FunctionVersion");
    let wanted = |one: &&Qualifier| one.is_alias() && version.as_ref().is_none_or(|version| *version == one.version);
    let aliases = function.settings.qualifiers.iter().filter(wanted);
    page("Aliases", aliases.map(|one| alias(&function.settings, one)).collect(), request)
}

/// `GetAlias`.
/// <https://docs.aws.amazon.com/lambda/latest/api/API_GetAlias.html>
pub fn get_alias(shared: &Shared, call: &LambdaCall, request: &Request) -> Answer {
    let function = whole(shared, call, request)?;
    let name = call.names.get(1).map(String::as_str).unwrap_or_default();
    let found = function.settings.qualifiers.iter().find(|one| one.is_alias() && one.name == name);
    let found = found.ok_or_else(|| {
        let message = format!("Cannot find alias arn: {}:{name}", function.settings.arn);
        Refusal::of_user(404, "ResourceNotFoundException", message)
    })?;
    answer(&alias(&function.settings, found))
}

fn alias(settings: &stack::Function, alias: &Qualifier) -> Value {
    json!({
        "AliasArn": format!("{}:{}", settings.arn, alias.name),
        "Name": alias.name,
        "FunctionVersion": alias.version,
        "Description": "",
    })
}

/// `GetFunctionEventInvokeConfig`: of a function, a version or an alias that has been given one.
/// <https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionEventInvokeConfig.html>
pub fn get_event_invoke(shared: &Shared, call: &LambdaCall, request: &Request) -> Answer {
    let function = target(shared, call, request)?;
    let (config, arn) = (&function.settings.event_invoke, function.qualified_arn());
    if *config == EventInvokeConfig::default() {
        let message = format!("The function {arn} doesn't have an EventInvokeConfig");
        return Err(Refusal::of_user(404, "ResourceNotFoundException", message));
    }
    let to = |arn: &Option<String>| arn.as_ref().map_or_else(|| json!({}), |arn| json!({ "Destination": arn }));
    answer(&json!({
        "FunctionArn": arn,
        "LastModified": shared.made.as_second(),
        "MaximumRetryAttempts": config.maximum_retry_attempts,
        "MaximumEventAgeInSeconds": config.maximum_event_age.as_secs(),
        "DestinationConfig": { "OnSuccess": to(&config.on_success), "OnFailure": to(&config.on_failure) },
    }))
}

/// `GetFunctionRecursionConfig`.
pub fn get_recursion(shared: &Shared, call: &LambdaCall, request: &Request) -> Answer {
    let function = whole(shared, call, request)?;
    answer(&json!({ "RecursiveLoop": if function.settings.allows_loops { "Allow" } else { "Terminate" } }))
}

/// `GetFunctionUrlConfig`.
/// <https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionUrlConfig.html>
pub fn get_url(shared: &Shared, call: &LambdaCall, request: &Request) -> Answer {
    let function = target(shared, call, request)?;
    let url = shared.stack.function_urls.iter().find(|url| url.function_arn == function.arn);
    answer(&url_config(shared, url.ok_or_else(Refusal::no_such_resource)?))
}

/// `ListFunctionUrlConfigs`: those of a function and of its aliases.
pub fn list_urls(shared: &Shared, call: &LambdaCall, request: &Request) -> Answer {
    let function = whole(shared, call, request)?;
    let urls = shared.stack.function_urls.iter().filter(|url| function.settings.is(&url.function_arn));
    page("FunctionUrlConfigs", urls.map(|url| url_config(shared, url)).collect(), request)
}

fn url_config(shared: &Shared, url: &FunctionUrl) -> Value {
    let auth = match url.auth {
        UrlAuth::None => "NONE",
        UrlAuth::AwsIam => "AWS_IAM",
    };
    let made = shared.made.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string();
    let mut told = json!({
        "FunctionUrl": format!("{}/", url.endpoint),
        "FunctionArn": url.function_arn,
        "AuthType": auth,
        "InvokeMode": "BUFFERED",
        "CreationTime": made,
        "LastModifiedTime": made,
    });
    if let Some(cors) = &url.cors {
        told["Cors"] = cors_config(cors);
    }
    told
}

/// Only what has been configured is there.
fn cors_config(cors: &Cors) -> Value {
    let mut told = json!({});
    let lists = [
        ("AllowOrigins", &cors.allow_origins),
        ("AllowMethods", &cors.allow_methods),
        ("AllowHeaders", &cors.allow_headers),
        ("ExposeHeaders", &cors.expose_headers),
    ];
    for (name, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        told[name] = json!(list);
    }
    if cors.allow_credentials {
        told["AllowCredentials"] = true.into();
    }
    if let Some(seconds) = cors.max_age {
        told["MaxAge"] = seconds.into();
    }
    told
}

/// A function as it was asked for: its ARN has a qualifier where the request has one.
/// <https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html>
fn configuration(shared: &Shared, function: &Function) -> Value {
    let settings = &function.settings;
    let mut told = json!({
        "FunctionName": settings.name,
        "FunctionArn": function.arn,
        "Version": function.version,
        "Handler": settings.handler,
        "Timeout": settings.timeout.as_secs(),
        "MemorySize": settings.memory_size,
        "LastModified": written(shared.made),
        "State": "Active",
        "LastUpdateStatus": "Successful",
    });
    if !settings.environment.is_empty() {
        told["Environment"] = json!({ "Variables": settings.environment });
    }
    if let Some(arn) = &settings.dead_letter_arn {
        told["DeadLetterConfig"] = json!({ "TargetArn": arn });
    }
    told
}

fn written(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%3f+0000").to_string()
}

/// `GetFunctionConcurrency`.
/// <https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConcurrency.html>
pub fn get_concurrency(shared: &Shared, call: &LambdaCall, request: &Request) -> Answer {
    let function = unqualified(shared, call, request)?;
    answer(&function.reserved_concurrency().map_or_else(|| json!({}), reserved))
}

/// `PutFunctionConcurrency`: what runs already goes on.
/// <https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionConcurrency.html>
pub fn put_concurrency(shared: &Shared, call: &LambdaCall, request: &Request) -> Answer {
    let function = unqualified(shared, call, request)?;
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let wanted = body["ReservedConcurrentExecutions"].as_u64().and_then(|wanted| u32::try_from(wanted).ok());
    let wanted = wanted.ok_or_else(|| {
        let what = "'reservedConcurrentExecutions' failed to satisfy constraint";
        Refusal::validation(format!("1 validation error detected: Value at {what}: Member must not be null"))
    })?;
    function.reserve_concurrency(Some(wanted)).map_err(|_| {
        let message = format!(
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [{}].",
            stack::UNRESERVED_CONCURRENCY
        );
        Refusal::of_user(400, "InvalidParameterValueException", message)
    })?;
    answer(&reserved(wanted))
}

/// `DeleteFunctionConcurrency`.
pub fn delete_concurrency(shared: &Shared, call: &LambdaCall, request: &Request) -> Answer {
    let function = unqualified(shared, call, request)?;
    // Nothing is taken from the other functions, so that it cannot be refused.
    let _always = function.reserve_concurrency(None);
    Ok(Reply::empty().with_status(204))
}

fn reserved(concurrency: u32) -> Value {
    json!({ "ReservedConcurrentExecutions": concurrency })
}

/// The function of an operation that knows neither versions nor aliases.
fn unqualified(shared: &Shared, call: &LambdaCall, request: &Request) -> Result<std::rc::Rc<Function>, Refusal> {
    let given = call.names.first().map(String::as_str).unwrap_or_default();
    if stack::function_name(given).1.is_some() {
        let message = "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.";
        return Err(Refusal::of_user(400, "InvalidParameterValueException", message));
    }
    whole(shared, call, request)
}
