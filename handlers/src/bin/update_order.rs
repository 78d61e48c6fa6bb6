//! The deployable binary of `update_order`.

use rehearsal_handlers::{orders::update_order, runtime};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    runtime::run(update_order::State::new, update_order::handler).await
}
