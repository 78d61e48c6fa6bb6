//! EventBridge's pattern language as the language of expectations, with the mismatches in words.

use rehearsal_emulator::eventbridge::pattern::Pattern;
use serde_json::Value;

use crate::scenario::Matcher;

/// What in a value does not match, each in a line; empty where all does.
pub fn mismatches(matcher: &Matcher, actual: Value) -> Vec<String> {
    let (pattern, actual) = matcher.against(actual);
    match Pattern::parse(&pattern) {
        Ok(pattern) => pattern.mismatches(&actual),
        Err(error) => vec![format!("the pattern is not valid at {}: {}", error.path, error.message)],
    }
}

/// Whether a value matches.
pub fn matches(matcher: &Matcher, actual: Value) -> bool {
    mismatches(matcher, actual).is_empty()
}
