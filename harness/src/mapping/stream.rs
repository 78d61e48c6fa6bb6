//! Event source mappings of tables' streams: which shards there are, and how far each has been read.
//!
//! What always holds: a shard is read once its parent has been read to its end, so an item's records are
//! delivered in the order of its changes; and [`StreamMapping::caught_up`] is true only if every open shard was
//! found empty after the last change that the backend knows of.
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use aws_sdk_dynamodbstreams::types::{Shard, ShardIteratorType};
use tokio::task::JoinSet;

use super::describe;
use crate::invoke::Function;
use crate::shared::Shared;
use crate::stack::{self, StartingPosition, Table};

/// A mapping at work.
pub struct StreamMapping {
    pub(super) settings: stack::StreamMapping,
    pub(super) table: Table,
    pub(super) function: Rc<Function>,
    pub(super) shared: Rc<Shared>,
    pub(super) streams: aws_sdk_dynamodbstreams::Client,
    /// The stream's ARN as the backend gives it.
    pub(super) arn: RefCell<String>,
    shards: RefCell<BTreeMap<String, Position>>,
    /// How many writes there were before the last look for shards.
    looked: Cell<Option<u64>>,
    /// Whether there is no stream to be read, which has been told as a problem.
    broken: Cell<bool>,
}

/// How far a shard has been read.
#[derive(Debug, Default)]
struct Position {
    parent: Option<String>,
    /// Where reading begins, until it does.
    iterator: Option<String>,
    /// How many writes there were before it was last found empty; none while it has records.
    empty_at: Option<u64>,
    finished: bool,
}

impl StreamMapping {
    /// A mapping between a table's stream and a function.
    pub fn new(settings: stack::StreamMapping, table: Table, function: Rc<Function>, shared: Rc<Shared>) -> Self {
        let streams = aws_sdk_dynamodbstreams::Client::new(&shared.service_config());
        let (arn, shards) = (RefCell::default(), RefCell::default());
        let (looked, broken) = (Cell::new(None), Cell::new(!settings.enabled));
        Self { settings, table, function, shared, streams, arn, shards, looked, broken }
    }

    /// Finds the place in the stream where the mapping begins: what is written from now on comes after it.
    pub async fn prepare(&self) {
        if !self.settings.enabled {
            return;
        }
        self.shared.recorder.follow_writes(&self.table.name);
        if let Err(message) = self.open().await {
            self.shared.problem(format!("the stream of table {}: {message}", self.table.logical_id));
            self.broken.set(true);
        }
    }

    async fn open(&self) -> Result<(), String> {
        let dynamodb = aws_sdk_dynamodb::Client::new(&self.shared.service_config());
        let table = dynamodb.describe_table().table_name(&self.table.name).send().await;
        let table = table.map_err(|error| describe(&error))?;
        let arn = table.table().and_then(|table| table.latest_stream_arn()).ok_or("there is none")?;
        arn.clone_into(&mut self.arn.borrow_mut());
        self.discover(self.settings.starting_position).await
    }

    /// Reads and delivers. Never returns.
    pub async fn run(self: Rc<Self>) {
        if self.broken.get() {
            return std::future::pending().await;
        }
        let mut readers = JoinSet::new();
        loop {
            for (shard, iterator) in self.readable() {
                readers.spawn_local(Rc::clone(&self).follow(shard, iterator));
            }
            if readers.join_next().await.is_none() {
                self.shared.backend.table_changed(self.looked.get().unwrap_or_default()).await;
            }
            // The first record of a shard that opened meanwhile follows the last one of its parent.
            if let Err(message) = self.discover(StartingPosition::TrimHorizon).await {
                self.shared.problem(format!("the shards of table {}: {message}", self.table.logical_id));
                tokio::time::sleep(Duration::from_secs(20)).await;
            }
        }
    }

    /// The shards whose time has come, each with where to begin.
    fn readable(&self) -> Vec<(String, String)> {
        let mut shards = self.shards.borrow_mut();
        let open: Vec<String> = shards.iter().filter(|(_, shard)| !shard.finished).map(|(id, _)| id.clone()).collect();
        let waits = |shard: &Position| shard.parent.as_ref().is_some_and(|parent| open.contains(parent));
        let ready = shards.iter_mut().filter(|(_, shard)| !waits(shard));
        ready.filter_map(|(id, shard)| Some((id.clone(), shard.iterator.take()?))).collect()
    }

    /// Adds the shards that are not known yet.
    async fn discover(&self, position: StartingPosition) -> Result<(), String> {
        let writes = self.shared.backend.writes();
        let mut after = None;
        loop {
            let stream = self.streams.describe_stream().stream_arn(&*self.arn.borrow());
            let stream = stream.set_exclusive_start_shard_id(after).send().await.map_err(|error| describe(&error))?;
            let Some(stream) = stream.stream_description() else { break };
            for shard in stream.shards() {
                self.add(shard, position).await?;
            }
            after = stream.last_evaluated_shard_id().map(str::to_owned);
            if after.is_none() {
                break;
            }
        }
        self.looked.set(Some(writes));
        self.shared.pending.changed();
        Ok(())
    }

    async fn add(&self, shard: &Shard, position: StartingPosition) -> Result<(), String> {
        let id = shard.shard_id().unwrap_or_default();
        if self.shards.borrow().contains_key(id) {
            return Ok(());
        }
        let iterator = Some(self.iterator(id, position, None).await?);
        let parent = shard.parent_shard_id().map(str::to_owned);
        self.shards.borrow_mut().insert(id.to_owned(), Position { parent, iterator, ..Position::default() });
        Ok(())
    }

    /// An iterator at a position or, where records have been read, after the last of them.
    pub(super) async fn iterator(
        &self,
        shard: &str,
        position: StartingPosition,
        last: Option<&str>,
    ) -> Result<String, String> {
        let kind = match (last, position) {
            (Some(_), _) => ShardIteratorType::AfterSequenceNumber,
            (None, StartingPosition::TrimHorizon) => ShardIteratorType::TrimHorizon,
            (None, StartingPosition::Latest) => ShardIteratorType::Latest,
        };
        let get = self.streams.get_shard_iterator().stream_arn(&*self.arn.borrow()).shard_id(shard);
        let got = get.shard_iterator_type(kind).set_sequence_number(last.map(str::to_owned)).send().await;
        let got = got.map_err(|error| describe(&error))?;
        got.shard_iterator().map(str::to_owned).ok_or_else(|| format!("shard {shard} has no iterator"))
    }

    /// Notes that a shard was found empty when there had been so many writes, or that it has records.
    pub(super) fn found(&self, shard: &str, empty_at: Option<u64>) {
        let changed = self.shards.borrow_mut().get_mut(shard).is_some_and(|position| {
            let before = std::mem::replace(&mut position.empty_at, empty_at);
            before != empty_at
        });
        if changed {
            self.shared.pending.changed();
        }
    }

    /// Notes that a shard is closed and read to its end.
    pub(super) fn finished(&self, shard: &str) {
        if let Some(position) = self.shards.borrow_mut().get_mut(shard) {
            position.finished = true;
        }
    }

    /// Whether everything that is in the stream has been read.
    pub fn caught_up(&self) -> bool {
        let (shards, now) = (self.shards.borrow(), Some(self.shared.backend.writes()));
        let mut open = shards.values().filter(|shard| !shard.finished).peekable();
        let is_read = if open.peek().is_none() { self.looked.get() == now } else { open.all(|s| s.empty_at == now) };
        is_read || self.broken.get()
    }

    /// The logical id of the table.
    pub fn table(&self) -> &str {
        &self.table.logical_id
    }
}
