//! Who may call a route: authorizers that are functions.

/// An authorizer of an API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorizer {
    /// What routes name it by.
    pub id: String,
    /// May hold stage variables.
    pub function_arn: String,
    pub event: AuthorizerEvent,
    /// What must be in a request, such as `method.request.header.Authorization` or `$request.header.Authorization`.
    pub sources: Vec<String>,
    /// A pattern that a token must match.
    pub validation: Option<String>,
    /// For how many seconds an answer is kept; 0 for not at all.
    pub cache_seconds: u32,
}

/// What an authorizer is sent, and what it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorizerEvent {
    /// The token alone, of a REST API.
    Token,
    /// The request, in the format of a REST API.
    Request,
    /// The request in format 1.0 of an HTTP API.
    V1,
    /// The request in format 2.0, answered by a policy.
    V2,
    /// The request in format 2.0, answered by `isAuthorized`.
    Simple,
}
