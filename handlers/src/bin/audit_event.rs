//! The deployable binary of `audit_event`.

use rehearsal_handlers::{events::audit_event, runtime};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    runtime::run(audit_event::State::new, audit_event::handler).await
}
