//! Time. The one module that reads a clock: "now" is a start instant plus the Tokio time since then, so
//! under a paused runtime it is virtual and under a running one it is real.

use std::time::{Duration, SystemTime};

use aws_smithy_async::time::TimeSource;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// A start time plus the Tokio time that has passed since the clock was made. Cheap to copy.
///
/// It is also the SDK's `TimeSource`, so that signatures and expiries follow the same time.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Timestamp,
    origin: Instant,
}

impl Clock {
    /// A clock that shows `start` now. Must be called within a Tokio runtime whose clock it is to follow.
    pub fn starting_at(start: Timestamp) -> Self {
        Self { start, origin: Instant::now() }
    }

    /// A clock that shows the wall time now: for backends whose own time cannot be moved.
    pub fn wall() -> Self {
        Self::starting_at(Timestamp::now())
    }

    /// The time that the clock started at.
    pub fn start(&self) -> Timestamp {
        self.start
    }

    /// The present time.
    pub fn now(&self) -> Timestamp {
        self.start + SignedDuration::try_from(self.elapsed()).expect("a replay does not outlast i64 seconds")
    }

    /// The time since the start.
    pub fn elapsed(&self) -> Duration {
        self.origin.elapsed()
    }

    /// The Tokio instant at which this clock will show `time` (its start, for an earlier time).
    pub fn instant(&self, time: Timestamp) -> Instant {
        let since_start = time.duration_since(self.start);
        self.origin + Duration::try_from(since_start).unwrap_or(Duration::ZERO)
    }

    /// Returns when the clock shows `time` or later.
    pub async fn sleep_until(&self, time: Timestamp) {
        tokio::time::sleep_until(self.instant(time)).await;
    }
}

impl TimeSource for Clock {
    fn now(&self) -> SystemTime {
        SystemTime::from(Clock::now(self))
    }
}

/// Real elapsed time, for reports that tell people how long a run took. Never part of a replay's result.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Starts counting.
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }

    /// The real time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
