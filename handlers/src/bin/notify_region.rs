//! The deployable binary of `notify_region`.

use rehearsal_handlers::{events::notify_region, runtime};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    runtime::run(notify_region::State::new, notify_region::handler).await
}
