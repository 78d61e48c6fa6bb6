//! `AWS::ApiGatewayV2::Api` for HTTP APIs, its routes and integrations.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApiGatewayV2.html>

use super::integration::{HTTP_TIMEOUT, function_arn, internet, refuse, timeout};
use super::parts::{Access, IntegrationPart, PathOf, RoutePart, StagePart, Target};
use super::rest::{authorizer, method, new, scopes};
use super::{cors, endpoint, expressions, openapi};
use crate::stack::{Api, ApiKind, Integration, LambdaProxy, ParameterMapping, PayloadFormat, Stage};
use crate::template::property::{Object, Shape};
use crate::template::report::Report;
use crate::template::resources::{Build, Resolved};

pub const API: Shape = Shape {
    reads: &["Body", "CorsConfiguration", "DisableExecuteApiEndpoint", "ProtocolType", "RouteKey", "Target"],
    descriptive: &["Description", "FailOnWarnings", "Name", "Tags", "Version"],
    harmless: &["CredentialsArn", "IpAddressType"],
    refused: &[
        "ApiKeySelectionExpression",
        "BasePath",
        "BodyS3Location",
        "DisableSchemaValidation",
        "RouteSelectionExpression",
    ],
};
pub const ROUTE: Shape = Shape {
    reads: &["ApiId", "AuthorizationScopes", "AuthorizationType", "AuthorizerId", "RouteKey", "Target"],
    descriptive: &["OperationName"],
    harmless: &[],
    refused: &[
        "ApiKeyRequired",
        "ModelSelectionExpression",
        "RequestModels",
        "RequestParameters",
        "RouteResponseSelectionExpression",
    ],
};
pub const INTEGRATION: Shape = Shape {
    reads: &[
        "ApiId",
        "ConnectionType",
        "IntegrationMethod",
        "IntegrationType",
        "IntegrationUri",
        "PayloadFormatVersion",
        "RequestParameters",
        "ResponseParameters",
        "TimeoutInMillis",
    ],
    descriptive: &["Description"],
    harmless: &["CredentialsArn"],
    refused: &[
        "ConnectionId",
        "ContentHandlingStrategy",
        "IntegrationSubtype",
        "PassthroughBehavior",
        "RequestTemplates",
        "TemplateSelectionExpression",
        "TlsConfig",
    ],
};

pub fn read_api(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    if object.text(report, "ProtocolType").is_some_and(|protocol| protocol != "HTTP") {
        let problem = report.error(&object.place_of("ProtocolType"), "WebSocket APIs are not simulated");
        problem.help("the `ProtocolType` can only be `HTTP`");
    }
    let cors = cors::http(object, resource.id, "CorsConfiguration", report);
    let endpoint_disabled = object.boolean(report, "DisableExecuteApiEndpoint").unwrap_or(false);
    let mut api = Api { cors, endpoint_disabled, ..new(resource, ApiKind::Http) };
    openapi::read(resource, "Body", &mut api, report, build);
    if object.has("Target") {
        quick_create(&api.id, object, report, build);
    }
    build.stack.apis.push(api);
}

/// An integration, a route for all requests, and a stage that is deployed by itself, all from the API's `Target`.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop.html>
fn quick_create(api: &str, object: &Object<'_>, report: &mut Report, build: &mut Build) {
    let key = object.text(report, "RouteKey").unwrap_or_else(|| "$default".to_owned());
    let Some((method, path)) = route_key(&key, object, report) else { return };
    let Some(target) = target(object, report) else { return };
    let (api, span) = (api.to_owned(), object.place_of("Target"));
    let stage = Stage { name: "$default".to_owned(), ..Stage::default() };
    build.apis.stages.push(StagePart { api: api.clone(), stage, span: span.clone() });
    let (path, target) = (PathOf::Path(path), Target::Integration(target));
    build.apis.routes.push(RoutePart { api, method, path, target, access: Access::default(), span });
}

fn target(object: &Object<'_>, report: &mut Report) -> Option<Integration> {
    if object.text(report, "Target").is_some_and(|target| endpoint::is_address(&target)) {
        return endpoint::of_target(object, report).map(Integration::Http);
    }
    let function_arn = function_arn(object, "Target", report)?;
    let timeout = std::time::Duration::from_millis((*HTTP_TIMEOUT.end()).into());
    let (payload, mapping) = (PayloadFormat::V2, ParameterMapping::default());
    Some(Integration::Lambda(LambdaProxy { function_arn, payload, timeout, mapping }))
}

pub fn read_route(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    let api = object.required_text(report, "ApiId");
    let key = object.required_text(report, "RouteKey").and_then(|key| route_key(&key, object, report));
    let (authorizer, scopes) = (authorizer(object, "JWT", report), scopes(object, report));
    let access = Access { authorizer, scopes, ..Access::default() };
    let target = object.required_text(report, "Target");
    let (Some(api), Some((method, path)), Some(target)) = (api, key, target) else { return };
    let target = Target::Id(target.strip_prefix("integrations/").unwrap_or(&target).to_owned());
    build.apis.routes.push(RoutePart {
        api,
        method,
        path: PathOf::Path(path),
        target,
        access,
        span: object.place.clone(),
    });
}

/// `GET /orders/{id}` or `$default`, as method and path.
pub fn route_key(key: &str, object: &Object<'_>, report: &mut Report) -> Option<(String, String)> {
    if key == "$default" {
        return Some(("ANY".to_owned(), key.to_owned()));
    }
    let Some((verb, path)) = key.split_once(' ').filter(|(_, path)| path.starts_with('/')) else {
        let problem = report.error(&object.place_of("RouteKey"), format!("`{key}` is not a route key"));
        problem.help("it is `$default`, or a method and a path, such as `GET /orders/{id}`");
        return None;
    };
    Some((method(verb, object, report)?, path.to_owned()))
}

pub fn read_integration(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    object.require(report, "ApiId");
    let Some(integration) = integration(object, report) else { return };
    build.apis.integrations.push(IntegrationPart { id: resource.reference.clone(), integration });
}

pub fn integration(object: &Object<'_>, report: &mut Report) -> Option<Integration> {
    let kind = object.required_text(report, "IntegrationType")?;
    internet(object, report);
    match kind.as_str() {
        "AWS_PROXY" => {}
        "HTTP_PROXY" => return endpoint::http(object, report).map(Integration::Http),
        _ => {
            refuse(object, "IntegrationType", &kind, report);
            return None;
        }
    }
    let function_arn = function_arn(object, "IntegrationUri", report);
    let payload = match object.required_text(report, "PayloadFormatVersion") {
        Some(_) => payload(object, report),
        None => None,
    };
    let timeout = timeout(object, HTTP_TIMEOUT, report);
    let mapping = expressions::http_mapping(object, report);
    Some(Integration::Lambda(LambdaProxy { function_arn: function_arn?, payload: payload?, timeout, mapping }))
}

/// The version of the payload.
pub fn payload(object: &Object<'_>, report: &mut Report) -> Option<PayloadFormat> {
    let text = object.text(report, "PayloadFormatVersion")?;
    match text.as_str() {
        "1.0" => Some(PayloadFormat::V1),
        "2.0" => Some(PayloadFormat::V2),
        other => {
            let span = &object.value("PayloadFormatVersion")?.span;
            let problem = report.error(span, format!("there is no payload format version `{other}`"));
            problem.help("it can be \"1.0\" or \"2.0\"");
            None
        }
    }
}
