//! The Lambda functions of the documented workflows, one module per function.
//!
//! - [`csv`]: an uploaded CSV file becomes messages, then rows of a table
//! - [`orders`]: an orders API with idempotency and optimistic locking
//! - [`events`]: producers and consumers around an event bus
//!
//! Every function is a `State`, built once per cold start from an `SdkConfig` and the function's
//! [`Environment`], and an `async fn handler(&State, LambdaEvent<E>) -> Result<R, Error>`. The binaries in
//! `src/bin` deploy exactly these. What always holds: a handler may be given the same event twice, and the
//! second time changes nothing; it reads no clock, every stored time comes from the event.

pub mod api;
pub mod batch;
pub mod csv;
pub mod events;
pub mod orders;
pub mod runtime;
pub mod text;
pub mod time;

use std::collections::BTreeMap;

/// A function's environment variables.
pub type Environment = BTreeMap<String, String>;

/// The variable that the function cannot start without.
///
/// # Errors
/// Names the variable when it is missing or empty, so that a cold start fails with the cause in its log.
pub fn required(environment: &Environment, name: &str) -> Result<String, lambda_runtime::Error> {
    match environment.get(name) {
        Some(value) if !value.is_empty() => Ok(value.clone()),
        _ => Err(format!("the environment variable {name} is not set").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_variable_is_named() {
        let environment = Environment::from([("EMPTY".to_owned(), String::new()), ("SET".to_owned(), "x".to_owned())]);
        assert_eq!(required(&environment, "SET").expect("it is set"), "x");
        for name in ["EMPTY", "ABSENT"] {
            let error = required(&environment, name).expect_err("it has no value");
            assert_eq!(error.to_string(), format!("the environment variable {name} is not set"));
        }
    }
}
