//! One shard of a stream: its records are read in order, filtered, and handed to as many lanes as batches may be
//! worked on at once. Records of one key are in one lane, which makes batches of them, one at a time.
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html>

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::sync::{Mutex, Notify};

use super::source::{Page, Place, Record, Unread};
use super::window::Window;
use super::{BATCH_BYTES, Linger, StreamMapping};

/// What a payload has around its records, and a tumbling window beside them.
const BESIDE_RECORDS: usize = 2 * 1024;

/// A shard that is being read.
pub(super) struct Reader {
    mapping: Rc<StreamMapping>,
    shard: String,
    cursor: Mutex<Cursor>,
    lanes: Vec<Lane>,
    /// Whether the shard is closed and read to its end.
    ended: Cell<bool>,
}

/// Where the reading of a shard is.
struct Cursor {
    iterator: String,
    /// The sequence number of the last record that was read.
    last: Option<String>,
}

/// What waits to become a batch.
#[derive(Default)]
struct Lane {
    waiting: RefCell<VecDeque<Record>>,
    arrived: Notify,
}

impl StreamMapping {
    /// Delivers a shard's records until the shard is closed and read to its end.
    pub(super) async fn follow(self: Rc<Self>, shard: String, iterator: String) {
        let lanes = (0..self.settings.parallelization).map(|_| Lane::default()).collect();
        let cursor = Mutex::new(Cursor { iterator, last: None });
        let reader = Reader { mapping: Rc::clone(&self), shard, cursor, lanes, ended: Cell::new(false) };
        join_all(reader.lanes.iter().map(|lane| reader.work(lane))).await;
        self.finished(&reader.shard);
    }
}

impl Reader {
    /// Delivers what comes into a lane, one batch after the other.
    async fn work(&self, lane: &Lane) {
        match self.mapping.settings.tumbling_window {
            None => {
                while let Some(first) = self.first(lane).await {
                    let batch = self.batch(lane, first, None).await;
                    self.deliver(batch, None).await;
                }
            }
            Some(length) => self.windows(lane, length).await,
        }
    }

    /// Delivers what comes into a lane window by window.
    async fn windows(&self, lane: &Lane, length: Duration) {
        let clock = self.mapping.shared.backend.clock();
        let mut next = self.first(lane).await;
        while let Some(mut first) = next {
            let mut window = Window::holding(first.arrival, length);
            let what = format!("the window of {} until {}", self.mapping.source.name(), window.end);
            let pending = self.mapping.shared.pending.begin(what.clone());
            next = loop {
                let batch = self.batch(lane, first, Some(&window)).await;
                pending.running();
                self.deliver(batch, Some(&mut window)).await;
                if window.too_large {
                    self.mapping.end_window(&self.shard, &window).await;
                    window = Window::holding(window.start, length);
                }
                pending.waiting(what.clone(), window.end, String::new());
                let following = tokio::select! {
                    biased;
                    following = self.first(lane) => following,
                    () = clock.sleep_until(window.end) => lane.take(),
                };
                match following {
                    Some(record) if window.holds(record.arrival) => first = record,
                    other => break other,
                }
            };
            clock.sleep_until(window.end).await;
            self.mapping.end_window(&self.shard, &window).await;
            drop(pending);
            if next.is_none() {
                next = self.first(lane).await;
            }
        }
    }

    async fn deliver(&self, batch: Vec<Record>, window: Option<&mut Window>) {
        let records = batch.len();
        self.mapping.deliver(&self.shard, batch, window).await;
        self.mapping.releases(&self.shard, records);
    }

    /// Waits for the record that a batch begins with; none when there will be no more.
    async fn first(&self, lane: &Lane) -> Option<Record> {
        let backend = &self.mapping.shared.backend;
        loop {
            self.mapping.switch.on().await;
            if let Some(record) = lane.take() {
                return Some(record);
            }
            if self.ended.get() {
                return None;
            }
            let writes = backend.writes();
            let read = self.read(self.mapping.settings.batch_size as usize).await;
            if read > 0 || !lane.is_empty() || self.ended.get() {
                continue;
            }
            self.mapping.found(&self.shard, Some(writes));
            tokio::select! {
                biased;
                () = lane.arrived.notified() => {}
                () = backend.stream_changed(writes) => {}
            }
        }
    }

