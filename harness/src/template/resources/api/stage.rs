//! Stages and deployments. A replay deploys everything that the template holds.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-stage.html>

use std::collections::BTreeMap;

use super::parts::StagePart;
use super::usage::rate;
use crate::stack::{RouteSettings, Stage};
use crate::template::property::{Object, Shape};
use crate::template::report::Report;
use crate::template::resources::{Build, Resolved};

pub const REST: Shape = Shape {
    reads: &["CacheClusterEnabled", "DeploymentId", "MethodSettings", "RestApiId", "StageName", "Variables"],
    descriptive: &["CacheClusterSize", "Description", "DocumentationVersion", "Tags"],
    harmless: &["AccessLogSetting", "ClientCertificateId", "TracingEnabled"],
    refused: &["CanarySetting"],
};
pub const REST_DEPLOYMENT: Shape = Shape {
    descriptive: &["Description"],
    refused: &["DeploymentCanarySettings"],
    ..Shape::of(&["RestApiId", "StageDescription", "StageName"])
};
const STAGE_DESCRIPTION: Shape = Shape {
    reads: &[
        "CacheClusterEnabled",
        "CacheTtlInSeconds",
        "CachingEnabled",
        "MethodSettings",
        "ThrottlingBurstLimit",
        "ThrottlingRateLimit",
        "Variables",
    ],
    descriptive: &["CacheClusterSize", "Description", "DocumentationVersion", "Tags"],
    harmless: &[
        "AccessLogSetting",
        "CacheDataEncrypted",
        "ClientCertificateId",
        "DataTraceEnabled",
        "LoggingLevel",
        "MetricsEnabled",
        "TracingEnabled",
    ],
    refused: &["CanarySetting"],
};
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-apigateway-stage-methodsetting.html>
const METHOD_SETTINGS: Shape = Shape {
    harmless: &["CacheDataEncrypted", "DataTraceEnabled", "LoggingLevel", "MetricsEnabled"],
    ..Shape::of(&[
        "CacheTtlInSeconds",
        "CachingEnabled",
        "HttpMethod",
        "ResourcePath",
        "ThrottlingBurstLimit",
        "ThrottlingRateLimit",
    ])
};
pub const HTTP: Shape = Shape {
    reads: &[
        "ApiId",
        "AutoDeploy",
        "DefaultRouteSettings",
        "DeploymentId",
        "RouteSettings",
        "StageName",
        "StageVariables",
    ],
    descriptive: &["Description", "Tags"],
    harmless: &["AccessLogSettings", "ClientCertificateId"],
    refused: &["AccessPolicyId"],
};
const ROUTE_SETTINGS: Shape = Shape {
    harmless: &["DataTraceEnabled", "DetailedMetricsEnabled", "LoggingLevel"],
    ..Shape::of(&["ThrottlingBurstLimit", "ThrottlingRateLimit"])
};
pub const HTTP_DEPLOYMENT: Shape = Shape { descriptive: &["Description"], ..Shape::of(&["ApiId", "StageName"]) };

pub fn read_rest(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    object.require(report, "DeploymentId");
    let stage = rest(object, resource.id, report);
    push(resource, "RestApiId", stage, report, build);
}

pub fn read_http(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    object.require(report, "StageName");
    if !object.has("DeploymentId") && object.boolean(report, "AutoDeploy") != Some(true) {
        let problem = report.error(&object.place, "this stage has nothing deployed");
        problem.help("set `AutoDeploy: true`, or name a deployment in `DeploymentId`");
    }
    let stage = http(object, resource.id, report);
    push(resource, "ApiId", stage, report, build);
}

fn push(resource: &Resolved<'_>, api: &str, stage: Stage, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    let Some(api) = object.required_text(report, api) else { return };
    build.apis.stages.push(StagePart { api, stage, span: object.place.clone() });
}

/// A REST API's stage.
pub fn rest(object: &Object<'_>, logical_id: &str, report: &mut Report) -> Stage {
    let mut settings = Vec::new();
    // A stage description has settings for all methods in the same place.
    settings.extend(
        ["CachingEnabled", "ThrottlingRateLimit"].iter().any(|key| object.has(key)).then(|| limits(object, report)),
    );
    for object in object.objects(report, logical_id, "MethodSettings", &METHOD_SETTINGS) {
        let specific = |text: String| Some(text).filter(|text| text != "*" && text != "/*");
        let method = object.text(report, "HttpMethod").and_then(specific);
        let path = object.text(report, "ResourcePath").and_then(specific).map(|path| unescaped(&path));
        settings.push(RouteSettings { method, path, ..limits(&object, report) });
    }
    settings.sort_by_key(|one| (one.path.is_some(), one.method.is_some()));
    Stage {
        name: object.text(report, "StageName").unwrap_or_else(|| "default".to_owned()),
        variables: variables(object, "Variables", report),
        has_cache: object.boolean(report, "CacheClusterEnabled").unwrap_or(false),
        settings,
    }
}

/// A path whose slashes, but for the first, are written as `~1`.
fn unescaped(path: &str) -> String {
    let path = path.replace("~1", "/");
    if path.starts_with("//") { path[1..].to_owned() } else { path }
}

fn limits(object: &Object<'_>, report: &mut Report) -> RouteSettings {
    RouteSettings {
        rate: rate(object, "ThrottlingRateLimit", report),
        burst: object.integer(report, "ThrottlingBurstLimit", 0..=u32::MAX),
        caching: object.boolean(report, "CachingEnabled"),
        cache_seconds: object.integer(report, "CacheTtlInSeconds", 0..=3600),
        ..RouteSettings::default()
    }
}

/// An HTTP API's stage.
pub fn http(object: &Object<'_>, logical_id: &str, report: &mut Report) -> Stage {
    let mut settings = Vec::new();
    let all = object.object(report, logical_id, "DefaultRouteSettings", &ROUTE_SETTINGS);
    settings.extend(all.map(|all| limits(&all, report)));
    let what = format!("{}.RouteSettings", object.what);
    for (key, node) in object.mapping(report, "RouteSettings") {
        let name = key.text().unwrap_or_default();
        let one = Object::open(report, logical_id, what.clone(), &key.span, node, &ROUTE_SETTINGS);
        let (method, path) = name.split_once(' ').unwrap_or(("ANY", name));
        let (method, path) = (Some(method.to_owned()), Some(path.to_owned()));
        settings.extend(one.map(|one| RouteSettings { method, path, ..limits(&one, report) }));
    }
    Stage {
        name: object.text(report, "StageName").unwrap_or_else(|| "$default".to_owned()),
        variables: variables(object, "StageVariables", report),
        has_cache: false,
        settings,
    }
}

/// The settings that a SAM event gives its route.
pub fn of_event(event: &Object<'_>, function: &str, route: (&str, &str), report: &mut Report) -> Option<RouteSettings> {
    let settings = event.object(report, function, "RouteSettings", &ROUTE_SETTINGS)?;
    let (method, path) = (Some(route.0.to_owned()), Some(route.1.to_owned()));
    Some(RouteSettings { method, path, ..limits(&settings, report) })
}

/// A deployment may make a stage, too.
pub fn read_rest_deployment(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    let api = object.required_text(report, "RestApiId");
    let description = object.object(report, resource.id, "StageDescription", &STAGE_DESCRIPTION);
    let stage = description.map(|description| rest(&description, resource.id, report)).unwrap_or_default();
    let Some((api, name)) = api.zip(object.text(report, "StageName")) else { return };
    let stage = Stage { name, ..stage };
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
