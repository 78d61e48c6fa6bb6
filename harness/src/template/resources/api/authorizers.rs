//! Lambda authorizers, as CloudFormation and SAM write them. Cognito's, JWT's and IAM's are refused by name.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-authorizer.html>

use super::integration::function_arn;
use crate::stack::{Authorizer, AuthorizerEvent};
use crate::template::property::{Object, Shape};
use crate::template::report::Report;
use crate::template::resources::{Build, Resolved};
use crate::yaml::Node;

pub const REST: Shape = Shape {
    reads: &[
        "AuthorizerResultTtlInSeconds",
        "AuthorizerUri",
        "IdentitySource",
        "IdentityValidationExpression",
        "RestApiId",
        "Type",
    ],
    descriptive: &["AuthType", "Name"],
    harmless: &["AuthorizerCredentials"],
    refused: &["ProviderARNs"],
};
pub const HTTP: Shape = Shape {
    reads: &[
        "ApiId",
        "AuthorizerPayloadFormatVersion",
        "AuthorizerResultTtlInSeconds",
        "AuthorizerType",
        "AuthorizerUri",
        "EnableSimpleResponses",
        "IdentitySource",
    ],
    descriptive: &["Name"],
    harmless: &["AuthorizerCredentialsArn"],
    refused: &["IdentityValidationExpression", "JwtConfiguration"],
};
/// One of SAM's `Authorizers` of a REST API.
const SAM_REST: Shape = Shape {
    harmless: &["DisableFunctionDefaultPermissions", "FunctionInvokeRole"],
    refused: &["AuthorizationScopes", "UserPoolArn"],
    ..Shape::of(&["FunctionArn", "FunctionPayloadType", "Identity"])
};
/// One of SAM's `Authorizers` of an HTTP API.
const SAM_HTTP: Shape = Shape {
    harmless: &["EnableFunctionDefaultPermissions", "FunctionInvokeRole"],
    refused: &["AuthorizationScopes", "IdentitySource", "JwtConfiguration"],
    ..Shape::of(&["AuthorizerPayloadFormatVersion", "EnableSimpleResponses", "FunctionArn", "Identity"])
};
const IDENTITY: Shape = Shape {
    refused: &["Context", "StageVariables"],
    ..Shape::of(&["Header", "Headers", "QueryStrings", "ReauthorizeEvery", "ValidationExpression"])
};
const TTL: std::ops::RangeInclusive<u32> = 0..=3600;
/// For how many seconds a REST API keeps an answer unless it is told otherwise.
const REST_TTL: u32 = 300;

/// An authorizer and its API's id.
pub type AuthorizerPart = (String, Authorizer);

pub fn read_rest(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    let api = object.required_text(report, "RestApiId");
    let authorizer = rest(object, resource.reference.clone(), report);
    build.apis.authorizers.extend(api.zip(authorizer));
}

/// A REST API's authorizer.
pub fn rest(object: &Object<'_>, id: String, report: &mut Report) -> Option<Authorizer> {
    object.require(report, "Type");
    let kind = object.text(report, "Type")?;
    let event = match kind.to_ascii_uppercase().as_str() {
        "TOKEN" => AuthorizerEvent::Token,
        "REQUEST" => AuthorizerEvent::Request,
        _ => {
            let problem =
                report.error(&object.place_of("Type"), format!("authorizers of type `{kind}` are not simulated"));
            problem.help("it can be `TOKEN` or `REQUEST`");
            return None;
        }
    };
    let default = if event == AuthorizerEvent::Token { "method.request.header.Authorization" } else { "" };
    let sources = object.text(report, "IdentitySource").unwrap_or_else(|| default.to_owned());
    let sources: Vec<String> =
        sources.split(',').map(|source| source.trim().to_owned()).filter(|source| !source.is_empty()).collect();
    check_sources(&sources, "method.request.", object, report);
    Some(Authorizer {
        id,
        function_arn: function_arn(object, "AuthorizerUri", report)?,
        event,
        sources,
        validation: object.text(report, "IdentityValidationExpression").filter(|pattern| !pattern.is_empty()),
        cache_seconds: object.integer(report, "AuthorizerResultTtlInSeconds", TTL).unwrap_or(REST_TTL),
    })
}

