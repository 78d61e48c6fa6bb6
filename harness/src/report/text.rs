//! The report that people read in a terminal.

mod parity;

use std::path::Path;
use std::time::Duration;

use anstyle::{AnsiColor, Style};

use super::timeline;
use crate::diagnostic::Diagnostics;
use crate::outcome::{Failure, Finished, NotRun, Outcome, SnapshotOutcome};
use crate::parity::Runs;
use crate::snapshot::Comparison;
use crate::stack::NotSimulated;
use crate::words::{counted, duration, shown};

/// Scenarios one by one, each folder under its name.
pub struct Listing {
    styled: bool,
    folder: String,
}

impl Listing {
    /// A listing without scenarios yet.
    pub fn new(styled: bool) -> Self {
        Self { styled, folder: String::new() }
    }

    /// The next scenario, with its folder's name before the first of it.
    pub fn next(&mut self, runs: &Runs) -> String {
        let folder = Path::new(runs.file()).parent().unwrap_or(Path::new("")).display().to_string();
        let heading = if folder == self.folder { String::new() } else { format!("\n{folder}\n") };
        self.folder = folder;
        heading + &scenario(runs, self.styled)
    }
}

/// One scenario: a line if all is well, else what is wrong and what happened.
pub fn scenario(runs: &Runs, styled: bool) -> String {
    match runs.finished.as_slice() {
        [finished] => run(finished, styled),
        // What is wrong with a file is the same everywhere.
        [first, ..] if runs.is_invalid() => run(first, styled),
        all if all.iter().all(Finished::passed) => parity::line(runs, styled),
        all => {
            all.iter().map(|finished| run(finished, styled)).collect::<String>() + &parity::differences(runs, styled)
        }
    }
}

/// One scenario on one backend.
fn run(finished: &Finished, styled: bool) -> String {
    let paint = Paint(styled);
    match &finished.result {
        Err(NotRun::Invalid(diagnostics)) => invalid(&finished.file, diagnostics, styled),
        Err(NotRun::Skipped { name, reason }) => {
            format!(
                "{} {name}  {}\n",
                paint.faint("skipped"),
                paint.faint(&format!("({}: {reason})", finished.backend))
            )
        }
        Err(NotRun::Unavailable(reason)) => {
            format!("{} {}\n        {}: {reason}\n", paint.bad(" FAILED"), finished.file, finished.backend)
        }
        Err(NotRun::Interrupted) => format!("{} {}\n", paint.bad("stopped"), finished.file),
        Ok(outcome) if outcome.passed() => {
            format!("{} {}  {}\n", paint.good("     ok"), outcome.name, paint.faint(&facts(outcome, finished.took)))
        }
        Ok(outcome) => {
            let facts = paint.faint(&facts(outcome, finished.took));
            let head = format!("{} {}  {facts}\n", paint.bad(" FAILED"), outcome.name);
            format!("{head}        {}\n\n{}", finished.file, failure(outcome, styled))
        }
    }
}

/// What is wrong with a scenario that could not be run.
pub fn invalid(file: &str, diagnostics: &Diagnostics, styled: bool) -> String {
    let mistakes = counted(diagnostics.len() as u64, "mistake");
    format!("{} {file}  {mistakes}\n\n{}\n\n", Paint(styled).bad("invalid"), diagnostics.render(styled))
}

/// What is wrong with an outcome, and the timeline of what happened.
pub fn failure(outcome: &Outcome, styled: bool) -> String {
    let mut text: String = outcome.failures.iter().map(|failure| expectation(failure, styled)).collect();
    if let Some(snapshot) = &outcome.snapshot {
        text.push_str(&snapshot_failure(snapshot));
    }
    text.push_str("what happened:\n");
    text.push_str(&timeline::render(&outcome.trace));
    let after = outcome.virtual_time.map(|time| format!(" after {}", duration(time))).unwrap_or_default();
    text.push_str(&format!("at the end: {}{after}\n\n", outcome.settled));
    text
}

fn expectation(failure: &Failure, styled: bool) -> String {
    let mut diagnostics = Diagnostics::default();
    diagnostics.push(failure.diagnostic.clone());
    let details: String = failure.details.iter().map(|line| format!("    {line}\n")).collect();
    format!("{}\n{details}\n", diagnostics.render(styled))
}

