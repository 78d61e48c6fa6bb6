//! The timeline of a replay: what happened, in the order of cause and effect, and where it stopped.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::trace::{Effect, Ended, Environment, Event, EventId, What};
use crate::words::duration;

/// How many lines a timeline has at the most; what is alike is folded first.
const MAX_LINES: usize = 200;

/// The events as an indented tree in text, stimuli and schedules at the left.
pub fn render(events: &[Event]) -> String {
    let Some(first) = events.first() else { return "  nothing happened\n".to_owned() };
    let mut children: BTreeMap<Option<EventId>, Vec<&Event>> = BTreeMap::new();
    for event in events {
        children.entry(event.cause).or_default().push(event);
    }
    let mut timeline = Timeline { children, start: first.at, lines: Vec::new() };
    timeline.below(None, 0);
    let left_out = timeline.lines.len().saturating_sub(MAX_LINES);
    if left_out > 0 {
        // What went wrong is mostly at the end.
        let kept_head = MAX_LINES / 4;
        timeline.lines.splice(kept_head..kept_head + left_out, [format!("            … {left_out} lines left out …")]);
    }
    timeline.lines.join("\n") + "\n"
}

struct Timeline<'e> {
    children: BTreeMap<Option<EventId>, Vec<&'e Event>>,
    start: Timestamp,
    lines: Vec<String>,
}

impl Timeline<'_> {
    fn below(&mut self, cause: Option<EventId>, depth: usize) {
        let events = self.children.get(&cause).cloned().unwrap_or_default();
        let mut index = 0;
        while index < events.len() {
            let event = events[index];
            let alike = self.alike(&events[index..]);
            let text = line(event);
            let folded = if alike > 1 { format!("{text}  ×{alike}") } else { text };
            let since = event.at.duration_since(self.start).unsigned_abs();
            let indent = "  ".repeat(depth);
            self.lines.push(format!("{:>10}  {indent}{folded}", format!("+{}", duration(since))));
            self.below(Some(event.id), depth + 1);
            index += alike;
        }
    }

    /// How many events from the first on are the same and cause nothing: they become one line.
    fn alike(&self, events: &[&Event]) -> usize {
        let first = events[0];
        let same = |event: &&&Event| {
            line(event) == line(first) && event.at == first.at && !self.children.contains_key(&Some(event.id))
        };
        events.iter().take_while(same).count().max(1)
    }
}

/// One event in a line.
fn line(event: &Event) -> String {
    match &event.what {
        What::Stimulus { step, action } => format!("step {step}: {action}"),
        What::Delivery { from, function, records, .. } if *records > 1 => {
            format!("→ {function} gets {records} records from {from}")
        }
        What::Delivery { from, function, .. } => format!("→ {function} gets 1 record from {from}"),
        What::Invocation { function, attempt, environment, duration: took, result, .. } => {
            let start = match environment {
                Environment::Cold => "ran, cold start",
                Environment::Warm => "ran",
                Environment::None => "did not start",
            };
            let retry = if *attempt > 1 { format!(", attempt {attempt}") } else { String::new() };
            let took = took.map(|took| took.unsigned_abs()).filter(|took| !took.is_zero());
            let took = took.map(|took| format!(" after {}", duration(took))).unwrap_or_default();
            format!("{function} {start}{retry}{took}: {}", ended(result.as_ref()))
        }
        What::Call { service, operation, resource, effect, error, attempt, .. } => {
            let retry = if *attempt > 1 { format!(" (SDK attempt {attempt})") } else { String::new() };
            let error = error.as_ref().map(|error| format!(" ✗ {error}")).unwrap_or_default();
            let effect = if *effect == Effect::Read { " (read)" } else { "" };
            format!("{service} {operation} {resource}{effect}{retry}{error}")
        }
        What::Request { sender, method, url, status, error } => {
            let sender = sender.as_ref().map(|service| format!("{service} ")).unwrap_or_default();
            let outcome = error.as_ref().map_or_else(|| format!("→ {status}"), |error| format!("✗ {error}"));
            format!("{sender}{method} {url} {outcome}")
        }
        What::Mail { to, subject, .. } => format!("→ mail to {to}: {subject}"),
        What::Log { level, message } => format!("{level} {message}"),
        What::GaveUp { reason, .. } => format!("✗ {reason}"),
        What::Settled { state } => format!("settled: {state}"),
    }
}

fn ended(result: Option<&Ended>) -> String {
    match result {
        None => "still running".to_owned(),
        Some(Ended::Success) => "ok".to_owned(),
        Some(Ended::Error(message)) => format!("✗ error: {}", first_line(message)),
        Some(Ended::Timeout(message)) => format!("✗ timeout: {}", first_line(message)),
        Some(Ended::Crash(message)) => format!("✗ crash: {}", first_line(message)),
        Some(Ended::Throttled) => "✗ throttled".to_owned(),
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
