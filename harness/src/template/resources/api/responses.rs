//! Gateway responses: how a REST API words its own errors.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-gatewayresponse.html>

use super::expressions;
use super::integration::is_static;
use crate::stack::{GatewayResponse, Piece, Source, pieces};
use crate::template::property::{Object, Shape};
use crate::template::report::Report;
use crate::template::resources::{Build, Resolved};
use crate::yaml::Node;

pub const SHAPE: Shape =
    Shape::of(&["ResponseParameters", "ResponseTemplates", "ResponseType", "RestApiId", "StatusCode"]);
/// As SAM writes one, under its type.
const SAM: Shape = Shape::of(&["ResponseParameters", "ResponseTemplates", "StatusCode"]);
const SAM_PARAMETERS: Shape = Shape { refused: &["Paths", "QueryStrings"], ..Shape::of(&["Headers"]) };
const TYPES: &[&str] = &[
    "ACCESS_DENIED",
    "API_CONFIGURATION_ERROR",
    "AUTHORIZER_CONFIGURATION_ERROR",
    "AUTHORIZER_FAILURE",
    "BAD_REQUEST_BODY",
    "BAD_REQUEST_PARAMETERS",
    "DEFAULT_4XX",
    "DEFAULT_5XX",
    "EXPIRED_TOKEN",
    "INTEGRATION_FAILURE",
    "INTEGRATION_TIMEOUT",
    "INVALID_API_KEY",
    "INVALID_SIGNATURE",
    "MISSING_AUTHENTICATION_TOKEN",
    "QUOTA_EXCEEDED",
    "REQUEST_TOO_LARGE",
    "RESOURCE_NOT_FOUND",
    "THROTTLED",
    "UNAUTHORIZED",
    "UNSUPPORTED_MEDIA_TYPE",
    "WAF_FILTERED",
];

pub fn read(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    let api = object.required_text(report, "RestApiId").unwrap_or_default();
    object.require(report, "ResponseType");
    let Some(response_type) = object.word(report, "ResponseType", TYPES) else { return };
    let headers = flat_headers(object, report);
    let response = finish(response_type, object, headers, report);
    build.apis.responses.push((api, response));
}

/// The headers of `ResponseParameters`, each by the expression that names it.
fn flat_headers(object: &Object<'_>, report: &mut Report) -> Vec<(String, Source)> {
    let mut headers = Vec::new();
    for (key, value) in object.mapping(report, "ResponseParameters") {
        let name = key.text().unwrap_or_default();
        match name.strip_prefix("gatewayresponse.header.") {
            Some(header) => headers.extend(header_of(header, value, report)),
            None => {
                let message = format!("`{name}` of a gateway response is not simulated");
                report.error(&key.span, message).help("it can be `gatewayresponse.header.<name>`");
            }
        }
    }
    headers
}

/// The headers as SAM writes them.
fn sam_headers(response: &Object<'_>, logical_id: &str, report: &mut Report) -> Vec<(String, Source)> {
    let parameters = response.object(report, logical_id, "ResponseParameters", &SAM_PARAMETERS);
    let headers = parameters.map(|parameters| parameters.mapping(report, "Headers")).unwrap_or_default().iter();
    headers.filter_map(|(key, value)| header_of(key.text().unwrap_or_default(), value, report)).collect()
}

/// The `GatewayResponses` of a SAM API.
pub fn sam(object: &Object<'_>, logical_id: &str, report: &mut Report) -> Vec<GatewayResponse> {
    by_type(object, logical_id, report, sam_headers)
}

/// The gateway responses of an OpenAPI document.
pub fn of_document(object: &Object<'_>, logical_id: &str, report: &mut Report) -> Vec<GatewayResponse> {
    by_type(object, logical_id, report, |response, _, report| flat_headers(response, report))
}

fn by_type(
    object: &Object<'_>,
    logical_id: &str,
    report: &mut Report,
    headers_of: fn(&Object<'_>, &str, &mut Report) -> Vec<(String, Source)>,
) -> Vec<GatewayResponse> {
    let what = format!("{}.GatewayResponses", object.what);
    let mut read = Vec::new();
    for (key, node) in object.mapping(report, "GatewayResponses") {
        let name = key.text().unwrap_or_default();
        let Some(response_type) = TYPES.iter().find(|known| **known == name) else {
            let problem = report.error(&key.span, format!("`{name}` is not a type of gateway response"));
            problem.did_you_mean(name, TYPES.iter().copied());
            continue;
        };
        let Some(response) = Object::open(report, logical_id, what.clone(), &key.span, node, &SAM) else { continue };
        let headers = headers_of(&response, logical_id, report);
        read.push(finish(response_type, &response, headers, report));
    }
    read
}

fn header_of(name: &str, value: &Node, report: &mut Report) -> Option<(String, Source)> {
    let text = value.scalar()?;
    let source = expressions::rest(&text).or_else(|| (!text.contains('.')).then(|| Source::Text(text.clone())));
    if source.is_none() {
        report
            .error(&value.span, format!("`{text}` is not simulated in a gateway response"))
            .help("it can be a value in single quotes, `method.request.header.<name>`, `context.<name>` or `stageVariables.<name>`");
    }
    Some((name.to_owned(), source?))
}

fn finish(
    response_type: &str,
    object: &Object<'_>,
    headers: Vec<(String, Source)>,
    report: &mut Report,
) -> GatewayResponse {
    let mut templates = Vec::new();
    for (key, value) in object.mapping(report, "ResponseTemplates") {
        let text = value.scalar().unwrap_or_default();
        let is_known = |piece: &Piece<'_>| match piece {
            Piece::Text(text) => is_static(text),
            Piece::Variable(name) => Source::of_variable(name).is_some(),
        };
        if !pieces(&text).iter().all(is_known) {
            let problem = report.error(&value.span, "this template of a gateway response is not simulated");
            problem.help("it can have variables of `$context`, `$stageVariables` and `$method.request` in it");
        }
        templates.push((key.text().unwrap_or_default().to_owned(), text));
    }
    let status = object.integer(report, "StatusCode", 200..=599).and_then(|status| u16::try_from(status).ok());
    GatewayResponse { response_type: response_type.to_owned(), status, headers, templates }
}
