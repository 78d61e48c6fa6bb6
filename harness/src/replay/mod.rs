//! One replay of a scenario: provision, play the steps, settle, and read what is left. One thread, one
//! paused clock, one seed; nothing outlives it.

mod expectations;
mod leftovers;
mod steps;

use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;
use rehearsal_emulator::{Clock, Ids};
use tokio::task::LocalSet;

use crate::app::App;
use crate::backend::Embedded;
use crate::driver::{Driver, HostRequest, host_handler};
use crate::outcome::Failure;
use crate::provision::provision;
use crate::scenario::Scenario;
use crate::settle::{self, Settled};
use crate::shared::Shared;
use crate::stack::Stack;
use crate::trace::{Event, Recorder, What};
pub use expectations::invocations;
pub use leftovers::Leftovers;
use steps::Player;

/// What makes one replay differ from another of the same scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    pub seed: u64,
    /// What the clock shows at first.
    pub start: Timestamp,
}

/// A replay that is over.
#[derive(Clone, Debug)]
pub struct Replay {
    pub failures: Vec<Failure>,
    pub settled: Settled,
    pub leftovers: Leftovers,
    pub trace: Vec<Event>,
    /// Every id that was generated, oldest first.
    pub ids: Vec<String>,
    pub virtual_time: Duration,
}

/// Replays a scenario on the embedded backend, on this thread, which must not be in a Tokio runtime.
pub fn replay(scenario: &Scenario, stack: &Stack, app: &App, settings: Settings) -> Replay {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without I/O needs nothing of the system");
    LocalSet::new().block_on(&runtime, async {
        let clock = Clock::starting_at(settings.start);
        let ids = Ids::seeded(settings.seed);
        let (hosts, host_requests) = host_handler();
        let backend = Rc::new(Embedded::new(clock, ids.clone(), hosts));
        let recorder = Recorder::new(clock, stack.logical_ids());
        let _logs = crate::logs::capture(recorder.clone());
        let shared = Shared::new(backend, stack.clone(), app, ids, recorder);
        play(scenario, shared, host_requests).await
    })
}

async fn play(
    scenario: &Scenario,
    shared: Rc<Shared>,
    hosts: tokio::sync::mpsc::UnboundedReceiver<HostRequest>,
) -> Replay {
    let mut player = Player::new(scenario, Rc::clone(&shared));
    if let Err(error) = provision(&shared.stack, &shared.service_config()).await {
        let failure = player.failure(scenario.template.span.clone(), error.to_string());
        return finish(&shared, vec![failure], Settled::Idle, Leftovers::default());
    }
    let driver = Driver::start(Rc::clone(&shared), hosts);
    if let Err(failure) = player.given().await {
        return finish(&shared, vec![*failure], Settled::Idle, Leftovers::default());
    }
    let mut failures: Vec<Failure> = player.steps(&driver).await.err().map(|failure| *failure).into_iter().collect();
    let settled = settle::settle(&driver, settle::DEFAULT_LIMIT).await;
    shared.recorder.record(None, What::Settled { state: settled.to_string() });
    drop(driver);
    // Reading what is left is not part of what happened.
    let (trace, virtual_time) = (shared.recorder.events(), shared.backend.clock().elapsed());
    let leftovers = leftovers::read(&shared, &scenario.expect).await;
    if failures.is_empty() {
        failures.extend(player.unsettled(&settled));
        failures.extend(player.unused_failures());
        failures.extend(expectations::check(&player, &leftovers));
    }
    failures.extend(shared.problems().into_iter().map(|problem| player.failure(0..0, problem)));
    Replay { trace, virtual_time, ..finish(&shared, failures, settled, leftovers) }
}

fn finish(shared: &Shared, failures: Vec<Failure>, settled: Settled, leftovers: Leftovers) -> Replay {
    Replay {
        failures,
        settled,
        leftovers,
        trace: shared.recorder.events(),
        ids: shared.ids.made(),
        virtual_time: shared.backend.clock().elapsed(),
    }
}
