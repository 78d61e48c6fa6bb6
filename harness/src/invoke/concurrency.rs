//! How many invocations may run at once: what a function has reserved for itself, and what the account has for
//! all others.
//! <https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html>
//!
//! What always holds: whoever was let in counts until its slot is dropped.

use std::cell::Cell;
use std::rc::Rc;

use super::error::ThrottleReason;
use crate::stack::ACCOUNT_CONCURRENCY;

/// Invocations that share a limit.
#[derive(Debug)]
pub(super) struct Pool {
    limit: u32,
    running: Cell<u32>,
    reason: ThrottleReason,
}

impl Pool {
    /// What a function has reserved.
    pub fn reserved(limit: u32) -> Rc<Self> {
        Rc::new(Self { limit, running: Cell::new(0), reason: ThrottleReason::Reserved })
    }

    /// What the account has left for functions without reserved concurrency.
    pub fn unreserved(reserved: u32) -> Rc<Self> {
        let limit = ACCOUNT_CONCURRENCY.saturating_sub(reserved);
        Rc::new(Self { limit, running: Cell::new(0), reason: ThrottleReason::Account })
    }

    /// Whether nothing may ever run.
    pub fn is_closed(&self) -> bool {
        self.limit == 0
    }

    /// Lets an invocation in, unless as many run as may.
    pub fn enter(self: &Rc<Self>) -> Result<Slot, ThrottleReason> {
        if self.running.get() >= self.limit {
            return Err(self.reason);
        }
        self.running.set(self.running.get() + 1);
        Ok(Slot(Rc::clone(self)))
    }
}

/// An invocation's place in its pool.
#[derive(Debug)]
pub(super) struct Slot(Rc<Pool>);

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.running.set(self.0.running.get() - 1);
    }
}
