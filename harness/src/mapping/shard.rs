//! One shard of a stream: its records are read in order and made into batches, one at a time.

use std::rc::Rc;

use aws_sdk_dynamodbstreams::types::Record;
use jiff::Timestamp;

use super::{BATCH_BYTES, Linger, StreamMapping, describe};
use crate::event;

/// What `GetRecords` gives at the most.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html>
const GET_RECORDS_LIMIT: usize = 1_000;

/// Where the reading of a shard is.
struct Reader {
    shard: String,
    /// Where it goes on; none when the shard is closed and read to its end.
    iterator: Option<String>,
    /// The sequence number of the last record that was read.
    last: Option<String>,
    /// Records that did not fit into the last batch.
    held: Vec<Record>,
}

impl StreamMapping {
    /// Delivers a shard's records, one batch after the other, until the shard is closed and read to its end.
    pub(super) async fn follow(self: Rc<Self>, shard: String, iterator: String) {
        let mut reader = Reader { shard, iterator: Some(iterator), last: None, held: Vec::new() };
        while let Some(mut batch) = self.next_batch(&mut reader).await {
            reader.held = batch.split_off(self.fitting(&batch));
            self.deliver(batch).await;
        }
        self.finished(&reader.shard);
    }

    /// Adds to a batch until it is full, its window is over or, without a window, there is no more.
    async fn next_batch(&self, reader: &mut Reader) -> Option<Vec<Record>> {
        let backend = &self.shared.backend;
        let mut batch = self.first_records(reader).await?;
        let window_end = backend.clock().now() + self.settings.batching_window;
        let mut linger = Linger::new(&self.shared);
        while batch.len() < self.settings.batch_size as usize && bytes(&batch) < BATCH_BYTES {
            let writes = backend.writes();
            let more = self.read(reader, self.settings.batch_size as usize - batch.len()).await;
            if !more.is_empty() {
                batch.extend(more);
            } else if reader.iterator.is_none() {
                break;
            } else if !self.settings.batching_window.is_zero() {
                if !self.changed_before(window_end, writes).await {
                    break;
                }
            } else if !linger.again().await {
                break;
            }
        }
        Some(batch)
    }

    /// Waits for the records that a batch begins with.
    async fn first_records(&self, reader: &mut Reader) -> Option<Vec<Record>> {
        if !reader.held.is_empty() {
            return Some(std::mem::take(&mut reader.held));
        }
        loop {
            let writes = self.shared.backend.writes();
            let records = self.read(reader, self.settings.batch_size as usize).await;
            if !records.is_empty() {
                self.found(&reader.shard, None);
                return Some(records);
            }
            reader.iterator.as_ref()?;
            self.found(&reader.shard, Some(writes));
            self.shared.backend.table_changed(writes).await;
        }
    }

    /// Whether there may be more records before a batching window is over.
    async fn changed_before(&self, window_end: Timestamp, since: u64) -> bool {
        let clock = self.shared.backend.clock();
        tokio::select! {
            biased;
            () = self.shared.backend.table_changed(since) => clock.now() <= window_end,
            () = clock.sleep_until(window_end) => false,
        }
    }

    /// Reads what there is, and goes on behind it.
    async fn read(&self, reader: &mut Reader, most: usize) -> Vec<Record> {
        let Some(iterator) = &reader.iterator else { return Vec::new() };
        let limit = i32::try_from(most.min(GET_RECORDS_LIMIT)).unwrap_or(i32::MAX);
        let got = self.streams.get_records().shard_iterator(iterator).limit(limit).send().await;
        let message = match got {
            Ok(got) => {
                let records = got.records.unwrap_or_default();
                reader.iterator = got.next_shard_iterator;
                let last = records.last().and_then(|record| sequence_number(record).map(str::to_owned));
                reader.last = last.or(reader.last.take());
                return records;
            }
            // An iterator lives for 15 minutes, and a failing batch may have blocked its shard for longer.
            Err(error) if error.as_service_error().is_some_and(|error| error.is_expired_iterator_exception()) => {
                let position = self.settings.starting_position;
                match self.iterator(&reader.shard, position, reader.last.as_deref()).await {
                    Ok(iterator) => {
                        reader.iterator = Some(iterator);
                        return Vec::new();
                    }
                    Err(message) => message,
                }
            }
            Err(error) => describe(&error),
        };
        self.shared.problem(format!("reading the stream of table {}: {message}", self.table()));
        // AWS tries again later; so that a stream that is gone does not spin the clock.
        tokio::time::sleep(std::time::Duration::from_secs(20)).await;
        Vec::new()
    }

    /// How many of the records fit into one payload; the others are for the next batch.
    fn fitting(&self, batch: &[Record]) -> usize {
        // A payload is a few times as long as its records: names, quotes, and letters that JSON escapes.
        if bytes(batch) <= BATCH_BYTES / 12 {
            return batch.len();
        }
        let mut size = 0;
        let fits = |record: &&Record| {
            size += event::dynamodb::event(std::slice::from_ref(*record), &self.arn.borrow()).to_string().len();
            size <= BATCH_BYTES
        };
        batch.iter().take_while(fits).count().max(1)
    }
}

/// The number that tells a record's place in its shard.
pub(super) fn sequence_number(record: &Record) -> Option<&str> {
    record.dynamodb()?.sequence_number()
}

/// About how long the records are.
fn bytes(batch: &[Record]) -> usize {
    const BESIDE_ITEM: usize = 512;
    let size = |record: &Record| record.dynamodb().and_then(|change| change.size_bytes()).unwrap_or_default();
    batch.iter().map(|record| usize::try_from(size(record)).unwrap_or_default() + BESIDE_ITEM).sum()
}
