//! Event source mappings of streams: which shards there are, and how far each has been read.
//!
//! What always holds: a shard is read once its parents have been read to their end, so the records of a key are
//! delivered in their order; and [`StreamMapping::caught_up`] is true only if every open shard was found empty after
//! the last change that the backend knows of, and everything that was read is delivered or given up.
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html>

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::consumer::Consumer;
use super::filter::Filters;
use super::source::{Place, Shard, StreamSource, Unread};
use crate::shared::{Shared, Switch};
use crate::stack::{self, StartingPosition};

/// How many records are asked for where all are wanted.
const MOST: usize = 10_000;

/// A mapping at work.
pub struct StreamMapping {
    pub(super) settings: stack::StreamMapping,
    pub(super) source: Box<dyn StreamSource>,
    pub(super) filters: Filters,
    pub(super) consumer: Rc<dyn Consumer>,
    pub(super) shared: Rc<Shared>,
    pub(super) switch: Rc<Switch>,
    shards: RefCell<BTreeMap<String, Progress>>,
    /// How many writes there were before the last look for shards.
    looked: Cell<Option<u64>>,
    /// Whether there is no stream to be read, which has been told as a problem.
    broken: Cell<bool>,
}

/// How far a shard has been read.
#[derive(Debug, Default)]
struct Progress {
    parents: Vec<String>,
    /// Where reading begins, until it does.
    iterator: Option<String>,
    /// The same place, for as long as nothing has been read: an iterator expires.
    start: Option<Place>,
    /// How many writes there were before it was last found empty; none while it has records.
    empty_at: Option<u64>,
    /// How many records have been read and are neither delivered nor given up.
    held: usize,
    finished: bool,
}

impl StreamMapping {
    /// A mapping between a stream and a function.
    pub fn new(
        settings: stack::StreamMapping,
        source: Box<dyn StreamSource>,
        consumer: Rc<dyn Consumer>,
        shared: Rc<Shared>,
    ) -> Self {
        let filters = Filters::new(&settings.filters, source.data_field());
        let switch = shared.switches.get(&settings.logical_id);
        let (shards, looked, broken) = (RefCell::default(), Cell::new(None), Cell::new(false));
        Self { settings, source, filters, consumer, shared, switch, shards, looked, broken }
    }

    /// Finds the place in the stream where the mapping begins: what is written from now on comes after it. That of a
    /// mapping which is disabled is found when it is enabled for the first time.
    pub async fn prepare(&self) {
        if !self.switch.is_on() || self.looked.get().is_some() {
            return;
        }
        if let Err(message) = self.open().await {
            self.shared.problem(format!("{}: {message}", self.source.name()));
            self.broken.set(true);
        }
    }

    async fn open(&self) -> Result<(), String> {
        self.source.open().await?;
        self.discover(self.settings.starting_position).await
    }

    /// Reads and delivers. Never returns.
    pub async fn run(self: Rc<Self>) {
        self.switch.on().await;
        self.prepare().await;
        if self.broken.get() {
            return std::future::pending().await;
        }
        let mut readers = JoinSet::new();
        loop {
            for (shard, iterator) in self.readable() {
                readers.spawn_local(Rc::clone(&self).follow(shard, iterator));
            }
            if readers.join_next().await.is_none() {
                self.shared.backend.stream_changed(self.looked.get().unwrap_or_default()).await;
            }
            // The first record of a shard that opened meanwhile follows the last one of its parents.
            if let Err(message) = self.discover(StartingPosition::TrimHorizon).await {
                self.shared.problem(format!("the shards of {}: {message}", self.source.name()));
                tokio::time::sleep(Duration::from_secs(20)).await;
            }
        }
    }

