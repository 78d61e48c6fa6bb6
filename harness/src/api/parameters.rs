//! What expressions such as `method.request.querystring.page` name in a request.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html>

use super::Routed;
use super::fault::Fault;

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
pub fn source(routed: &Routed<'_>, source: &str) -> Option<String> {
    let expression = source.strip_prefix("$request.").map(|rest| format!("method.request.{rest}"));
    value(routed, expression.as_deref().unwrap_or(source)).filter(|value| !value.is_empty())
}

/// Refuses a request that lacks what the route's validator asks for.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html>
///
/// # Errors
/// The names of what is missing or blank.
pub fn validate(routed: &Routed<'_>) -> Result<(), Fault> {
    let is_missing = |expression: &&String| value(routed, expression).is_none_or(|value| value.trim().is_empty());
    let name = |expression: &String| expression.splitn(4, '.').last().unwrap_or_default().to_owned();
    let missing: Vec<String> = routed.route.required.iter().filter(is_missing).map(name).collect();
    if missing.is_empty() { Ok(()) } else { Err(Fault::MissingParameters(missing)) }
}
