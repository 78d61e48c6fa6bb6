//! The report that programs read: one JSON object for a run.

use serde_json::{Value, json};

use crate::outcome::{Failure, Finished, Outcome};
use crate::snapshot::Comparison;
use crate::words::shown;

/// The whole run. Real times are left out, so that equal runs give equal reports.
pub fn report(all: &[Finished]) -> Value {
    let passed = all.iter().filter(|finished| finished.passed()).count();
    json!({
        "scenarios": all.iter().map(scenario).collect::<Vec<_>>(),
        "passed": passed,
        "failed": all.len() - passed,
    })
}

fn scenario(finished: &Finished) -> Value {
    match &finished.result {
        Err(diagnostics) => {
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
            json!({ "file": finished.file, "status": "invalid", "mistakes": mistakes })
        }
        Ok(outcome) => ran(&finished.file, outcome),
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
        "virtual_seconds": outcome.virtual_time.as_secs_f64(),
        "not_simulated": outcome.not_simulated.iter().map(|left| json!({
            "resource": left.logical_id,
            "what": left.what,
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