    /// The shards whose time has come, each with where to begin.
    fn readable(&self) -> Vec<(String, String)> {
        let mut shards = self.shards.borrow_mut();
        let open: Vec<String> = shards.iter().filter(|(_, shard)| !shard.finished).map(|(id, _)| id.clone()).collect();
        let waits = |shard: &Progress| shard.parents.iter().any(|parent| open.contains(parent));
        let ready = shards.iter_mut().filter(|(_, shard)| !waits(shard));
        ready.filter_map(|(id, shard)| Some((id.clone(), shard.iterator.take()?))).collect()
    }

    /// Adds the shards that are not known yet.
    async fn discover(&self, position: StartingPosition) -> Result<(), String> {
        let writes = self.shared.backend.writes();
        for shard in self.source.shards().await? {
            self.add(shard, position).await?;
        }
        self.looked.set(Some(writes));
        self.shared.pending.changed();
        Ok(())
    }

    async fn add(&self, shard: Shard, position: StartingPosition) -> Result<(), String> {
        let Shard { id, parents } = shard;
        if self.shards.borrow().contains_key(&id) {
            return Ok(());
        }
        let iterator = Some(self.source.iterator(&id, &Place::Start(position)).await?);
        let start = Some(match position {
            StartingPosition::Latest => self.end_of(&id).await?,
            _ => Place::Start(position),
        });
        self.shards.borrow_mut().insert(id, Progress { parents, iterator, start, ..Progress::default() });
        Ok(())
    }

    /// The end of a shard as it is now, which stays that place when records are added.
    async fn end_of(&self, shard: &str) -> Result<Place, String> {
        let mut place = Place::Start(StartingPosition::TrimHorizon);
        let mut iterator = self.source.iterator(shard, &place).await?;
        loop {
            let page = self.source.read(shard, &iterator, MOST).await.map_err(Unread::message)?;
            let Some(last) = page.records.last() else { return Ok(place) };
            place = Place::After(last.sequence.clone());
            match page.next {
                Some(next) => iterator = next,
                None => return Ok(place),
            }
        }
    }

    /// Where reading a shard begins.
    pub(super) fn start(&self, shard: &str) -> Place {
        let start = self.shards.borrow().get(shard).and_then(|progress| progress.start.clone());
        start.unwrap_or(Place::Start(StartingPosition::TrimHorizon))
    }

    /// Notes that a shard was found empty when there had been so many writes, or that it has records.
    pub(super) fn found(&self, shard: &str, empty_at: Option<u64>) {
        let changed = self.shards.borrow_mut().get_mut(shard).is_some_and(|progress| {
            let before = std::mem::replace(&mut progress.empty_at, empty_at);
            before != empty_at
        });
        if changed {
            self.shared.pending.changed();
        }
    }

    /// Notes that records of a shard are to be delivered.
    pub(super) fn holds(&self, shard: &str, records: usize) {
        if let Some(progress) = self.shards.borrow_mut().get_mut(shard) {
            progress.held += records;
        }
    }

    /// Notes that records of a shard are delivered or given up.
    pub(super) fn releases(&self, shard: &str, records: usize) {
        if let Some(progress) = self.shards.borrow_mut().get_mut(shard) {
            progress.held = progress.held.saturating_sub(records);
        }
        self.shared.pending.changed();
    }

    /// Notes that a shard is closed and read to its end.
    pub(super) fn finished(&self, shard: &str) {
        if let Some(progress) = self.shards.borrow_mut().get_mut(shard) {
            progress.finished = true;
        }
    }

    /// Whether everything that is in the stream has been read, as far as it is to be.
    pub fn caught_up(&self) -> bool {
        let (shards, now) = (self.shards.borrow(), Some(self.shared.backend.writes()));
        let mut open = shards.values().filter(|shard| !shard.finished).peekable();
        let is_read = match open.peek() {
            None => self.looked.get() == now,
            Some(_) => open.all(|shard| shard.empty_at == now && shard.held == 0),
        };
        is_read || self.broken.get() || !self.switch.is_on()
    }

    /// What people call the stream.
    pub fn source(&self) -> String {
        self.source.name()
    }
}
