//! The deployable binary of `cancel_order`.

use rehearsal_handlers::{orders::cancel_order, runtime};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    runtime::run(cancel_order::State::new, cancel_order::handler).await
}
