//! What every deployable binary shares: configuration, logs and the Lambda runtime loop.

use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_types::SdkConfig;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

use crate::Environment;

/// Runs a function in the Lambda service: builds its state once, then hands it every event.
///
/// # Errors
/// When the state cannot be built (Lambda reports a failed init) or the runtime API is lost.
pub async fn run<S, E, R>(
    new: impl FnOnce(&SdkConfig, &Environment) -> Result<S, Error>,
    handler: impl AsyncFn(&S, LambdaEvent<E>) -> Result<R, Error>,
) -> Result<(), Error>
where
    E: for<'de> Deserialize<'de>,
    R: Serialize,
{
    tracing_subscriber::fmt().json().without_time().with_env_filter(EnvFilter::from_env("LOG_LEVEL")).init();
    let https = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let config = aws_config::from_env().http_client(https).load().await;
    let state = new(&config, &std::env::vars().collect())?;
    let (state, handler) = (&state, &handler);
    // Boxed: around an SDK call's own futures, one more layer exceeds the compiler's recursion limit.
    lambda_runtime::run(service_fn(move |event| async move { Box::pin(handler(state, event)).await })).await
}
