//! When is a replay at rest? `settle` lets everything that is due happen, moving virtual time on, and ends
//! in exactly one of: idle, waiting until a time for something, or stuck.
//!
//! It decides on what stands in the backend and in the driver, never on a pause in which nothing happened.

use std::fmt;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rehearsal_emulator::QueueDepth;
use serde::Serialize;

use crate::backend::Standing;
use crate::driver::Driver;
use crate::pending::Pending;

/// How long a settle goes on where the scenario does not say: longer than any bounded retry of AWS.
pub const DEFAULT_LIMIT: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// A message that has failed this often, in a queue that never gives it up, will go on for ever.
const STUCK_AFTER_FAILURES: u32 = 5;

/// How a settle ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Settled {
    /// Nothing is left to do.
    Idle,
    /// Nothing is left to do but what is due at a later time.
    Waiting {
        until: Timestamp,
        /// What is due then.
        what: String,
        /// Whether it was to be done within the settle's limit, so that the step has failed.
        overdue: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        last_error: Option<String>,
    },
    /// Something will never come to its end.
    Stuck {
        what: String,
        /// The queue or function where it is stuck.
        at: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        last_error: Option<String>,
    },
}

impl Settled {
    /// Whether the replay is at rest as the scenario wants it.
    pub fn is_at_rest(&self) -> bool {
        matches!(self, Self::Idle | Self::Waiting { overdue: false, .. })
    }
}

impl fmt::Display for Settled {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error =
            |error: &Option<String>| error.as_ref().map(|text| format!("; last error: {text}")).unwrap_or_default();
        match self {
            Self::Idle => formatter.write_str("idle"),
            Self::Waiting { until, what, last_error, .. } => {
                write!(formatter, "waiting until {until} for {what}{}", error(last_error))
            }
            Self::Stuck { what, at, last_error } if what == at => {
                write!(formatter, "stuck: {what}{}", error(last_error))
            }
            Self::Stuck { what, at, last_error } => write!(formatter, "stuck: {what} at {at}{}", error(last_error)),
        }
    }
}

/// Lets everything that is due happen, for `within` at the most; where time is real, also for no longer than
/// the backend's patience without anything happening.
pub async fn settle(driver: &Driver, within: Duration) -> Settled {
    let shared = &driver.shared;
    let clock = shared.backend.clock();
    let limit = clock.now() + SignedDuration::try_from(within).unwrap_or(SignedDuration::MAX);
    let (mut backend_changes, mut pending_changes) = (shared.backend.changes(), shared.pending.changes());
    let (mut progress, mut resting) = (Progress::new(driver), None);
    loop {
        backend_changes.mark_unchanged();
        pending_changes.mark_unchanged();
        let over = clock.now() >= limit || progress.has_stalled(driver);
        if shared.pending.is_empty() || over {
            let standing = shared.backend.standing().await;
            match at_rest(driver, &standing) {
                Some(settled) if rested(driver, &mut resting) => return settled,
                Some(_) => {}
                None if over => return overdue(driver, &standing),
                None => resting = None,
            }
        } else {
            resting = None;
        }
        tokio::select! {
            biased;
            _ = backend_changes.changed() => {}
            _ = pending_changes.changed() => {}
            () = clock.sleep_until(limit) => {}
        }
    }
}

/// Whether nothing has been left to do for as long as the backend wants it.
fn rested(driver: &Driver, since: &mut Option<Timestamp>) -> bool {
    let now = driver.shared.backend.clock().now();
    now.duration_since(*since.get_or_insert(now)).unsigned_abs() >= driver.shared.backend.rest()
}

/// When something last happened in a replay.
struct Progress {
    events: usize,
    at: Timestamp,
}

impl Progress {
    fn new(driver: &Driver) -> Self {
        Self { events: driver.shared.recorder.len(), at: driver.shared.backend.clock().now() }
    }

    /// Whether nothing has happened for longer than the backend has patience.
    fn has_stalled(&mut self, driver: &Driver) -> bool {
        let Some(patience) = driver.shared.backend.patience() else { return false };
        let now = Self::new(driver);
        if now.events != self.events {
            *self = now;
            return false;
        }
        now.at.duration_since(self.at).unsigned_abs() >= patience
    }
}

/// Lets virtual time pass, with everything that becomes due on the way, what is due at its end included.
pub async fn advance(driver: &Driver, by: Duration) {
    let backend = &driver.shared.backend;
    tokio::time::sleep(by).await;
    let mut changes = backend.changes();
    loop {
        changes.mark_unchanged();
        let now = backend.clock().now();
        if !backend.standing().await.outstanding.iter().any(|next| next.due <= now) || changes.changed().await.is_err()
        {
            return;
        }
    }
}

