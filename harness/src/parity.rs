//! Whether two backends did the same with a scenario: tables, queues, how often each function was invoked, and the
//! shape of what it got. Pure: two outcomes in, the differences out.

use std::collections::{BTreeMap, BTreeSet};

use similar::TextDiff;

use crate::outcome::{Finished, NotRun, Outcome};

mod known;

pub use known::{KNOWN, Known};

/// A scenario on one backend or several.
#[derive(Clone, Debug)]
pub struct Runs {
    /// One for each backend, in the order in which they were named.
    pub finished: Vec<Finished>,
    /// The first backend against each of the others, where the scenario ran on both.
    pub parities: Vec<Parity>,
}

/// Two backends and what they did differently with a scenario.
#[derive(Clone, Debug)]
pub struct Parity {
    pub backends: [&'static str; 2],
    pub differences: Vec<Difference>,
}

impl Runs {
    /// Compares what came of the same scenario on each backend.
    pub fn new(finished: Vec<Finished>) -> Self {
        let parity = |(first, second): (&Finished, &Finished)| {
            let differences = differences(first.result.as_ref().ok()?, second.result.as_ref().ok()?);
            Some(Parity { backends: [first.backend, second.backend], differences })
        };
        let others = finished.iter().skip(1);
        let parities = finished.first().into_iter().flat_map(|first| others.clone().map(move |other| (first, other)));
        let parities = parities.filter_map(parity).collect();
        Self { finished, parities }
    }

    /// The scenario file.
    pub fn file(&self) -> &str {
        self.finished.first().map_or("", |first| &first.file)
    }

    /// Whether all is as expected, on every backend that it ran on, and the same on all of them.
    pub fn passed(&self) -> bool {
        let fine = |finished: &Finished| finished.passed() || finished.was_skipped();
        self.finished.iter().all(fine) && self.finished.iter().any(Finished::passed) && self.is_same()
    }

    /// Whether all that was compared is the same, but for what is known to differ.
    pub fn is_same(&self) -> bool {
        self.parities.iter().flat_map(|parity| &parity.differences).all(|difference| difference.known.is_some())
    }

    /// Whether it ran nowhere, for a reason that is nobody's fault.
    pub fn was_skipped(&self) -> bool {
        self.finished.iter().all(Finished::was_skipped)
    }

    /// Whether the scenario or its template is wrong.
    pub fn is_invalid(&self) -> bool {
        self.finished.iter().any(|finished| matches!(finished.result, Err(NotRun::Invalid(_))))
    }

    /// Whether a backend did not answer.
    pub fn is_unavailable(&self) -> bool {
        self.finished.iter().any(|finished| matches!(finished.result, Err(NotRun::Unavailable(_))))
    }
}

/// Something that two backends did differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// `tables`, `queues`, `invocations` or `payload of StoreRecord`.
    pub what: String,
    /// Lines of the first backend with `-` before them, of the second with `+`.
    pub lines: Vec<String>,
    /// Why it is no failure, where that is known.
    pub known: Option<&'static Known>,
}

/// All differences between two outcomes of one scenario. Outcomes that were not observed whole have none.
pub fn differences(first: &Outcome, second: &Outcome) -> Vec<Difference> {
    let (Some(a), Some(b)) = (&first.observed, &second.observed) else { return Vec::new() };
    let mut found = Vec::new();
    found.extend(text("tables", &a.tables, &b.tables));
    found.extend(text("queues", &a.queues, &b.queues));
    found.extend(text("invocations", &counts(&first.invocations), &counts(&second.invocations)));
    let functions: BTreeSet<&String> = a.payload_shapes.keys().chain(b.payload_shapes.keys()).collect();
    let none = BTreeSet::new();
    for function in functions {
        let [a, b] = [a, b].map(|observed| observed.payload_shapes.get(function).unwrap_or(&none));
        found.extend(payload(function, a, b, [first.backend, second.backend]));
    }
    found
}

fn counts(invocations: &BTreeMap<String, u64>) -> String {
    invocations.iter().map(|(function, count)| format!("{function}: {count}\n")).collect()
}

fn text(what: &str, a: &str, b: &str) -> Option<Difference> {
    let diff = TextDiff::from_lines(a, b);
    let changed = diff.iter_all_changes().filter(|change| change.tag() != similar::ChangeTag::Equal);
    let lines: Vec<String> = changed.map(|change| format!("{}{}", change.tag(), change.value().trim_end())).collect();
    (!lines.is_empty()).then(|| Difference { what: what.to_owned(), lines, known: None })
}

/// Fields of a payload that only one backend has: those that are known apart from the others.
fn payload(function: &str, a: &BTreeSet<String>, b: &BTreeSet<String>, backends: [&str; 2]) -> Vec<Difference> {
    let only = |these: &BTreeSet<String>, others: &BTreeSet<String>, sign: &str| -> Vec<String> {
        these.difference(others).map(|line| format!("{sign}{line}")).collect()
    };
    let mut grouped: BTreeMap<Option<usize>, Vec<String>> = BTreeMap::new();
    for line in [only(a, b, "-"), only(b, a, "+")].concat() {
        let known = KNOWN.iter().position(|known| known.covers(&line[1..], backends));
        grouped.entry(known).or_default().push(line);
    }
    let difference = |(known, lines): (Option<usize>, Vec<String>)| Difference {
        what: format!("payload of {function}"),
        lines,
        known: known.map(|index| &KNOWN[index]),
    };
    grouped.into_iter().map(difference).collect()
}
