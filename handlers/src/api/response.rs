//! Answers that both payload formats accept: `statusCode`, `headers`, `body`. A REST API refuses any key it
//! does not know, so there are no others.

use std::collections::BTreeMap;

use lambda_runtime::Error;
use serde::Serialize;
use serde_json::json;

/// What API Gateway turns into the HTTP response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiResponse {
    status_code: u16,
    headers: BTreeMap<String, String>,
    body: String,
}

impl ApiResponse {
    /// A JSON answer.
    ///
    /// # Errors
    /// When the body cannot be written as JSON.
    pub fn json(status: u16, body: &impl Serialize) -> Result<Self, Error> {
        Ok(Self::json_text(status, serde_json::to_string(body)?))
    }

    /// A JSON answer whose body is already text.
    pub fn json_text(status: u16, body: String) -> Self {
        let headers = BTreeMap::from([("content-type".to_owned(), "application/json".to_owned())]);
        Self { status_code: status, headers, body }
    }

    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.insert(name.to_owned(), value.into());
        self
    }
}

/// The client's mistake, answered as `{"error": code, "message": text, "fields": {name: what is wrong}}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    status: u16,
    code: &'static str,
    message: String,
    fields: BTreeMap<String, String>,
}

impl Problem {
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), fields: BTreeMap::new() }
    }

    /// 400 with what is wrong with each field.
    pub fn invalid(fields: BTreeMap<String, String>) -> Self {
        Self { fields, ..Self::new(400, "ValidationFailed", "some fields are not valid") }
    }

    /// 400 for one field.
    pub fn invalid_field(name: &str, reason: impl Into<String>) -> Self {
        Self::invalid(BTreeMap::from([(name.to_owned(), reason.into())]))
    }

    pub fn status(&self) -> u16 {
        self.status
    }

    pub fn code(&self) -> &'static str {
        self.code
    }

    pub fn fields(&self) -> &BTreeMap<String, String> {
        &self.fields
    }

    fn into_response(self) -> ApiResponse {
        let mut body = json!({ "error": self.code, "message": self.message });
        if !self.fields.is_empty() {
            body["fields"] = json!(self.fields);
        }
        ApiResponse::json_text(self.status, body.to_string())
    }
}

/// Why a request was not done: the client's [`Problem`], which is an answer, or the function's own fault,
/// which fails the invocation and becomes API Gateway's 5xx.
#[derive(Debug)]
pub enum Failure {
    Problem(Box<Problem>),
    Fault(Error),
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Fault(error)
    }
}

/// Ends a handler: the client's problem is an answer like any other.
///
/// # Errors
/// The function's own fault.
pub fn answer(result: Result<ApiResponse, Failure>) -> Result<ApiResponse, Error> {
    match result {
        Ok(response) => Ok(response),
        Err(Failure::Problem(problem)) => {
            tracing::info!(status = problem.status, error = problem.code, fields = ?problem.fields, "request refused");
            Ok(problem.into_response())
        }
        Err(Failure::Fault(error)) => {
            tracing::error!(error = %error, "request failed");
            Err(error)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_name_the_fields_and_faults_fail_the_invocation() {
        let refused = answer(Err(Problem::invalid_field("customerId", "is required").into())).expect("an answer");
        assert_eq!(
            serde_json::to_value(refused).expect("JSON"),
            json!({
                "statusCode": 400,
                "headers": { "content-type": "application/json" },
                "body": r#"{"error":"ValidationFailed","message":"some fields are not valid","fields":{"customerId":"is required"}}"#
            })
        );
        let fault = answer(Err(Failure::Fault("no table".into())));
        assert_eq!(fault.expect_err("a fault").to_string(), "no table");
    }
}
