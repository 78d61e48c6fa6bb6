//! Handlers that never wait: virtual time stands still while a task is ready, so a loop that only yields
//! would run for ever. It is stopped after so many polls at one instant, which no clock decides.

use std::pin::Pin;
use std::task::{Context, Poll};

use jiff::Timestamp;
use rehearsal_emulator::Clock;

/// How often a handler may be polled before virtual time moves on.
const POLLS_AT_ONE_INSTANT: u32 = 1_000_000;

/// A handler was polled too often at one instant.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Busy;

/// The handler, or [`Busy`] if it goes on without ever waiting for time to pass.
pub(super) fn guard<F: Future + Unpin>(clock: Clock, handler: F) -> impl Future<Output = Result<F::Output, Busy>> {
    Guarded { clock, handler, at: clock.now(), polls: 0 }
}

struct Guarded<F> {
    clock: Clock,
    handler: F,
    at: Timestamp,
    polls: u32,
}

impl<F: Future + Unpin> Future for Guarded<F> {
    type Output = Result<F::Output, Busy>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let now = self.clock.now();
        if now != self.at {
            (self.at, self.polls) = (now, 0);
        }
        self.polls += 1;
        if self.polls > POLLS_AT_ONE_INSTANT {
            return Poll::Ready(Err(Busy));
        }
        Pin::new(&mut self.handler).poll(context).map(Ok)
    }
}
