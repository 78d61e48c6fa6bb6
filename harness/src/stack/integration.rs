//! Integrations of APIs with other HTTP endpoints: what is sent there, and what becomes of the response.

use std::time::Duration;

/// A request to another HTTP endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpEndpoint {
    /// May hold stage variables, and path parameters as `{name}`.
    pub uri: String,
    /// None for the method of the client's request.
    pub method: Option<String>,
    /// What is sent, and what is answered.
    pub passing: Passing,
    pub mapping: ParameterMapping,
    /// How long the API waits for the response.
    pub timeout: Duration,
}

/// How much of a request and its response is passed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Passing {
    /// All of both.
    Whole,
    /// The body and what is mapped; the response becomes what the first rule that fits it says.
    Mapped(Vec<ResponseRule>),
}

/// What is changed on the way to an integration and back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParameterMapping {
    /// In the request, in this order.
    pub request: Vec<Change>,
    /// In responses of a status.
    pub responses: Vec<(u16, Vec<Change>)>,
}

/// A change of a request on its way to an integration, or of its response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub target: ChangeTarget,
    pub how: How,
    /// The pieces of the value.
    pub value: Vec<Source>,
}

/// What a change is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeTarget {
    Header(String),
    Query(String),
    /// What stands in the place of `{name}`.
    PathParameter(String),
    Path,
    /// A response's status.
    Status,
}

/// What is done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Append,
    Overwrite,
    Remove,
}

/// A piece of a mapped value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Text(String),
    /// The first value of a header.
    Header(String),
    /// All values of a header.
    Headers(String),
    /// The first value of a query parameter.
    Query(String),
    /// All values of a query parameter.
    Queries(String),
    PathParameter(String),
    Path,
    Body,
    StageVariable(String),
    /// Such as `identity.sourceIp`.
    Context(String),
}

impl Source {
    /// What a name stands for, such as `request.header.id`, `context.requestId` or `stageVariables.color`.
    pub fn of_variable(name: &str) -> Option<Self> {
        let (head, rest) = name.strip_prefix("method.").unwrap_or(name).split_once('.')?;
        match (head, rest.split_once('.')) {
            ("stageVariables", _) => Some(Self::StageVariable(rest.to_owned())),
            ("context", _) => Some(Self::Context(rest.to_owned())),
            ("request", Some(("header", name))) => Some(Self::Header(name.to_owned())),
            ("request", Some(("multivalueheader", name))) => Some(Self::Headers(name.to_owned())),
            ("request", Some(("querystring", name))) => Some(Self::Query(name.to_owned())),
            ("request", Some(("multivaluequerystring", name))) => Some(Self::Queries(name.to_owned())),
            ("request", Some(("path", name))) => Some(Self::PathParameter(name.to_owned())),
            ("request", None) if rest == "path" => Some(Self::Path),
            ("request", None) if rest == "body" => Some(Self::Body),
            _ => None,
        }
    }
}

/// What a response with some statuses becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseRule {
    /// A regular expression for the status; none for all that no other rule fits.
    pub pattern: Option<String>,
    pub status: u16,
    /// Values that a response has itself are of the endpoint's response, and not of the client's request.
    pub headers: Vec<(String, Source)>,
    /// A fixed body in the place of the endpoint's.
    pub body: Option<String>,
}
