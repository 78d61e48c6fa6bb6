//! Whether AWS would take a stack's resources: they are made in an embedded AWS that nothing else is in.

use std::sync::Arc;

use jiff::Timestamp;
use rehearsal_emulator::{Clock, Ids};

use super::{ProvisionError, provision};
use crate::backend::{Backend, Embedded};
use crate::stack::Stack;

/// Makes the resources of a stack, and nothing of them.
///
/// # Errors
/// The first resource that AWS refuses, with what it answers.
pub fn trial(stack: &Stack) -> Result<(), ProvisionError> {
    // On a thread of its own, so that it does not matter what runtime the caller is in.
    std::thread::scope(|scope| scope.spawn(|| make(stack)).join().expect("provisioning does not panic"))
}

fn make(stack: &Stack) -> Result<(), ProvisionError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without I/O needs nothing of the system");
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let hosts = Arc::new(|_| None);
        let backend = Embedded::new(Clock::starting_at(Timestamp::UNIX_EPOCH), Ids::seeded(1), hosts);
        provision(stack, &backend.config(), None).await
    })
}
