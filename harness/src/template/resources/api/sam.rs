//! `AWS::Serverless::Api`, `AWS::Serverless::HttpApi` and the routes that functions' events give them.
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-httpapi.html>

use super::http::payload;
use super::integration::{HTTP_TIMEOUT, REST_TIMEOUT, timeout};
use super::parts::{Access, PathOf, RoutePart, StagePart, Target};
use super::rest::{binary_media_types, key_of_authorizer, method, new, scopes};
use super::{cors, domains, models, openapi, responses, stage, usage};
use crate::stack::{Api, ApiKind, Integration, LambdaProxy, ParameterMapping, PayloadFormat, Stage};
use crate::template::Naming;
use crate::template::intrinsic::Evaluator;
use crate::template::names::api_id;
use crate::template::property::{Object, Shape};
use crate::template::report::Report;
use crate::template::resources::{Build, Resolved};
use crate::template::sam::{IMPLICIT_HTTP_API, IMPLICIT_REST_API, RouteRequest};
use crate::template::sections::Entry;

pub const REST: Shape = Shape {
    reads: &[
        "ApiKeySourceType",
        "Auth",
        "BinaryMediaTypes",
        "CacheClusterEnabled",
        "Cors",
        "DefinitionBody",
        "DisableExecuteApiEndpoint",
        "Domain",
        "GatewayResponses",
        "MethodSettings",
        "Models",
        "StageName",
        "Variables",
    ],
    descriptive: &[
        "AlwaysDeploy",
        "CacheClusterSize",
        "Description",
        "FailOnWarnings",
        "Mode",
        "Name",
        "OpenApiVersion",
        "PropagateTags",
        "Tags",
    ],
    harmless: &["AccessLogSetting", "EndpointConfiguration", "Policy", "SecurityPolicy", "TracingEnabled"],
    refused: &["CanarySetting", "DefinitionUri", "MergeDefinitions", "MinimumCompressionSize"],
};
pub const HTTP: Shape = Shape {
    reads: &[
        "Auth",
        "CorsConfiguration",
        "DefinitionBody",
        "DefaultRouteSettings",
        "DisableExecuteApiEndpoint",
        "Domain",
        "RouteSettings",
        "StageName",
        "StageVariables",
    ],
    descriptive: &["Description", "FailOnWarnings", "Name", "PropagateTags", "Tags"],
    harmless: &["AccessLogSettings"],
    refused: &["DefinitionUri"],
};
const REST_AUTH: Shape = Shape {
    harmless: &["InvokeRole", "ResourcePolicy"],
    ..Shape::of(&[
        "AddApiKeyRequiredToCorsPreflight",
        "AddDefaultAuthorizerToCorsPreflight",
        "ApiKeyRequired",
        "Authorizers",
        "DefaultAuthorizer",
        "UsagePlan",
    ])
};
/// What enables authorization by IAM does nothing by itself; a route that asks for it is refused.
const HTTP_AUTH: Shape =
    Shape { descriptive: &["EnableIamAuthorizer"], ..Shape::of(&["Authorizers", "DefaultAuthorizer"]) };
const EVENT_AUTH: Shape = Shape {
    harmless: &["InvokeRole", "ResourcePolicy"],
    refused: &["OverrideApiAuth"],
    ..Shape::of(&["ApiKeyRequired", "AuthorizationScopes", "Authorizer"])
};
const HTTP_EVENT_AUTH: Shape = Shape::of(&["AuthorizationScopes", "Authorizer"]);
/// How a request parameter is written where more than its name is.
const PARAMETER: Shape = Shape::of(&["Caching", "Required"]);

pub fn read_rest(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    object.require(report, "StageName");
    let stage = stage::rest(object, resource.id, report);
    let mut api = Api {
        binary_media_types: binary_media_types(object, report),
        key_of_authorizer: key_of_authorizer(object, "ApiKeySourceType", report).unwrap_or(false),
        gateway_responses: responses::sam(object, resource.id, report),
        ..new(resource, ApiKind::Rest)
    };
    models::named(&api.id, object.mapping(report, "Models"), true, report, build);
    build.apis.preflights.extend(cors::rest(object, resource.id, &api.id, report));
    if let Some(auth) = object.object(report, resource.id, "Auth", &REST_AUTH) {
        if auth.boolean(report, "ApiKeyRequired") == Some(true) {
            build.apis.keyed.push(api.id.clone());
        }
        usage::sam(resource, &auth, &stage.name, report, build);
        authorizers(&auth, resource.id, &api, report, build);
        guard_preflight(&auth, &api.id, report, build);
    }
    openapi::read(resource, "DefinitionBody", &mut api, report, build);
    push(api, stage, resource, report, build);
}

