//! Authorizers, as CloudFormation and SAM write them: functions, JWT authorizers and Cognito's user pools. IAM's
//! authorization is refused by name.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-authorizer.html>
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigatewayv2-authorizer.html>

mod sam;

use super::integration::function_arn;
use crate::stack::{Authorizer, AuthorizerEvent, AuthorizerFunction, Decides, TokenRules};
use crate::template::property::{Object, Shape};
use crate::template::report::Report;
use crate::template::resources::{Build, Resolved};
use crate::yaml::Node;

pub use sam::sam;

pub const REST: Shape = Shape {
    reads: &[
        "AuthorizerResultTtlInSeconds",
        "AuthorizerUri",
        "IdentitySource",
        "IdentityValidationExpression",
        "ProviderARNs",
        "RestApiId",
        "Type",
    ],
    descriptive: &["AuthType", "Name"],
    harmless: &["AuthorizerCredentials"],
    refused: &["JwtConfiguration"],
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
        "JwtConfiguration",
    ],
    descriptive: &["Name"],
    harmless: &["AuthorizerCredentialsArn"],
    refused: &["IdentityValidationExpression"],
};
const JWT: Shape = Shape::of(&["Audience", "Issuer"]);
const TTL: std::ops::RangeInclusive<u32> = 0..=3600;
/// For how many seconds a REST API keeps an answer unless it is told otherwise.
const REST_TTL: u32 = 300;
/// Where a REST API finds a token unless it is told otherwise.
const HEADER: &str = "method.request.header.Authorization";

/// An authorizer of an API.
pub struct AuthorizerPart {
    pub api: String,
    pub authorizer: Authorizer,
    /// The scopes that a route asks for with it, unless it has its own.
    pub scopes: Vec<String>,
}

impl AuthorizerPart {
    pub fn new(api: &str, authorizer: Authorizer) -> Self {
        Self { api: api.to_owned(), authorizer, scopes: Vec::new() }
    }
}

pub fn read_rest(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    let api = object.required_text(report, "RestApiId");
    let authorizer = rest(object, resource.reference.clone(), report);
    build.apis.authorizers.extend(api.zip(authorizer).map(|(api, one)| AuthorizerPart::new(&api, one)));
}

/// A REST API's authorizer.
pub fn rest(object: &Object<'_>, id: String, report: &mut Report) -> Option<Authorizer> {
    object.require(report, "Type");
    let kind = object.text(report, "Type")?;
    let (event, default) = match kind.to_ascii_uppercase().as_str() {
        "TOKEN" => (Some(AuthorizerEvent::Token), HEADER),
        "REQUEST" => (Some(AuthorizerEvent::Request), ""),
        "COGNITO_USER_POOLS" => (None, HEADER),
        _ => {
            let problem =
                report.error(&object.place_of("Type"), format!("authorizers of type `{kind}` are not simulated"));
            problem.help("it can be `TOKEN`, `REQUEST` or `COGNITO_USER_POOLS`");
            return None;
        }
    };
    let sources = object.text(report, "IdentitySource").unwrap_or_else(|| default.to_owned());
    let sources: Vec<String> =
        sources.split(',').map(|source| source.trim().to_owned()).filter(|source| !source.is_empty()).collect();
    check_sources(&sources, "method.request.", object, report);
    let validation = object.text(report, "IdentityValidationExpression").filter(|pattern| !pattern.is_empty());
    let decides = match event {
        None => Decides::Token(user_pools(object, "ProviderARNs", report)),
        Some(event) => Decides::Function(AuthorizerFunction {
            arn: function_arn(object, "AuthorizerUri", report)?,
            event,
            cache_seconds: object.integer(report, "AuthorizerResultTtlInSeconds", TTL).unwrap_or(REST_TTL),
        }),
    };
    Some(Authorizer { id, sources, validation, decides })
}

