//! Why an invocation has no response, and what Lambda says about it.

use serde_json::json;

/// Why an invocation has no response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvokeError {
    /// The function did not run: too many invocations run already.
    Throttled(ThrottleReason),
    /// The function did not run, because it has led to itself too often. Lambda does not try again.
    RecursiveLoop { message: String },
    /// The function failed; what Lambda hands on about it.
    Function { error_type: String, message: String },
}

/// Which limit is reached.
/// <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThrottleReason {
    /// The function's reserved concurrency.
    Reserved,
    /// What the account has for all functions without reserved concurrency.
    Account,
}

impl ThrottleReason {
    /// As Lambda names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reserved => "ReservedFunctionConcurrentInvocationLimitExceeded",
            Self::Account => "ConcurrentInvocationLimitExceeded",
        }
    }
}

impl InvokeError {
    /// What the error says, in one line.
    pub fn message(&self) -> &str {
        match self {
            Self::Throttled(_) => "Rate Exceeded.",
            Self::RecursiveLoop { message } | Self::Function { message, .. } => message,
        }
    }

    /// The error as Lambda returns it to a caller.
    /// <https://docs.aws.amazon.com/lambda/latest/dg/rust-handler.html>
    pub fn payload(&self) -> serde_json::Value {
        match self {
            Self::Throttled(reason) => {
                json!({ "Reason": reason.name(), "Type": "User", "message": self.message() })
            }
            Self::RecursiveLoop { message } => json!({ "Type": "User", "Message": message }),
            Self::Function { error_type, message } => json!({ "errorType": error_type, "errorMessage": message }),
        }
    }
}
