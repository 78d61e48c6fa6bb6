//! The report that people read in a terminal.

use std::path::Path;

use anstyle::{AnsiColor, Style};

use super::timeline;
use crate::diagnostic::Diagnostics;
use crate::outcome::{Failure, Finished, Outcome, SnapshotOutcome};
use crate::snapshot::Comparison;
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
    pub fn next(&mut self, finished: &Finished) -> String {
        let folder = Path::new(&finished.file).parent().unwrap_or(Path::new("")).display().to_string();
        let heading = if folder == self.folder { String::new() } else { format!("\n{folder}\n") };
        self.folder = folder;
        heading + &scenario(finished, self.styled)
    }
}

/// One scenario: a line if all is well, else what is wrong and what happened.
pub fn scenario(finished: &Finished, styled: bool) -> String {
    let paint = Paint(styled);
    let took = format!("{:.0?}", finished.took);
    match &finished.result {
        Err(diagnostics) => invalid(&finished.file, diagnostics, styled),
        Ok(outcome) if outcome.passed() => {
            format!("{} {}  {}\n", paint.good("     ok"), outcome.name, paint.faint(&facts(outcome, &took)))
        }
        Ok(outcome) => {
            let head = format!("{} {}  {}\n", paint.bad(" FAILED"), outcome.name, paint.faint(&facts(outcome, &took)));
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
    text.push_str(&format!("at the end: {} after {}\n\n", outcome.settled, duration(outcome.virtual_time)));
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

fn facts(outcome: &Outcome, took: &str) -> String {
    let invocations: u64 = outcome.invocations.values().sum();
    let mut facts = vec![counted(invocations, "invocation"), counted(outcome.calls, "call")];
    if !outcome.virtual_time.is_zero() {
        facts.push(format!("{} of virtual time", duration(outcome.virtual_time)));
    }
    facts.push(took.to_owned());
    format!("({})", facts.join(", "))
}

/// All scenarios in a line, and what was not simulated.
pub fn summary(all: &[Finished], took: std::time::Duration, styled: bool) -> String {
    let paint = Paint(styled);
    let passed = all.iter().filter(|finished| finished.passed()).count();
    let invalid = all.iter().filter(|finished| finished.result.is_err()).count();
    let failed = all.len() - passed - invalid;
    let mut counts = vec![paint.good(&format!("{passed} ok"))];
    for (count, what) in [(failed, "failed"), (invalid, "invalid")] {
        if count > 0 {
            counts.push(paint.bad(&format!("{count} {what}")));
        }
    }
    let scenarios = counted(all.len() as u64, "scenario");
    let line = format!("\n{scenarios}: {} in {took:.1?}\n", counts.join(", "));
    not_simulated(all) + &line
}

fn not_simulated(all: &[Finished]) -> String {
    let outcomes = all.iter().filter_map(|finished| finished.result.as_ref().ok());
    let mut what: Vec<String> =
        outcomes.flat_map(|outcome| &outcome.not_simulated).map(|left| left.what.clone()).collect();
    what.sort();
    what.dedup();
    if what.is_empty() { String::new() } else { format!("\nnot simulated: {}\n", what.join(", ")) }
}

/// Colours, or none.
struct Paint(bool);

impl Paint {
    fn good(&self, text: &str) -> String {
        self.with(Style::new().fg_color(Some(AnsiColor::Green.into())), text)
    }

    fn bad(&self, text: &str) -> String {
        self.with(Style::new().bold().fg_color(Some(AnsiColor::Red.into())), text)
    }

    fn faint(&self, text: &str) -> String {
        self.with(Style::new().dimmed(), text)
    }

    fn with(&self, style: Style, text: &str) -> String {
        if self.0 { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}
