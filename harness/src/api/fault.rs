//! API Gateway's own errors: status and words of each.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html>

use bytes::Bytes;

use crate::event::apigateway::ApiResponse;
use crate::stack::{Api, ApiKind};

/// Why API Gateway answers by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No stage or API of that name.
    NoStage,
    NoRoute,
    TooLarge,
    /// The request line and the headers are together.
    HeadTooLarge,
    /// The function took longer than the API waits.
    TimedOut,
    /// The endpoint did.
    EndpointTimedOut,
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
pub struct Words {
    pub response_type: &'static str,
    pub status: u16,
    pub message: String,
    /// What a REST API puts into `x-amzn-ErrorType`.
    error_type: &'static str,
}

impl Fault {
    /// The response that the client gets, unless a REST API's gateway responses change it.
    pub fn response(&self, api: &Api) -> ApiResponse {
        let words = self.words(api.kind);
        if api.kind == ApiKind::Http {
            let mut response = ApiResponse::message(words.status, &words.message);
            let challenge = self.challenge().map(|challenge| ("www-authenticate".to_owned(), challenge));
            response.headers.extend(challenge);
            return response;
        }
        let headers = [("content-type", "application/json"), ("x-amzn-ErrorType", words.error_type)];
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        ApiResponse { status: words.status, headers, body: Bytes::from(message(&words)) }
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
    pub fn details(&self) -> String {
        match self {
            Self::InvalidBody(faults) => format!("[{}]", faults.join(", ")),
            Self::MissingParameters(names) => format!("[{}]", names.join(", ")),
            _ => String::new(),
        }
    }

    /// The fault in the words of a kind of API.
    pub fn words(&self, kind: ApiKind) -> Words {
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
            Self::TimedOut | Self::EndpointTimedOut => {
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
            Self::EndpointTimedOut => (504, "Gateway Timeout"),
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

/// An authorizer that fails has no message at all.
fn message(words: &Words) -> String {
    let message = Some(&words.message).filter(|message| !message.is_empty());
    serde_json::json!({ "message": message }).to_string()
}
