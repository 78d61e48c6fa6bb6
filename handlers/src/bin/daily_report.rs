//! The deployable binary of `daily_report`.

use rehearsal_handlers::{events::daily_report, runtime};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    runtime::run(daily_report::State::new, daily_report::handler).await
}
