//! A fault in the words of a REST API's gateway responses.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gatewayResponse-definition.html>

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::json;

use super::fault::{Fault, Words};
use super::{Call, Routed, mapped, route};
use crate::event::apigateway::ApiResponse;
use crate::shared::Shared;
use crate::stack::{GatewayResponse, Integration, Mock, Piece, Route, Source, pieces};

/// The response that the client of an API gets to a fault.
pub fn respond(fault: &Fault, shared: &Shared, call: &Call<'_>) -> ApiResponse {
    let words = fault.words(call.api.kind);
    let family = if words.status < 500 { "DEFAULT_4XX" } else { "DEFAULT_5XX" };
    let find = |name: &str| call.api.gateway_responses.iter().find(|response| response.response_type == name);
    // What a type does not say, the family does.
    let chosen: Vec<&GatewayResponse> = [find(words.response_type), find(family)].into_iter().flatten().collect();
    let mut response = fault.response(call.api);
    if chosen.is_empty() {
        return response;
    }
    let mock = Mock { status: words.status, headers: Vec::new(), body: String::new() };
    let nowhere = Route::new(&call.request.method, &call.request.path, Integration::Mock(mock));
    let found = route::find(call.api.kind, &call.api.routes, &call.request.method, &call.request.path);
    let (route, path_parameters) = found.unwrap_or((&nowhere, BTreeMap::new()));
    let routed = Routed { call, route, path_parameters, key: None, authorizer: None };
    response.status = chosen.iter().find_map(|response| response.status).unwrap_or(words.status);
    if let Some((content_type, template)) = chosen.iter().find_map(|response| response.templates.first()) {
        set(&mut response, "content-type", content_type.clone());
        response.body = Bytes::from(filled(template, (fault, &words), shared, &routed));
    }
    for (name, source) in chosen.first().iter().flat_map(|response| &response.headers) {
        let value = mapped::of_request(source, shared, &routed).into_iter().next_back();
        value.into_iter().for_each(|value| set(&mut response, name, value));
    }
    response
}

fn set(response: &mut ApiResponse, name: &str, value: String) {
    response.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    response.headers.push((name.to_owned(), value));
}

/// A variable that is not there is empty.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html>
fn filled(template: &str, (fault, words): (&Fault, &Words), shared: &Shared, routed: &Routed<'_>) -> String {
    let value = |name: &str| match name {
        "context.error.message" => words.message.clone(),
        "context.error.messageString" => json!(words.message).to_string(),
        "context.error.responseType" => words.response_type.to_owned(),
        // Within the quotes of a template's JSON.
        "context.error.validationErrorString" => json!(fault.details()).to_string().trim_matches('"').to_owned(),
        other => {
            let source = Source::of_variable(other);
            let values = source.map(|source| mapped::of_request(&source, shared, routed));
            values.unwrap_or_default().into_iter().next_back().unwrap_or_default()
        }
    };
    let text = |piece: Piece<'_>| match piece {
        Piece::Text(text) => text.to_owned(),
        Piece::Variable(name) => value(name),
    };
    pieces(template).into_iter().map(text).collect()
}
