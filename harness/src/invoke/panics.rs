//! Panics of user code: caught, and kept quiet.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::pin::Pin;
use std::sync::Once;
use std::task::{Context, Poll};

thread_local! {
    static IN_USER_CODE: Cell<bool> = const { Cell::new(false) };
    static LAST_PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs user code; its panic, with the place where it happened, is the error.
pub(super) fn catch<T>(code: impl FnOnce() -> T) -> Result<T, Panic> {
    install_hook();
    let outer = IN_USER_CODE.replace(true);
    let result = catch_unwind(AssertUnwindSafe(code));
    IN_USER_CODE.set(outer);
    result.map_err(|panic| Panic::of(panic.as_ref()))
}

/// The same for a future, poll by poll.
pub(super) fn catch_async<F: Future + Unpin>(future: F) -> impl Future<Output = Result<F::Output, Panic>> {
    Caught(future)
}

struct Caught<F>(F);

impl<F: Future + Unpin> Future for Caught<F> {
    type Output = Result<F::Output, Panic>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match catch(|| Pin::new(&mut self.0).poll(context)) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    }
}

/// Keeps the panic of a handler off the terminal: it is part of the replay's result. Others print as ever.
fn install_hook() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
            if IN_USER_CODE.get() {
                LAST_PLACE.set(info.location().map(ToString::to_string));
            } else {
                previous(info);
            }
        }));
    });
}

/// A panic of user code: what it says, and where it happened.
pub(super) struct Panic {
    pub message: String,
    place: Option<String>,
}

impl Panic {
    fn of(panic: &(dyn Any + Send)) -> Self {
        let message = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let message = message.or_else(|| panic.downcast_ref::<String>().cloned());
        Self { message: message.unwrap_or_else(|| "no message".to_owned()), place: LAST_PLACE.take() }
    }
}

impl fmt::Display for Panic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.message.trim_end_matches('.'))?;
        // Tokio's words for a socket on a runtime that has none: a replay opens no connection.
        if self.message.contains("IO is disabled") {
            formatter.write_str(". A replay has no network: make HTTP calls through the client of the SdkConfig")?;
        }
        match &self.place {
            Some(place) => write!(formatter, ", at {place}"),
            None => Ok(()),
        }
    }
}
