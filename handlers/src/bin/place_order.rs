//! The deployable binary of `place_order`.

use rehearsal_handlers::{events::place_order, runtime};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    runtime::run(place_order::State::new, place_order::handler).await
}
