//! The AWS JSON protocols (1.0 and 1.1): a JSON object in, a JSON object out.

use serde::de::DeserializeOwned;

use super::{AwsError, Request};

/// The request's body as the operation's input, or the `SerializationException` that AWS answers.
pub fn input<T: DeserializeOwned>(request: &Request) -> Result<T, AwsError> {
    let body: &[u8] = if request.body.is_empty() { b"{}" } else { &request.body };
    serde_json::from_slice(body).map_err(|error| AwsError::client("SerializationException", error.to_string()))
}
