//! The deployable binary of `store_record`.

use rehearsal_handlers::{csv::store_record, runtime};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    runtime::run(store_record::State::new, store_record::handler).await
}
