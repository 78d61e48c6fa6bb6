//! The deployable binary of `upload_watcher`.

use rehearsal_handlers::{events::upload_watcher, runtime};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    runtime::run(upload_watcher::State::new, upload_watcher::handler).await
}
