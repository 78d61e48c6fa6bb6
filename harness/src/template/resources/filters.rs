//! `FilterCriteria` of event source mappings and pipes.
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html>

use rehearsal_emulator::eventbridge::pattern::Pattern;
use serde_json::Value;

use crate::template::property::{Object, Shape};
use crate::template::report::Report;

const CRITERIA: Shape = Shape::of(&["Filters"]);
const FILTER: Shape = Shape::of(&["Pattern"]);
/// How many filters there may be where no quota has been raised.
const MOST: usize = 5;

/// The patterns of the filters.
pub fn filters(object: &Object<'_>, logical_id: &str, report: &mut Report) -> Vec<Value> {
    let Some(criteria) = object.object(report, logical_id, "FilterCriteria", &CRITERIA) else { return Vec::new() };
    let filters = criteria.objects(report, logical_id, "Filters", &FILTER);
    if filters.len() > MOST {
        report.error(&criteria.place_of("Filters"), format!("there can be at most {MOST} filters"));
    }
    filters.iter().filter_map(|filter| pattern(filter, report)).collect()
}

fn pattern(filter: &Object<'_>, report: &mut Report) -> Option<Value> {
    let text = filter.required_text(report, "Pattern")?;
    let span = &filter.value("Pattern")?.span;
    let pattern: Value = match serde_json::from_str(&text) {
        Ok(pattern) => pattern,
        Err(error) => {
            report.error(span, format!("a filter's pattern must be JSON: {error}"));
            return None;
        }
    };
    if let Err(error) = Pattern::parse(&pattern) {
        report.error(span, format!("this is not a filter's pattern: {error}"));
    } else if let Some(operator) = foreign_operator(&pattern) {
        report.error(span, format!("filters of event sources have no {operator}"));
    }
    Some(pattern)
}

/// An operator that only event buses have.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html>
fn foreign_operator(pattern: &Value) -> Option<&'static str> {
    match pattern {
        Value::Object(fields) => fields.values().find_map(foreign_operator),
        Value::Array(alternatives) => alternatives.iter().find_map(|alternative| match alternative {
            Value::Object(operator) if operator.contains_key("wildcard") => Some("operator `wildcard`"),
            Value::Object(operator) if operator.get("anything-but").is_some_and(Value::is_object) => {
                Some("operator within `anything-but`")
            }
            // Alternatives of `$or` are patterns themselves.
            other => foreign_operator(other),
        }),
        _ => None,
    }
}
