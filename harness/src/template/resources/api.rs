//! `AWS::Serverless::Api`, `AWS::Serverless::HttpApi` and the routes that functions' events give them.
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-httpapi.html>

use super::{Build, Resolved};
use crate::stack::{Api, ApiKind, PayloadFormat, Route};
use crate::template::intrinsic::Evaluator;
use crate::template::property::Shape;
use crate::template::report::Report;
use crate::template::sam::{IMPLICIT_HTTP_API, IMPLICIT_REST_API, RouteRequest};
use crate::yaml::Node;

pub const REST: Shape = Shape {
    reads: &["StageName"],
    descriptive: &["AlwaysDeploy", "Description", "FailOnWarnings", "Name", "OpenApiVersion", "PropagateTags", "Tags"],
    harmless: &["AccessLogSetting", "EndpointConfiguration", "SecurityPolicy", "TracingEnabled"],
    refused: &[
        "ApiKeySourceType",
        "Auth",
        "BinaryMediaTypes",
        "CacheClusterEnabled",
        "CacheClusterSize",
        "CanarySetting",
        "Cors",
        "DefinitionBody",
        "DefinitionUri",
        "DisableExecuteApiEndpoint",
        "Domain",
        "GatewayResponses",
        "MergeDefinitions",
        "MethodSettings",
        "MinimumCompressionSize",
        "Mode",
        "Models",
        "Policy",
        "Variables",
    ],
};
pub const HTTP: Shape = Shape {
    reads: &["StageName"],
    descriptive: &["Description", "FailOnWarnings", "Name", "PropagateTags", "Tags"],
    harmless: &["AccessLogSettings"],
    refused: &[
        "Auth",
        "CorsConfiguration",
        "DefaultRouteSettings",
        "DefinitionBody",
        "DefinitionUri",
        "DisableExecuteApiEndpoint",
        "Domain",
        "RouteSettings",
        "StageVariables",
    ],
};
const METHODS: &[&str] = &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "ANY"];

pub fn read_rest(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let stage = resource.object.required_text(report, "StageName").unwrap_or_default();
    push(resource, ApiKind::Rest, stage, build);
}

pub fn read_http(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let stage = resource.object.text(report, "StageName").unwrap_or_else(|| "$default".to_owned());
    push(resource, ApiKind::Http, stage, build);
}

fn push(resource: &Resolved<'_>, kind: ApiKind, stage: String, build: &mut Build) {
    let id = resource.reference.clone();
    let endpoint = format!("https://{id}.execute-api.{}.amazonaws.com", resource.naming.region);
    let logical_id = resource.id.to_owned();
    build.stack.apis.push(Api { logical_id, id, kind, stage, endpoint, routes: Vec::new() });
}

/// Evaluates the routes and adds each to its API.
pub fn read_routes(requests: &[RouteRequest], evaluator: &mut Evaluator<'_>, build: &mut Build) {
    for request in requests {
        let at = api(request, evaluator, build);
        let Some(route) = route(request, evaluator) else { continue };
        let Some(api) = at.and_then(|at| build.stack.apis.get_mut(at)) else { continue };
        if api.routes.iter().any(|other| other.method == route.method && other.path == route.path) {
            let message = format!("a second route for {} {} of `{}`", route.method, route.path, api.logical_id);
            evaluator.report.error(&request.place, message);
        }
        api.routes.push(route);
    }
}

/// Reports REST APIs that nothing can be asked of, whose deployment API Gateway refuses.
pub fn check_routes(build: &Build, place: impl Fn(&str) -> crate::diagnostic::Span, report: &mut Report) {
    for api in build.stack.apis.iter().filter(|api| api.kind == ApiKind::Rest && api.routes.is_empty()) {
        let problem = report.error(&place(&api.logical_id), format!("the API `{}` has no route", api.logical_id));
        problem.help("give a function an event of type `Api` with `RestApiId`");
    }
}

/// Which of the stack's APIs an event means.
fn api(request: &RouteRequest, evaluator: &mut Evaluator<'_>, build: &Build) -> Option<usize> {
    let apis = &build.stack.apis;
    let Some(written) = &request.api else {
        let implicit = if request.kind == ApiKind::Rest { IMPLICIT_REST_API } else { IMPLICIT_HTTP_API };
        return apis.iter().position(|api| api.logical_id == implicit);
    };
    let id = evaluator.scalar(written, "the API's id")?;
    let at = apis.iter().position(|api| api.id == id && api.kind == request.kind);
    if at.is_none() {
        let kind = if request.kind == ApiKind::Rest { "AWS::Serverless::Api" } else { "AWS::Serverless::HttpApi" };
        let problem = evaluator.report.error(&written.span, format!("this is no `{kind}` of this template"));
        problem.help("name one by `!Ref`");
    }
    at
}

fn route(request: &RouteRequest, evaluator: &mut Evaluator<'_>) -> Option<Route> {
    let method = match &request.method {
        Some(node) => method(node, evaluator),
        None => Some("ANY".to_owned()),
    };
    let path = match &request.path {
        Some(node) => path(node, evaluator),
        None => Some("$default".to_owned()),
    };
    let payload = match (&request.payload, request.kind) {
        (Some(node), _) => payload(node, evaluator),
        (None, ApiKind::Rest) => Some(PayloadFormat::V1),
        (None, ApiKind::Http) => Some(PayloadFormat::V2),
    };
    let function_arn = evaluator.known_attribute(&request.function, "Arn", &request.place);
    Some(Route { method: method?, path: path?, function_arn: function_arn?, payload: payload? })
}

fn method(node: &Node, evaluator: &mut Evaluator<'_>) -> Option<String> {
    let text = evaluator.scalar(node, "the method")?;
    let method = match text.to_ascii_uppercase() {
        any if any == "X-AMAZON-APIGATEWAY-ANY-METHOD" => "ANY".to_owned(),
        method => method,
    };
    if !METHODS.contains(&method.as_str()) {
        let problem = evaluator.report.error(&node.span, format!("`{text}` is not a method"));
        problem.did_you_mean(&method, METHODS.iter().copied());
        return None;
    }
    Some(method)
}

fn path(node: &Node, evaluator: &mut Evaluator<'_>) -> Option<String> {
    let path = evaluator.scalar(node, "the path")?;
    if !path.starts_with('/') && path != "$default" {
        evaluator.report.error(&node.span, format!("the path `{path}` must start with a slash"));
        return None;
    }
    Some(path)
}

fn payload(node: &Node, evaluator: &mut Evaluator<'_>) -> Option<PayloadFormat> {
    match evaluator.scalar(node, "the payload format version")?.as_str() {
        "1.0" => Some(PayloadFormat::V1),
        "2.0" => Some(PayloadFormat::V2),
        other => {
            let problem = evaluator.report.error(&node.span, format!("there is no payload format version `{other}`"));
            problem.help("it can be \"1.0\" or \"2.0\"");
            None
        }
    }
}