fn snapshot_failure(snapshot: &SnapshotOutcome) -> String {
    let path = shown(&snapshot.path);
    match &snapshot.comparison {
        Comparison::Same => String::new(),
        Comparison::Missing => {
            let text: String = snapshot.text.lines().take(20).map(|line| format!("    {line}\n")).collect();
            format!(
                "there is no snapshot {path} yet. The tables are now:\n{text}\nwrite it with --update-snapshots\n\n"
            )
        }
        Comparison::Different(difference) => {
            let lines: String = difference.lines().map(|line| format!("    {line}\n")).collect();
            format!(
                "the tables differ from {path} (- committed, + now):\n{lines}\naccept them with --update-snapshots\n\n"
            )
        }
    }
}

fn facts(outcome: &Outcome, took: Duration) -> String {
    let invocations: u64 = outcome.invocations.values().sum();
    let mut facts = vec![counted(invocations, "invocation"), counted(outcome.calls, "call")];
    match outcome.virtual_time {
        Some(time) if time.is_zero() => {}
        Some(time) => facts.push(format!("{} of virtual time", duration(time))),
        None => facts.push(format!("on {}", outcome.backend)),
    }
    facts.push(real(took));
    format!("({})", facts.join(", "))
}

/// A real time, for people.
pub(super) fn real(took: Duration) -> String {
    format!("{took:.0?}")
}

/// All scenarios in a line, and what was not simulated.
pub fn summary(all: &[Runs], took: Duration, styled: bool) -> String {
    let paint = Paint(styled);
    let count = |is: fn(&Runs) -> bool| all.iter().filter(|runs| is(runs)).count();
    let (passed, invalid, skipped) = (count(Runs::passed), count(Runs::is_invalid), count(Runs::was_skipped));
    let stopped = count(Runs::was_stopped);
    let failed = all.len() - passed - invalid - skipped - stopped;
    let compares = all.iter().any(|runs| runs.finished.len() > 1);
    // What ran on one backend alone was compared with nothing.
    let alone = if compares { count(|runs| runs.passed() && runs.parities.is_empty()) } else { 0 };
    let mut counts = vec![paint.good(&format!("{} {}", passed - alone, if compares { "same" } else { "ok" }))];
    let bad = if compares { "different or failed" } else { "failed" };
    for (count, what) in [(failed, bad), (invalid, "invalid"), (stopped, "stopped")] {
        if count > 0 {
            counts.push(paint.bad(&format!("{count} {what}")));
        }
    }
    if skipped > 0 {
        counts.push(format!("{skipped} skipped"));
    }
    if alone > 0 {
        counts.push(format!("{alone} ok on one backend and skipped on the other"));
    }
    let scenarios = counted(all.len() as u64, "scenario");
    let line = format!("\n{scenarios}: {} in {took:.1?}\n", counts.join(", "));
    not_simulated(all) + &line
}

fn not_simulated(all: &[Runs]) -> String {
    let outcomes = all.iter().flat_map(|runs| &runs.finished).filter_map(|finished| finished.result.as_ref().ok());
    let mut what: Vec<String> = outcomes.flat_map(|outcome| &outcome.not_simulated).map(left_out).collect();
    what.sort();
    what.dedup();
    if what.is_empty() { String::new() } else { format!("\nnot simulated: {}\n", what.join(", ")) }
}

/// Something that is left out, and whom it does not reach.
pub fn left_out(left: &NotSimulated) -> String {
    match left.delivers_to.as_slice() {
        [] => left.what.clone(),
        reached => format!("{} (nothing comes from it to {})", left.what, reached.join(", ")),
    }
}

/// Colours, or none.
#[derive(Clone, Copy)]
pub(super) struct Paint(pub(super) bool);

impl Paint {
    pub(super) fn good(&self, text: &str) -> String {
        self.with(Style::new().fg_color(Some(AnsiColor::Green.into())), text)
    }

    pub(super) fn bad(&self, text: &str) -> String {
        self.with(Style::new().bold().fg_color(Some(AnsiColor::Red.into())), text)
    }

    pub(super) fn faint(&self, text: &str) -> String {
        self.with(Style::new().dimmed(), text)
    }

    fn with(&self, style: Style, text: &str) -> String {
        if self.0 { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}
