//! Whether two backends did the same with a scenario: tables, queues, how often each function was invoked, and the
//! shape of what it got. Pure: two outcomes in, the differences out.

use std::collections::{BTreeMap, BTreeSet};

use similar::TextDiff;

use crate::outcome::{Finished, NotRun, Observed, Outcome};

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

    /// Whether all that was compared is the same.
    pub fn is_same(&self) -> bool {
        self.parities.iter().all(|parity| parity.differences.is_empty())
    }

    /// Whether it ran nowhere, for a reason that is nobody's fault.
    pub fn was_skipped(&self) -> bool {
        self.finished.iter().all(Finished::was_skipped)
    }

    /// Whether the scenario or its template is wrong.
    pub fn is_invalid(&self) -> bool {
        self.finished.iter().any(|finished| matches!(finished.result, Err(NotRun::Invalid(_))))
    }

    /// Whether Ctrl-C ended it.
    pub fn was_stopped(&self) -> bool {
        self.finished.iter().any(|finished| matches!(finished.result, Err(NotRun::Interrupted)))
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
}

/// All differences between two outcomes of one scenario. Outcomes that were not observed whole have none.
pub fn differences(first: &Outcome, second: &Outcome) -> Vec<Difference> {
    let (Some(a), Some(b)) = (&first.observed, &second.observed) else { return Vec::new() };
    let mut found = Vec::new();
    found.extend(text("tables", &a.tables, &b.tables));
    found.extend(text("queues", &a.queues, &b.queues));
    found.extend(text("invocations", &counts(&first.invocations), &counts(&second.invocations)));
    let functions: BTreeSet<&String> = a.payload_shapes.keys().chain(b.payload_shapes.keys()).collect();
    let lines = |observed: &Observed, function: &String| -> String {
        let shape = observed.payload_shapes.get(function).into_iter().flatten();
        shape.map(|line| format!("{line}\n")).collect()
    };
    for function in functions {
        found.extend(text(&format!("payload of {function}"), &lines(a, function), &lines(b, function)));
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
    (!lines.is_empty()).then(|| Difference { what: what.to_owned(), lines })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settle::Settled;

    fn outcome(backend: &'static str, change: impl FnOnce(&mut Outcome)) -> Finished {
        let set = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let observed = Observed {
            tables: "Orders: 1 item\n{\"id\":1}".to_owned(),
            queues: "Failed: 0 items".to_owned(),
            payload_shapes: BTreeMap::from([("Store".to_owned(), set(&["Records[].body: text"]))]),
        };
        let mut outcome = Outcome {
            name: "A scenario".to_owned(),
            backend,
            seed: 1,
            failures: Vec::new(),
            snapshot: None,
            volatile: Vec::new(),
            invocations: BTreeMap::from([("Store".to_owned(), 2)]),
            calls: 3,
            settled: Settled::Idle,
            virtual_time: None,
            not_simulated: Vec::new(),
            trace: Vec::new(),
            observed: Some(observed),
        };
        change(&mut outcome);
        Finished { file: "a.yaml".to_owned(), backend, result: Ok(outcome), took: std::time::Duration::ZERO }
    }

    fn observed(outcome: &mut Outcome) -> &mut Observed {
        outcome.observed.as_mut().expect("it is observed")
    }

    /// What differs between a scenario's two runs, a line each.
    fn found(change: impl FnOnce(&mut Outcome)) -> Vec<String> {
        let runs = Runs::new(vec![outcome("embedded", |_| {}), outcome("localstack", change)]);
        let [parity] = &runs.parities[..] else { panic!("two backends are one pair") };
        assert_eq!((parity.backends, runs.is_same()), (["embedded", "localstack"], parity.differences.is_empty()));
        assert_eq!(runs.passed(), runs.is_same());
        parity
            .differences
            .iter()
            .flat_map(|each| each.lines.iter().map(|line| format!("{}: {line}", each.what)))
            .collect()
    }

    #[test]
    fn tables_queues_invocations_and_payloads_are_compared() {
        assert_eq!(found(|_| {}), [""; 0]);
        assert_eq!(found(|outcome| outcome.calls = 99), [""; 0], "how a backend is called is its own affair");
        let tables = found(|outcome| observed(outcome).tables = "Orders: 1 item\n{\"id\":2}".to_owned());
        assert_eq!(tables, ["tables: -{\"id\":1}", "tables: +{\"id\":2}"]);
        let queues = found(|outcome| observed(outcome).queues = "Failed: 1 item\n{}".to_owned());
        assert_eq!(queues, ["queues: -Failed: 0 items", "queues: +Failed: 1 item", "queues: +{}"]);
        let invocations = found(|outcome| outcome.invocations = BTreeMap::from([("Store".to_owned(), 3)]));
        assert_eq!(invocations, ["invocations: -Store: 2", "invocations: +Store: 3"]);
        let payloads = found(|outcome| {
            let shapes = &mut observed(outcome).payload_shapes;
            shapes.insert("Store".to_owned(), BTreeSet::from(["Records[].body: null".to_owned()]));
        });
        assert_eq!(payloads, ["payload of Store: -Records[].body: text", "payload of Store: +Records[].body: null"]);
    }

    #[test]
    fn a_scenario_that_is_skipped_on_one_backend_is_compared_with_none() {
        let skipped = Finished {
            result: Err(NotRun::Skipped { name: "A scenario".to_owned(), reason: "it is long".to_owned() }),
            ..outcome("localstack", |_| {})
        };
        let runs = Runs::new(vec![outcome("embedded", |_| {}), skipped]);
        assert!(runs.parities.is_empty() && runs.passed() && !runs.was_skipped());
    }
}
