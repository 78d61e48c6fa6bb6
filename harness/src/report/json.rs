//! The report that programs read: one JSON object for a run.

use serde_json::{Value, json};

use crate::outcome::{Failure, Finished, NotRun, Outcome};
use crate::parity::{Difference, Parity, Runs};
use crate::snapshot::Comparison;
use crate::words::shown;

/// The whole run. Real times are left out, so that equal runs give equal reports.
pub fn report(all: &[Runs]) -> Value {
    let passed = all.iter().filter(|runs| runs.passed()).count();
    let skipped = all.iter().filter(|runs| runs.was_skipped()).count();
    let mut report = json!({
        "scenarios": all.iter().flat_map(|runs| &runs.finished).map(scenario).collect::<Vec<_>>(),
        "passed": passed,
        "failed": all.len() - passed - skipped,
        "skipped": skipped,
    });
    if all.iter().any(|runs| runs.finished.len() > 1) {
        report["parity"] = all.iter().flat_map(parity).collect();
    }
    report
}

fn parity(runs: &Runs) -> Vec<Value> {
    let difference = |each: &Difference| json!({ "what": each.what, "lines": each.lines });
    let of = |parity: &Parity| {
        json!({
            "file": runs.file(),
            "backends": parity.backends,
            "same": parity.differences.is_empty(),
            "differences": parity.differences.iter().map(difference).collect::<Vec<_>>(),
        })
    };
    runs.parities.iter().map(of).collect()
}

fn scenario(finished: &Finished) -> Value {
    let Finished { file, backend, .. } = finished;
    match &finished.result {
        Ok(outcome) => ran(file, outcome),
        Err(NotRun::Invalid(diagnostics)) => {
            let mistakes: Vec<Value> = diagnostics
                .iter()
                .map(|mistake| {
                    json!({
                        "message": mistake.message,
                        "file": mistake.source.path,
                        "line": mistake.source.line(mistake.span.start),
                        "label": mistake.label,
                        "help": mistake.help,
                    })
                })
                .collect();
            json!({ "file": file, "status": "invalid", "mistakes": mistakes })
        }
        Err(NotRun::Skipped { name, reason }) => {
            json!({ "file": file, "name": name, "status": "skipped", "backend": backend, "reason": reason })
        }
        Err(NotRun::Unavailable(reason)) => {
            json!({ "file": file, "status": "unavailable", "backend": backend, "reason": reason })
        }
        Err(NotRun::Interrupted) => json!({ "file": file, "status": "interrupted", "backend": backend }),
    }
}

fn ran(file: &str, outcome: &Outcome) -> Value {
    json!({
        "file": file,
        "name": outcome.name,
        "status": if outcome.passed() { "ok" } else { "failed" },
        "backend": outcome.backend,
        "seed": outcome.seed,
        "failures": outcome.failures.iter().map(failure).collect::<Vec<_>>(),
        "snapshot": outcome.snapshot.as_ref().map(|snapshot| json!({
            "file": shown(&snapshot.path),
            "state": match snapshot.comparison {
                Comparison::Same => "same",
                Comparison::Missing => "missing",
                Comparison::Different(_) => "different",
            },
            "difference": match &snapshot.comparison {
                Comparison::Different(difference) => Some(difference),
                _ => None,
            },
        })),
        "volatile": outcome.volatile,
        "invocations": outcome.invocations,
        "calls": outcome.calls,
        "settled": outcome.settled,
        "virtual_seconds": outcome.virtual_time.map(|time| time.as_secs_f64()),
        "not_simulated": outcome.not_simulated.iter().map(|left| json!({
            "resource": left.logical_id,
            "what": left.what,
            "delivers_to": left.delivers_to,
        })).collect::<Vec<_>>(),
    })
}

fn failure(failure: &Failure) -> Value {
    let diagnostic = &failure.diagnostic;
    json!({
        "message": diagnostic.message,
        "file": diagnostic.source.path,
        "line": diagnostic.source.line(diagnostic.span.start),
        "details": failure.details,
    })
}
