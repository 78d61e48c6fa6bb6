//! APIs that an OpenAPI document defines: its paths, the integrations in them, and API Gateway's extensions. Each part
//! is renamed as CloudFormation calls it, and read as if it stood in a resource.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html>

use std::collections::BTreeMap;

use super::authorizers::AuthorizerPart;
use super::models::{self, Validates};
use super::parts::{Access, PathOf, RoutePart, Target};
use super::rest::{key_of_authorizer, method};
use super::{authorizers, cors, http, integration, responses};
use crate::stack::{Api, ApiKind};
use crate::template::property::{Object, Shape};
use crate::template::report::{Report, list_at, mapping_at, text_at};
use crate::template::resources::{Build, Resolved};
use crate::template::sections::Entry;
use crate::yaml::Node;

/// What a document may have; what is OpenAPI's own only describes.
const DOCUMENT: Shape = Shape {
    reads: &[
        "components",
        "definitions",
        "paths",
        "security",
        "securityDefinitions",
        "x-amazon-apigateway-api-key-source",
        "x-amazon-apigateway-binary-media-types",
        "x-amazon-apigateway-cors",
        "x-amazon-apigateway-gateway-responses",
        "x-amazon-apigateway-request-validator",
        "x-amazon-apigateway-request-validators",
    ],
    descriptive: &[
        "basePath",
        "consumes",
        "externalDocs",
        "host",
        "info",
        "openapi",
        "produces",
        "schemes",
        "servers",
        "swagger",
        "tags",
        "x-amazon-apigateway-documentation",
        "x-amazon-apigateway-importexport-version",
    ],
    harmless: &["x-amazon-apigateway-endpoint-configuration", "x-amazon-apigateway-policy"],
    refused: &["x-amazon-apigateway-minimum-compression-size"],
};
const OPERATION: Shape = Shape {
    reads: &[
        "parameters",
        "requestBody",
        "security",
        "x-amazon-apigateway-auth",
        "x-amazon-apigateway-integration",
        "x-amazon-apigateway-request-validator",
    ],
    descriptive: &[
        "consumes",
        "deprecated",
        "description",
        "externalDocs",
        "isDefaultRoute",
        "operationId",
        "produces",
        "responses",
        "schemes",
        "servers",
        "summary",
        "tags",
    ],
    harmless: &[],
    refused: &["callbacks"],
};
/// Keys of a path that are no methods.
const OF_PATH: &[&str] = &["description", "parameters", "servers", "summary"];

/// What holds for a whole document.
struct Document<'a> {
    api: String,
    kind: ApiKind,
    logical_id: &'a str,
    object: Object<'a>,
    validators: BTreeMap<String, Validates>,
    /// The names of the security schemes that are API keys.
    key_schemes: Vec<String>,
}

/// Adds what the document under `key` says of an API.
pub fn read(resource: &Resolved<'_>, key: &str, api: &mut Api, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    let Some(document) = object.object(report, resource.id, key, &DOCUMENT) else { return };
    let mut read = Document {
        api: api.id.clone(),
        kind: api.kind,
        logical_id: resource.id,
        validators: models::validators(&document, report),
        key_schemes: Vec::new(),
        object: document,
    };
    extensions(&read, api, report);
    security_schemes(&mut read, report, build);
    let schemas = read.object.value("components").and_then(|components| components.get("schemas"));
    let schemas = schemas.or_else(|| read.object.value("definitions")).and_then(Node::mapping).unwrap_or_default();
    if read.kind == ApiKind::Rest {
        models::named(&read.api, schemas, false, report, build);
    }
    for (path, node) in read.object.mapping(report, "paths") {
        for (verb, operation) in node.mapping().unwrap_or_default() {
            if !OF_PATH.contains(&verb.text().unwrap_or_default()) {
                route(&read, (path, node), (verb, operation), report, build);
            }
        }
    }
}

fn extensions(document: &Document<'_>, api: &mut Api, report: &mut Report) {
    let object = &document.object;
    let types = object.list(report, "x-amazon-apigateway-binary-media-types").into_iter();
    let key_source = key_of_authorizer(object, "x-amazon-apigateway-api-key-source", report);
    api.key_of_authorizer = key_source.unwrap_or(api.key_of_authorizer);
    api.binary_media_types.extend(types.filter_map(Node::scalar).map(|text| text.to_lowercase()));
    let renamed: Vec<Entry> = [
        ("x-amazon-apigateway-cors", "CorsConfiguration"),
        ("x-amazon-apigateway-gateway-responses", "GatewayResponses"),
    ]
    .into_iter()
    .filter_map(|(from, to)| {
        let value = object.value(from)?;
        Some((text_at(&object.place_of(from), to), deep_capitals(value, to == "GatewayResponses")))
    })
    .collect();
    let renamed = Object::of_resource(&object.what, &object.place, &renamed);
    api.cors = cors::http(&renamed, document.logical_id, "CorsConfiguration", report).or(api.cors.take());
    api.gateway_responses.extend(responses::of_document(&renamed, document.logical_id, report));
}

