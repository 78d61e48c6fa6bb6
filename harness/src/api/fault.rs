//! API Gateway's own errors: status and words of each, and how a REST API's gateway responses change them.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html>

use bytes::Bytes;

use crate::event::apigateway::ApiResponse;
use crate::stack::{Api, ApiKind, GatewayResponse};

/// Why API Gateway answers by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No stage or API of that name.
    NoStage,
    NoRoute,
    TooLarge,
    /// The request line and the headers are together.
    HeadTooLarge,
    /// The integration took longer than the API waits.
    TimedOut,
    /// Nothing answers at an HTTP integration's endpoint.
    Unreachable,
    /// The function failed, or its response is malformed.
    Integration,
    /// Lambda throttled the function.
    FunctionThrottled,
    /// The API key is missing, unknown, or in no usage plan of the stage.
    NoKey,
    /// What the authorizer looks at is not in the request, or it says so.
    Unauthorized,
    /// No token, or none that is taken.
    BadToken(BadToken),
    /// The token has none of the scopes that the route asks for.
    InsufficientScope(Vec<String>),
    /// The authorizer's policy does not allow the request.
    Denied {
        is_explicit: bool,
    },
    AuthorizerFailed,
    /// What the authorizer answered is malformed.
    AuthorizerMisconfigured,
    Throttled,
    QuotaExceeded,
    /// By name.
    MissingParameters(Vec<String>),
    /// What is wrong with a body that does not fit its model.
    InvalidBody(Vec<String>),
    /// What the integration names does not exist.
    Configuration,
}

/// What is wrong with a token. Of the words, AWS documents those for the audience; the others are like them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadToken {
    Missing,
    Expired,
    Refused(&'static str),
}

/// A fault in the words of one kind of API.
struct Words {
    response_type: &'static str,
    status: u16,
    message: String,
    /// What a REST API puts into `x-amzn-ErrorType`.
    error_type: &'static str,
}

impl Fault {
    /// The response that the client gets.
    pub fn response(&self, api: &Api) -> ApiResponse {
        let words = self.words(api.kind);
        if api.kind == ApiKind::Http {
            let mut response = ApiResponse::message(words.status, &words.message);
            let challenge = self.challenge().map(|challenge| ("www-authenticate".to_owned(), challenge));
            response.headers.extend(challenge);
            return response;
        }
        let family = if words.status < 500 { "DEFAULT_4XX" } else { "DEFAULT_5XX" };
        let find = |name: &str| api.gateway_responses.iter().find(|response| response.response_type == name);
        // What a type does not say, the family does.
        let chosen: Vec<&GatewayResponse> = [find(words.response_type), find(family)].into_iter().flatten().collect();
        worded(&words, &self.details(), &chosen)
    }

    /// What an HTTP API tells in `www-authenticate`.
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-jwt.html>
    fn challenge(&self) -> Option<String> {
        let (scope, error, description) = match self {
            Self::BadToken(BadToken::Missing) => return Some("Bearer".to_owned()),
            Self::BadToken(BadToken::Expired) => (String::new(), "invalid_token", "the token has expired"),
            Self::BadToken(BadToken::Refused(why)) => (String::new(), "invalid_token", *why),
            Self::InsufficientScope(scopes) => {
                (scopes.join(" "), "insufficient_scope", "the token does not have any of the scopes")
            }
            _ => return None,
        };
        Some(format!("Bearer scope=\"{scope}\" error=\"{error}\" error_description=\"{description}\""))
    }

    /// What a validator found, as a gateway response can tell it.
    fn details(&self) -> String {
        match self {
            Self::InvalidBody(faults) => format!("[{}]", faults.join(", ")),
            Self::MissingParameters(names) => format!("[{}]", names.join(", ")),
            _ => String::new(),
        }
    }

    fn words(&self, kind: ApiKind) -> Words {
        match kind {
            ApiKind::Rest => self.rest(),
            ApiKind::Http => self.http(),
        }
    }