/// SAM's preflights ask for the API's default authorizer and key, unless they are told not to.
fn guard_preflight(auth: &Object<'_>, api: &str, report: &mut Report, build: &mut Build) {
    let mut adds = |key: &str| auth.boolean(report, key).unwrap_or(true);
    let (authorizer, key) = (adds("AddDefaultAuthorizerToCorsPreflight"), adds("AddApiKeyRequiredToCorsPreflight"));
    let parts = &mut build.apis;
    let Some(preflight) = parts.preflights.iter_mut().find(|preflight| preflight.api == api) else { return };
    let default = parts.default_authorizers.iter().find(|(id, _)| id == api).map(|(_, name)| name.clone());
    preflight.authorizer = default.filter(|_| authorizer);
    preflight.key_required = key && parts.keyed.iter().any(|id| id == api);
}

pub fn read_http(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    let stage = stage::http(object, resource.id, report);
    let cors = cors::http(object, resource.id, "CorsConfiguration", report);
    let mut api = Api { cors, ..new(resource, ApiKind::Http) };
    if let Some(auth) = object.object(report, resource.id, "Auth", &HTTP_AUTH) {
        authorizers(&auth, resource.id, &api, report, build);
    }
    openapi::read(resource, "DefinitionBody", &mut api, report, build);
    push(api, stage, resource, report, build);
}

/// The authorizers of an API, and the one that its routes have unless they say otherwise.
fn authorizers(auth: &Object<'_>, logical_id: &str, api: &Api, report: &mut Report, build: &mut Build) {
    let all = super::authorizers::sam(auth, logical_id, &api.id, api.kind == ApiKind::Rest, report);
    build.apis.authorizers.extend(all);
    let default = auth.text(report, "DefaultAuthorizer").filter(|name| name != "NONE");
    let default = default.filter(|name| !is_iam(name, auth, "DefaultAuthorizer", report));
    build.apis.default_authorizers.extend(default.map(|name| (api.id.clone(), name)));
}

/// Reports authorization by IAM.
fn is_iam(name: &str, object: &Object<'_>, key: &str, report: &mut Report) -> bool {
    if name == "AWS_IAM" {
        let problem = report.error(&object.place_of(key), "authorization by IAM is not simulated");
        problem.help("an authorizer that is a function, a user pool or a JWT authorizer is");
    }
    name == "AWS_IAM"
}

fn push(api: Api, stage: Stage, resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    domains::sam(object, resource.id, (&api, &stage.name), report, build);
    let endpoint_disabled = object.boolean(report, "DisableExecuteApiEndpoint").unwrap_or(false);
    build.apis.stages.push(StagePart { api: api.id.clone(), stage, span: object.place.clone() });
    build.stack.apis.push(Api { endpoint_disabled, ..api });
}

/// Evaluates the routes that events ask for.
pub fn read_routes(requests: &[RouteRequest], evaluator: &mut Evaluator<'_>, build: &mut Build) {
    for request in requests {
        let properties: Vec<Entry> = request
            .properties
            .iter()
            .filter_map(|(key, value)| Some((key.clone(), evaluator.resolve(value)?)))
            .collect();
        let arn = |attribute: &str, evaluator: &mut Evaluator<'_>| {
            evaluator.known_attribute(&request.function, attribute, &request.place)
        };
        let function_arn = arn("Arn", evaluator).or_else(|| arn("AliasArn", evaluator));
        let object = Object::of_resource(&request.what, &request.place, &properties);
        let api = api(request, &object, evaluator.naming, &mut evaluator.report, build);
        let route = route(request, &object, function_arn, &mut evaluator.report);
        let access = access(request, &object, &mut evaluator.report);
        if let Some((api, (method, path, integration))) = api.zip(route) {
            let settings = stage::of_event(&object, &request.function, (&method, &path), &mut evaluator.report);
            build.apis.route_settings.extend(settings.map(|settings| (api.clone(), settings)));
            let key_required = access.key_required.unwrap_or_else(|| build.apis.keyed.contains(&api));
            let (path, target) = (PathOf::Path(path), Target::Integration(integration));
            let default = build.apis.default_authorizers.iter().find(|(id, _)| *id == api);
            let authorizer = match access.rest.authorizer.as_deref() {
                Some("NONE") => None,
                Some(name) => Some(name.to_owned()),
                None => default.map(|(_, name)| name.clone()),
            };
            let (access, span) = (Access { key_required, authorizer, ..access.rest }, request.place.clone());
            build.apis.routes.push(RoutePart { api, method, path, target, access, span });
        }
    }
}