/// The user pools whose tokens are taken, given by ARN: `arn:aws:cognito-idp:region:account:userpool/id`.
fn user_pools(object: &Object<'_>, key: &str, report: &mut Report) -> TokenRules {
    object.require(report, key);
    let written = object.value(key).map_or(&[][..], |node| node.sequence().unwrap_or(std::slice::from_ref(node)));
    let mut issuers = Vec::new();
    for node in written {
        let arn = node.scalar().unwrap_or_default();
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        match parts.as_slice() {
            ["arn", _, "cognito-idp", region, _, pool] if pool.starts_with("userpool/") => {
                issuers.push(format!("https://cognito-idp.{region}.amazonaws.com/{}", &pool["userpool/".len()..]));
            }
            _ => {
                report.error(&node.span, format!("`{arn}` is not the ARN of a user pool"));
            }
        }
    }
    TokenRules { issuers, audiences: Vec::new() }
}

fn check_sources(sources: &[String], start: &str, object: &Object<'_>, report: &mut Report) {
    // What is not of the request begins as what is of it, without naming it.
    let (of_request, elsewhere) = (start, start.trim_end_matches("request.").trim_end_matches("method."));
    let known = |source: &&String| {
        let begins = |start: &str, places: [&str; 2]| {
            source.strip_prefix(start).is_some_and(|rest| places.iter().any(|place| rest.starts_with(place)))
        };
        begins(of_request, ["header.", "querystring."]) || begins(elsewhere, ["context.", "stageVariables."])
    };
    for source in sources.iter().filter(|source| !known(source)) {
        let problem = report
            .error(&object.place_of("IdentitySource"), format!("the identity source `{source}` is not simulated"));
        problem.help(format!(
            "it can be `{start}header.<name>`, `{start}querystring.<name>`, `{elsewhere}context.<name>` or `{elsewhere}stageVariables.<name>`"
        ));
    }
}

pub fn read_http(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    let api = object.required_text(report, "ApiId");
    let authorizer = http(object, resource.id, resource.reference.clone(), report);
    build.apis.authorizers.extend(api.zip(authorizer).map(|(api, one)| AuthorizerPart::new(&api, one)));
}

/// An HTTP API's authorizer.
pub fn http(object: &Object<'_>, logical_id: &str, id: String, report: &mut Report) -> Option<Authorizer> {
    object.require(report, "AuthorizerType");
    let kind = object.text(report, "AuthorizerType")?;
    let sources: Vec<String> = object.list(report, "IdentitySource").into_iter().filter_map(Node::scalar).collect();
    check_sources(&sources, "$request.", object, report);
    let decides = match kind.to_ascii_uppercase().as_str() {
        "JWT" => {
            object.require(report, "IdentitySource");
            object.require(report, "JwtConfiguration");
            let rules = object.object(report, logical_id, "JwtConfiguration", &JWT)?;
            Decides::Token(jwt(&rules, ["Issuer", "Audience"], report)?)
        }
        "REQUEST" => Decides::Function(AuthorizerFunction {
            arn: function_arn(object, "AuthorizerUri", report)?,
            event: format(object, report)?,
            cache_seconds: object.integer(report, "AuthorizerResultTtlInSeconds", TTL).unwrap_or(0),
        }),
        _ => {
            let place = object.place_of("AuthorizerType");
            let problem = report.error(&place, format!("authorizers of type `{kind}` are not simulated"));
            problem.help("it can be `REQUEST` or `JWT`");
            return None;
        }
    };
    Some(Authorizer { id, sources, validation: None, decides })
}

/// Whose tokens are taken, and for whom they must be.
fn jwt(object: &Object<'_>, [issuer, audience]: [&str; 2], report: &mut Report) -> Option<TokenRules> {
    object.require(report, audience);
    let audiences: Vec<String> = match object.value(audience).and_then(Node::scalar) {
        Some(one) => vec![one],
        None => object.list(report, audience).into_iter().filter_map(Node::scalar).collect(),
    };
    let written = object.required_text(report, issuer)?;
    if !written.starts_with("https://") {
        report.error(&object.place_of(issuer), format!("the issuer `{written}` must begin with `https://`"));
    }
    Some(TokenRules { issuers: vec![written], audiences })
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
