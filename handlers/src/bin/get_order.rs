//! The deployable binary of `get_order`.

use rehearsal_handlers::{orders::get_order, runtime};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    runtime::run(get_order::State::new, get_order::handler).await
}
