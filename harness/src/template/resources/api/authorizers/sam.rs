//! Authorizers as SAM writes them, below an API's `Auth`.
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-api-apiauth.html>
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-httpapi-httpapiauth.html>

use super::{AuthorizerPart, HEADER, REST_TTL, TTL, check_sources, format, jwt, user_pools};
use crate::stack::{Authorizer, AuthorizerEvent, AuthorizerFunction, Decides};
use crate::template::property::{Object, Shape};
use crate::template::report::Report;
use crate::template::resources::api::integration::function_arn;
use crate::yaml::Node;

/// One of the `Authorizers` of a REST API.
const REST: Shape = Shape {
    harmless: &["DisableFunctionDefaultPermissions", "FunctionInvokeRole"],
    ..Shape::of(&["AuthorizationScopes", "FunctionArn", "FunctionPayloadType", "Identity", "UserPoolArn"])
};
/// One of the `Authorizers` of an HTTP API.
const HTTP: Shape = Shape {
    harmless: &["EnableFunctionDefaultPermissions", "FunctionInvokeRole"],
    ..Shape::of(&[
        "AuthorizationScopes",
        "AuthorizerPayloadFormatVersion",
        "EnableSimpleResponses",
        "FunctionArn",
        "Identity",
        "IdentitySource",
        "JwtConfiguration",
    ])
};
const IDENTITY: Shape = Shape::of(&[
    "Context",
    "Header",
    "Headers",
    "QueryStrings",
    "ReauthorizeEvery",
    "StageVariables",
    "ValidationExpression",
]);
const JWT: Shape = Shape::of(&["audience", "issuer"]);

/// The authorizers of a SAM API, each under its name.
pub fn sam(auth: &Object<'_>, logical_id: &str, api: &str, is_rest: bool, report: &mut Report) -> Vec<AuthorizerPart> {
    let what = format!("{}.Authorizers", auth.what);
    let shape = if is_rest { &REST } else { &HTTP };
    let mut read = Vec::new();
    for (key, node) in auth.mapping(report, "Authorizers") {
        let Some(object) = Object::open(report, logical_id, what.clone(), &key.span, node, shape) else { continue };
        let name = key.text().unwrap_or_default().to_owned();
        let scopes = object.list(report, "AuthorizationScopes").into_iter().filter_map(Node::scalar).collect();
        let authorizer = one(&object, logical_id, name, is_rest, report);
        read.extend(authorizer.map(|authorizer| AuthorizerPart { api: api.to_owned(), authorizer, scopes }));
    }
    read
}

fn one(object: &Object<'_>, logical_id: &str, id: String, is_rest: bool, report: &mut Report) -> Option<Authorizer> {
    if object.has("JwtConfiguration") {
        return of_tokens(object, logical_id, id, report);
    }
    let identity = Identity::read(object, logical_id, is_rest, report);
    let Identity { mut sources, validation, seconds } = identity;
    let is_pool = object.has("UserPoolArn");
    let decides = if is_pool {
        Decides::Token(user_pools(object, "UserPoolArn", report))
    } else {
        let arn = function_arn(object, "FunctionArn", report)?;
        let event = match is_rest {
            true if object.text(report, "FunctionPayloadType").as_deref() == Some("REQUEST") => {
                AuthorizerEvent::Request
            }
            true => AuthorizerEvent::Token,
            false => format(object, report)?,
        };
        let cache_seconds = seconds.unwrap_or(if is_rest { REST_TTL } else { 0 });
        Decides::Function(AuthorizerFunction { arn, event, cache_seconds })
    };
    let takes_token =
        is_pool || matches!(&decides, Decides::Function(function) if function.event == AuthorizerEvent::Token);
    if takes_token && sources.is_empty() {
        sources.push(HEADER.to_owned());
    }
    Some(Authorizer { id, sources, validation, decides })
}

/// A JWT authorizer, whose keys SAM writes small.
fn of_tokens(object: &Object<'_>, logical_id: &str, id: String, report: &mut Report) -> Option<Authorizer> {
    let source = object.text(report, "IdentitySource").unwrap_or_else(|| "$request.header.Authorization".to_owned());
    let sources = vec![source];
    check_sources(&sources, "$request.", object, report);
    let rules = object.object(report, logical_id, "JwtConfiguration", &JWT)?;
    let rules = jwt(&rules, ["issuer", "audience"], report)?;
    Some(Authorizer { id, sources, validation: None, decides: Decides::Token(rules) })
}

/// What an authorizer looks at in a request.
#[derive(Default)]
struct Identity {
    sources: Vec<String>,
    validation: Option<String>,
    seconds: Option<u32>,
}

impl Identity {
    fn read(object: &Object<'_>, logical_id: &str, is_rest: bool, report: &mut Report) -> Self {
        let Some(identity) = object.object(report, logical_id, "Identity", &IDENTITY) else { return Self::default() };
        let (start, elsewhere) = if is_rest { ("method.request.", "") } else { ("$request.", "$") };
        let texts = |report: &mut Report, key: &str| {
            identity.list(report, key).into_iter().filter_map(Node::scalar).collect::<Vec<_>>()
        };
        let mut sources = Vec::new();
        sources.extend(identity.text(report, "Header").map(|name| format!("{start}header.{name}")));
        sources.extend(texts(report, "Headers").iter().map(|name| format!("{start}header.{name}")));
        sources.extend(texts(report, "QueryStrings").iter().map(|name| format!("{start}querystring.{name}")));
        sources.extend(texts(report, "StageVariables").iter().map(|name| format!("{elsewhere}stageVariables.{name}")));
        sources.extend(texts(report, "Context").iter().map(|name| format!("{elsewhere}context.{name}")));
        let validation = identity.text(report, "ValidationExpression");
        Self { sources, validation, seconds: identity.integer(report, "ReauthorizeEvery", TTL) }
    }
}
