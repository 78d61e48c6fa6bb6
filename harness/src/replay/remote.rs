//! One replay on an AWS behind an endpoint, under real time. What it makes there it removes again, however it
//! ends.

use std::panic::AssertUnwindSafe;
use std::rc::Rc;

use futures_util::FutureExt;
use rehearsal_emulator::Ids;
use tokio::task::LocalSet;

use super::{Replay, play};
use crate::app::App;
use crate::backend::{self, Place, Remote, Site, TAG, Unavailable, tapped};
use crate::diagnostic::Diagnostics;
use crate::driver::host_handler;
use crate::interrupt;
use crate::outcome::Failure;
use crate::provision::provision;
use crate::scenario::Scenario;
use crate::shared::Shared;
use crate::stack::Stack;
use crate::template::Naming;
use crate::trace::Recorder;

/// Why there is no replay.
#[derive(Clone, Debug)]
pub enum NotReplayed {
    /// The backend does not answer.
    Unavailable(Unavailable),
    /// The template does not load with the names that it has there.
    Invalid(Diagnostics),
    /// Ctrl-C.
    Interrupted,
}

/// Replays a scenario at a place, on this thread, which must not be in a Tokio runtime. `load` makes the stack
/// with the names that it is to have there.
///
/// # Errors
/// The place does not answer, the template does not load, or the person wants no more.
pub fn replay_at(
    place: &Place,
    scenario: &Scenario,
    load: &dyn Fn(&Naming) -> Result<Stack, Diagnostics>,
    app: &App,
    seed: u64,
    whole: bool,
) -> Result<(Replay, Stack), NotReplayed> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("the system has a runtime for one thread");
    LocalSet::new().block_on(&runtime, async {
        let site = place.enter().await.map_err(NotReplayed::Unavailable)?;
        let stack = load(&site.naming).map_err(NotReplayed::Invalid)?;
        let played = AssertUnwindSafe(at_site(&site, scenario, &stack, app, seed, whole)).catch_unwind().await;
        let left = tear_down(&site, !stack.streams.is_empty()).await;
        let mut replay = match played {
            Err(panic) => std::panic::resume_unwind(panic),
            Ok(None) => return Err(NotReplayed::Interrupted),
            Ok(Some(replay)) => replay,
        };
        replay.failures.extend(left.into_iter().map(|message| Failure::at(&scenario.source, 0..0, message)));
        Ok((replay, stack))
    })
}

/// The replay; none if it was interrupted.
async fn at_site(site: &Site, scenario: &Scenario, stack: &Stack, app: &App, seed: u64, whole: bool) -> Option<Replay> {
    // A place is shared with earlier and other replays, which must not have the same request tokens.
    let names = site.naming.stack_name.bytes().fold(seed, |seed, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
    let ids = Ids::seeded(names);
    let (hosts, host_requests) = host_handler();
    let tapped = tapped(stack, &site.naming);
    let provisioned = provision(&tapped.stack, &site.config, Some(&(TAG, &site.naming.stack_name))).await;
    let backend = Rc::new(Remote::new(site, tapped, hosts));
    let recorder = Recorder::new(site.clock, stack.logical_ids());
    let _logs = crate::logs::capture(recorder.clone());
    let shared = Shared::new(backend, stack.clone(), app, ids, recorder);
    // Only now: what is being made when it is interrupted would escape the teardown.
    tokio::select! {
        biased;
        () = interrupt::requested() => None,
        replay = play(scenario, shared, host_requests, provisioned, whole) => Some(replay),
    }
}

/// Removes what the replay made, where that does not go with the place. Tells what could not be removed.
async fn tear_down(site: &Site, streams: bool) -> Vec<String> {
    if !site.tears_down {
        return Vec::new();
    }
    match backend::clean(&site.config, &site.naming.prefix, streams).await {
        Ok(cleaned) => {
            let left = cleaned.left.iter().map(|what| format!("{what} carries no tag `{TAG}` and was not removed"));
            left.chain(cleaned.failed.iter().chain(&cleaned.not_there).map(|what| format!("not removed: {what}")))
                .collect()
        }
        Err(message) => vec![message],
    }
}
