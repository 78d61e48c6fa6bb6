//! What happened in a replay, each event with its cause: stimulus, delivery, invocation, SDK call, next
//! delivery. Plain data, and the recorder that collects it.
//!
//! What always holds: an event's cause has a smaller id than the event; ids count from 1 without gaps; and
//! nothing in a trace comes from a real clock, a real address or the order of a hash map, so that two
//! replays with one seed have the same trace to the byte.

mod writes;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::{SignedDuration, Timestamp};
use rehearsal_emulator::Clock;
use serde::Serialize;
use serde_json::Value;

use writes::Writes;
pub use writes::Written;

/// The number of an event in its trace, from 1.
pub type EventId = u32;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    pub id: EventId,
    /// The event that this one follows from; none for what the scenario or a schedule starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<EventId>,
    /// When it began, in virtual time.
    pub at: Timestamp,
    #[serde(flatten)]
    pub what: What,
}

/// What kind of thing happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum What {
    /// A step of the scenario.
    Stimulus { step: usize, action: String },
    /// A service handed something to a function.
    Delivery {
        /// The service and resource it comes from, such as `SQS Records`.
        from: String,
        function: String,
        /// How many records it carries.
        records: usize,
        /// Message, event or request ids of what is delivered.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        ids: Vec<String>,
    },
    /// A function ran, or should have.
    Invocation {
        function: String,
        request_id: String,
        /// From 1; retries of one asynchronous event, or receives of one batch, count up.
        attempt: u32,
        environment: Environment,
        /// In virtual time; none while it runs.
        #[serde(skip_serializing_if = "Option::is_none")]
        duration: Option<SignedDuration>,
        #[serde(skip_serializing_if = "Option::is_none")]
        result: Option<Ended>,
    },
    /// A call to AWS.
    Call {
        service: String,
        operation: String,
        /// Table, queue, topic, bus, or bucket and key.
        resource: String,
        effect: Effect,
        status: u16,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<String>,
        /// From 1; the SDK's own retries of one call count up.
        attempt: u32,
    },
    /// A handler's or a service's request to a host that is none of AWS's services.
    Request {
        /// The service that sends it; none where a handler does.
        #[serde(skip_serializing_if = "Option::is_none")]
        sender: Option<String>,
        method: String,
        url: String,
        /// 0 where there was no answer.
        status: u16,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    /// A mail arrived.
    Mail { from: String, to: String, subject: String },
    /// A line that a handler logged.
    Log { level: String, message: String },
    /// Lambda gave an asynchronous event up, or a message was left to its queue.
    GaveUp { function: String, reason: String },
    /// A settle step came to its end.
    Settled { state: String },
}

/// The execution environment that served an invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// Started for this invocation.
    Cold,
    /// Used before.
    Warm,
    /// None: the invocation was throttled.
    None,
}

/// How an invocation ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    Success,
    /// A function error: what the handler returned, or its panic.
    Error(String),
    Timeout(String),
    /// The execution environment died.
    Crash(String),
    Throttled,
}

/// What a call did to the state of AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    Read,
    Write,
    /// A write that was refused.
    None,
}

/// The trace as JSON lines, one event a line.
pub fn to_json_lines(events: &[Event]) -> String {
    let line = |event: &Event| serde_json::to_string(event).expect("an event is plain data") + "\n";
    events.iter().map(line).collect()
}

/// Collects a replay's events. Clones share one trace.
#[derive(Clone, Debug)]
pub struct Recorder {
    clock: Clock,
    /// Logical ids by physical name.
    logical_ids: Arc<BTreeMap<String, String>>,
    state: Arc<Mutex<State>>,
    observer: Option<Observer>,
}

/// Told of each event as it is recorded, and of an invocation once more when it ends.
#[derive(Clone)]
struct Observer(Arc<dyn Fn(&Event) + Send + Sync>);

impl fmt::Debug for Observer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Observer")
    }
}

#[derive(Debug, Default)]
struct State {
    events: Vec<Event>,
    /// Which call brought a message, event or request id into the world.
    producers: BTreeMap<String, EventId>,
    /// The writes to tables whose streams have readers.
    writes: Writes,
    /// Kept only where somebody compares them.
    payload_shapes: Option<BTreeMap<String, BTreeSet<String>>>,
}

impl Recorder {
    /// An empty trace on a clock, of a stack whose resources have these logical ids by physical name.
    pub fn new(clock: Clock, logical_ids: BTreeMap<String, String>) -> Self {
        Self { clock, logical_ids: Arc::new(logical_ids), state: Arc::default(), observer: None }
    }

    /// The same trace, whose events somebody is told as they happen; an invocation twice, when it begins and when it
    /// ends.
    pub fn observed_by(mut self, observer: Arc<dyn Fn(&Event) + Send + Sync>) -> Self {
        self.observer = Some(Observer(observer));
        self
    }

    /// The logical id of what has this physical name, or the name itself.
    pub fn logical_id<'a>(&'a self, name: &'a str) -> &'a str {
        self.logical_ids.get(name).map_or(name, String::as_str)
    }

