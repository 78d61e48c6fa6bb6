//! A queue as AWS documents it, in as few words as possible: a list of messages, looked through from its start.
//! Nothing in it is fast, so that everything in it can be seen to be right.

/// In seconds, as all times here.
pub const RETENTION: u64 = 600;
pub const DEDUPLICATION: u64 = 300;
pub const MAXIMUM_RECEIVES: u32 = 3;

#[derive(Clone, Debug)]
pub struct Message {
    /// Tells the message from all others, and is new after a redrive.
    pub number: usize,
    pub body: String,
    pub group: u8,
    sent: u64,
    visible_at: u64,
    /// Grows: a later turn is behind an earlier one.
    turn: u64,
    receives: u32,
    /// The receive that hides it, or hid it.
    handle: Option<usize>,
}

/// How many messages are visible, in flight and delayed.
pub type Depth = (usize, usize, usize);

/// A queue and its dead-letter queue.
#[derive(Debug, Default)]
pub struct Model {
    pub fifo: bool,
    /// Whether duplicates are looked for in a message's group only.
    by_group: bool,
    now: u64,
    turns: u64,
    numbers: usize,
    work: Vec<Message>,
    dead: Vec<Message>,
    /// What was accepted: group, deduplication id, when, and the message's number.
    accepted: Vec<(u8, u8, u64, usize)>,
    /// The number of the message that each receive got.
    handles: Vec<usize>,
    purged: Option<u64>,
    /// The queue's, for messages without one of their own.
    delay: u64,
}

impl Model {
    pub fn new(fifo: bool, by_group: bool) -> Self {
        Self { fifo, by_group, ..Self::default() }
    }

    fn turn(&mut self) -> u64 {
        self.turns += 1;
        self.turns
    }

    /// Lets time pass, and messages expire.
    pub fn advance(&mut self, seconds: u64) {
        self.now += seconds;
        let now = self.now;
        for queue in [&mut self.work, &mut self.dead] {
            queue.retain(|message| message.sent + RETENTION > now);
        }
    }

    /// Sends a message; tells the number of the one that is answered.
    pub fn send(&mut self, group: u8, id: u8, delay: u64) -> usize {
        let (now, by_group) = (self.now, self.by_group);
        let same = |(other, known, at, _): &&(u8, u8, u64, usize)| {
            *known == id && now < at + DEDUPLICATION && (!by_group || *other == group)
        };
        if let Some((.., number)) = self.accepted.iter().find(same).filter(|_| self.fifo) {
            return *number;
        }
        let delay = if self.fifo { self.delay } else { delay };
        let number = self.add(format!("m{}", self.numbers), group, delay);
        self.accepted.push((group, id, now, number));
        number
    }

    /// Sets the queue's delay, which in a FIFO queue holds for messages that are delayed already, too.
    pub fn set_delay(&mut self, seconds: u64) {
        let (now, is_other) = (self.now, self.fifo && self.delay != seconds);
        self.delay = seconds;
        for message in self.work.iter_mut().filter(|message| is_other && message.handle.is_none()) {
            if message.visible_at > now {
                message.visible_at = message.sent + seconds;
            }
        }
    }

    fn add(&mut self, body: String, group: u8, delay: u64) -> usize {
        let (number, turn, sent) = (self.numbers, self.turn(), self.now);
        self.numbers += 1;
        let visible_at = sent + delay;
        self.work.push(Message { number, body, group, sent, visible_at, turn, receives: 0, handle: None });
        number
    }

    /// The body of the next message that is accepted.
    pub fn next_body(&self) -> String {
        format!("m{}", self.numbers)
    }

    /// Receives up to `most` messages, hidden for `visibility`.
    pub fn receive(&mut self, most: usize, visibility: u64) -> Vec<Message> {
        let mut taken: Vec<Message> = Vec::new();
        while taken.len() < most {
            let Some(index) = self.next(taken.last().map(|last| last.group)) else { break };
            let mut message = self.work.remove(index);
            if message.receives < MAXIMUM_RECEIVES {
                taken.push(message);
                continue;
            }
            (message.receives, message.turn) = (0, self.turn());
            if self.fifo {
                message.sent = self.now;
            }
            self.dead.push(message);
        }
        for message in &mut taken {
            message.visible_at = self.now + visibility;
            message.receives += 1;
            message.handle = Some(self.handles.len());
            self.handles.push(message.number);
            if !self.fifo {
                message.turn = self.turn();
            }
        }
        self.work.extend(taken.clone());
        taken
    }

    /// Whose turn it is: in a standard queue that of the message which has been visible longest; in a FIFO queue
    /// that of the first message of the same group as before, else of the first, in groups with nothing in flight.
    fn next(&self, group: Option<u8>) -> Option<usize> {
        let open = |group: u8| !self.fifo || !self.work.iter().any(|other| other.group == group && self.hides(other));
        let ready = |(_, message): &(usize, &Message)| message.visible_at <= self.now && open(message.group);
        let order = |(_, message): &(usize, &Message)| match self.fifo {
            true => (u64::from(Some(message.group) != group), message.turn),
            false => (message.visible_at, message.turn),
        };
        self.work.iter().enumerate().filter(ready).min_by_key(order).map(|(index, _)| index)
    }

    fn hides(&self, message: &Message) -> bool {
        message.handle.is_some() && message.visible_at > self.now
    }

    /// How many receives there were.
    pub fn handles(&self) -> usize {
        self.handles.len()
    }

    /// Deletes by the handle of a receive. Whether that is accepted.
    pub fn delete(&mut self, handle: usize) -> bool {
        let Some(index) = self.work.iter().position(|message| message.number == self.handles[handle]) else {
            return true;
        };
        let (latest, hidden) = (self.work[index].handle == Some(handle), self.hides(&self.work[index]));
        if latest && (hidden || !self.fifo) {
            self.work.remove(index);
            return true;
        }
        !self.fifo
    }

    /// Hides a message in flight for another time. Whether that is accepted.
    pub fn change_visibility(&mut self, handle: usize, seconds: u64) -> bool {
        let found = self.work.iter().position(|message| message.handle == Some(handle) && self.hides(message));
        if let Some(index) = found {
            self.work[index].visible_at = self.now + seconds;
        }
        found.is_some()
    }

    /// Empties the queue. Whether that is accepted: once a minute.
    pub fn purge(&mut self) -> bool {
        let accepted = self.purged.is_none_or(|purged| purged + 60 <= self.now);
        if accepted {
            self.work.clear();
            self.purged = Some(self.now);
        }
        accepted
    }

    /// Moves all dead letters back, as new messages.
    pub fn redrive(&mut self) {
        let mut dead = std::mem::take(&mut self.dead);
        dead.sort_by_key(|message| if self.fifo { (0, message.turn) } else { (message.visible_at, message.turn) });
        for message in dead {
            self.add(message.body, message.group, 0);
        }
    }

    /// What stands in the queue and in its dead-letter queue.
    pub fn depths(&self) -> (Depth, Depth) {
        let depth = |queue: &[Message]| {
            let hidden = queue.iter().filter(|message| message.visible_at > self.now);
            let in_flight = hidden.clone().filter(|message| message.handle.is_some()).count();
            let hidden = hidden.count();
            (queue.len() - hidden, in_flight, hidden - in_flight)
        };
        (depth(&self.work), depth(&self.dead))
    }
}
