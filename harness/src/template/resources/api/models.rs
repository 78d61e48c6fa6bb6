//! Models, which bodies are validated against, and the validators that do it.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-model.html>
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html>

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::parts::{Parts, api_of};
use crate::diagnostic::Span;
use crate::json_schema::{problems, references};
use crate::stack::Stack;
use crate::template::property::{Object, Shape};
use crate::template::report::Report;
use crate::template::resources::{Build, Resolved};
use crate::yaml::{Content, Node};

pub const SHAPE: Shape =
    Shape { descriptive: &["Description"], ..Shape::of(&["ContentType", "Name", "RestApiId", "Schema"]) };
pub const VALIDATOR: Shape =
    Shape { descriptive: &["Name"], ..Shape::of(&["RestApiId", "ValidateRequestBody", "ValidateRequestParameters"]) };
/// What SAM's `RequestModel` of an event has.
/// <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-requestmodel.html>
const SAM: Shape = Shape::of(&["Model", "Required", "ValidateBody", "ValidateParameters"]);

/// A model, until its API is known.
pub struct ModelPart {
    pub api: String,
    pub name: String,
    pub schema: Value,
    pub span: Span,
}

/// What a validator looks at.
#[derive(Clone, Copy, Default)]
pub struct Validates {
    pub body: bool,
    pub parameters: bool,
}

pub fn read(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    let api = object.required_text(report, "RestApiId");
    let schema = object.value("Schema").map_or_else(|| Some(json!({})), |node| schema(node, report));
    let Some((api, schema)) = api.zip(schema) else { return };
    let span = object.place_of("Schema");
    build.apis.models.push(ModelPart { api, name: resource.name.clone(), schema, span });
}

pub fn read_validator(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    object.require(report, "RestApiId");
    let mut is_set = |key: &str| object.boolean(report, key).unwrap_or(false);
    let validates = Validates { body: is_set("ValidateRequestBody"), parameters: is_set("ValidateRequestParameters") };
    build.apis.validators.push((resource.reference.clone(), validates));
}

/// A schema as it is written, or as JSON in a text.
fn schema(node: &Node, report: &mut Report) -> Option<Value> {
    let Content::Text(text) = &node.content else { return Some(node.to_json()) };
    let read = serde_json::from_str(text);
    if let Err(error) = &read {
        report.error(&node.span, format!("the schema is not JSON: {error}"));
    }
    read.ok()
}

/// Schemas by name: SAM's `Models`, the `schemas` or `definitions` of a document.
pub fn named(api: &str, entries: &[(Node, Node)], lowers: bool, report: &mut Report, build: &mut Build) {
    for (key, node) in entries {
        let name = key.text().unwrap_or_default();
        let name = if lowers { name.to_lowercase() } else { name.to_owned() };
        let Some(schema) = schema(node, report) else { continue };
        build.apis.models.push(ModelPart { api: api.to_owned(), name, schema, span: key.span.clone() });
    }
}

/// The model of a SAM event, by content type, and what is validated. SAM's models are called in lower case.
pub fn sam(event: &Object<'_>, function: &str, report: &mut Report) -> (BTreeMap<String, String>, Validates) {
    let Some(model) = event.object(report, function, "RequestModel", &SAM) else { return Default::default() };
    let name = model.required_text(report, "Model").map(|name| name.to_lowercase());
    model.boolean(report, "Required");
    let mut is_set = |key: &str| model.boolean(report, key).unwrap_or(false);
    let validates = Validates { body: is_set("ValidateBody"), parameters: is_set("ValidateParameters") };
    (name.map(|name| ("application/json".to_owned(), name)).into_iter().collect(), validates)
}

/// The validators of a document, by name.
pub fn validators(document: &Object<'_>, report: &mut Report) -> BTreeMap<String, Validates> {
    let entries = document.mapping(report, "x-amazon-apigateway-request-validators").iter();
    let named = entries.filter_map(|(key, node)| {
        let is_set = |field: &str| node.get(field).and_then(Node::scalar).as_deref() == Some("true");
        let (body, parameters) = (is_set("validateRequestBody"), is_set("validateRequestParameters"));
        Some((key.text()?.to_owned(), Validates { body, parameters }))
    });
    named.collect()
}

/// The models of an operation's body, by content type: `requestBody`, or a parameter in the body. A schema that has no
/// name gets one.
pub fn of_operation(
    (api, operation): (&str, &str),
    (body, parameters): (Option<&Node>, &[&Node]),
    build: &mut Build,
) -> BTreeMap<String, String> {
    let content = body.and_then(|body| body.get("content")).and_then(Node::mapping).unwrap_or_default().iter();
    let of_3 = content.filter_map(|(kind, media)| Some((kind.text()?.to_owned(), media.get("schema")?)));
    let is_body = |parameter: &&&Node| parameter.get("in").and_then(Node::text) == Some("body");
    let of_2 = parameters.iter().filter(is_body).filter_map(|parameter| parameter.get("schema"));
    let of_2 = of_2.map(|schema| ("application/json".to_owned(), schema));
    let mut models = BTreeMap::new();
    for (kind, schema) in of_3.chain(of_2) {
        let name = schema.get("$ref").and_then(Node::text).and_then(|reference| reference.rsplit_once('/'));
        let name = name.map(|(_, name)| name.to_owned()).unwrap_or_else(|| {
            let name = format!("{operation} {kind}");
            let part = ModelPart {
                api: api.to_owned(),
                name: name.clone(),
                schema: schema.to_json(),
                span: schema.span.clone(),
            };
            build.apis.models.push(part);
            name
        });
        models.insert(kind, name);
    }
    models
}

/// Gives the APIs their models.
pub fn assemble(parts: &Parts, stack: &mut Stack, report: &mut Report) {
    for part in &parts.models {
        let Some(api) = api_of(&part.api, &part.span, stack, report) else { continue };
        if api.models.insert(part.name.clone(), part.schema.clone()).is_some() {
            report.error(&part.span, format!("a second model `{}` of `{}`", part.name, api.logical_id));
        }
    }
}

/// Reports what of the schemas that bodies are held against is not simulated. Others only describe.
pub fn check(parts: &Parts, stack: &Stack, report: &mut Report) {
    for api in &stack.apis {
        let mut used: Vec<String> = api.routes.iter().flat_map(|route| route.models.values().cloned()).collect();
        let mut at = 0;
        while let Some(schema) = used.get(at).and_then(|name| api.models.get(name)) {
            let further: Vec<String> = references(schema).into_iter().filter(|name| !used.contains(name)).collect();
            used.extend(further);
            at += 1;
        }
        let is_used = |part: &&ModelPart| part.api == api.id && used.contains(&part.name);
        for part in parts.models.iter().filter(is_used) {
            for problem in problems(&part.schema, &api.models) {
                report.error(&part.span, problem).help("models are JSON schemas of draft 4");
            }
        }
    }
}