    /// Adds to a batch until it is full, its window is over or, without a window, there is no more.
    async fn batch(&self, lane: &Lane, first: Record, window: Option<&Window>) -> Vec<Record> {
        let (backend, settings) = (&self.mapping.shared.backend, &self.mapping.settings);
        let window_end = backend.clock().now() + settings.batching_window;
        let mut linger = Linger::new(&self.mapping.shared);
        let mut size = BESIDE_RECORDS + first.size;
        let mut batch = vec![first];
        while batch.len() < settings.batch_size as usize {
            if let Some(next) = lane.take_if(|record| {
                size + record.size < BATCH_BYTES && window.is_none_or(|window| window.holds(record.arrival))
            }) {
                size += next.size + 1;
                batch.push(next);
                continue;
            }
            let writes = backend.writes();
            if !lane.is_empty() {
                break;
            } else if self.read(settings.batch_size as usize - batch.len()).await > 0 || !lane.is_empty() {
                continue;
            } else if self.ended.get() {
                break;
            } else if !settings.batching_window.is_zero() {
                if !self.changed_before(lane, window_end, writes).await {
                    break;
                }
            } else if !linger.again().await {
                break;
            }
        }
        batch
    }

    /// Whether there may be more records before a batching window is over.
    async fn changed_before(&self, lane: &Lane, window_end: Timestamp, since: u64) -> bool {
        let backend = &self.mapping.shared.backend;
        let clock = backend.clock();
        tokio::select! {
            biased;
            () = lane.arrived.notified() => true,
            () = backend.stream_changed(since) => clock.now() <= window_end,
            () = clock.sleep_until(window_end) => false,
        }
    }

    /// Reads what there is into the lanes, and goes on behind it. How many records there were, those included that no
    /// filter lets pass.
    async fn read(&self, most: usize) -> usize {
        let mut cursor = self.cursor.lock().await;
        if self.ended.get() {
            return 0;
        }
        let mapping = &self.mapping;
        let problem = match mapping.source.read(&self.shard, &cursor.iterator, most).await {
            Ok(Page { records, next }) => {
                cursor.last = records.last().map(|record| record.sequence.clone()).or(cursor.last.take());
                match next {
                    Some(next) => cursor.iterator = next,
                    None => self.ended.set(true),
                }
                let count = records.len();
                self.distribute(records);
                return count;
            }
            // A failing batch may have blocked its shard for longer than an iterator lives.
            Err(Unread::Expired) => {
                let place = cursor.last.clone().map_or_else(|| mapping.start(&self.shard), Place::After);
                match mapping.source.iterator(&self.shard, &place).await {
                    Ok(iterator) => {
                        cursor.iterator = iterator;
                        // There may well be records: this is not the end of them.
                        return 1;
                    }
                    Err(message) => message,
                }
            }
            Err(Unread::Failed(message)) => message,
        };
        mapping.shared.problem(format!("reading {}: {problem}", mapping.source.name()));
        // AWS tries again later; so that a stream that is gone does not spin the clock.
        tokio::time::sleep(Duration::from_secs(20)).await;
        0
    }

    /// Puts the records that pass the filters into the lanes of their keys.
    fn distribute(&self, records: Vec<Record>) {
        let mapping = &self.mapping;
        if !records.is_empty() {
            mapping.found(&self.shard, None);
        }
        for record in records {
            if mapping.filters.pass(|| mapping.source.flat(&record.payload)) {
                let lane = &self.lanes[usize::try_from(hash(&record.key)).unwrap_or_default() % self.lanes.len()];
                lane.waiting.borrow_mut().push_back(record);
                lane.arrived.notify_one();
                mapping.holds(&self.shard, 1);
            }
        }
        if self.ended.get() {
            self.lanes.iter().for_each(|lane| lane.arrived.notify_one());
        }
    }
}

impl Lane {
    fn is_empty(&self) -> bool {
        self.waiting.borrow().is_empty()
    }

    fn take(&self) -> Option<Record> {
        self.waiting.borrow_mut().pop_front()
    }

    fn take_if(&self, fits: impl FnOnce(&Record) -> bool) -> Option<Record> {
        let mut waiting = self.waiting.borrow_mut();
        if waiting.front().is_some_and(fits) { waiting.pop_front() } else { None }
    }
}

/// FNV-1a: the same on all machines.
fn hash(key: &str) -> u32 {
    key.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