fn at_rest(driver: &Driver, standing: &Standing) -> Option<Settled> {
    if let Some(failing) = endless(driver, standing) {
        return Some(failing);
    }
    let handed_over = standing.function_events == driver.shared.events_taken();
    let now = driver.shared.backend.clock().now();
    let outstanding = standing.outstanding.iter().any(|next| !next.recurring || next.due <= now);
    let busy_queue = source_queues(driver, standing).next().is_some() || !standing.on_its_way.is_empty();
    let unread_stream = unread_streams(driver).next().is_some();
    if !handed_over || outstanding || busy_queue || unread_stream || !driver.shared.pending.is_empty() {
        return None;
    }
    Some(match standing.next_recurring() {
        Some((until, what)) => Settled::Waiting { until, what: named(driver, what), overdue: false, last_error: None },
        None => Settled::Idle,
    })
}

/// The streams with records that a function is to get and has not.
fn unread_streams(driver: &Driver) -> impl Iterator<Item = String> {
    driver.streams.iter().filter(|stream| !stream.caught_up()).map(|stream| stream.source())
}

/// The queues that a function is to empty and has not.
fn source_queues<'a>(driver: &'a Driver, standing: &'a Standing) -> impl Iterator<Item = &'a QueueDepth> {
    let is_source =
        |url: &str| driver.mappings.iter().filter_map(|mapping| mapping.source()).any(|queue| queue.url == url);
    standing
        .queues
        .iter()
        .filter(|depth| depth.visible + depth.in_flight + depth.delayed > 0)
        .filter(move |depth| is_source(&depth.url))
}

/// A message that fails again and again in a queue without a redrive policy, once nothing else goes on.
fn endless(driver: &Driver, standing: &Standing) -> Option<Settled> {
    let holds_messages = |url: &str| source_queues(driver, standing).any(|depth| depth.url == url);
    let failing = driver
        .mappings
        .iter()
        .filter(|mapping| mapping.source().is_some_and(|queue| holds_messages(&queue.url)))
        .flat_map(|mapping| mapping.failing());
    let worst = failing.filter(|message| !message.bounded).max_by_key(|message| message.failures)?;
    (worst.failures >= STUCK_AFTER_FAILURES && driver.shared.pending.is_empty()).then(|| Settled::Stuck {
        what: format!("a message failed {} times and the queue has no redrive policy", worst.receive_count),
        at: worst.queue,
        last_error: Some(worst.last_error),
    })
}

/// What was not done when the limit passed: the next thing that has a time, or else what has none.
fn overdue(driver: &Driver, standing: &Standing) -> Settled {
    let of_queue = |depth: &QueueDepth| {
        let logical = driver.shared.stack.queues.iter().find(|queue| queue.url == depth.url);
        let name = logical.map_or(depth.arn.as_str(), |queue| queue.logical_id.as_str());
        let failing =
            driver.mappings.iter().flat_map(|mapping| mapping.failing()).find(|message| message.queue == name);
        let messages = depth.visible + depth.in_flight + depth.delayed;
        let noun = if messages == 1 { "message" } else { "messages" };
        Pending {
            what: format!("{messages} {noun} in queue {name}"),
            due: depth.next_visible,
            last_error: failing.map(|message| message.last_error),
        }
    };
    let mut all = driver.shared.pending.all();
    all.extend(source_queues(driver, standing).map(of_queue));
    all.extend(unread_streams(driver).map(|stream| Pending {
        what: format!("{stream} is not read to its end"),
        due: None,
        last_error: None,
    }));
    all.extend(standing.outstanding.iter().filter(|next| !next.recurring).map(|next| Pending {
        what: named(driver, &next.what),
        due: Some(next.due),
        last_error: None,
    }));
    if !standing.on_its_way.is_empty() {
        let what = format!("{} did not arrive", named(driver, &standing.on_its_way.join(", ")));
        all.push(Pending { what, due: None, last_error: None });
    }
    let next =
        all.iter().filter(|pending| pending.due.is_some()).min_by_key(|pending| pending.due).or(all.first()).cloned();
    match next {
        Some(Pending { what, due: Some(until), last_error }) => {
            Settled::Waiting { until, what, overdue: true, last_error }
        }
        Some(Pending { what, due: None, last_error }) => Settled::Stuck { at: what.clone(), what, last_error },
        None => Settled::Idle,
    }
}

/// What the backend is going to do, with logical ids for physical names.
fn named(driver: &Driver, what: &str) -> String {
    let words = what.split(' ').map(|word| driver.shared.recorder.logical_id(word));
    words.collect::<Vec<_>>().join(" ")
}
