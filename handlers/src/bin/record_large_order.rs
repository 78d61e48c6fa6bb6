//! The deployable binary of `record_large_order`.

use rehearsal_handlers::{events::record_large_order, runtime};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    runtime::run(record_large_order::State::new, record_large_order::handler).await
}
