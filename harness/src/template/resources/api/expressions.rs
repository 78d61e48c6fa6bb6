//! What mapping expressions name: parts of a request, stage variables, the context, or a fixed text. A REST API writes
//! `method.request.header.id` and `'fixed'`, an HTTP API `$request.header.id` and `fixed`.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html>
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html>

use super::cors::unquoted;
use crate::stack::{Change, ChangeTarget, How, ParameterMapping, Source};
use crate::template::property::Object;
use crate::template::report::Report;
use crate::yaml::Node;

/// A REST API's expression over a request; none where it is not simulated.
pub fn rest(text: &str) -> Option<Source> {
    fixed(text).or_else(|| Source::of_variable(text))
}

/// A REST API's expression over an endpoint's response.
pub fn of_response(text: &str) -> Option<Source> {
    let of_response = || {
        let (place, name) = text.strip_prefix("integration.response.")?.split_once('.')?;
        match place {
            "header" => Some(Source::Header(name.to_owned())),
            "multivalueheader" => Some(Source::Headers(name.to_owned())),
            _ => None,
        }
    };
    if text == "integration.response.body" {
        return Some(Source::Body);
    }
    let outside =
        || Source::of_variable(text).filter(|source| matches!(source, Source::StageVariable(_) | Source::Context(_)));
    fixed(text).or_else(of_response).or_else(outside)
}

fn fixed(text: &str) -> Option<Source> {
    let inner = unquoted(text);
    (inner.len() != text.len()).then(|| Source::Text(inner.to_owned()))
}

/// An HTTP API's value: a reference, or a text with references in `${…}`.
pub fn http(text: &str) -> Option<Vec<Source>> {
    if let Some(name) = text.strip_prefix('$').filter(|name| !name.starts_with('{')) {
        return Some(vec![Source::of_variable(name)?]);
    }
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}')?;
        pieces.extend(Some(before).filter(|text| !text.is_empty()).map(|text| Source::Text(text.to_owned())));
        pieces.push(Source::of_variable(name)?);
        rest = after;
    }
    if !rest.is_empty() || pieces.is_empty() {
        pieces.push(Source::Text(rest.to_owned()));
    }
    Some(pieces)
}

/// The changes that a REST API's integration makes in a request.
pub fn rest_changes(entries: &[(Node, Node)], report: &mut Report) -> Vec<Change> {
    let mut changes = Vec::new();
    for (key, value) in entries {
        let (name, text) = (key.text().unwrap_or_default(), value.scalar().unwrap_or_default());
        let target = name.strip_prefix("integration.request.").and_then(|rest| rest.split_once('.'));
        let target = target.and_then(|(place, name)| match place {
            "header" => Some(ChangeTarget::Header(name.to_owned())),
            "querystring" => Some(ChangeTarget::Query(name.to_owned())),
            "path" => Some(ChangeTarget::PathParameter(name.to_owned())),
            _ => None,
        });
        match target.zip(rest(&text)) {
            Some((target, value)) => changes.push(Change { target, how: How::Overwrite, value: vec![value] }),
            None => refuse(key, name, &text, report),
        }
    }
    changes
}

/// What an HTTP API's integration changes in requests and responses.
pub fn http_mapping(object: &Object<'_>, report: &mut Report) -> ParameterMapping {
    let request = object.mapping(report, "RequestParameters").iter();
    let request = request.filter_map(|(key, value)| http_change((key, value), false, report)).collect();
    let mut responses = Vec::new();
    for (key, node) in object.mapping(report, "ResponseParameters") {
        let status = key.scalar().and_then(|text| text.parse().ok()).filter(|status| (100..=599).contains(status));
        let Some(status) = status else {
            report.error(&key.span, format!("`{}` is not a status", key.scalar().unwrap_or_default()));
            continue;
        };
        let pairs = response_pairs(node);
        let changes = pairs.into_iter().filter_map(|pair| http_change(pair, true, report)).collect();
        responses.push((status, changes));
    }
    ParameterMapping { request, responses }
}

/// What is changed in a response, by what: CloudFormation has a list of pairs, and a document a mapping.
fn response_pairs(node: &Node) -> Vec<(&Node, &Node)> {
    match node.get("ResponseParameters").and_then(Node::sequence) {
        Some(members) => {
            members.iter().filter_map(|member| Some((member.get("Destination")?, member.get("Source")?))).collect()
        }
        None => node.mapping().unwrap_or_default().iter().map(|(key, value)| (key, value)).collect(),
    }
}

fn http_change((key, value): (&Node, &Node), is_response: bool, report: &mut Report) -> Option<Change> {
    let (name, text) = (key.text().unwrap_or_default(), value.scalar().unwrap_or_default());
    let how = |word: &str| match word {
        "append" => Some(How::Append),
        "overwrite" => Some(How::Overwrite),
        "remove" => Some(How::Remove),
        _ => None,
    };
    let target = |place: &str| match place.split_once('.') {
        None if place == "path" && !is_response => Some(ChangeTarget::Path),
        None if place == "statuscode" && is_response => Some(ChangeTarget::Status),
        Some(("header", name)) => Some(ChangeTarget::Header(name.to_owned())),
        Some(("querystring", name)) if !is_response => Some(ChangeTarget::Query(name.to_owned())),
        _ => None,
    };
    let read = name.split_once(':').and_then(|(word, place)| Some((how(word)?, target(place)?)));
    let is_single = |target: &ChangeTarget| matches!(target, ChangeTarget::Path | ChangeTarget::Status);
    let read = read.filter(|(how, target)| !is_single(target) || *how == How::Overwrite);
    let value = if is_response { http_response(&text) } else { http(&text) };
    if read.is_none() || value.is_none() {
        refuse(key, name, &text, report);
    }
    let ((how, target), value) = read.zip(value)?;
    Some(Change { target, how, value })
}

/// An HTTP API's value that is made of a response: what is of the response takes the place of what is of the request.
fn http_response(text: &str) -> Option<Vec<Source>> {
    if text.contains("$request.") || text.contains("${request.") {
        return None;
    }
    let sources = http(&text.replace("$response.", "$request.").replace("${response.", "${request."))?;
    let is_known = |source: &Source| !matches!(source, Source::Query(_) | Source::PathParameter(_) | Source::Path);
    sources.iter().all(is_known).then_some(sources)
}

fn refuse(key: &Node, name: &str, text: &str, report: &mut Report) {
    let problem = report.error(&key.span, format!("the mapping `{name}: {text}` is not simulated"));
    problem.help("headers, query parameters, path parameters, stage variables and the context can be mapped");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_names_a_part_of_the_request_the_context_or_a_text() {
        let text = |text: &str| Source::Text(text.to_owned());
        let header = |name: &str| Source::Header(name.to_owned());
        assert_eq!(rest("'a.b'"), Some(text("a.b")));
        assert_eq!(rest("method.request.header.X-Id"), Some(header("X-Id")));
        assert_eq!(rest("method.request.path.id"), Some(Source::PathParameter("id".to_owned())));
        assert_eq!(rest("context.identity.sourceIp"), Some(Source::Context("identity.sourceIp".to_owned())));
        assert_eq!(rest("method.request.body.name"), None);
        assert_eq!(of_response("integration.response.header.Location"), Some(header("Location")));
        assert_eq!(of_response("method.request.header.a"), None);
        assert_eq!(http("$request.header.id"), Some(vec![header("id")]));
        assert_eq!(http("/v1${request.path}"), Some(vec![text("/v1"), Source::Path]));
        assert_eq!(http("$request.body.name"), None);
        assert_eq!(http(""), Some(vec![text("")]));
    }
}
