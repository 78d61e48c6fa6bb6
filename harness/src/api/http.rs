//! HTTP integrations: the request that an endpoint is sent, and the response that the client gets.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/setup-http-integrations.html>
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-http.html>

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::fault::Fault;
use super::mapped::{self, Draft};
use super::outgoing::send_for;
use super::{PAYLOAD_LIMIT, Routed, respond};
use crate::event::apigateway::{ApiResponse, SOURCE_IP};
use crate::shared::Shared;
use crate::stack::{ApiKind, HttpEndpoint, Passing, ResponseRule};

/// What a path has as it is: also the slashes of a greedy parameter.
const ENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':').remove(b'@');
/// Headers of one connection, which the next one has for itself.
const OF_CONNECTION: [&str; 5] = ["connection", "content-length", "host", "keep-alive", "transfer-encoding"];

/// Sends the request on, and turns the answer into the client's.
pub async fn ask(shared: &Shared, routed: &Routed<'_>, endpoint: &HttpEndpoint) -> Result<ApiResponse, Fault> {
    let request = request(shared, routed, endpoint)?;
    let asked = tokio::time::timeout(endpoint.timeout, send_for(shared, routed.call, request));
    let answered = asked.await.map_err(|_| Fault::EndpointTimedOut)?;
    let mut response = answered.map_err(|_| Fault::Unreachable)?;
    // As REST APIs log it: a response over the limit is a fault of the configuration.
    if response.body.len() > PAYLOAD_LIMIT {
        return Err(Fault::Configuration);
    }
    response.headers.retain(|(name, _)| !is_of_connection(name));
    match &endpoint.passing {
        Passing::Whole if routed.call.api.kind == ApiKind::Rest => {
            response.headers = response.headers.into_iter().map(respond::remapped).collect();
            Ok(response)
        }
        Passing::Whole => Ok(response),
        Passing::Mapped(rules) => {
            let rule = rule(rules, response.status).ok_or(Fault::Configuration)?;
            Ok(mapped(rule, response, shared, routed))
        }
    }
}

fn is_of_connection(name: &str) -> bool {
    OF_CONNECTION.iter().any(|own| name.eq_ignore_ascii_case(own))
}

fn request(shared: &Shared, routed: &Routed<'_>, endpoint: &HttpEndpoint) -> Result<http::Request<Bytes>, Fault> {
    let client = &routed.call.request;
    let mut draft = Draft { headers: headers(routed, endpoint), ..Draft::default() };
    if endpoint.passing == Passing::Whole {
        draft.query = client.query();
    }
    if routed.call.api.kind == ApiKind::Http {
        draft.path_parameters = routed.path_parameters.clone();
    }
    endpoint.mapping.request.iter().for_each(|change| draft.change(change, shared, routed));
    let url = address(routed, endpoint, &draft)?;
    let mut request = http::Request::builder().method(endpoint.method.as_deref().unwrap_or(&client.method)).uri(url);
    for (name, value) in &draft.headers {
        request = request.header(name, value);
    }
    request.body(client.body.clone()).map_err(|_| Fault::Configuration)
}

/// What an endpoint is told beside what is mapped. The headers that API Gateway adds are not in the documentation:
/// they are what endpoints are seen to get.
fn headers(routed: &Routed<'_>, endpoint: &HttpEndpoint) -> Vec<(String, String)> {
    let (api, request) = (routed.call.api, &routed.call.request);
    let mut headers: Vec<(String, String)> = match endpoint.passing {
        Passing::Whole => request.headers.iter().filter(|(name, _)| !is_of_connection(name)).cloned().collect(),
        Passing::Mapped(_) => {
            let kept = ["accept", "content-type", "x-amzn-trace-id"];
            let kept = request.headers.iter().filter(|(name, _)| kept.iter().any(|it| name.eq_ignore_ascii_case(it)));
            let agent = ("user-agent".to_owned(), format!("AmazonAPIGateway_{}", api.id));
            kept.cloned().chain([agent]).collect()
        }
    };
    match api.kind {
        ApiKind::Rest => headers.push(("x-amzn-apigateway-api-id".to_owned(), api.id.clone())),
        ApiKind::Http => {
            let host = request.header("host").unwrap_or_default();
            headers.push(("forwarded".to_owned(), format!("for={SOURCE_IP};host={host};proto=https")));
            headers.push(("via".to_owned(), "HTTP/1.1 AmazonAPIGateway".to_owned()));
        }
    }
    headers
}

/// The endpoint's address with stage variables, path parameters and query put in.
fn address(routed: &Routed<'_>, endpoint: &HttpEndpoint, draft: &Draft) -> Result<String, Fault> {
    let filled = routed.call.stage.fill_in(&endpoint.uri).ok_or(Fault::Configuration)?;
    let (written, own_query) = filled.split_once('?').unwrap_or((&filled, ""));
    let mut url = String::new();
    let mut rest = written;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').ok_or(Fault::Configuration)?;
        let value = draft.path_parameters.get(name.trim_end_matches('+')).ok_or(Fault::Configuration)?;
        url += before;
        url.extend(utf8_percent_encode(value, ENCODED));
        rest = after;
    }
    url += rest;
    if let Some(path) = &draft.path {
        let scheme = url.find("://").map_or(0, |at| at + 3);
        url.truncate(url[scheme..].find('/').map_or(url.len(), |at| scheme + at));
        url = format!("{url}/{}", path.trim_start_matches('/'));
    }
    let mapped = form_urlencoded::Serializer::new(String::new()).extend_pairs(&draft.query).finish();
    let query: Vec<&str> = [own_query, &mapped].into_iter().filter(|part| !part.is_empty()).collect();
    Ok(if query.is_empty() { url } else { format!("{url}?{}", query.join("&")) })
}

/// The rule whose pattern is the whole status, or the one without a pattern.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-integration-settings-integration-response.html>
fn rule(rules: &[ResponseRule], status: u16) -> Option<&ResponseRule> {
    let fits = |rule: &&ResponseRule| {
        let pattern = rule.pattern.as_ref().map(|pattern| regex_lite::Regex::new(&format!("^(?:{pattern})$")));
        pattern.is_some_and(|pattern| pattern.is_ok_and(|pattern| pattern.is_match(&status.to_string())))
    };
    rules.iter().find(fits).or_else(|| rules.iter().find(|rule| rule.pattern.is_none()))
}

fn mapped(rule: &ResponseRule, response: ApiResponse, shared: &Shared, routed: &Routed<'_>) -> ApiResponse {
    let mut headers = Vec::new();
    for (name, source) in &rule.headers {
        let values = mapped::of_response(source, &response, shared, routed);
        headers.extend(values.into_iter().map(|value| (name.clone(), value)));
    }
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
    }
    let body = rule.body.clone().map_or(response.body, Bytes::from);
    ApiResponse { status: rule.status, headers, body }
}
