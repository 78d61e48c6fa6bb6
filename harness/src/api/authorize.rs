//! Authorizers: whether a route's authorizer lets a request through, and what it tells the function.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html>
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>

use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::fault::Fault;
use super::policy::{Verdict, verdict};
use super::{Routed, event_of, invoke_for, parameters, token};
use crate::event::apigateway::Authorized;
use crate::invoke::InvokeError;
use crate::shared::Shared;
use crate::stack::{Authorizer, AuthorizerEvent, AuthorizerFunction, Decides, PayloadFormat};

/// Asks the route's authorizer; answers with what it says to the function, `requestContext.authorizer`, and with which
/// API key it says that the request comes.
///
/// # Errors
/// It does not let the request through, or cannot be asked.
pub async fn authorize(shared: &Rc<Shared>, routed: &Routed<'_>) -> Result<Said, Fault> {
    let Some(id) = &routed.route.authorizer else { return Ok((None, None)) };
    let authorizer = routed.call.api.authorizers.iter().find(|authorizer| authorizer.id == *id);
    let authorizer = authorizer.ok_or(Fault::Configuration)?;
    match &authorizer.decides {
        Decides::Function(function) => ask(shared, routed, authorizer, function).await,
        Decides::Token(rules) => {
            token::authorize(shared, routed, authorizer, rules).await.map(|told| (Some(told), None))
        }
    }
}

/// What an authorizer says to the function, and with which API key the request comes.
type Said = (Option<Authorized>, Option<String>);

/// Asks a function.
async fn ask(
    shared: &Rc<Shared>,
    routed: &Routed<'_>,
    authorizer: &Authorizer,
    function: &AuthorizerFunction,
) -> Result<Said, Fault> {
    let sources: Option<Vec<String>> =
        authorizer.sources.iter().map(|source| parameters::source(shared, routed, source)).collect();
    let sources = sources.ok_or(Fault::Unauthorized)?;
    if !is_valid(authorizer, &sources) {
        return Err(Fault::Unauthorized);
    }
    let answer = answer(shared, routed, (&authorizer.id, function), &sources).await?;
    let answer: Value = serde_json::from_str(&answer).map_err(|_| Fault::AuthorizerMisconfigured)?;
    let context = judge(function.event, &method_arn(shared, routed), &answer)?;
    let key = answer.get("usageIdentifierKey").and_then(Value::as_str).map(str::to_owned);
    Ok((Some(Authorized::Function(context)), key))
}

fn is_valid(authorizer: &Authorizer, sources: &[String]) -> bool {
    let Some(pattern) = &authorizer.validation else { return true };
    let pattern = regex_lite::Regex::new(&format!("^(?:{pattern})$"));
    pattern.is_ok_and(|pattern| sources.first().is_some_and(|token| pattern.is_match(token)))
}

/// What the authorizer answers, or has answered a short time ago to the same identity.
async fn answer(
    shared: &Rc<Shared>,
    routed: &Routed<'_>,
    (id, function): (&str, &AuthorizerFunction),
    sources: &[String],
) -> Result<String, Fault> {
    let (call, now) = (routed.call, shared.backend.clock().now());
    let is_kept = function.cache_seconds > 0 && !sources.is_empty();
    let key = json!(["authorizer", call.api.id, call.stage.name, id, sources]).to_string();
    if let Some(kept) = shared.gateway.kept(&key, now).filter(|_| is_kept) {
        return Ok(kept);
    }
    let arn = call.stage.fill_in(&function.arn).ok_or(Fault::AuthorizerMisconfigured)?;
    let event = event(shared, routed, function.event, sources).to_string();
    let invoked = invoke_for(shared, call, &arn, event).await?;
    let answer = match invoked.result {
        Ok(answer) => answer,
        Err(InvokeError::Function { message, .. }) if message == "Unauthorized" => return Err(Fault::Unauthorized),
        Err(_) => return Err(Fault::AuthorizerFailed),
    };
    if is_kept {
        shared.gateway.keep(key, answer.clone(), function.cache_seconds, shared.backend.clock().now());
    }
    Ok(answer)
}

