//! A run at a place where time is real. The embedded backend replays the scenario first: it tells how long that
//! takes in virtual time, and what is volatile; the tables must then end in the same committed snapshot.

use super::embedded::Pair;
use super::rename::Renaming;
use super::{Ready, Settings, observe};
use crate::api::SENDER;
use crate::backend::Place;
use crate::outcome::{NotRun, Outcome};
use crate::snapshot::canonical;
use crate::stack::Stack;
use crate::trace::{Event, What};
use crate::words::duration;

/// Runs a scenario, unless it would take too long or a service would send requests to the network.
pub fn run(ready: &Ready<'_>, place: &Place, settings: Settings<'_>) -> Result<Outcome, NotRun> {
    let Settings { seed, whole, .. } = settings;
    if let Some(what) = only_embedded(&ready.stack) {
        let reason = format!("{what} are made on the embedded backend only");
        return Err(NotRun::Skipped { name: ready.scenario.name.clone(), reason });
    }
    let pair = Pair::replay(ready, seed, whole, true);
    let (takes, limit) = (pair.first.time, place.pace().patience);
    if takes > limit {
        let reason = format!(
            "it takes {} of virtual time, and real time is limited to {} (--real-time-limit)",
            duration(takes),
            duration(limit)
        );
        return Err(NotRun::Skipped { name: ready.scenario.name.clone(), reason });
    }
    if let Some(service) = pair.first.trace.iter().find_map(sender) {
        let reason = format!("{service} sends HTTP requests in it, which only the embedded backend's stubs answer");
        return Err(NotRun::Skipped { name: ready.scenario.name.clone(), reason });
    }
    let arrives = pair.first.trace.iter().any(|event| matches!(event.what, What::Mail { .. }));
    if arrives || !ready.scenario.expect.mail.is_empty() {
        let reason = "it is about mail, which only the embedded backend's mailboxes take".to_owned();
        return Err(NotRun::Skipped { name: ready.scenario.name.clone(), reason });
    }
    let (mut replayed, stack) = ready.replay_at(place, seed, whole)?;
    Renaming::between(&stack, &ready.stack).apply(&mut replayed.leftovers);
    let mut outcome = ready.outcome(place.kind(), seed, &mut replayed);
    if whole {
        outcome.observed = Some(observe::observed(ready, &pair, &replayed));
    }
    let selected = ready.selected();
    if outcome.failures.is_empty() && !selected.is_empty() {
        let state = canonical(&selected, (&replayed.leftovers.tables, &replayed.ids), &pair.learned());
        outcome.volatile = state.volatile;
        match ready.compare(state.text) {
            Ok(compared) => outcome.snapshot = Some(compared),
            Err(message) => outcome.failures.push(ready.failure(message)),
        }
    }
    Ok(outcome)
}

/// The service that sends a request to another host. API Gateway is the harness itself on every backend.
fn sender(event: &Event) -> Option<&str> {
    match &event.what {
        What::Request { sender, .. } => sender.as_deref().filter(|sender| *sender != SENDER),
        _ => None,
    }
}

/// What a stack has that is not made and removed elsewhere: LocalStack fires no schedule, and requests to API
/// destinations would leave the machine.
fn only_embedded(stack: &Stack) -> Option<&'static str> {
    [
        (stack.connections.is_empty() && stack.api_destinations.is_empty(), "API destinations"),
        (stack.archives.is_empty(), "archives"),
        (stack.schedules.is_empty() && stack.schedule_groups.is_empty(), "Scheduler's schedules"),
    ]
    .into_iter()
    .find_map(|(none, what)| (!none).then_some(what))
}
