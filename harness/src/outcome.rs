//! What came of a scenario: plain data that reports read, nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::diagnostic::{Diagnostic, Diagnostics, Source, Span};
use crate::settle::Settled;
use crate::snapshot::Comparison;
use crate::stack::NotSimulated;
use crate::trace::Event;

/// A scenario that was run, or could not be.
#[derive(Clone, Debug)]
pub struct Finished {
    /// The scenario file, as the user would write it.
    pub file: String,
    /// What `--backend` calls the one that it was run on.
    pub backend: &'static str,
    pub result: Result<Outcome, NotRun>,
    /// Real time, for people; not part of the result.
    pub took: Duration,
}

/// Why a scenario was not run.
#[derive(Clone, Debug)]
pub enum NotRun {
    /// Scenario or template are wrong.
    Invalid(Diagnostics),
    /// A backend where time is real cannot play it: it is too long, or needs what only the embedded one has.
    Skipped { name: String, reason: String },
    /// The backend does not answer any more.
    Unavailable(String),
    /// Ctrl-C.
    Interrupted,
}

/// What came of a replay.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The scenario's sentence.
    pub name: String,
    pub backend: &'static str,
    pub seed: u64,
    /// What is not as the scenario expects. Empty: all is.
    pub failures: Vec<Failure>,
    pub snapshot: Option<SnapshotOutcome>,
    /// Values that differ from replay to replay, masked in the snapshot.
    pub volatile: Vec<String>,
    /// How often each function was invoked, failed attempts included.
    pub invocations: BTreeMap<String, u64>,
    /// How many AWS calls handlers and steps made.
    pub calls: u64,
    /// The state in which the replay came to rest.
    pub settled: Settled,
    /// How much virtual time went by; none where time is real.
    pub virtual_time: Option<Duration>,
    pub not_simulated: Vec<NotSimulated>,
    pub trace: Vec<Event>,
    /// All that was left, where it is to be compared with another backend's.
    pub observed: Option<Observed>,
}

/// What a replay left behind and what its functions got, to be compared between backends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// The canonical text of all tables.
    pub tables: String,
    /// The same of the messages in all queues.
    pub queues: String,
    /// The fields that each function's payloads had, and their types.
    pub payload_shapes: BTreeMap<String, BTreeSet<String>>,
}

/// An expectation that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What and where.
    pub diagnostic: Diagnostic,
    /// What was found instead, line by line.
    pub details: Vec<String>,
}

impl Failure {
    /// Something that is wrong at a place of a file.
    pub fn at(source: &Arc<Source>, span: Span, message: String) -> Self {
        let source = Arc::clone(source);
        let diagnostic = Diagnostic { source, span, message, label: String::new(), help: None };
        Self { diagnostic, details: Vec::new() }
    }
}

/// The tables' canonical state against the committed snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotOutcome {
    pub path: PathBuf,
    /// The scenario's sentence, which the file is described by.
    pub description: String,
    pub text: String,
    pub comparison: Comparison,
}

impl Outcome {
    /// Whether all is as expected, the snapshot included.
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
            && self.snapshot.as_ref().is_none_or(|snapshot| snapshot.comparison == Comparison::Same)
    }
}

impl Finished {
    /// Whether the scenario ran and all is as expected.
    pub fn passed(&self) -> bool {
        self.result.as_ref().is_ok_and(Outcome::passed)
    }

    /// Whether it was not run, for a reason that is nobody's fault.
    pub fn was_skipped(&self) -> bool {
        matches!(self.result, Err(NotRun::Skipped { .. }))
    }
}
