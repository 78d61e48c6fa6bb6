//! `AWS::Events::Connection`, `AWS::Events::ApiDestination` and `AWS::Events::Archive`.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-apidestination.html>

use rehearsal_emulator::eventbridge::pattern::Pattern;

use super::Resolved;
use super::{Build, Type};
use crate::stack::{ApiDestination, Archive, Connection};
use crate::template::property::{Object, Shape};
use crate::template::report::Report;

pub const TYPES: &[Type] = &[
    Type { name: "AWS::Events::Connection", shape: &CONNECTION, read: read_connection },
    Type { name: "AWS::Events::ApiDestination", shape: &DESTINATION, read: read_destination },
    Type { name: "AWS::Events::Archive", shape: &ARCHIVE, read: read_archive },
];

const CONNECTION: Shape = Shape {
    reads: &["Name", "AuthorizationType", "AuthParameters"],
    descriptive: &["Description"],
    harmless: &["KmsKeyIdentifier"],
    refused: &["InvocationConnectivityParameters"],
};
const DESTINATION: Shape = Shape {
    reads: &["Name", "ConnectionArn", "InvocationEndpoint", "HttpMethod", "InvocationRateLimitPerSecond"],
    descriptive: &["Description"],
    harmless: &[],
    refused: &[],
};
const ARCHIVE: Shape = Shape {
    reads: &["ArchiveName", "SourceArn", "EventPattern", "RetentionDays"],
    descriptive: &["Description"],
    harmless: &["KmsKeyIdentifier"],
    refused: &[],
};
const AUTH: Shape = Shape {
    reads: &["ApiKeyAuthParameters", "BasicAuthParameters", "OAuthParameters", "InvocationHttpParameters"],
    descriptive: &[],
    harmless: &[],
    refused: &["ConnectivityParameters"],
};
const API_KEY: Shape = Shape::of(&["ApiKeyName", "ApiKeyValue"]);
const BASIC: Shape = Shape::of(&["Username", "Password"]);
const OAUTH: Shape = Shape::of(&["AuthorizationEndpoint", "ClientParameters", "HttpMethod", "OAuthHttpParameters"]);
const CLIENT: Shape = Shape::of(&["ClientID", "ClientSecret"]);
const HTTP: Shape = Shape::of(&["BodyParameters", "HeaderParameters", "QueryStringParameters"]);
const PARAMETER: Shape = Shape::of(&["Key", "Value", "IsValueSecret"]);
const METHODS: [&str; 7] = ["POST", "GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"];

fn read_connection(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    let kinds = ["API_KEY", "BASIC", "OAUTH_CLIENT_CREDENTIALS"];
    object.require(report, "AuthorizationType");
    object.require(report, "AuthParameters");
    let kind = object.word(report, "AuthorizationType", &kinds);
    if let Some(auth) = object.object(report, resource.id, "AuthParameters", &AUTH) {
        check_auth(&auth, kind, resource.id, report);
    }
    let (Some(kind), Some(auth)) = (kind, object.value("AuthParameters")) else { return };
    build.stack.connections.push(Connection {
        logical_id: resource.id.to_owned(),
        name: resource.name.clone(),
        arn: resource.arn.clone(),
        authorization_type: kind.to_owned(),
        auth_parameters: auth.to_json(),
    });
}

fn check_auth(auth: &Object<'_>, kind: Option<&str>, id: &str, report: &mut Report) {
    let (needed, shape) = match kind {
        Some("API_KEY") => ("ApiKeyAuthParameters", &API_KEY),
        Some("BASIC") => ("BasicAuthParameters", &BASIC),
        _ => ("OAuthParameters", &OAUTH),
    };
    auth.require(report, needed);
    if let Some(parameters) = auth.object(report, id, needed, shape) {
        match needed {
            "OAuthParameters" => {
                parameters.required_text(report, "AuthorizationEndpoint");
                parameters.word(report, "HttpMethod", &["GET", "POST", "PUT"]);
                if let Some(client) = parameters.object(report, id, "ClientParameters", &CLIENT) {
                    CLIENT.reads.iter().for_each(|key| drop(client.required_text(report, key)));
                }
                check_http(&parameters, "OAuthHttpParameters", id, report);
            }
            _ => shape.reads.iter().for_each(|key| drop(parameters.required_text(report, key))),
        }
    }
    check_http(auth, "InvocationHttpParameters", id, report);
}

fn check_http(object: &Object<'_>, key: &str, id: &str, report: &mut Report) {
    let Some(http) = object.object(report, id, key, &HTTP) else { return };
    for list in HTTP.reads {
        for parameter in http.objects(report, id, list, &PARAMETER) {
            parameter.required_text(report, "Key");
            parameter.required_text(report, "Value");
        }
    }
}

fn read_destination(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    let connection_arn = resource.link(object, "ConnectionArn", &["events"], report, build);
    let endpoint = object.required_text(report, "InvocationEndpoint");
    if endpoint.as_ref().is_some_and(|endpoint| !endpoint.starts_with("https://")) {
        report
            .error(&object.place_of("InvocationEndpoint"), "the endpoint of an API destination begins with `https://`");
    }
    object.require(report, "HttpMethod");
    let method = object.word(report, "HttpMethod", &METHODS);
    let rate = object.integer(report, "InvocationRateLimitPerSecond", 1..=u32::MAX);
    let (Some(connection_arn), Some(endpoint), Some(method)) = (connection_arn, endpoint, method) else { return };
    build.stack.api_destinations.push(ApiDestination {
        logical_id: resource.id.to_owned(),
        name: resource.name.clone(),
        arn: resource.arn.clone(),
        connection_arn,
        endpoint,
        method: method.to_owned(),
        rate,
    });
}

fn read_archive(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    let source_arn = resource.link(object, "SourceArn", &["events"], report, build);
    let event_pattern = object.value("EventPattern").map(|node| {
        if let Err(error) = Pattern::parse(&node.to_json()) {
            report.error(&node.span, format!("this is not an event pattern: {error}"));
        }
        node.to_json()
    });
    let retention_days = object.integer(report, "RetentionDays", 0..=u32::MAX);
    let Some(source_arn) = source_arn else { return };
    build.stack.archives.push(Archive {
        logical_id: resource.id.to_owned(),
        name: resource.name.clone(),
        source_arn,
        event_pattern,
        retention_days,
    });
}
