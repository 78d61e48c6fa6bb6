//! Why an attribute of a topic or subscription is refused. How SNS words that depends on the operation.

use std::fmt;

use super::invalid;
use crate::protocol::AwsError;

#[derive(Clone, Debug)]
pub(super) enum Refusal {
    /// The value is wrong, for this reason.
    Invalid(String),
    /// SNS has no such attribute, or nobody can set it.
    Unknown(String),
    NotSimulated(AwsError),
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(reason) => formatter.write_str(reason),
            Self::Unknown(name) => write!(formatter, "Unknown attribute {name}"),
            Self::NotSimulated(error) => formatter.write_str(&error.message),
        }
    }
}

impl Refusal {
    pub fn invalid(reason: impl Into<String>) -> Self {
        Self::Invalid(reason.into())
    }

    /// As `CreateTopic` and `Subscribe` word it.
    pub fn on_creation(self) -> AwsError {
        match self {
            Self::Invalid(reason) => invalid(format!("Attributes Reason: {reason}")),
            Self::Unknown(name) => invalid(format!("Attributes Reason: Unknown attribute {name}")),
            Self::NotSimulated(error) => error,
        }
    }

    /// As `SetTopicAttributes` and `SetSubscriptionAttributes` word it.
    pub fn later(self) -> AwsError {
        match self {
            Self::Invalid(reason) => invalid(reason),
            Self::Unknown(_) => invalid("AttributeName"),
            Self::NotSimulated(error) => error,
        }
    }
}
