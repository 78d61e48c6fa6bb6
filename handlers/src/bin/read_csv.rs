//! The deployable binary of `read_csv`.

use rehearsal_handlers::{csv::read_csv, runtime};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    runtime::run(read_csv::State::new, read_csv::handler).await
}