    /// Records an event and returns its number.
    pub fn record(&self, cause: Option<EventId>, what: What) -> EventId {
        let at = self.clock.now();
        let mut state = self.lock();
        let id = EventId::try_from(state.events.len() + 1).expect("a replay has fewer than 2^32 events");
        state.events.push(Event { id, cause, at, what });
        self.tell(&state.events[id as usize - 1]);
        id
    }

    /// Completes an invocation's event.
    pub fn end_invocation(&self, id: EventId, ended: Ended) {
        let now = self.clock.now();
        let mut state = self.lock();
        let event = &mut state.events[id as usize - 1];
        if let What::Invocation { duration, result, .. } = &mut event.what {
            *duration = Some(now.duration_since(event.at));
            *result = Some(ended);
        }
        self.tell(&state.events[id as usize - 1]);
    }

    fn tell(&self, event: &Event) {
        if let Some(Observer(observer)) = &self.observer {
            observer(event);
        }
    }

    /// Completes the event of a call or request that was recorded when it was sent.
    pub fn answered(&self, id: EventId, answered: What) {
        self.lock().events[id as usize - 1].what = answered;
    }

    /// What a handler logged in an invocation, level and message, and how long the invocation took.
    pub fn log_of(&self, invocation: EventId) -> (Vec<(String, String)>, std::time::Duration) {
        let state = self.lock();
        // What follows from an event comes after it.
        let logged = state.events[invocation as usize..].iter().filter_map(|event| match &event.what {
            What::Log { level, message } if event.cause == Some(invocation) => Some((level.clone(), message.clone())),
            _ => None,
        });
        let duration = match &state.events[invocation as usize - 1].what {
            What::Invocation { duration, .. } => duration.map(SignedDuration::unsigned_abs),
            _ => None,
        };
        (logged.collect(), duration.unwrap_or_default())
    }

    /// Remembers that a call brought an id into the world, so that its delivery finds its cause.
    pub fn produced(&self, id: impl Into<String>, by: EventId) {
        self.lock().producers.insert(id.into(), by);
    }

    /// The call that brought an id into the world.
    pub fn producer(&self, id: &str) -> Option<EventId> {
        self.lock().producers.get(id).copied()
    }

    /// The last call that changed a resource.
    pub fn last_write(&self, changed: &str) -> Option<EventId> {
        let is_write =
            |what: &What| matches!(what, What::Call { resource, effect: Effect::Write, .. } if resource == changed);
        self.lock().events.iter().rev().find(|event| is_write(&event.what)).map(|event| event.id)
    }

    /// How often a function ran among the causes of an event.
    pub fn runs_before(&self, event: EventId, function: &str) -> usize {
        let state = self.lock();
        let cause = |event: &EventId| state.events[*event as usize - 1].cause;
        let ran = |event: &EventId| matches!(&state.events[*event as usize - 1].what, What::Invocation { function: name, .. } if name == function);
        std::iter::successors(Some(event), cause).filter(ran).count()
    }

    /// How many events there are so far.
    #[expect(clippy::len_without_is_empty, reason = "nobody asks whether nothing has happened")]
    pub fn len(&self) -> usize {
        self.lock().events.len()
    }

    /// From now on remembers which calls write to a table whose keys have these names.
    pub fn follow_writes(&self, table: &str, key_names: Vec<String>) {
        self.lock().writes.follow(table, key_names);
    }

    /// Whether the writes to any table are to be told.
    pub fn follows_writes(&self) -> bool {
        self.lock().writes.follows()
    }

    /// Notes what a call wrote.
    pub fn wrote(&self, written: Written, by: EventId) {
        self.lock().writes.add(written, by);
    }

    /// The call that last wrote the item with these keys.
    pub fn writer(&self, table: &str, keys: &Value) -> Option<EventId> {
        self.lock().writes.last(table, keys)
    }

    /// From now on keeps the shape of each function's payloads.
    pub fn keep_payload_shapes(&self) {
        self.lock().payload_shapes = Some(BTreeMap::new());
    }

    /// Notes a payload that a function gets.
    pub fn payload(&self, function: &str, payload: &str) {
        if let Some(shapes) = &mut self.lock().payload_shapes {
            let payload = serde_json::from_str(payload).unwrap_or_default();
            shapes.entry(function.to_owned()).or_default().extend(crate::shape::shape(&payload));
        }
    }

    /// The shapes of the payloads that each function got; empty where they were not kept.
    pub fn payload_shapes(&self) -> BTreeMap<String, BTreeSet<String>> {
        self.lock().payload_shapes.clone().unwrap_or_default()
    }

    /// The message, event and request ids that calls and deliveries brought into the world.
    pub fn ids(&self) -> Vec<String> {
        let state = self.lock();
        let delivered = state.events.iter().filter_map(|event| match &event.what {
            What::Delivery { ids, .. } => Some(ids),
            _ => None,
        });
        state.producers.keys().chain(delivered.flatten()).cloned().collect()
    }

    /// What somebody makes of the events so far.
    pub fn view<T>(&self, of: impl FnOnce(&[Event]) -> T) -> T {
        of(&self.lock().events)
    }

    /// The events, at the end: the recorder has none any more.
    pub fn take_events(&self) -> Vec<Event> {
        std::mem::take(&mut self.lock().events)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("recording does not panic")
    }
}
