//! API Gateway requests and answers, whichever payload the API speaks: a REST API sends payload 1.0, an
//! HTTP API 2.0. Handlers see one [`ApiRequest`] and answer with one [`ApiResponse`], valid for both.

mod request;
mod response;

pub use request::ApiRequest;
pub use response::{ApiResponse, Failure, Problem, answer};
