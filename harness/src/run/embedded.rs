//! A run on the embedded backend: two replays that differ in seed and start time, beside each other.

use jiff::{SignedDuration, Timestamp};

use super::{Ready, Settings, observe};
use crate::backend::Kind;
use crate::outcome::{Failure, NotRun, Outcome};
use crate::replay::{self, Replay};
use crate::snapshot::{Learned, Selected, canonical};

/// What the clock of an embedded replay shows at first.
const START: &str = "2026-01-01T00:00:00Z";
/// How far the clock of the second replay is ahead: 52 weeks, so that weekday and time of day stay.
const SHIFT: SignedDuration = SignedDuration::from_hours(52 * 7 * 24);

/// The two replays. The second is made only where something is compared by what it teaches.
pub struct Pair {
    pub first: Replay,
    pub second: Option<Replay>,
}

impl Pair {
    /// Replays a scenario.
    pub fn replay(ready: &Ready<'_>, seed: u64, whole: bool, twice: bool) -> Self {
        let start: Timestamp = START.parse().expect("it is a timestamp");
        let other = replay::Settings { seed: seed.wrapping_add(0x9E37_79B9_7F4A_7C15), start: start + SHIFT, whole };
        let (first, second) = std::thread::scope(|scope| {
            // Each on a thread of its own, so that it does not matter what runtime the caller is in.
            let first = scope.spawn(|| ready.replay(replay::Settings { seed, start, whole }));
            let second = twice.then(|| scope.spawn(|| ready.replay(other)));
            let over = |replay: std::thread::ScopedJoinHandle<'_, Replay>| {
                replay.join().expect("a replay catches the handlers' panics")
            };
            (over(first), second.map(over))
        });
        Self { first, second }
    }

    /// What is volatile in tables.
    pub fn learned(&self) -> Learned {
        let Some(second) = &self.second else { return Learned::default() };
        let of = |replay: &Replay| (replay.leftovers.tables.clone(), replay.ids.clone());
        let (first, second) = (of(&self.first), of(second));
        Learned::from((&first.0, &first.1), (&second.0, &second.1))
    }
}

/// Runs a scenario. What AWS does not take is a mistake of the template.
pub fn run(ready: &Ready<'_>, settings: Settings<'_>) -> Result<Outcome, NotRun> {
    let selected = ready.selected();
    let mut pair = Pair::replay(ready, settings.seed, settings.whole, settings.whole || !selected.is_empty());
    if let Some(error) = &pair.first.refused {
        return Err(NotRun::Invalid(ready.stack.mistake(&error.logical_id, &error.to_string())));
    }
    Ok(compared(ready, settings, &selected, &mut pair))
}

fn compared(ready: &Ready<'_>, settings: Settings<'_>, selected: &Selected, pair: &mut Pair) -> Outcome {
    let mut outcome = ready.outcome(Kind::Embedded, settings.seed, &mut pair.first);
    if settings.whole {
        outcome.observed = Some(observe::observed(ready, pair, &pair.first));
    }
    let Some(second) = pair.second.as_ref().filter(|_| !selected.is_empty() && outcome.failures.is_empty()) else {
        return outcome;
    };
    outcome.failures.extend(second.failures.iter().map(elsewhere));
    outcome.failures.extend(row_counts(ready, selected, &pair.first, second));
    let state = canonical(selected, (&pair.first.leftovers.tables, &pair.first.ids), &pair.learned());
    outcome.volatile = state.volatile;
    match ready.compare(state.text) {
        Ok(compared) => outcome.snapshot = Some(compared),
        Err(message) => outcome.failures.push(ready.failure(message)),
    }
    outcome
}

/// Seed and date must not decide how many rows there are.
fn row_counts(ready: &Ready<'_>, selected: &Selected, first: &Replay, second: &Replay) -> Vec<Failure> {
    let count = |replay: &Replay, table: &str| replay.leftovers.tables.get(table).map_or(0, |state| state.items.len());
    let differs = |table: &&String| count(first, table) != count(second, table);
    let message = |table: &String| {
        let (first, second) = (count(first, table), count(second, table));
        format!("table {table} ends with {first} items, and with {second} under another seed and start date")
    };
    selected.keys().filter(differs).map(|table| ready.failure(message(table))).collect()
}

/// A failure of the second replay: not to be learned as volatile.
fn elsewhere(failure: &Failure) -> Failure {
    let mut failure = failure.clone();
    failure.diagnostic.message = format!("under another seed and start date: {}", failure.diagnostic.message);
    failure
}