fn check_sources(sources: &[String], start: &str, object: &Object<'_>, report: &mut Report) {
    let known = |source: &&String| {
        ["header.", "querystring."]
            .iter()
            .any(|place| source.strip_prefix(start).is_some_and(|rest| rest.starts_with(place)))
    };
    for source in sources.iter().filter(|source| !known(source)) {
        let problem = report
            .error(&object.place_of("IdentitySource"), format!("the identity source `{source}` is not simulated"));
        problem.help(format!("it can be `{start}header.<name>` or `{start}querystring.<name>`"));
    }
}

pub fn read_http(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    let api = object.required_text(report, "ApiId");
    let authorizer = http(object, resource.reference.clone(), report);
    build.apis.authorizers.extend(api.zip(authorizer));
}

/// An HTTP API's authorizer.
pub fn http(object: &Object<'_>, id: String, report: &mut Report) -> Option<Authorizer> {
    object.require(report, "AuthorizerType");
    let kind = object.text(report, "AuthorizerType")?;
    if !kind.eq_ignore_ascii_case("REQUEST") {
        let place = object.place_of("AuthorizerType");
        let problem = report.error(&place, format!("authorizers of type `{kind}` are not simulated"));
        problem.help("it can be `REQUEST`");
        return None;
    }
    let sources: Vec<String> = object.list(report, "IdentitySource").into_iter().filter_map(Node::scalar).collect();
    check_sources(&sources, "$request.", object, report);
    Some(Authorizer {
        id,
        function_arn: function_arn(object, "AuthorizerUri", report)?,
        event: format(object, report)?,
        sources,
        validation: None,
        cache_seconds: object.integer(report, "AuthorizerResultTtlInSeconds", TTL).unwrap_or(0),
    })
}

fn format(object: &Object<'_>, report: &mut Report) -> Option<AuthorizerEvent> {
    let is_simple = object.boolean(report, "EnableSimpleResponses").unwrap_or(false);
    object.require(report, "AuthorizerPayloadFormatVersion");
    match object.word(report, "AuthorizerPayloadFormatVersion", &["1.0", "2.0"])? {
        "1.0" => Some(AuthorizerEvent::V1),
        _ if is_simple => Some(AuthorizerEvent::Simple),
        _ => Some(AuthorizerEvent::V2),
    }
}

/// The authorizers of a SAM API, each under its name.
pub fn sam(auth: &Object<'_>, logical_id: &str, api: &str, is_rest: bool, report: &mut Report) -> Vec<AuthorizerPart> {
    let what = format!("{}.Authorizers", auth.what);
    let shape = if is_rest { &SAM_REST } else { &SAM_HTTP };
    let mut read = Vec::new();
    for (key, node) in auth.mapping(report, "Authorizers") {
        let Some(object) = Object::open(report, logical_id, what.clone(), &key.span, node, shape) else { continue };
        let name = key.text().unwrap_or_default().to_owned();
        read.extend(sam_one(&object, logical_id, name, is_rest, report).map(|authorizer| (api.to_owned(), authorizer)));
    }
    read
}

fn sam_one(
    object: &Object<'_>,
    logical_id: &str,
    id: String,
    is_rest: bool,
    report: &mut Report,
) -> Option<Authorizer> {
    let function_arn = function_arn(object, "FunctionArn", report)?;
    let event = match is_rest {
        true if object.text(report, "FunctionPayloadType").as_deref() == Some("REQUEST") => AuthorizerEvent::Request,
        true => AuthorizerEvent::Token,
        false => format(object, report)?,
    };
    let start = if is_rest { "method.request." } else { "$request." };
    let identity = object.object(report, logical_id, "Identity", &IDENTITY);
    let mut sources = Vec::new();
    let (mut validation, mut seconds) = (None, None);
    if let Some(identity) = &identity {
        let texts = |report: &mut Report, key: &str| {
            identity.list(report, key).into_iter().filter_map(Node::scalar).collect::<Vec<_>>()
        };
        sources.extend(identity.text(report, "Header").map(|name| format!("{start}header.{name}")));
        sources.extend(texts(report, "Headers").iter().map(|name| format!("{start}header.{name}")));
        sources.extend(texts(report, "QueryStrings").iter().map(|name| format!("{start}querystring.{name}")));
        validation = identity.text(report, "ValidationExpression");
        seconds = identity.integer(report, "ReauthorizeEvery", TTL);
    }
    if event == AuthorizerEvent::Token && sources.is_empty() {
        sources.push("method.request.header.Authorization".to_owned());
    }
    let cache_seconds = seconds.unwrap_or(if is_rest { REST_TTL } else { 0 });
    Some(Authorizer { id, function_arn, event, sources, validation, cache_seconds })
}
