//! What `rehearsal check` says of templates: one by one, all together, and as JSON.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::text::{Paint, left_out};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::findings::{Findings, Summary, Verdict};
use crate::stack::NotSimulated;
use crate::words::counted;

/// How many of the most frequent things a summary names.
const MOST: usize = 10;
/// How wide a line of a list is.
const WIDTH: usize = 110;

/// One template: a line of its verdict, and what was found.
pub fn template(found: &Findings, styled: bool) -> String {
    let paint = Paint(styled);
    let verdict = match found.verdict {
        Verdict::Loads => paint.good("     ok"),
        Verdict::InPart => paint.good("in part"),
        Verdict::Refused => paint.bad("refused"),
    };
    let mut text = format!("{verdict} {}\n", found.file);
    let counts = found.simulated.iter().map(|(count, noun)| match *noun {
        "event bus" if *count != 1 => format!("{count} event buses"),
        noun => counted(*count, noun),
    });
    text += &list("simulated", counts);
    let width = found.functions.iter().map(|invoked| invoked.function.chars().count()).max().unwrap_or(0);
    for invoked in &found.functions {
        let sources = match invoked.sources.as_slice() {
            [] => paint.faint("nothing in the template invokes it"),
            sources => sources.join(", "),
        };
        text += &format!("          {:width$}  {sources}\n", invoked.function);
    }
    let missing = found.left_out.iter().filter(|left| !left.harmless);
    text += &list("missing", missing.map(|left| format!("{} {}", left.logical_id, paint.faint(&left_out(left)))));
    text += &list("left out", harmless(&found.left_out));
    let made_up = found.placeholders.iter().map(|(name, value)| format!("{name} = {value}"));
    text += &list("made up", made_up);
    if !found.diagnostics.is_empty() {
        text += &format!("\n{}\n\n", found.diagnostics.render(styled));
    }
    text
}

/// What is harmless, by kind, with how often it stands there.
fn harmless(left_out: &[NotSimulated]) -> impl Iterator<Item = String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for left in left_out.iter().filter(|left| left.harmless) {
        *counts.entry(&left.what).or_default() += 1;
    }
    let told = |(what, count): (&str, usize)| if count == 1 { what.to_owned() } else { format!("{count} {what}") };
    counts.into_iter().map(told).collect::<Vec<_>>().into_iter()
}

/// A list behind its name, in as many lines as it needs; nothing where it is empty.
fn list(name: &str, things: impl Iterator<Item = String>) -> String {
    let mut lines: Vec<String> = Vec::new();
    for thing in things {
        match lines.last_mut() {
            Some(line) if line.chars().count() + thing.chars().count() < WIDTH => *line += &format!(", {thing}"),
            Some(line) => {
                line.push(',');
                lines.push(thing);
            }
            None => lines.push(thing),
        }
    }
    let line = |(index, line): (usize, &String)| {
        let name = if index == 0 { name } else { "" };
        format!("        {name:9}  {line}\n")
    };
    lines.iter().enumerate().map(line).collect()
}

/// All templates together.
pub fn summary(summary: &Summary) -> String {
    let Summary { loads, in_part, refused, .. } = summary;
    let templates = counted((loads + in_part + refused) as u64, "template");
    let mut text = format!("\n{templates} checked: {loads} ok, {in_part} in part, {refused} refused\n");
    let frequent = |title: &str, things: &[(usize, String)]| {
        let lines = things.iter().take(MOST).map(|(count, thing)| format!("{count:7}  {thing}\n"));
        if things.is_empty() { String::new() } else { format!("\n{title}\n{}", lines.collect::<String>()) }
    };
    if loads + in_part + refused > 1 {
        text += &frequent("most often refused, in so many templates:", &summary.reasons);
        text += &frequent("most often missing, in so many templates:", &summary.missing);
    }
    text
}

/// One template as JSON.
pub fn json_of(found: &Findings) -> Value {
    json!({
        "file": found.file,
        "verdict": match found.verdict {
            Verdict::Loads => "ok",
            Verdict::InPart => "in part",
            Verdict::Refused => "refused",
        },
        "simulated": found.simulated.iter().map(|(count, noun)| ((*noun).to_owned(), json!(count))).collect::<serde_json::Map<_, _>>(),
        "functions": found.functions.iter().map(|invoked| json!({
            "function": invoked.function,
            "invoked_by": invoked.sources,
        })).collect::<Vec<_>>(),
        "not_simulated": found.left_out.iter().map(|left| json!({
            "resource": left.logical_id,
            "what": left.what,
            "harmless": left.harmless,
            "delivers_to": left.delivers_to,
        })).collect::<Vec<_>>(),
        "made_up_parameters": found.placeholders.iter().cloned().collect::<BTreeMap<_, _>>(),
        "refused": diagnostics(&found.diagnostics),
    })
}

/// Diagnostics as JSON.
pub fn diagnostics(diagnostics: &Diagnostics) -> Vec<Value> {
    let one = |problem: &Diagnostic| {
        json!({
            "message": problem.message,
            "label": problem.label,
            "help": problem.help,
            "file": problem.source.path,
            "line": problem.source.line(problem.span.start),
        })
    };
    diagnostics.iter().map(one).collect()
}

/// A summary as JSON.
pub fn summary_json(summary: &Summary) -> Value {
    let frequent = |things: &[(usize, String)]| {
        things.iter().map(|(count, what)| json!({ "templates": count, "what": what })).collect::<Vec<_>>()
    };
    json!({
        "ok": summary.loads,
        "in_part": summary.in_part,
        "refused": summary.refused,
        "reasons": frequent(&summary.reasons),
        "missing": frequent(&summary.missing),
    })
}
