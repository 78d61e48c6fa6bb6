//! Integrations with other HTTP endpoints, of both kinds of API.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/setup-http-integrations.html>
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-http.html>

use super::expressions::{http_mapping, of_response, rest_changes};
use super::integration::{HTTP_TIMEOUT, RESPONSE, REST_TIMEOUT, is_static, timeout};
use crate::diagnostic::Span;
use crate::stack::{Change, ChangeTarget, HttpEndpoint, ParameterMapping, Passing, ResponseRule};
use crate::template::property::Object;
use crate::template::report::Report;

/// A REST API's integration: `HTTP_PROXY`, or `HTTP`, which passes on what is mapped.
pub fn rest(object: &Object<'_>, is_proxy: bool, logical_id: &str, report: &mut Report) -> Option<HttpEndpoint> {
    object.require(report, "IntegrationHttpMethod");
    let method = object.text(report, "IntegrationHttpMethod").map(|method| method.to_ascii_uppercase());
    let changes = rest_changes(object.mapping(report, "RequestParameters"), report);
    for (_, template) in object.mapping(report, "RequestTemplates") {
        report.error(&template.span, "a mapping template of a request is not simulated");
    }
    if object.text(report, "PassthroughBehavior").is_some_and(|behavior| behavior == "NEVER") {
        let message = "without a mapping template, an integration that never passes a body through takes no request";
        report.error(&object.place_of("PassthroughBehavior"), message);
    }
    let passing = if is_proxy { Passing::Whole } else { Passing::Mapped(rules(object, logical_id, report)) };
    let timeout = timeout(object, REST_TIMEOUT, report);
    let uri = uri(object, "Uri", report)?;
    let mapped = |name: &str| {
        let is_it = |change: &Change| matches!(&change.target, ChangeTarget::PathParameter(known) if known == name);
        changes.iter().any(is_it)
    };
    for name in placeholders(&uri).filter(|name| !mapped(name)) {
        let problem = report.error(&object.place_of("Uri"), format!("nothing fills in `{{{name}}}` of this address"));
        problem.help(format!(
            "write `integration.request.path.{name}: method.request.path.{name}` in `RequestParameters`"
        ));
    }
    let mapping = ParameterMapping { request: changes, responses: Vec::new() };
    Some(HttpEndpoint { uri, method: method.filter(|method| method != "ANY"), passing, mapping, timeout })
}

/// An HTTP API's `HTTP_PROXY`.
pub fn http(object: &Object<'_>, report: &mut Report) -> Option<HttpEndpoint> {
    object.require(report, "IntegrationMethod");
    let method = object.text(report, "IntegrationMethod").map(|method| method.to_ascii_uppercase());
    object.word(report, "PayloadFormatVersion", &["1.0"]);
    let mapping = http_mapping(object, report);
    let timeout = timeout(object, HTTP_TIMEOUT, report);
    let uri = uri(object, "IntegrationUri", report)?;
    let method = method.filter(|method| method != "ANY");
    Some(HttpEndpoint { uri, method, passing: Passing::Whole, mapping, timeout })
}

/// What an HTTP API's `Target` comes to that is an address.
pub fn of_target(object: &Object<'_>, report: &mut Report) -> Option<HttpEndpoint> {
    let uri = uri(object, "Target", report)?;
    let timeout = std::time::Duration::from_millis((*HTTP_TIMEOUT.end()).into());
    Some(HttpEndpoint { uri, method: None, passing: Passing::Whole, mapping: ParameterMapping::default(), timeout })
}

/// Whether a text is the address of an endpoint.
pub fn is_address(text: &str) -> bool {
    ["http://", "https://", "${stageVariables."].iter().any(|start| text.starts_with(start))
}

fn uri(object: &Object<'_>, key: &str, report: &mut Report) -> Option<String> {
    let uri = object.required_text(report, key)?;
    if !is_address(&uri) {
        report.error(&object.place_of(key), format!("`{uri}` is not the address of an HTTP endpoint"));
        return None;
    }
    Some(uri)
}

/// The names of the path parameters in an address.
fn placeholders(uri: &str) -> impl Iterator<Item = &str> {
    let parts = uri.match_indices('{').filter(|(at, _)| !uri[..*at].ends_with('$'));
    parts.filter_map(|(at, _)| uri[at + 1..].split_once('}')).map(|(name, _)| name.trim_end_matches('+'))
}

/// Reports a path parameter in an HTTP API's address that the route does not have.
pub fn check_parameters(endpoint: &HttpEndpoint, path: &str, place: &Span, report: &mut Report) {
    let known: Vec<&str> = placeholders(path).collect();
    for name in placeholders(&endpoint.uri).filter(|name| !known.contains(name)) {
        let message =
            format!("the route `{path}` has no path parameter `{name}`, which its integration's address needs");
        report.error(place, message);
    }
}

/// What becomes of an endpoint's response.
fn rules(object: &Object<'_>, logical_id: &str, report: &mut Report) -> Vec<ResponseRule> {
    let responses = object.objects(report, logical_id, "IntegrationResponses", &RESPONSE);
    if responses.is_empty() {
        let problem = report.error(&object.place, "this integration has no response");
        problem.help("an integration of type `HTTP` needs `IntegrationResponses`; `HTTP_PROXY` does without");
    }
    responses.iter().filter_map(|response| rule(response, report)).collect()
}

fn rule(response: &Object<'_>, report: &mut Report) -> Option<ResponseRule> {
    let pattern = response.text(report, "SelectionPattern").filter(|pattern| !pattern.is_empty());
    if pattern.as_ref().is_some_and(|pattern| regex_lite::Regex::new(pattern).is_err()) {
        report.error(&response.place_of("SelectionPattern"), "this pattern has what only Java's expressions have");
    }
    response.require(report, "StatusCode");
    let status = u16::try_from(response.integer(report, "StatusCode", 100..=599)?).ok()?;
    let mut headers = Vec::new();
    for (key, value) in response.mapping(report, "ResponseParameters") {
        let (name, text) = (key.text().unwrap_or_default(), value.scalar().unwrap_or_default());
        let header = name.strip_prefix("method.response.header.");
        match header.zip(of_response(&text)) {
            Some((header, source)) => headers.push((header.to_owned(), source)),
            None => {
                let problem = report.error(&key.span, format!("`{name}: {text}` is not simulated"));
                problem.help("a header is made of `integration.response.header.<name>` or of a text in single quotes");
            }
        }
    }
    let templates = response.mapping(report, "ResponseTemplates");
    let texts = templates.iter().map(|(_, template)| (template, template.scalar().unwrap_or_default()));
    let texts: Vec<_> = texts.filter(|(_, text)| !text.is_empty()).collect();
    for (template, _) in texts.iter().filter(|(_, text)| !is_static(text)) {
        report.error(&template.span, "a mapping template with variables or directives is not simulated");
    }
    let body = texts.into_iter().next().map(|(_, text)| text);
    Some(ResponseRule { pattern, status, headers, body })
}