fn security_schemes(document: &mut Document<'_>, report: &mut Report, build: &mut Build) {
    let object = document.object.clone();
    let schemes = object.value("components").and_then(|components| components.get("securitySchemes"));
    let schemes = schemes.or_else(|| object.value("securityDefinitions"));
    for (key, node) in schemes.and_then(Node::mapping).unwrap_or_default() {
        let name = key.text().unwrap_or_default().to_owned();
        match node.get("x-amazon-apigateway-authorizer") {
            Some(written) => {
                let authorizer = authorizer(document, &name, node, key, written, report);
                build.apis.authorizers.extend(authorizer.map(|one| AuthorizerPart::new(&document.api, one)));
            }
            None if node
                .get("name")
                .and_then(Node::text)
                .is_some_and(|name| name.eq_ignore_ascii_case("x-api-key")) =>
            {
                document.key_schemes.push(name);
            }
            None => {
                let problem = report.error(&key.span, format!("the security scheme `{name}` is not simulated"));
                problem.help("it can be an API key in `x-api-key`, or have `x-amazon-apigateway-authorizer`");
            }
        }
    }
}

fn authorizer(
    document: &Document<'_>,
    name: &str,
    scheme: &Node,
    key: &Node,
    written: &Node,
    report: &mut Report,
) -> Option<crate::stack::Authorizer> {
    let what = format!("{}.x-amazon-apigateway-authorizer", document.object.what);
    let mut renamed = capitals(written);
    let token = scheme.get("name").and_then(Node::text).unwrap_or("Authorization");
    let has = |key: &str| renamed.iter().any(|(name, _)| name.text() == Some(key));
    let is_token = matches!(written.get("type").and_then(Node::text), Some("token" | "cognito_user_pools"));
    if is_token && !has("IdentitySource") {
        let source = format!("method.request.header.{token}");
        renamed.push((text_at(&key.span, "IdentitySource"), text_at(&key.span, source)));
    }
    let (shape, id) = match document.kind {
        ApiKind::Rest => (&authorizers::REST, name.to_owned()),
        ApiKind::Http => (&authorizers::HTTP, name.to_owned()),
    };
    if document.kind == ApiKind::Http {
        for (name, value) in &mut renamed {
            match name.text() {
                Some("Type") => *name = text_at(&name.span, "AuthorizerType"),
                Some("JwtConfiguration") => *value = deep_capitals(value, false),
                Some("IdentitySource") if value.text().is_some() => {
                    let sources = value.text().unwrap_or_default().split(',');
                    let sources = sources.map(|source| text_at(&value.span, source.trim())).collect();
                    *value = list_at(&value.span, sources);
                }
                _ => {}
            }
        }
    }
    let node = mapping_at(&written.span, renamed);
    let object = Object::open(report, document.logical_id, what, &key.span, &node, shape)?;
    match document.kind {
        ApiKind::Rest => authorizers::rest(&object, id, report),
        ApiKind::Http => authorizers::http(&object, document.logical_id, id, report),
    }
}

fn route(
    document: &Document<'_>,
    (path, item): (&Node, &Node),
    (verb, node): (&Node, &Node),
    report: &mut Report,
    build: &mut Build,
) {
    let what = format!("{}.paths", document.object.what);
    let Some(operation) = Object::open(report, document.logical_id, what, &verb.span, node, &OPERATION) else { return };
    let Some(method) = method(verb.text().unwrap_or_default(), &operation, report) else { return };
    let path = path.text().unwrap_or_default();
    let path = if path == "/$default" { "$default" } else { path };
    let Some(written) = operation.value("x-amazon-apigateway-integration") else {
        report.error(&verb.span, format!("no integration is defined for {method} {path}"));
        return;
    };
    let what = format!("{}.x-amazon-apigateway-integration", document.object.what);
    let renamed = mapping_at(&written.span, integration_of(written, document.kind));
    let shape = if document.kind == ApiKind::Rest { &integration::REST } else { &http::INTEGRATION };
    let Some(object) = Object::open(report, document.logical_id, what, &verb.span, &renamed, shape) else { return };
    let mut access = access(document, &operation, report);
    validation(document, (path, &method), (item, &operation), &mut access, report, build);
    let keys = if document.kind == ApiKind::Rest { object.list(report, "CacheKeyParameters") } else { Vec::new() };
    access.cache_keys = keys.into_iter().filter_map(Node::scalar).collect();
    let integration = match document.kind {
        ApiKind::Rest => integration::rest(&object, document.logical_id, report),
        ApiKind::Http => http::integration(&object, report),
    };
    let Some(integration) = integration else { return };
    let (api, path, target) = (document.api.clone(), PathOf::Path(path.to_owned()), Target::Integration(integration));
    build.apis.routes.push(RoutePart { api, method, path, target, access, span: verb.span.clone() });
}

