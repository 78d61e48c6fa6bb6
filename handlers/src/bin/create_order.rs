//! The deployable binary of `create_order`.

use rehearsal_handlers::{orders::create_order, runtime};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    runtime::run(create_order::State::new, create_order::handler).await
}
