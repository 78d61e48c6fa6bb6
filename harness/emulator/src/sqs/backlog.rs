//! The messages of one queue, and which of them can be received now.
//!
//! A message is in line (it can be received when its turn comes), in flight (received, neither deleted nor
//! visible again) or delayed. Every message has a number and stands in as many ordered sets as tell these
//! apart, so that every question and every change costs the logarithm of how many there are, however many
//! are hidden. What has become due is moved by [`Backlog::advance`], which everything else follows.
//!
//! What always holds: a message is in exactly one of the three places, and in `by_age`.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html>

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::groups::Groups;
use super::message::{Message, Place};

pub(super) struct Backlog {
    /// In boxes: the tree's nodes have room for many more than are in them.
    messages: BTreeMap<u64, Box<Message>>,
    line: Line,
    /// When each message in flight comes back.
    in_flight: BTreeSet<(Timestamp, u64)>,
    /// When each message's delay is over.
    delayed: BTreeSet<(Timestamp, u64)>,
    by_age: BTreeSet<(Timestamp, u64)>,
    next_number: u64,
}

/// Whose turn it is.
enum Line {
    /// The message that has been visible longest.
    Standard(BTreeSet<(Timestamp, u64)>),
    /// The first of its group, in groups that have nothing in flight.
    Fifo(Groups),
}

impl Backlog {
    pub fn standard() -> Self {
        Self::new(Line::Standard(BTreeSet::new()))
    }

    pub fn fifo() -> Self {
        Self::new(Line::Fifo(Groups::default()))
    }

    fn new(line: Line) -> Self {
        let (in_flight, delayed, by_age) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        Self { messages: BTreeMap::new(), line, in_flight, delayed, by_age, next_number: 0 }
    }

    /// Puts a message behind those that are there; it is delayed until it is visible.
    pub fn put(&mut self, mut message: Message, now: Timestamp) {
        message.place = if message.visible_at > now { Place::Delayed } else { Place::InLine };
        let number = self.next_number;
        self.next_number += 1;
        self.place(number, Box::new(message));
    }

    /// Lets go of the messages that are older than `retention`, and moves those into line that have become
    /// visible.
    pub fn advance(&mut self, now: Timestamp, retention: SignedDuration) {
        while let Some((sent, number)) = self.by_age.first().copied()
            && sent + retention <= now
        {
            self.remove(number);
        }
        for place in [Place::InFlight, Place::Delayed] {
            while let Some((visible_at, number)) = self.hidden(place).first().copied()
                && visible_at <= now
            {
                self.change(number, |message| message.place = Place::InLine);
            }
        }
    }

    /// Takes the message whose turn it is out of the queue, with its number. `after` is the message that
    /// was taken before it for the same receive.
    pub fn take(&mut self, after: Option<&Message>) -> Option<(u64, Message)> {
        let number = match &self.line {
            Line::Standard(line) => line.first()?.1,
            Line::Fifo(groups) => groups.next(after.and_then(Message::group))?,
        };
        Some((number, *self.remove(number)?))
    }

    /// Puts a message that was taken back as in flight, and returns its number: a new one in a standard
    /// queue, where it goes behind the others; its own in a FIFO queue, where it keeps its turn.
    pub fn hide(&mut self, number: u64, mut message: Message) -> u64 {
        message.place = Place::InFlight;
        let number = match self.line {
            Line::Standard(_) => self.next_number,
            Line::Fifo(_) => number,
        };
        self.next_number = self.next_number.max(number + 1);
        self.place(number, Box::new(message));
        number
    }

    /// Puts a message that was taken back where it was.
    pub fn give_back(&mut self, number: u64, message: Message) {
        self.place(number, Box::new(message));
    }

    pub fn get(&self, number: u64) -> Option<&Message> {
        self.messages.get(&number).map(Box::as_ref)
    }

    /// Changes a message, and where it stands with it.
    pub fn change(&mut self, number: u64, change: impl FnOnce(&mut Message)) {
        if let Some(mut message) = self.remove(number) {
            change(&mut message);
            self.place(number, message);
        }
    }

    pub fn remove(&mut self, number: u64) -> Option<Box<Message>> {
        let message = self.messages.remove(&number)?;
        self.by_age.remove(&(message.sent, number));
        match (message.place, &mut self.line) {
            (Place::InLine, Line::Standard(line)) => _ = line.remove(&(message.visible_at, number)),
            (Place::InLine, Line::Fifo(groups)) => groups.leave(message.group(), number),
            (Place::InFlight, line) => {
                self.in_flight.remove(&(message.visible_at, number));
                if let Line::Fifo(groups) = line {
                    groups.release(message.group());
                }
            }
            (Place::Delayed, _) => _ = self.delayed.remove(&(message.visible_at, number)),
        }
        Some(message)
    }

    fn place(&mut self, number: u64, message: Box<Message>) {
        self.by_age.insert((message.sent, number));
        match (message.place, &mut self.line) {
            (Place::InLine, Line::Standard(line)) => _ = line.insert((message.visible_at, number)),
            (Place::InLine, Line::Fifo(groups)) => groups.enter(message.group(), number),
            (Place::InFlight, line) => {
                self.in_flight.insert((message.visible_at, number));
                if let Line::Fifo(groups) = line {
                    groups.hold(message.group());
                }
            }
            (Place::Delayed, _) => _ = self.delayed.insert((message.visible_at, number)),
        }
        self.messages.insert(number, message);
    }

    pub fn clear(&mut self) {
        let next_number = self.next_number;
        *self = match self.line {
            Line::Standard(_) => Self::standard(),
            Line::Fifo(_) => Self::fifo(),
        };
        self.next_number = next_number;
    }

    /// The numbers of the delayed messages.
    pub fn delayed_numbers(&self) -> Vec<u64> {
        self.delayed.iter().map(|(_, number)| *number).collect()
    }

    /// How many messages are neither in flight nor delayed, whether or not it is their turn.
    pub fn visible(&self) -> usize {
        self.messages.len() - self.in_flight.len() - self.delayed.len()
    }

    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    pub fn delayed(&self) -> usize {
        self.delayed.len()
    }

    /// Whether a message can be received now.
    pub fn is_ready(&self) -> bool {
        match &self.line {
            Line::Standard(line) => !line.is_empty(),
            Line::Fifo(groups) => groups.next(None).is_some(),
        }
    }

    /// When a hidden message becomes visible, or something else changes that a receive waits for: the next
    /// that does so before its retention is over.
    pub fn next_change(&self, retention: SignedDuration) -> Option<Timestamp> {
        let next = |place: Place| {
            let lives = |(visible_at, number): &&(Timestamp, u64)| {
                self.messages.get(number).is_some_and(|message| *visible_at < message.sent + retention)
            };
            self.hidden(place).iter().find(lives).map(|(visible_at, _)| *visible_at)
        };
        // The group of a message in flight is open again when that message expires.
        let expiry = || Some(self.by_age.first()?.0 + retention);
        let unblocked = match self.line {
            Line::Fifo(_) if self.visible() > 0 => expiry(),
            _ => None,
        };
        [next(Place::InFlight), next(Place::Delayed), unblocked].into_iter().flatten().min()
    }

    /// The messages in a place that they leave with time.
    fn hidden(&self, place: Place) -> &BTreeSet<(Timestamp, u64)> {
        if place == Place::InFlight { &self.in_flight } else { &self.delayed }
    }
}