/// What an operation asks of requests: its own `security` goes before the document's.
fn access(document: &Document<'_>, operation: &Object<'_>, report: &mut Report) -> Access {
    let mut access = Access::default();
    let object = &document.object;
    let owner = if operation.has("security") { operation } else { object };
    for requirement in owner.list(report, "security") {
        for (scheme, scopes) in requirement.mapping().unwrap_or_default() {
            let name = scheme.text().unwrap_or_default();
            match document.key_schemes.iter().any(|known| known == name) {
                true => access.key_required = true,
                false => {
                    access.authorizer = Some(name.to_owned());
                    let scopes = scopes.sequence().unwrap_or_default().iter();
                    access.scopes = Some(scopes.filter_map(Node::scalar).collect());
                }
            }
        }
    }
    if let Some(auth) = operation
        .value("x-amazon-apigateway-auth")
        .and_then(|auth| auth.get("type"))
        .filter(|kind| kind.text() != Some("NONE"))
    {
        report.error(&auth.span, "authorization by IAM is not simulated").help("the `type` can only be `NONE`");
    }
    access
}

/// What a validator looks at in the requests of an operation. Parameters may stand in its path, too.
fn validation(
    document: &Document<'_>,
    (path, method): (&str, &str),
    (item, operation): (&Node, &Object<'_>),
    access: &mut Access,
    report: &mut Report,
    build: &mut Build,
) {
    let validator = operation.text(report, "x-amazon-apigateway-request-validator");
    let validator = validator.or_else(|| document.object.text(report, "x-amazon-apigateway-request-validator"));
    let Some(validates) = validator.and_then(|name| document.validators.get(&name)) else { return };
    let of_path = item.get("parameters").and_then(Node::sequence).unwrap_or_default();
    let parameters: Vec<&Node> = operation.list(report, "parameters").into_iter().chain(of_path).collect();
    access.validates = *validates;
    access.required = parameters.iter().filter_map(|parameter| required(parameter)).collect();
    if validates.body {
        let written = (operation.value("requestBody"), parameters.as_slice());
        access.models = models::of_operation((&document.api, &format!("{method} {path}")), written, build);
    }
}

/// A required parameter, as a mapping expression.
fn required(parameter: &Node) -> Option<String> {
    let text = |key: &str| parameter.get(key).and_then(Node::scalar);
    let place = match text("in")?.as_str() {
        "query" => "querystring",
        "header" => "header",
        "path" => "path",
        _ => return None,
    };
    (text("required")? == "true").then(|| Some(format!("method.request.{place}.{}", text("name")?)))?
}

/// An integration with its fields as CloudFormation calls them.
fn integration_of(written: &Node, kind: ApiKind) -> Vec<Entry> {
    let mut renamed = capitals(written);
    for (key, value) in &mut renamed {
        let name = key.text().unwrap_or_default().to_owned();
        let better = match (kind, name.as_str()) {
            (ApiKind::Rest, "HttpMethod") => "IntegrationHttpMethod",
            (ApiKind::Http, "HttpMethod") => "IntegrationMethod",
            (ApiKind::Http, "Type") => "IntegrationType",
            (ApiKind::Http, "Uri") => "IntegrationUri",
            (_, "Responses") => "IntegrationResponses",
            (_, other) => other,
        };
        *key = text_at(&key.span, better);
        if better == "IntegrationResponses" {
            *value = list_at(&value.span, value.mapping().unwrap_or_default().iter().map(response_of).collect());
        } else if better == "IntegrationType" || better == "Type" {
            *value = text_at(&value.span, value.text().unwrap_or_default().to_ascii_uppercase());
        }
    }
    renamed
}

/// A response under the pattern that selects it.
fn response_of((pattern, response): &Entry) -> Node {
    let mut renamed = capitals(response);
    let selects = pattern.scalar().filter(|pattern| pattern != "default").unwrap_or_default();
    renamed.push((text_at(&pattern.span, "SelectionPattern"), text_at(&pattern.span, selects)));
    mapping_at(&response.span, renamed)
}

/// The entries of a mapping, with a capital at the start of each key.
fn capitals(node: &Node) -> Vec<Entry> {
    let capital = |key: &Node| {
        let text = key.text().unwrap_or_default();
        let mut letters = text.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        text_at(&key.span, first.into_iter().chain(letters).collect::<String>())
    };
    node.mapping().unwrap_or_default().iter().map(|(key, value)| (capital(key), value.clone())).collect()
}

/// A mapping with capitals; of each member instead, where its own keys are names.
fn deep_capitals(node: &Node, is_of_members: bool) -> Node {
    if !is_of_members {
        return mapping_at(&node.span, capitals(node));
    }
    let member = |(key, value): &Entry| (key.clone(), mapping_at(&value.span, capitals(value)));
    mapping_at(&node.span, node.mapping().unwrap_or_default().iter().map(member).collect())
}
