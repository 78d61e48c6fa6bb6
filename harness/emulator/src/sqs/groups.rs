//! The message groups of a FIFO queue: whose turn it is.
//!
//! What always holds: a group that has a message in flight gives no further one; the messages of a group
//! leave in the order of their numbers.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html>

use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub(super) struct Groups {
    groups: BTreeMap<String, Group>,
    /// The groups that give a message, by the number of the first one.
    open: BTreeMap<u64, String>,
}

#[derive(Default)]
struct Group {
    in_line: BTreeSet<u64>,
    in_flight: usize,
}

impl Group {
    /// The message that the group gives next, where it gives one.
    fn head(&self) -> Option<u64> {
        self.in_line.first().copied().filter(|_| self.in_flight == 0)
    }
}

impl Groups {
    /// The message whose turn it is. A receive gets as many messages of one group as there are before it
    /// goes on to another.
    pub fn next(&self, same_as: Option<&str>) -> Option<u64> {
        let same = same_as.and_then(|group| self.groups.get(group)?.head());
        same.or_else(|| self.open.first_key_value().map(|(head, _)| *head))
    }

    /// A message can be received when its turn comes.
    pub fn enter(&mut self, group: Option<&str>, number: u64) {
        self.change(group, |group| _ = group.in_line.insert(number));
    }

    /// A message cannot be received any more.
    pub fn leave(&mut self, group: Option<&str>, number: u64) {
        self.change(group, |group| _ = group.in_line.remove(&number));
    }

    /// A message of the group is in flight.
    pub fn hold(&mut self, group: Option<&str>) {
        self.change(group, |group| group.in_flight += 1);
    }

    /// A message of the group is not in flight any more.
    pub fn release(&mut self, group: Option<&str>) {
        self.change(group, |group| group.in_flight -= 1);
    }

    fn change(&mut self, name: Option<&str>, change: impl FnOnce(&mut Group)) {
        let name = name.unwrap_or_default();
        let group = self.groups.entry(name.to_owned()).or_default();
        let before = group.head();
        change(group);
        let after = group.head();
        if group.in_line.is_empty() && group.in_flight == 0 {
            self.groups.remove(name);
        }
        if before != after {
            if let Some(head) = before {
                self.open.remove(&head);
            }
            if let Some(head) = after {
                self.open.insert(head, name.to_owned());
            }
        }
    }
}
