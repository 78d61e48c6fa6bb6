//! What Lambda still has to do: the asynchronous events it has accepted and the batches it works on.
//!
//! `settle` reads it to decide whether a replay is idle, so an entry is made in the same step in which
//! something is accepted, and removed only when nothing can follow from it any more.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use jiff::Timestamp;
use tokio::sync::watch;

/// The list of unfinished work. Clones share it.
#[derive(Clone, Debug)]
pub struct PendingWork(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    entries: RefCell<BTreeMap<u64, Pending>>,
    next: std::cell::Cell<u64>,
    changes: watch::Sender<u64>,
}

/// One piece of unfinished work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// What is being done, for people: "retry 1 of StoreRecord".
    pub what: String,
    /// When it goes on; none while it is running.
    pub due: Option<Timestamp>,
    /// What went wrong the last time.
    pub last_error: Option<String>,
}

impl Default for PendingWork {
    fn default() -> Self {
        let changes = watch::Sender::new(0);
        Self(Rc::new(Inner { entries: RefCell::default(), next: std::cell::Cell::new(0), changes }))
    }
}

impl PendingWork {
    /// Adds a piece of work; it is over when the guard is dropped.
    pub fn begin(&self, what: String) -> PendingGuard {
        let id = self.0.next.get();
        self.0.next.set(id + 1);
        self.0.entries.borrow_mut().insert(id, Pending { what, due: None, last_error: None });
        self.changed();
        PendingGuard { work: self.clone(), id }
    }

    /// All unfinished work, oldest first.
    pub fn all(&self) -> Vec<Pending> {
        self.0.entries.borrow().values().cloned().collect()
    }

    /// Whether there is no unfinished work.
    pub fn is_empty(&self) -> bool {
        self.0.entries.borrow().is_empty()
    }

    /// Counts the changes.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    /// Says that something else has changed on which it depends whether a replay is at rest.
    pub fn changed(&self) {
        self.0.changes.send_modify(|count| *count += 1);
    }
}

/// A piece of work that is not over yet.
#[derive(Debug)]
pub struct PendingGuard {
    work: PendingWork,
    id: u64,
}

impl PendingGuard {
    /// Says that the work is running.
    pub fn running(&self) {
        self.update(|pending| pending.due = None);
    }

    /// Says that the work waits until a time, after an error.
    pub fn waiting(&self, what: String, due: Timestamp, last_error: String) {
        self.update(|pending| *pending = Pending { what, due: Some(due), last_error: Some(last_error) });
    }

    fn update(&self, change: impl FnOnce(&mut Pending)) {
        if let Some(pending) = self.work.0.entries.borrow_mut().get_mut(&self.id) {
            change(pending);
        }
        self.work.changed();
    }
}

impl Drop for PendingGuard {
    fn drop(&mut self) {
        self.work.0.entries.borrow_mut().remove(&self.id);
        self.work.changed();
    }
}
