//! Who may call a route: authorizers, which are functions or take the tokens of an issuer.

/// An authorizer of an API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorizer {
    /// What routes name it by.
    pub id: String,
    /// What must be in a request, such as `method.request.header.Authorization` or `$request.header.Authorization`.
    pub sources: Vec<String>,
    /// A pattern that a token must match.
    pub validation: Option<String>,
    pub decides: Decides,
}

/// What decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decides {
    Function(AuthorizerFunction),
    /// The token itself: who issued it, for whom, and until when.
    Token(TokenRules),
}

/// A function that decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizerFunction {
    /// May hold stage variables.
    pub arn: String,
    pub event: AuthorizerEvent,
    /// For how many seconds an answer is kept; 0 for not at all.
    pub cache_seconds: u32,
}

/// Which tokens are taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenRules {
    /// The addresses of those who may have issued it, such as `https://login.example.com`.
    pub issuers: Vec<String>,
    /// For whom it may be; any where there is none.
    pub audiences: Vec<String>,
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

impl Authorizer {
    /// The function that decides, where one does.
    pub fn function(&self) -> Option<&AuthorizerFunction> {
        match &self.decides {
            Decides::Function(function) => Some(function),
            Decides::Token(_) => None,
        }
    }

    /// Which tokens are taken, where tokens are.
    pub fn tokens(&self) -> Option<&TokenRules> {
        match &self.decides {
            Decides::Function(_) => None,
            Decides::Token(rules) => Some(rules),
        }
    }
}
