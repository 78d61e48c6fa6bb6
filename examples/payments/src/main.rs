//! The deployable binary.

use aws_lambda_events::event::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use payments::{State, handler};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let config = aws_config::load_from_env().await;
    let state = State::new(&config, &std::env::vars().collect())?;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<SqsEvent>| handler(&state, event).await)).await
}
