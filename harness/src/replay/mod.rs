//! One replay of a scenario: provision, play the steps, settle, and read what is left. One thread, one
//! paused clock, one seed; nothing outlives it.

mod expectations;
mod leftovers;
mod records;
mod remote;
mod steps;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;
use rehearsal_emulator::{Clock, Ids};
use tokio::task::LocalSet;

use crate::app::App;
use crate::backend::Embedded;
use crate::driver::{Asking, Driver, host_handler};
use crate::outcome::Failure;
use crate::provision::{ProvisionError, confirm, provision};
use crate::scenario::Scenario;
use crate::settle::{self, Settled};
use crate::shared::Shared;
use crate::stack::Stack;
use crate::trace::{Event, Recorder, What};
pub use expectations::invocations;
pub use leftovers::{BucketContent, Leftovers, QueueContent};
pub use remote::{NotReplayed, replay_at};
use steps::Player;

/// What makes one replay differ from another of the same scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    pub seed: u64,
    /// What the clock shows at first.
    pub start: Timestamp,
    /// Whether all of what is left is read, and the shapes of payloads are kept, to be compared with another
    /// backend's.
    pub whole: bool,
}

/// A replay that is over.
#[derive(Clone, Debug)]
pub struct Replay {
    pub failures: Vec<Failure>,
    /// What could not be provisioned, so that nothing was played.
    pub refused: Option<ProvisionError>,
    pub settled: Settled,
    pub leftovers: Leftovers,
    pub trace: Vec<Event>,
    /// Every id that was generated, as far as the replay saw it; none where no snapshot asks for them.
    pub ids: Vec<String>,
    /// How long it was in its own time.
    pub time: Duration,
    /// Where it was asked for, the shapes of the payloads that each function got.
    pub payload_shapes: BTreeMap<String, BTreeSet<String>>,
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
        let provisioned = match provision(&shared.stack, &shared.service_config(), None).await {
            Ok(()) => confirm(&shared.service_config(), &shared.requests_to_confirm()).await,
            refused => refused,
        };
        play(scenario, shared, host_requests, provisioned, settings.whole).await
    })
}

/// Plays a scenario over a stack that has been provisioned, or could not be.
async fn play(
    scenario: &Scenario,
    shared: Rc<Shared>,
    hosts: tokio::sync::mpsc::UnboundedReceiver<Asking>,
    provisioned: Result<(), ProvisionError>,
    whole: bool,
) -> Replay {
    if whole {
        shared.recorder.keep_payload_shapes();
    } else if !scenario.expect.has_snapshot() {
        // They are many, and only snapshots ask which they were.
        shared.ids.forget();
    }
    let mut player = Player::new(scenario, Rc::clone(&shared));
    if let Err(error) = provisioned {
        let failure = player.failure(scenario.template_place(), error.to_string());
        let over = finish(&shared, vec![failure], Settled::Idle, Leftovers::default());
        return Replay { refused: Some(error), ..over };
    }
    // Before the driver, which finds where each stream begins: what is given is in the streams before that place.
    if let Err(failure) = player.given().await {
        return finish(&shared, vec![*failure], Settled::Idle, Leftovers::default());
    }
    let driver = Driver::start(Rc::clone(&shared), hosts).await;
    let mut failures: Vec<Failure> = player.steps(&driver).await.err().map(|failure| *failure).into_iter().collect();
    let settled = settle::settle(&driver, settle::DEFAULT_LIMIT).await;
    shared.collect_mail();
    shared.recorder.record(None, What::Settled { state: settled.to_string() });
    drop(driver);
    // Reading what is left is not part of what happened.
    let time = shared.backend.clock().elapsed();
    // Where a step failed, something may not have been captured; then nothing is compared either.
    let expect = scenario.expect.substituted(&player.captured).unwrap_or_else(|_| scenario.expect.clone());
    let leftovers = leftovers::read(&shared, &expect, whole).await;
    if failures.is_empty() {
        failures.extend(player.unsettled(&settled));
        failures.extend(player.unused_failures());
        failures.extend(expectations::check(&player, &leftovers));
    }
    failures.extend(shared.problems().into_iter().map(|problem| player.failure(0..0, problem)));
    Replay { time, ..finish(&shared, failures, settled, leftovers) }
}

fn finish(shared: &Shared, failures: Vec<Failure>, settled: Settled, leftovers: Leftovers) -> Replay {
    Replay {
        failures,
        refused: None,
        settled,
        leftovers,
        ids: if shared.ids.are_remembered() {
            shared.ids.made().into_iter().chain(shared.recorder.ids()).collect()
        } else {
            Vec::new()
        },
        trace: shared.recorder.take_events(),
        time: shared.backend.clock().elapsed(),
        payload_shapes: shared.recorder.payload_shapes(),
    }
}
