//! `AWS::ApiGateway::RestApi`, its resources and methods.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApiGateway.html>

use serde_json::json;

use super::models::Validates;
use super::parts::{Access, PathOf, PathPart, RoutePart, Target};
use super::{integration, openapi};
use crate::stack::{Api, ApiKind};
use crate::template::property::{Object, Shape};
use crate::template::report::Report;
use crate::template::resources::{Build, Resolved};
use crate::yaml::Node;

pub const API: Shape = Shape {
    reads: &["ApiKeySourceType", "BinaryMediaTypes", "Body", "DisableExecuteApiEndpoint"],
    descriptive: &["Description", "FailOnWarnings", "Mode", "Name", "Tags"],
    harmless: &["EndpointAccessMode", "EndpointConfiguration", "Policy", "SecurityPolicy"],
    refused: &["BodyS3Location", "CloneFrom", "MinimumCompressionSize", "Parameters"],
};
pub const RESOURCE: Shape = Shape::of(&["ParentId", "PathPart", "RestApiId"]);
pub const METHOD: Shape = Shape {
    reads: &[
        "ApiKeyRequired",
        "AuthorizationScopes",
        "AuthorizationType",
        "AuthorizerId",
        "HttpMethod",
        "Integration",
        "RequestModels",
        "RequestParameters",
        "RequestValidatorId",
        "ResourceId",
        "RestApiId",
    ],
    descriptive: &["MethodResponses", "OperationName"],
    harmless: &[],
    refused: &[],
};
pub const METHODS: &[&str] = &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "ANY"];

pub fn read_api(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let api = new(resource, ApiKind::Rest);
    let binary_media_types = binary_media_types(&resource.object, report);
    let endpoint_disabled = resource.object.boolean(report, "DisableExecuteApiEndpoint").unwrap_or(false);
    let key_of_authorizer = key_of_authorizer(&resource.object, "ApiKeySourceType", report).unwrap_or(false);
    let mut api = Api { binary_media_types, endpoint_disabled, key_of_authorizer, ..api };
    openapi::read(resource, "Body", &mut api, report, build);
    build.stack.apis.push(api);
}

/// An API with nothing in it yet.
pub fn new(resource: &Resolved<'_>, kind: ApiKind) -> Api {
    let mut api = Api::new(resource.id.to_owned(), resource.reference.clone(), kind, &resource.naming.region);
    if kind == ApiKind::Rest {
        // Every REST API has these two.
        let error = json!({ "type": "object", "properties": { "message": { "type": "string" } } });
        api.models.extend([("Empty".to_owned(), json!({ "type": "object" })), ("Error".to_owned(), error)]);
    }
    api
}

/// Whether the authorizer says with which API key a request comes.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-key-source.html>
pub fn key_of_authorizer(object: &Object<'_>, key: &str, report: &mut Report) -> Option<bool> {
    Some(object.word(report, key, &["HEADER", "AUTHORIZER"])? == "AUTHORIZER")
}

/// Media types, where SAM writes the slash as `~1`.
pub fn binary_media_types(object: &Object<'_>, report: &mut Report) -> Vec<String> {
    let members = object.list(report, "BinaryMediaTypes").into_iter();
    members.filter_map(Node::scalar).map(|text| text.replace("~1", "/").to_lowercase()).collect()
}

pub fn read_resource(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    object.require(report, "RestApiId");
    let parent = object.required_text(report, "ParentId");
    let part = object.required_text(report, "PathPart");
    let Some((parent, part)) = parent.zip(part) else { return };
    build.apis.resources.push(PathPart { id: resource.reference.clone(), parent, part });
}

pub fn read_method(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    let api = object.required_text(report, "RestApiId");
    let path = object.required_text(report, "ResourceId");
    let method = object.required_text(report, "HttpMethod").and_then(|text| method(&text, object, report));
    object.require(report, "Integration");
    let integration = object.object(report, resource.id, "Integration", &integration::REST);
    let access = access(object, integration.as_ref(), report);
    let integration = integration.and_then(|it| integration::rest(&it, resource.id, report));
    let (Some(api), Some(path), Some(method), Some(integration)) = (api, path, method, integration) else { return };
    let (path, target) = (PathOf::Resource(path), Target::Integration(integration));
    build.apis.routes.push(RoutePart { api, method, path, target, access, span: object.place.clone() });
}

/// What a method asks of requests.
fn access(object: &Object<'_>, integration: Option<&Object<'_>>, report: &mut Report) -> Access {
    let parameters = object.mapping(report, "RequestParameters").iter();
    let required = parameters.filter(|(_, value)| value.scalar().as_deref() == Some("true"));
    let models = object.mapping(report, "RequestModels");
    let cache_keys = integration.map(|it| it.list(report, "CacheKeyParameters")).unwrap_or_default();
    Access {
        authorizer: authorizer(object, "COGNITO_USER_POOLS", report),
        scopes: scopes(object, report),
        validates: Validates::default(),
        models: models.iter().filter_map(|(kind, model)| Some((kind.scalar()?, model.scalar()?))).collect(),
        key_required: object.boolean(report, "ApiKeyRequired").unwrap_or(false),
        required: required.filter_map(|(name, _)| name.scalar()).collect(),
        validator: object.text(report, "RequestValidatorId"),
        cache_keys: cache_keys.into_iter().filter_map(Node::scalar).collect(),
    }
}

/// The authorizer of a method or route. Other kinds of authorization are reported.
pub fn authorizer(object: &Object<'_>, of_tokens: &str, report: &mut Report) -> Option<String> {
    match object.text(report, "AuthorizationType").as_deref() {
        None | Some("NONE") => None,
        Some(kind) if kind == "CUSTOM" || kind == of_tokens => object.required_text(report, "AuthorizerId"),
        Some(other) => {
            let place = object.place_of("AuthorizationType");
            let problem = report.error(&place, format!("authorization of type `{other}` is not simulated"));
            problem.help(format!("it can be `NONE`, `CUSTOM` or `{of_tokens}`"));
            None
        }
    }
}

/// The scopes that a method or route asks for.
pub fn scopes(object: &Object<'_>, report: &mut Report) -> Option<Vec<String>> {
    let members = object.list(report, "AuthorizationScopes").into_iter();
    object.has("AuthorizationScopes").then(|| members.filter_map(Node::scalar).collect())
}

/// A method, in upper case.
pub fn method(text: &str, object: &Object<'_>, report: &mut Report) -> Option<String> {
    let method = match text.to_ascii_uppercase() {
        any if any == "X-AMAZON-APIGATEWAY-ANY-METHOD" => "ANY".to_owned(),
        method => method,
    };
    if !METHODS.contains(&method.as_str()) {
        let place = ["HttpMethod", "Method", "RouteKey"].into_iter().find_map(|key| object.value(key));
        let place = place.map_or(object.place.clone(), |node| node.span.clone());
        let problem = report.error(&place, format!("`{text}` is not a method"));
        problem.did_you_mean(&method, METHODS.iter().copied());
        return None;
    }
    Some(method)
}
