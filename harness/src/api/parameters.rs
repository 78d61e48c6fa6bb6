//! What expressions such as `method.request.querystring.page` name in a request.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html>

use super::fault::Fault;
use super::{Routed, mapped};
use crate::json_schema::faults;
use crate::shared::Shared;
use crate::stack::Source;

/// The value of a request parameter.
pub fn value(routed: &Routed<'_>, expression: &str) -> Option<String> {
    let request = &routed.call.request;
    let mut parts = expression.splitn(4, '.');
    let (Some("method" | "integration"), Some("request"), Some(place), Some(name)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    match place {
        "header" => request.header(name).map(str::to_owned),
        "path" => routed.path_parameters.get(name).cloned(),
        "querystring" => request.query().into_iter().find(|(key, _)| key == name).map(|(_, value)| value),
        _ => None,
    }
}

/// The value of an authorizer's identity source, as REST or HTTP APIs write one; none where it is empty.
pub fn source(shared: &Shared, routed: &Routed<'_>, source: &str) -> Option<String> {
    let source = Source::of_variable(source.strip_prefix('$').unwrap_or(source))?;
    mapped::of_request(&source, shared, routed).into_iter().next().filter(|value| !value.is_empty())
}

/// Refuses a request that lacks what the route's validator asks for, or whose body does not fit its model.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html>
///
/// # Errors
/// The names of what is missing or blank, or what is wrong with the body.
pub fn validate(routed: &Routed<'_>) -> Result<(), Fault> {
    let is_missing = |expression: &&String| value(routed, expression).is_none_or(|value| value.trim().is_empty());
    let name = |expression: &String| expression.splitn(4, '.').last().unwrap_or_default().to_owned();
    let missing: Vec<String> = routed.route.required.iter().filter(is_missing).map(name).collect();
    if missing.is_empty() { body(routed) } else { Err(Fault::MissingParameters(missing)) }
}

/// Holds a body against the model of its content type. One of a type that has none is not looked at.
fn body(routed: &Routed<'_>) -> Result<(), Fault> {
    let (request, models) = (&routed.call.request, &routed.route.models);
    let Some(name) = models.get(&request.media_type()).or_else(|| models.get("$default")) else { return Ok(()) };
    let models = &routed.call.api.models;
    let schema = models.get(name).ok_or(Fault::Configuration)?;
    let value = serde_json::from_slice(&request.body);
    let value = value.map_err(|_| Fault::InvalidBody(vec!["the body is not JSON".to_owned()]))?;
    let faults = faults(schema, models, &value);
    if faults.is_empty() { Ok(()) } else { Err(Fault::InvalidBody(faults)) }
}
