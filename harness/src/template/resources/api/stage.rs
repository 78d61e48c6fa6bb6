//! Stages and deployments. A replay deploys everything that the template holds.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-stage.html>

use std::collections::BTreeMap;

use super::parts::StagePart;
use crate::stack::Stage;
use crate::template::property::{Object, Shape};
use crate::template::report::Report;
use crate::template::resources::{Build, Resolved};

pub const REST: Shape = Shape {
    reads: &["DeploymentId", "RestApiId", "StageName", "Variables"],
    descriptive: &["Description", "DocumentationVersion", "Tags"],
    harmless: &["AccessLogSetting", "ClientCertificateId", "TracingEnabled"],
    refused: &["CacheClusterEnabled", "CacheClusterSize", "CanarySetting", "MethodSettings"],
};
pub const REST_DEPLOYMENT: Shape = Shape {
    descriptive: &["Description"],
    refused: &["DeploymentCanarySettings"],
    ..Shape::of(&["RestApiId", "StageDescription", "StageName"])
};
const STAGE_DESCRIPTION: Shape = Shape {
    reads: &["Variables"],
    descriptive: &["Description", "DocumentationVersion", "Tags"],
    harmless: &[
        "AccessLogSetting",
        "ClientCertificateId",
        "DataTraceEnabled",
        "LoggingLevel",
        "MetricsEnabled",
        "TracingEnabled",
    ],
    refused: &[
        "CacheClusterEnabled",
        "CacheClusterSize",
        "CachingEnabled",
        "CanarySetting",
        "MethodSettings",
        "ThrottlingBurstLimit",
        "ThrottlingRateLimit",
    ],
};
pub const HTTP: Shape = Shape {
    reads: &["ApiId", "AutoDeploy", "DeploymentId", "StageName", "StageVariables"],
    descriptive: &["Description", "Tags"],
    harmless: &["AccessLogSettings", "ClientCertificateId"],
    refused: &["AccessPolicyId", "DefaultRouteSettings", "RouteSettings"],
};
pub const HTTP_DEPLOYMENT: Shape = Shape { descriptive: &["Description"], ..Shape::of(&["ApiId", "StageName"]) };

pub fn read_rest(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    object.require(report, "DeploymentId");
    push(resource, "RestApiId", "Variables", report, build);
}

pub fn read_http(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    object.require(report, "StageName");
    if !object.has("DeploymentId") && object.boolean(report, "AutoDeploy") != Some(true) {
        let problem = report.error(&object.place, "this stage has nothing deployed");
        problem.help("set `AutoDeploy: true`, or name a deployment in `DeploymentId`");
    }
    push(resource, "ApiId", "StageVariables", report, build);
}

fn push(resource: &Resolved<'_>, api: &str, variables: &str, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    let Some(api) = object.required_text(report, api) else { return };
    let name = object.text(report, "StageName").unwrap_or_else(|| "default".to_owned());
    let stage = Stage { name, variables: self::variables(object, variables, report) };
    build.apis.stages.push(StagePart { api, stage, span: object.place.clone() });
}

/// A deployment may make a stage, too.
pub fn read_rest_deployment(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    let api = object.required_text(report, "RestApiId");
    let description = object.object(report, resource.id, "StageDescription", &STAGE_DESCRIPTION);
    let variables = description.map(|it| variables(&it, "Variables", report)).unwrap_or_default();
    let Some((api, name)) = api.zip(object.text(report, "StageName")) else { return };
    let stage = Stage { name, variables };
    build.apis.stages.push(StagePart { api, stage, span: object.place.clone() });
}

pub fn read_http_deployment(resource: &Resolved<'_>, report: &mut Report, _: &mut Build) {
    resource.object.require(report, "ApiId");
}

/// A stage's variables.
pub fn variables(object: &Object<'_>, key: &str, report: &mut Report) -> BTreeMap<String, String> {
    let entries = object.mapping(report, key).iter();
    entries.filter_map(|(name, value)| Some((name.text()?.to_owned(), value.scalar()?))).collect()
}
