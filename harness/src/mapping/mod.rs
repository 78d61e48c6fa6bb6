//! Event source mappings: Lambda polls a queue or a stream, makes batches, and invokes the function.
//!
//! [`sqs`] deletes a message only when its batch succeeded; [`stream`] follows the shards of a [`source`], each of them
//! read in order by [`shard`], whose failing batches [`delivery`] retries until they are given up, which [`on_failure`]
//! tells. Both take only what a [`filter`] lets pass.

mod consumer;
mod delivery;
mod dynamodb;
mod filter;
mod kinesis;
mod on_failure;
mod response;
mod shard;
mod source;
mod sqs;
mod stream;
#[cfg(test)]
mod tests;
mod window;

pub use consumer::{Batch, Consumer};
pub use dynamodb::TableStream;
pub use kinesis::DataStream;
pub use source::StreamSource;
pub use sqs::SqsMapping;
pub use stream::StreamMapping;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::shared::Shared;

/// A batch is cut at this size, whatever its batch size.
const BATCH_BYTES: usize = 6 * 1024 * 1024;

fn describe(error: &impl std::error::Error) -> String {
    aws_smithy_types::error::display::DisplayErrorContext(error).to_string()
}

/// Lets running functions send or write what may belong into a batch that is not full, where that takes time.
struct Linger<'s> {
    shared: &'s Shared,
    until: Timestamp,
    /// Whether no function was running before the last look.
    quiet: bool,
}

/// Between two looks while functions are running.
const LOOK: Duration = Duration::from_millis(100);

impl<'s> Linger<'s> {
    fn new(shared: &'s Shared) -> Self {
        let linger = SignedDuration::try_from(shared.backend.linger()).unwrap_or(SignedDuration::MAX);
        Self { shared, until: shared.backend.clock().now() + linger, quiet: false }
    }

    /// Whether to look for more once again: waits until no function is running any more, or a moment.
    async fn again(&mut self) -> bool {
        if self.quiet || self.shared.backend.clock().now() >= self.until {
            return false;
        }
        let mut changes = self.shared.pending.changes();
        let moment = tokio::time::sleep(LOOK);
        tokio::pin!(moment);
        while !self.shared.pending.is_empty() {
            tokio::select! {
                biased;
                () = &mut moment => return true,
                _ = changes.changed() => {}
            }
        }
        self.quiet = true;
        true
    }
}