/// What an event says of access; what it leaves open, the API says.
struct Asked {
    key_required: Option<bool>,
    rest: Access,
}

fn access(request: &RouteRequest, object: &Object<'_>, report: &mut Report) -> Asked {
    let shape = if request.kind == ApiKind::Rest { &EVENT_AUTH } else { &HTTP_EVENT_AUTH };
    let auth = object.object(report, &request.function, "Auth", shape);
    let key_required = auth.as_ref().and_then(|auth| auth.boolean(report, "ApiKeyRequired"));
    let authorizer = auth.as_ref().and_then(|auth| auth.text(report, "Authorizer"));
    let authorizer = authorizer.filter(|name| !is_iam(name, auth.as_ref().unwrap_or(object), "Authorizer", report));
    let scopes = auth.as_ref().and_then(|auth| scopes(auth, report));
    let (models, validates) = models::sam(object, &request.function, report);
    let mut rest = Access { authorizer, scopes, models, validates, ..Access::default() };
    for parameter in object.list(report, "RequestParameters") {
        for (key, node) in parameter.mapping().unwrap_or_default() {
            let what = format!("{}.RequestParameters", request.what);
            let Some(one) = Object::open(report, &request.function, what, &key.span, node, &PARAMETER) else {
                continue;
            };
            let name = key.text().unwrap_or_default().to_owned();
            let mut is_set = |key: &str| one.boolean(report, key) == Some(true);
            rest.required.extend(is_set("Required").then(|| name.clone()));
            rest.cache_keys.extend(is_set("Caching").then_some(name));
        }
    }
    Asked { key_required, rest }
}

/// The id of the stack's API that an event means.
fn api(
    request: &RouteRequest,
    object: &Object<'_>,
    naming: &Naming,
    report: &mut Report,
    build: &Build,
) -> Option<String> {
    let apis = &build.stack.apis;
    let key = request.api_property();
    if !object.has(key) {
        let implicit = if request.kind == ApiKind::Rest { IMPLICIT_REST_API } else { IMPLICIT_HTTP_API };
        let implicit = api_id(implicit, naming);
        return apis.iter().any(|api| api.id == implicit).then_some(implicit);
    }
    let id = object.text(report, key)?;
    if !apis.iter().any(|api| api.id == id && api.kind == request.kind) {
        let kind = if request.kind == ApiKind::Rest { "AWS::Serverless::Api" } else { "AWS::Serverless::HttpApi" };
        let problem = report.error(&object.value(key)?.span, format!("this is no `{kind}` of this template"));
        problem.help("name one by `!Ref`");
        return None;
    }
    Some(id)
}

fn route(
    request: &RouteRequest,
    object: &Object<'_>,
    function_arn: Option<String>,
    report: &mut Report,
) -> Option<(String, String, Integration)> {
    let method = match object.has("Method") {
        true => object.text(report, "Method").and_then(|text| method(&text, object, report)),
        false => Some("ANY".to_owned()),
    };
    let path = if object.has("Path") { path(object, report) } else { Some("$default".to_owned()) };
    let (payload, range) = match request.kind {
        ApiKind::Rest => (Some(PayloadFormat::V1), REST_TIMEOUT),
        ApiKind::Http if object.has("PayloadFormatVersion") => (payload(object, report), HTTP_TIMEOUT),
        ApiKind::Http => (Some(PayloadFormat::V2), HTTP_TIMEOUT),
    };
    let timeout = timeout(object, range, report);
    let mapping = ParameterMapping::default();
    let proxy = LambdaProxy { function_arn: function_arn?, payload: payload?, timeout, mapping };
    Some((method?, path?, Integration::Lambda(proxy)))
}

fn path(object: &Object<'_>, report: &mut Report) -> Option<String> {
    let path = object.text(report, "Path")?;
    if !path.starts_with('/') && path != "$default" {
        report.error(&object.value("Path")?.span, format!("the path `{path}` must start with a slash"));
        return None;
    }
    Some(path)
}
