//! When a bucket's lifecycle has something to do next, and with which key.
//!
//! What always holds: only keys that were touched are looked at again, before the schedule is read; so a change costs
//! the logarithm of how many objects there are, and reading what is due next costs nothing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

/// The keys of a bucket by the time of the first thing that its lifecycle does with each.
#[derive(Default)]
pub struct Schedule {
    by_time: BTreeSet<(Timestamp, String)>,
    by_key: BTreeMap<String, Timestamp>,
    touched: BTreeSet<String>,
}

impl Schedule {
    /// One in which every key is still to be looked at.
    pub fn of(keys: impl Iterator<Item = String>) -> Self {
        Self { touched: keys.collect(), ..Self::default() }
    }

    /// Notes that something has happened to a key.
    pub fn touch(&mut self, key: &str) {
        self.touched.insert(key.to_owned());
    }

    /// The keys that are to be looked at.
    pub fn take_touched(&mut self) -> BTreeSet<String> {
        std::mem::take(&mut self.touched)
    }

    /// Sets when a key's turn is next.
    pub fn set(&mut self, key: String, time: Option<Timestamp>) {
        let before = match time {
            Some(time) => self.by_key.insert(key.clone(), time),
            None => self.by_key.remove(&key),
        };
        if let Some(before) = before {
            self.by_time.remove(&(before, key.clone()));
        }
        if let Some(time) = time {
            self.by_time.insert((time, key));
        }
    }

    /// When the next key's turn is.
    pub fn next(&self) -> Option<Timestamp> {
        self.by_time.first().map(|(time, _)| *time)
    }

    /// The next key whose turn has come.
    pub fn due(&self, now: Timestamp) -> Option<String> {
        self.by_time.first().filter(|(time, _)| *time <= now).map(|(_, key)| key.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    #[test]
    fn keys_have_their_turns_by_time_and_lose_the_earlier_one() {
        let mut schedule = Schedule::default();
        for (key, time) in [("b", 2), ("a", 2), ("c", 1), ("c", 3)] {
            schedule.set(key.to_owned(), Some(at(time)));
        }
        assert_eq!((schedule.next(), schedule.due(at(1))), (Some(at(2)), None));
        let mut turns = Vec::new();
        while let Some(key) = schedule.due(at(3)) {
            schedule.set(key.clone(), None);
            turns.push(key);
        }
        assert_eq!(turns, ["a", "b", "c"]);
        assert_eq!(schedule.next(), None);
    }
}