fn event(shared: &Shared, routed: &Routed<'_>, kind: AuthorizerEvent, sources: &[String]) -> Value {
    let arn = method_arn(shared, routed);
    if kind == AuthorizerEvent::Token {
        return json!({ "type": "TOKEN", "authorizationToken": sources.first(), "methodArn": arn });
    }
    let format = match kind {
        AuthorizerEvent::V2 | AuthorizerEvent::Simple => PayloadFormat::V2,
        _ => PayloadFormat::V1,
    };
    let mut event = event_of(shared, routed, format);
    let Some(fields) = event.as_object_mut() else { return event };
    fields.remove("body");
    fields.remove("isBase64Encoded");
    fields.insert("type".to_owned(), "REQUEST".into());
    match kind {
        AuthorizerEvent::V2 | AuthorizerEvent::Simple => {
            fields.insert("routeArn".to_owned(), arn.into());
            fields.insert("identitySource".to_owned(), json!(sources));
        }
        AuthorizerEvent::V1 => {
            fields.insert("methodArn".to_owned(), arn.into());
            fields.insert("identitySource".to_owned(), sources.join(",").into());
            fields.insert("authorizationToken".to_owned(), sources.join(",").into());
        }
        AuthorizerEvent::Request | AuthorizerEvent::Token => {
            fields.insert("methodArn".to_owned(), arn.into());
        }
    }
    event
}

/// `arn:aws:execute-api:region:account:api/stage/METHOD/path`.
fn method_arn(shared: &Shared, routed: &Routed<'_>) -> String {
    let call = routed.call;
    let region = call.api.endpoint.split('.').nth(2).unwrap_or_default();
    let account = shared.stack.functions.first().and_then(|function| function.arn.split(':').nth(4));
    let (api, stage, request) = (&call.api.id, &call.stage.name, &call.request);
    let account = account.unwrap_or_default();
    format!("arn:aws:execute-api:{region}:{account}:{api}/{stage}/{}{}", request.method, request.path)
}

fn judge(kind: AuthorizerEvent, arn: &str, answer: &Value) -> Result<Value, Fault> {
    if kind == AuthorizerEvent::Simple {
        return match answer.get("isAuthorized").and_then(Value::as_bool) {
            Some(true) => Ok(answer.get("context").cloned().unwrap_or_else(|| json!({}))),
            Some(false) => Err(Fault::Denied { is_explicit: false }),
            None => Err(Fault::AuthorizerMisconfigured),
        };
    }
    let policy = answer.get("policyDocument").ok_or(Fault::AuthorizerMisconfigured)?;
    let principal = answer.get("principalId").filter(|principal| principal.is_string());
    let principal = principal.ok_or(Fault::AuthorizerMisconfigured)?;
    match verdict(policy, arn) {
        Some(Verdict::Allow) => {}
        Some(Verdict::Deny) => return Err(Fault::Denied { is_explicit: true }),
        Some(Verdict::Nothing) => return Err(Fault::Denied { is_explicit: false }),
        None => return Err(Fault::AuthorizerMisconfigured),
    }
    context(kind, principal, answer.get("context"))
}

/// A REST API makes texts of the values, and takes no others than texts, numbers and truths.
fn context(kind: AuthorizerEvent, principal: &Value, context: Option<&Value>) -> Result<Value, Fault> {
    let given = context.and_then(Value::as_object).cloned().unwrap_or_default();
    if matches!(kind, AuthorizerEvent::V1 | AuthorizerEvent::V2) {
        return Ok(given.into());
    }
    let mut fields = Map::new();
    for (name, value) in given {
        let value = match value {
            Value::Object(_) | Value::Array(_) => return Err(Fault::AuthorizerMisconfigured),
            Value::String(text) => text.into(),
            other => other.to_string().into(),
        };
        fields.insert(name, value);
    }
    fields.insert("principalId".to_owned(), principal.clone());
    fields.insert("integrationLatency".to_owned(), 0.into());
    Ok(Value::Object(fields))
}
