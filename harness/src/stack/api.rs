//! API Gateway's APIs and their routes.

/// An API Gateway API.
#[derive(Clone, Debug)]
pub struct Api {
    pub logical_id: String,
    /// The API's id, the first label of its host name.
    pub id: String,
    pub kind: ApiKind,
    pub stage: String,
    /// `https://{id}.execute-api.{region}.amazonaws.com`.
    pub endpoint: String,
    pub routes: Vec<Route>,
}

/// REST API or HTTP API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiKind {
    Rest,
    Http,
}

/// One method and path of an API, and the function behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// `GET`, …, or `ANY`.
    pub method: String,
    /// Such as `/orders/{id}` or `/{proxy+}`; `$default` for an HTTP API's catch-all.
    pub path: String,
    pub function_arn: String,
    pub payload: PayloadFormat,
}

/// The version of the payload that an API sends to a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadFormat {
    V1,
    V2,
}
