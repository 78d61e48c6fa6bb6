//! Values that are mapped from a request, and what they change in another one.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html>
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html>

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Routed, event_of};
use crate::event::apigateway::{ApiRequest, ApiResponse};
use crate::shared::Shared;
use crate::stack::{Change, ChangeTarget, How, ParameterMapping, PayloadFormat, Source};

/// A request on its way to an endpoint, before it has an address.
#[derive(Default)]
pub struct Draft {
    pub headers: Vec<(String, String)>,
    pub query: Vec<(String, String)>,
    /// What stands in the place of `{name}`, decoded.
    pub path_parameters: BTreeMap<String, String>,
    /// A path in the place of the endpoint's own.
    pub path: Option<String>,
}

impl Draft {
    /// Makes one change. One whose value is not there changes nothing.
    pub fn change(&mut self, change: &Change, shared: &Shared, routed: &Routed<'_>) {
        let values = match change.how {
            How::Remove => Vec::new(),
            How::Append | How::Overwrite => values(&change.value, shared, routed),
        };
        if values.is_empty() && change.how != How::Remove {
            return;
        }
        match &change.target {
            ChangeTarget::Header(name) => set(&mut self.headers, name, change.how, values, true),
            ChangeTarget::Query(name) => set(&mut self.query, name, change.how, values, false),
            ChangeTarget::PathParameter(name) => {
                self.path_parameters.extend(values.into_iter().next().map(|value| (name.clone(), value)));
            }
            ChangeTarget::Path => self.path = values.into_iter().next(),
            // A request has none.
            ChangeTarget::Status => {}
        }
    }
}

/// A request as it reaches a function, once it is changed.
pub fn changed(changes: &[Change], shared: &Shared, routed: &Routed<'_>) -> ApiRequest {
    let request = &routed.call.request;
    let mut draft = Draft { headers: request.headers.clone(), query: request.query(), ..Draft::default() };
    changes.iter().for_each(|change| draft.change(change, shared, routed));
    let query_string = form_urlencoded::Serializer::new(String::new()).extend_pairs(&draft.query).finish();
    let path = draft.path.unwrap_or_else(|| request.path.clone());
    ApiRequest { path, query_string, headers: draft.headers, ..request.clone() }
}

/// A response as it reaches the client, once it is changed.
pub fn changed_response(
    mut response: ApiResponse,
    mapping: &ParameterMapping,
    shared: &Shared,
    routed: &Routed<'_>,
) -> ApiResponse {
    let of_status = mapping.responses.iter().filter(|(status, _)| *status == response.status);
    let changes: Vec<&Change> = of_status.flat_map(|(_, changes)| changes).collect();
    let original = response.clone();
    for change in changes {
        let values = match (change.how, change.value.as_slice()) {
            (How::Remove, _) => Vec::new(),
            (_, [one]) => of_response(one, &original, shared, routed),
            (_, several) => {
                let text = |piece| of_response(piece, &original, shared, routed).into_iter().next().unwrap_or_default();
                vec![several.iter().map(text).collect()]
            }
        };
        match &change.target {
            ChangeTarget::Header(name) if !values.is_empty() || change.how == How::Remove => {
                set(&mut response.headers, name, change.how, values, true);
            }
            ChangeTarget::Status => {
                let status = values.first().and_then(|value| value.parse().ok());
                response.status = status.filter(|status| (100..=599).contains(status)).unwrap_or(response.status);
            }
            _ => {}
        }
    }
    response
}

fn set(pairs: &mut Vec<(String, String)>, name: &str, how: How, values: Vec<String>, in_any_case: bool) {
    if how != How::Append {
        let is_it = |key: &str| if in_any_case { key.eq_ignore_ascii_case(name) } else { key == name };
        pairs.retain(|(key, _)| !is_it(key));
    }
    pairs.extend(values.into_iter().map(|value| (name.to_owned(), value)));
}

/// The values of a source alone, or the one text that several pieces make.
fn values(pieces: &[Source], shared: &Shared, routed: &Routed<'_>) -> Vec<String> {
    match pieces {
        [one] => of_request(one, shared, routed),
        several => {
            let text = |piece| of_request(piece, shared, routed).into_iter().next().unwrap_or_default();
            vec![several.iter().map(text).collect()]
        }
    }
}

/// What a source has in a request.
pub fn of_request(source: &Source, shared: &Shared, routed: &Routed<'_>) -> Vec<String> {
    let request = &routed.call.request;
    let of_query = |name: &str| {
        let parameters = request.query().into_iter();
        parameters.filter(|(key, _)| key == name).map(|(_, value)| value).collect::<Vec<_>>()
    };
    let one = |value: Option<String>| value.into_iter().collect();
    match source {
        Source::Text(text) => vec![text.clone()],
        Source::Header(name) => one(request.header(name).map(str::to_owned)),
        Source::Headers(name) => request.header_values(name).map(str::to_owned).collect(),
        Source::Query(name) => one(of_query(name).into_iter().next_back()),
        Source::Queries(name) => of_query(name),
        Source::PathParameter(name) => one(routed.path_parameters.get(name).cloned()),
        Source::Path => vec![request.path.clone()],
        Source::Body => vec![String::from_utf8_lossy(&request.body).into_owned()],
        Source::StageVariable(name) => one(routed.call.stage.variables.get(name).cloned()),
        Source::Context(path) => one(context(path, shared, routed)),
    }
}

/// A variable of the context, which an event of format 1.0 holds.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html>
fn context(path: &str, shared: &Shared, routed: &Routed<'_>) -> Option<String> {
    let event = event_of(shared, routed, PayloadFormat::V1);
    let found = path.split('.').try_fold(&event["requestContext"], |at, name| at.get(name))?;
    match found {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// What a source has in an endpoint's response; what a response does not have itself is of the request.
pub fn of_response(source: &Source, response: &ApiResponse, shared: &Shared, routed: &Routed<'_>) -> Vec<String> {
    let headers = |name: &str| {
        let all = response.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        all.map(|(_, value)| value.clone()).collect::<Vec<_>>()
    };
    match source {
        Source::Header(name) => headers(name).into_iter().take(1).collect(),
        Source::Headers(name) => headers(name),
        Source::Body => vec![String::from_utf8_lossy(&response.body).into_owned()],
        other => of_request(other, shared, routed),
    }
}
