//! Event source mappings: Lambda polls a queue or a table's stream, makes batches, and invokes the function.
//!
//! [`sqs`] deletes a message only when its batch succeeded; [`stream`] follows a stream's shards, each of them
//! read in order by [`shard`], whose failing batches [`delivery`] retries until they are given up.

mod delivery;
mod response;
mod shard;
mod sqs;
mod stream;
#[cfg(test)]
mod tests;

pub use sqs::SqsMapping;
pub use stream::StreamMapping;

use crate::shared::Shared;

/// A batch is cut at this size, whatever its batch size.
const BATCH_BYTES: usize = 6 * 1024 * 1024;

fn describe(error: &impl std::error::Error) -> String {
    aws_smithy_types::error::display::DisplayErrorContext(error).to_string()
}

/// Lets running functions send or write what may belong into a batch, for a short while.
async fn linger(shared: &Shared) {
    let mut changes = shared.pending.changes();
    let over = tokio::time::sleep(shared.backend.linger());
    tokio::pin!(over);
    while !shared.pending.is_empty() {
        tokio::select! {
            biased;
            () = &mut over => return,
            _ = changes.changed() => {}
        }
    }
}
