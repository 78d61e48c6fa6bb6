//! Several backends beside each other: same or different, and how.

use super::{Paint, real};
use crate::outcome::{Finished, Outcome};
use crate::parity::{Difference, Runs};

/// How many lines of a difference are shown.
const SHOWN: usize = 20;

/// A scenario that passed everywhere: same or different, in a line, with the differences below it.
pub fn line(runs: &Runs, styled: bool) -> String {
    let paint = Paint(styled);
    let name =
        runs.finished.first().and_then(|first| first.result.as_ref().ok()).map_or("", |first: &Outcome| &first.name);
    let took = |finished: &Finished| format!("{} {}", finished.backend, real(finished.took));
    let facts: Vec<String> = runs.finished.iter().map(took).collect();
    let facts = paint.faint(&format!("({})", facts.join(", ")));
    if runs.is_same() {
        return format!("{} {name}  {facts}\n", paint.good("   same"));
    }
    format!("{} {name}  {facts}\n        {}\n{}", paint.bad(" DIFFER"), runs.file(), differences(runs, styled))
}

/// What the first backend and the others did differently.
pub fn differences(runs: &Runs, styled: bool) -> String {
    let of = |[first, other]: [&str; 2], difference: &Difference| {
        let left_out = difference.lines.len().saturating_sub(SHOWN);
        let more = (left_out > 0).then(|| format!("… and {left_out} more lines"));
        let lines = difference.lines.iter().take(SHOWN).cloned().chain(more);
        let lines: String = lines.map(|line| format!("    {line}\n")).collect();
        format!("\n{} differ (- {first}, + {other}):\n{lines}", Paint(styled).bad(&difference.what))
    };
    let mut text = String::new();
    for parity in &runs.parities {
        text.extend(parity.differences.iter().map(|difference| of(parity.backends, difference)));
    }
    if text.is_empty() { text } else { text + "\n" }
}
