//! What is to be done later, by its time: the earliest first, and what was added first of those at one time.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// Adding and taking cost the logarithm of how much there is.
pub(crate) struct Timetable<T> {
    entries: BTreeMap<(Timestamp, u64), T>,
    added: u64,
}

impl<T> Default for Timetable<T> {
    fn default() -> Self {
        Self { entries: BTreeMap::new(), added: 0 }
    }
}

impl<T> Timetable<T> {
    /// Adds something that is due at a time.
    pub fn add(&mut self, due: Timestamp, entry: T) {
        self.entries.insert((due, self.added), entry);
        self.added += 1;
    }

    /// When the next is due.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.entries.first_key_value().map(|((due, _), _)| *due)
    }

    /// Takes out what is due next, where its time has come.
    pub fn take_due(&mut self, now: Timestamp) -> Option<T> {
        let first = self.entries.first_entry().filter(|entry| entry.key().0 <= now);
        first.map(|entry| entry.remove())
    }

    /// Everything with its time, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Timestamp, &T)> {
        self.entries.iter().map(|((due, _), entry)| (*due, entry))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_comes_by_its_time_and_then_in_the_order_of_adding() {
        let at = |second: i64| Timestamp::from_second(second).expect("in range");
        let mut table = Timetable::default();
        for (second, name) in [(2, "b"), (1, "a"), (2, "c"), (3, "d")] {
            table.add(at(second), name);
        }
        assert_eq!(table.iter().map(|(_, name)| *name).collect::<String>(), "abcd");
        let taken: Vec<_> = std::iter::from_fn(|| table.take_due(at(2))).collect();
        assert_eq!((taken, table.next_due()), (vec!["a", "b", "c"], Some(at(3))));
    }
}
