//! What came of a scenario: plain data that reports read, nothing else.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::settle::Settled;
use crate::snapshot::Comparison;
use crate::stack::NotSimulated;
use crate::trace::Event;

/// A scenario that was run, or could not be.
#[derive(Clone, Debug)]
pub struct Finished {
    /// The scenario file, as the user would write it.
    pub file: String,
    pub result: Result<Outcome, Diagnostics>,
    /// Real time, for people; not part of the result.
    pub took: Duration,
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
    /// How much virtual time went by.
    pub virtual_time: Duration,
    pub not_simulated: Vec<NotSimulated>,
    pub trace: Vec<Event>,
}

/// An expectation that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What and where.
    pub diagnostic: Diagnostic,
    /// What was found instead, line by line.
    pub details: Vec<String>,
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
}
