//! Custom domain names and what is below them: base path mappings of REST APIs, API mappings, and SAM's `Domain`.
//! Certificates and DNS are not simulated: a request names the domain.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-basepathmapping.html>
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigatewayv2-apimapping.html>

use super::parts::{Parts, api_of};
use crate::diagnostic::Span;
use crate::stack::{Api, ApiKind, Domain, DomainMapping, Stack};
use crate::template::property::{Object, Shape};
use crate::template::report::Report;
use crate::template::resources::{Build, Resolved};
use crate::yaml::Node;

pub const REST: Shape = Shape {
    descriptive: &["Tags"],
    harmless: &[
        "CertificateArn",
        "EndpointAccessMode",
        "EndpointConfiguration",
        "MutualTlsAuthentication",
        "OwnershipVerificationCertificateArn",
        "RegionalCertificateArn",
        "SecurityPolicy",
    ],
    ..Shape::of(&["DomainName", "RoutingMode"])
};
pub const HTTP: Shape = Shape {
    descriptive: &["Tags"],
    harmless: &["DomainNameConfigurations", "MutualTlsAuthentication"],
    ..Shape::of(&["DomainName", "RoutingMode"])
};
pub const BASE_PATH: Shape = Shape::of(&["BasePath", "DomainName", "RestApiId", "Stage"]);
pub const MAPPING: Shape = Shape::of(&["ApiId", "ApiMappingKey", "DomainName", "Stage"]);
/// The `Domain` of SAM's APIs.
/// <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-api-domainconfiguration.html>
pub const SAM: Shape = Shape {
    harmless: &[
        "AccessAssociation",
        "CertificateArn",
        "EndpointConfiguration",
        "IpAddressType",
        "MutualTlsAuthentication",
        "OwnershipVerificationCertificateArn",
        "Policy",
        "Route53",
        "SecurityPolicy",
    ],
    ..Shape::of(&["BasePath", "DomainName", "NormalizeBasePath"])
};

/// A mapping, until the APIs and their stages are known.
pub struct MappingPart {
    pub domain: String,
    pub mapping: DomainMapping,
    pub kind: Option<ApiKind>,
    pub span: Span,
}

/// A domain of either generation.
pub fn read(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    let Some(name) = object.required_text(report, "DomainName") else { return };
    if let Some(mode) = object.text(report, "RoutingMode").filter(|mode| !mode.ends_with("MAPPING_ONLY")) {
        let problem =
            report.error(&object.place_of("RoutingMode"), format!("the routing mode `{mode}` is not simulated"));
        problem.help("routing rules are not: leave it out, and requests follow the domain's mappings");
    }
    if build.stack.domains.iter().any(|domain| domain.name == name) {
        report.error(&object.place_of("DomainName"), format!("a second domain `{name}`"));
    }
    build.stack.domains.push(Domain { name, mappings: Vec::new() });
}

pub fn read_base_path(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    let base_path = object.text(report, "BasePath").unwrap_or_default();
    if base_path.trim_matches('/').contains('/') {
        let problem = report.error(&object.place_of("BasePath"), "a base path has one segment");
        problem.help("an `AWS::ApiGatewayV2::ApiMapping` may have several, also for a REST API");
    }
    let stage = object.text(report, "Stage");
    let api = object.required_text(report, "RestApiId");
    push(object, (api, base_path, stage), Some(ApiKind::Rest), report, build);
}

pub fn read_mapping(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    let key = object.text(report, "ApiMappingKey").unwrap_or_default();
    let stage = object.required_text(report, "Stage");
    let api = object.required_text(report, "ApiId");
    push(object, (api, key, stage), None, report, build);
}

fn push(
    object: &Object<'_>,
    (api, base_path, stage): (Option<String>, String, Option<String>),
    kind: Option<ApiKind>,
    report: &mut Report,
    build: &mut Build,
) {
    let Some((api, domain)) = api.zip(object.required_text(report, "DomainName")) else { return };
    let base_path = if base_path == "(none)" { "" } else { base_path.trim_matches('/') };
    let mapping = DomainMapping { base_path: base_path.to_owned(), api, stage };
    build.apis.mappings.push(MappingPart { domain, mapping, kind, span: object.place.clone() });
}

/// The domain that SAM makes for an API, with a mapping for each base path.
pub fn sam(object: &Object<'_>, logical_id: &str, (api, stage): (&Api, &str), report: &mut Report, build: &mut Build) {
    let Some(written) = object.object(report, logical_id, "Domain", &SAM) else { return };
    if !written.has("CertificateArn") {
        written.require(report, "CertificateArn");
    }
    let Some(domain) = written.required_text(report, "DomainName") else { return };
    if !build.stack.domains.iter().any(|known| known.name == domain) {
        build.stack.domains.push(Domain { name: domain.clone(), mappings: Vec::new() });
    }
    let normalizes = written.boolean(report, "NormalizeBasePath").unwrap_or(api.kind == ApiKind::Rest);
    let span = written.place.clone();
    for base_path in base_paths(&written, report) {
        // SAM takes all but letters and digits out of a REST API's base paths.
        let base_path = match normalizes && api.kind == ApiKind::Rest {
            true => base_path.chars().filter(|c| c.is_alphanumeric()).collect(),
            false => base_path.trim_matches('/').to_owned(),
        };
        let mapping = DomainMapping { base_path, api: api.id.clone(), stage: Some(stage.to_owned()) };
        build.apis.mappings.push(MappingPart { domain: domain.clone(), mapping, kind: None, span: span.clone() });
    }
}

/// One base path, a list of them, or none: then all paths of the domain are the API's.
fn base_paths(written: &Object<'_>, report: &mut Report) -> Vec<String> {
    let paths = match written.value("BasePath").map(|node| (node, node.scalar())) {
        None => Vec::new(),
        Some((_, Some(one))) => vec![one],
        Some(_) => written.list(report, "BasePath").into_iter().filter_map(Node::scalar).collect(),
    };
    if paths.is_empty() { vec![String::new()] } else { paths }
}

/// Puts the mappings below their domains. A domain may well be made by another stack.
pub fn assemble(parts: &Parts, stack: &mut Stack, report: &mut Report) {
    for part in &parts.mappings {
        let Some(api) = api_of(&part.mapping.api, &part.span, stack, report) else { continue };
        if part.kind.is_some_and(|kind| kind != api.kind) {
            let problem = report.error(&part.span, format!("`{}` is not a REST API", api.logical_id));
            problem.help("an HTTP API has an `AWS::ApiGatewayV2::ApiMapping`");
        }
        if let Some(stage) = part.mapping.stage.as_ref().filter(|stage| api.stage(stage).is_none()) {
            let stages: Vec<String> = api.stages.iter().map(|stage| stage.name.clone()).collect();
            let problem = report.error(&part.span, format!("`{}` has no stage `{stage}`", api.logical_id));
            problem.did_you_mean(stage, stages.iter().map(String::as_str));
        }
        add(part, stack, report);
    }
}

fn add(part: &MappingPart, stack: &mut Stack, report: &mut Report) {
    let at = stack.domains.iter().position(|domain| domain.name == part.domain).unwrap_or_else(|| {
        stack.domains.push(Domain { name: part.domain.clone(), mappings: Vec::new() });
        stack.domains.len() - 1
    });
    let domain = &mut stack.domains[at];
    if domain.mappings.iter().any(|other| other.base_path == part.mapping.base_path) {
        let message = format!("a second mapping of `/{}` of `{}`", part.mapping.base_path, part.domain);
        report.error(&part.span, message);
    }
    domain.mappings.push(part.mapping.clone());
}
