//! Which event source mappings and pipes are enabled. Lambda's API turns them off and on while they are at work.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use jiff::Timestamp;
use tokio::sync::watch;

use crate::stack::{PipeSource, Stack};

/// The switches of all mappings, by logical id.
#[derive(Debug, Default)]
pub struct Switches(BTreeMap<String, Rc<Switch>>);

/// Whether one mapping takes anything from its source.
#[derive(Debug)]
pub struct Switch {
    on: watch::Sender<bool>,
    /// When it was made or turned.
    turned: Cell<Timestamp>,
}

impl Switches {
    /// As the template has them.
    pub fn of(stack: &Stack, now: Timestamp) -> Self {
        let queues = stack.event_source_mappings.iter().map(|mapping| (&mapping.logical_id, mapping.enabled));
        let streams = stack.stream_mappings.iter().map(|mapping| (&mapping.logical_id, mapping.enabled));
        let pipes = stack.pipes.iter().map(|pipe| match &pipe.source {
            PipeSource::Queue(mapping) => (&mapping.logical_id, mapping.enabled),
            PipeSource::Stream(mapping) => (&mapping.logical_id, mapping.enabled),
        });
        let all = queues.chain(streams).chain(pipes);
        Self(all.map(|(id, on)| (id.clone(), Rc::new(Switch::new(on, now)))).collect())
    }

    /// The switch of a mapping.
    pub fn get(&self, logical_id: &str) -> Rc<Switch> {
        Rc::clone(self.0.get(logical_id).expect("every mapping of the stack has a switch"))
    }
}

impl Switch {
    fn new(on: bool, now: Timestamp) -> Self {
        Self { on: watch::Sender::new(on), turned: Cell::new(now) }
    }

    /// Whether the mapping is enabled.
    pub fn is_on(&self) -> bool {
        *self.on.borrow()
    }

    /// When it was turned last, or made.
    pub fn turned(&self) -> Timestamp {
        self.turned.get()
    }

    /// Enables or disables the mapping.
    pub fn turn(&self, on: bool, now: Timestamp) {
        self.turned.set(now);
        self.on.send_replace(on);
    }

    /// Returns when the mapping is enabled.
    pub async fn on(&self) {
        self.comes_to(true).await;
    }

    /// Returns when the mapping is disabled.
    pub async fn off(&self) {
        self.comes_to(false).await;
    }

    async fn comes_to(&self, state: bool) {
        // The sender is this switch itself, which is there for as long as somebody waits.
        let _ended = self.on.subscribe().wait_for(|on| *on == state).await.is_err();
    }
}
