//! An app behind the port: its template's resources provisioned at the start, and its functions at work.

use std::rc::Rc;
use std::sync::Arc;

use rehearsal_emulator::{Clock, Emulator, HostHandler, Ids};
use tokio::sync::mpsc;

use super::Tell;
use crate::app::App;
use crate::backend::{Backend, Embedded};
use crate::driver::{Asking, Driver, host_handler};
use crate::provision::{ProvisionError, confirm, provision};
use crate::shared::Shared;
use crate::stack::Stack;
use crate::trace::{Ended, Event, Recorder, What};

/// A world that lives on under real time, and perhaps an app in it.
pub struct Served {
    backend: Rc<Embedded>,
    requests: mpsc::UnboundedReceiver<Asking>,
    clock: Clock,
}

/// An app at work. Its functions stop when this is dropped.
pub struct Provisioned {
    _driver: Driver,
    _logs: tracing::subscriber::DefaultGuard,
}

impl Served {
    /// An empty world of an account. Must be called within the Tokio runtime that serves it.
    pub fn new(account: &str) -> Self {
        let (clock, ids) = (Clock::wall(), Ids::unseeded());
        let (hosts, requests): (HostHandler, _) = host_handler();
        Self { backend: Rc::new(Embedded::of_account(account, clock, ids, hosts)), requests, clock }
    }

    /// The world, for whoever is to answer from it.
    pub fn emulator(&self) -> Emulator {
        self.backend.emulator().clone()
    }

    /// The time in it.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// Does what AWS does by itself when its time comes, where no app's driver does. Never returns.
    pub async fn drive(self) {
        // Nobody stands for other hosts.
        drop(self.requests);
        self.backend.drive().await;
    }

    /// Makes the resources of a template and starts delivering to its functions, telling how each invocation
    /// ends. Must be called within a `LocalSet`.
    ///
    /// # Errors
    /// The first resource that cannot be made.
    pub async fn with_app(self, stack: Stack, app: &App, tell: Tell) -> Result<Provisioned, ProvisionError> {
        let recorder = Recorder::new(self.clock, stack.logical_ids()).observed_by(Arc::new(move |event| {
            if let Some(line) = line(event) {
                tell(&line);
            }
        }));
        let _logs = crate::logs::capture(recorder.clone());
        let shared = Shared::new(self.backend, stack, app, Ids::unseeded(), recorder);
        provision(&shared.stack, &shared.service_config(), None).await?;
        confirm(&shared.service_config(), &shared.requests_to_confirm()).await?;
        Ok(Provisioned { _driver: Driver::start(shared, self.requests).await, _logs })
    }
}

/// What is told of an event: how invocations end, what was given up, and what handlers log.
fn line(event: &Event) -> Option<String> {
    let ended = match &event.what {
        What::Invocation { duration: Some(duration), .. } => event.at + *duration,
        _ => event.at,
    };
    let time = ended.strftime("%H:%M:%S");
    match &event.what {
        What::Invocation { function, attempt, result: Some(ended), duration, .. } => {
            let (how, why) = match ended {
                Ended::Success => ("ok", String::new()),
                Ended::Error(error) => ("error", format!(": {error}")),
                Ended::Timeout(error) => ("timeout", format!(": {error}")),
                Ended::Crash(error) => ("crash", format!(": {error}")),
                Ended::Throttled => ("throttled", String::new()),
            };
            let took = duration.map(|took| format!(" {:.1?}", took.unsigned_abs())).unwrap_or_default();
            let again = if *attempt > 1 { format!(" attempt {attempt}") } else { String::new() };
            Some(format!("{time} λ   {function}{again} {how}{took}{why}"))
        }
        What::GaveUp { function, reason } => Some(format!("{time} λ   {function} gave up: {reason}")),
        What::Mail { to, subject, .. } => Some(format!("{time} mail to {to}: {subject}")),
        What::Log { level, message } => Some(format!("{time} λ     {level} {message}")),
        _ => None,
    }
}
