//! How many invocations may run at once: what a function has reserved for itself, and what the account has for
//! all others.
//! <https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html>
//!
//! What always holds: whoever was let in counts until its slot is dropped.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::error::ThrottleReason;
use crate::stack::{ACCOUNT_CONCURRENCY, UNRESERVED_CONCURRENCY};

/// The functions that share what an account may run at once.
#[derive(Debug, Default)]
pub(super) struct Account(RefCell<Vec<Rc<Load>>>);

/// What one function runs, and may.
#[derive(Debug)]
pub(super) struct Load {
    running: Cell<u32>,
    reserved: Cell<Option<u32>>,
}

impl Account {
    /// Adds a function, which has perhaps reserved something for itself.
    pub fn add(&self, reserved: Option<u32>) -> Rc<Load> {
        let load = Rc::new(Load { running: Cell::new(0), reserved: Cell::new(reserved) });
        self.0.borrow_mut().push(Rc::clone(&load));
        load
    }

    /// Lets an invocation of a function in, unless as many run as may.
    pub fn enter(&self, load: &Rc<Load>) -> Result<Slot, ThrottleReason> {
        match load.reserved.get() {
            Some(most) if load.running.get() >= most => return Err(ThrottleReason::Reserved),
            None if self.unreserved_running() >= ACCOUNT_CONCURRENCY.saturating_sub(self.reserved()) => {
                return Err(ThrottleReason::Account);
            }
            _ => {}
        }
        load.running.set(load.running.get() + 1);
        Ok(Slot(Rc::clone(load)))
    }

    /// Changes what a function has reserved. What runs already goes on.
    ///
    /// # Errors
    /// Too little would be left for all other functions.
    pub fn reserve(&self, load: &Load, reserved: Option<u32>) -> Result<(), TooLittleLeft> {
        let others = self.reserved() - load.reserved.get().unwrap_or_default();
        if others.saturating_add(reserved.unwrap_or_default()) > ACCOUNT_CONCURRENCY - UNRESERVED_CONCURRENCY {
            return Err(TooLittleLeft);
        }
        load.reserved.set(reserved);
        Ok(())
    }

    fn reserved(&self) -> u32 {
        self.0.borrow().iter().filter_map(|load| load.reserved.get()).sum()
    }

    fn unreserved_running(&self) -> u32 {
        let loads = self.0.borrow();
        loads.iter().filter(|load| load.reserved.get().is_none()).map(|load| load.running.get()).sum()
    }
}

/// A reservation that the account has no room for.
#[derive(Debug)]
pub struct TooLittleLeft;

impl Load {
    /// What the function has reserved for itself.
    pub fn reserved(&self) -> Option<u32> {
        self.reserved.get()
    }
}

/// An invocation's place in what its function runs.
#[derive(Debug)]
pub(super) struct Slot(Rc<Load>);

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.running.set(self.0.running.get() - 1);
    }
}
