//! What Lambda answers when it refuses a request.

use rehearsal_emulator::protocol::Reply;
use serde_json::{Value, json};

/// A refusal: the error's name, and what the body says.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    status: u16,
    name: &'static str,
    body: Value,
}

impl Refusal {
    /// A refusal with a body of its own.
    pub fn new(status: u16, name: &'static str, body: Value) -> Self {
        Self { status, name, body }
    }

    /// A caller's mistake.
    pub fn of_user(status: u16, name: &'static str, message: impl Into<String>) -> Self {
        Self::new(status, name, json!({ "Type": "User", "message": message.into() }))
    }

    /// A function that is not there.
    pub fn not_found(arn: &str) -> Self {
        let body = json!({ "Type": "User", "Message": format!("Function not found: {arn}") });
        Self::new(404, "ResourceNotFoundException", body)
    }

    /// A resource that is not there, and is no function.
    pub fn no_such_resource() -> Self {
        Self::of_user(404, "ResourceNotFoundException", "The resource you requested does not exist.")
    }

    /// A value that the API's model does not allow.
    pub fn validation(message: String) -> Self {
        Self::new(400, "ValidationException", json!({ "message": message }))
    }

    /// What this Lambda does not have. AWS has no such answer; the message says so.
    pub fn not_simulated(what: &str) -> Self {
        Self::new(501, "NotImplemented", json!({ "message": format!("{what} is not simulated") }))
    }

    /// As an HTTP response.
    pub fn reply(self) -> Reply {
        Reply::bytes("application/json", self.body.to_string())
            .with_status(self.status)
            .with_header("x-amzn-errortype", self.name)
    }
}
