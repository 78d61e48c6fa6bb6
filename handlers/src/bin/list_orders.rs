//! The deployable binary of `list_orders`.

use rehearsal_handlers::{orders::list_orders, runtime};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    runtime::run(list_orders::State::new, list_orders::handler).await
}
