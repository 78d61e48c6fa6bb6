//! A stream and its shards: how records find their shard, how shards are split and merged, and what is forgotten.
//! <https://docs.aws.amazon.com/streams/latest/dev/kinesis-using-sdk-java-resharding.html>

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

use super::shard::{Record, Shard};

#[derive(Debug)]
pub(super) struct Stream {
    pub name: String,
    pub arn: String,
    pub created: Timestamp,
    /// `PROVISIONED` or `ON_DEMAND`.
    pub mode: String,
    pub retention_hours: u64,
    pub max_record_kib: u64,
    pub shards: Vec<Shard>,
    /// How many shards there have ever been, by which the next one is called.
    pub opened: u64,
    pub tags: BTreeMap<String, String>,
    /// Registered consumers by name: their ARNs and when they were registered.
    pub consumers: BTreeMap<String, (String, Timestamp)>,
}

impl Stream {
    /// Opens as many shards as given, with even shares of the hash keys.
    pub fn open_evenly(&mut self, count: u64, starts: &str) {
        for (first, last) in even_ranges(count) {
            self.open((first, last), Vec::new(), starts.to_owned());
        }
    }

    fn open(&mut self, range: (u128, u128), parents: Vec<String>, starts: String) {
        let id = format!("shardId-{:012}", self.opened);
        self.opened += 1;
        self.shards.push(Shard { id, parents, range, starts, closed: None, records: VecDeque::new() });
    }

    pub fn open_shards(&self) -> impl Iterator<Item = &Shard> {
        self.shards.iter().filter(|shard| shard.is_open())
    }

    pub fn shard(&self, id: &str) -> Option<&Shard> {
        self.shards.iter().find(|shard| shard.id == id)
    }

    /// Puts a record into the shard of its hash key, and tells which that is.
    pub fn put(&mut self, hash: u128, record: Record) -> &str {
        let open = self.shards.iter_mut().find(|shard| shard.is_open() && shard.has(hash));
        let shard = open.expect("the open shards cover all hash keys");
        shard.records.push_back(record);
        &shard.id
    }

    /// Closes a shard and opens two in its place, the second of which starts at a hash key.
    pub fn split(&mut self, id: &str, at: u128, ends: &str, now: Timestamp) {
        let Some(range) = self.close(id, ends, now) else { return };
        for part in [(range.0, at - 1), (at, range.1)] {
            self.open(part, vec![id.to_owned()], ends.to_owned());
        }
    }

    /// Closes two shards that are neighbours and opens one in their place.
    pub fn merge(&mut self, id: &str, other: &str, ends: &str, now: Timestamp) {
        let (Some(one), Some(two)) = (self.close(id, ends, now), self.close(other, ends, now)) else { return };
        let range = (one.0.min(two.0), one.1.max(two.1));
        self.open(range, vec![id.to_owned(), other.to_owned()], ends.to_owned());
    }

    fn close(&mut self, id: &str, ends: &str, now: Timestamp) -> Option<(u128, u128)> {
        let shard = self.shards.iter_mut().find(|shard| shard.id == id && shard.is_open())?;
        shard.closed = Some((ends.to_owned(), now));
        Some(shard.range)
    }

    /// Splits and merges until there are as many shards as given, of even size.
    pub fn resize(&mut self, count: u64, mut ends: impl FnMut() -> String, now: Timestamp) {
        let ranges = even_ranges(count);
        for (first, _) in &ranges {
            let inside = self.open_shards().find(|shard| shard.has(*first) && shard.range.0 != *first);
            if let Some(id) = inside.map(|shard| shard.id.clone()) {
                self.split(&id, *first, &ends(), now);
            }
        }
        for (first, last) in ranges {
            loop {
                let mut parts: Vec<_> =
                    self.open_shards().filter(|shard| (first..=last).contains(&shard.range.0)).collect();
                parts.sort_by_key(|shard| shard.range.0);
                let [one, two, ..] = parts[..] else { break };
                let (one, two) = (one.id.clone(), two.id.clone());
                self.merge(&one, &two, &ends(), now);
            }
        }
    }

    /// The time before which nothing is kept.
    pub fn horizon(&self, now: Timestamp) -> Timestamp {
        let hours = i64::try_from(self.retention_hours).unwrap_or(i64::MAX / 3_600);
        now.checked_sub(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::MIN)
    }

    /// Forgets records that are too old, and shards that were closed before the oldest record.
    pub fn trim(&mut self, now: Timestamp) {
        let horizon = self.horizon(now);
        for shard in &mut self.shards {
            while shard.records.front().is_some_and(|record| record.arrival < horizon) {
                shard.records.pop_front();
            }
        }
        self.shards.retain(|shard| shard.closed.as_ref().is_none_or(|(_, at)| *at >= horizon));
    }
}

/// All hash keys in as many parts, from the lowest.
fn even_ranges(count: u64) -> Vec<(u128, u128)> {
    if count == 1 {
        return vec![(0, u128::MAX)];
    }
    let count = u128::from(count);
    let width = u128::MAX / count + u128::from(u128::MAX % count == count - 1);
    let range = |index: u128| (index * width, if index == count - 1 { u128::MAX } else { (index + 1) * width - 1 });
    (0..count).map(range).collect()
}

#[cfg(test)]
mod tests {
    use super::even_ranges;

    #[test]
    fn even_ranges_cover_all_hash_keys() {
        for count in 1..=9 {
            let ranges = even_ranges(count);
            assert_eq!((ranges[0].0, ranges[ranges.len() - 1].1), (0, u128::MAX), "{count}");
            assert!(ranges.windows(2).all(|pair| pair[0].1 + 1 == pair[1].0), "{count}");
        }
        // As AWS cuts two shards.
        assert_eq!(even_ranges(2)[1].0.to_string(), "170141183460469231731687303715884105728");
    }
}