    fn rest(&self) -> Words {
        let words = |response_type, status, message: &str, error_type| Words {
            response_type,
            status,
            message: message.to_owned(),
            error_type,
        };
        match self {
            Self::NoStage => words("DEFAULT_4XX", 403, "Forbidden", "ForbiddenException"),
            Self::NoRoute => words(
                "MISSING_AUTHENTICATION_TOKEN",
                403,
                "Missing Authentication Token",
                "MissingAuthenticationTokenException",
            ),
            Self::TooLarge => words("REQUEST_TOO_LARGE", 413, "Request Too Long", "RequestTooLongException"),
            // Not in the documentation, which tells the limit only.
            Self::HeadTooLarge => {
                words("DEFAULT_4XX", 431, "Request Header Fields Too Large", "RequestHeaderFieldsTooLargeException")
            }
            Self::NoKey => words("INVALID_API_KEY", 403, "Forbidden", "ForbiddenException"),
            Self::BadToken(BadToken::Expired) => {
                words("EXPIRED_TOKEN", 401, "The incoming token has expired", "UnauthorizedException")
            }
            Self::Unauthorized | Self::BadToken(_) => {
                words("UNAUTHORIZED", 401, "Unauthorized", "UnauthorizedException")
            }
            Self::InsufficientScope(_) => {
                words("ACCESS_DENIED", 403, "User is not authorized to access this resource", "AccessDeniedException")
            }
            Self::Denied { is_explicit } => {
                let end = if *is_explicit { " with an explicit deny" } else { "" };
                let message = format!("User is not authorized to access this resource{end}");
                words("ACCESS_DENIED", 403, &message, "AccessDeniedException")
            }
            Self::AuthorizerFailed => words("AUTHORIZER_FAILURE", 500, "", "AuthorizerFailureException"),
            Self::AuthorizerMisconfigured => {
                words("AUTHORIZER_CONFIGURATION_ERROR", 500, "", "AuthorizerConfigurationException")
            }
            Self::Throttled => words("THROTTLED", 429, "Too Many Requests", "TooManyRequestsException"),
            Self::QuotaExceeded => words("QUOTA_EXCEEDED", 429, "Limit Exceeded", "LimitExceededException"),
            Self::MissingParameters(names) => {
                let message = format!("Missing required request parameters: [{}]", names.join(", "));
                words("BAD_REQUEST_PARAMETERS", 400, &message, "BadRequestException")
            }
            Self::InvalidBody(_) => words("BAD_REQUEST_BODY", 400, "Invalid request body", "BadRequestException"),
            Self::TimedOut => {
                words("INTEGRATION_TIMEOUT", 504, "Endpoint request timed out", "InternalServerErrorException")
            }
            // Not in the documentation: what REST APIs are seen to answer.
            Self::Unreachable => words(
                "INTEGRATION_FAILURE",
                504,
                "Network error communicating with endpoint",
                "InternalServerErrorException",
            ),
            Self::Integration => words("DEFAULT_5XX", 502, "Internal server error", "InternalServerErrorException"),
            Self::FunctionThrottled | Self::Configuration => {
                words("API_CONFIGURATION_ERROR", 500, "Internal server error", "InternalServerErrorException")
            }
        }
    }

    fn http(&self) -> Words {
        let (status, message) = match self {
            Self::NoStage | Self::NoRoute => (404, "Not Found"),
            Self::HeadTooLarge => (431, "Request Header Fields Too Large"),
            Self::TooLarge => (413, "Request Entity Too Large"),
            Self::TimedOut | Self::FunctionThrottled | Self::Unreachable => (503, "Service Unavailable"),
            Self::NoKey | Self::Denied { .. } | Self::InsufficientScope(_) => (403, "Forbidden"),
            Self::Unauthorized | Self::BadToken(_) => (401, "Unauthorized"),
            Self::Throttled | Self::QuotaExceeded => (429, "Too Many Requests"),
            Self::MissingParameters(_) | Self::InvalidBody(_) => (400, "Bad Request"),
            Self::Integration | Self::Configuration | Self::AuthorizerFailed | Self::AuthorizerMisconfigured => {
                (500, "Internal Server Error")
            }
        };
        Words { response_type: "", status, message: message.to_owned(), error_type: "" }
    }
}

/// A REST API's response as the gateway responses word it; the first goes before the second.
fn worded(words: &Words, details: &str, chosen: &[&GatewayResponse]) -> ApiResponse {
    let status = chosen.iter().find_map(|response| response.status).unwrap_or(words.status);
    let template = chosen.iter().find_map(|response| response.templates.first());
    let (content_type, body) = match template {
        Some((content_type, template)) => (content_type.clone(), filled(template, words, details)),
        None => ("application/json".to_owned(), message(words)),
    };
    let error_type = ("x-amzn-ErrorType".to_owned(), words.error_type.to_owned());
    let mut headers = vec![("content-type".to_owned(), content_type), error_type];
    for (name, value) in chosen.first().iter().flat_map(|response| &response.headers) {
        headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        headers.push((name.clone(), value.clone()));
    }
    ApiResponse { status, headers, body: Bytes::from(body) }
}

/// An authorizer that fails has no message at all.
fn message(words: &Words) -> String {
    let message = Some(&words.message).filter(|message| !message.is_empty());
    serde_json::json!({ "message": message }).to_string()
}

/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html>
fn filled(template: &str, words: &Words, details: &str) -> String {
    // Within the quotes of a template's JSON.
    let details = serde_json::json!(details).to_string();
    let quoted = serde_json::json!(words.message).to_string();
    template
        .replace("$context.error.messageString", &quoted)
        .replace("$context.error.message", &words.message)
        .replace("$context.error.responseType", words.response_type)
        .replace("$context.error.validationErrorString", details.trim_matches('"'))
}
