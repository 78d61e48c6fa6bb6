//! The scenario's expectations against what is left. Each that does not hold is a failure that points at
//! its line and says what was found.

use std::collections::BTreeMap;

use serde_json::Value;

use super::leftovers::{BucketContent, Leftovers, QueueContent};
use super::records::{StreamContent, StreamRecord};
use super::steps::Player;
use crate::matching::{matches, mismatches};
use crate::outcome::Failure;
use crate::scenario::{
    Count, Expect, Listed, MailExpect, MailboxExpect, Matcher, MessageExpect, Named, ObjectsExpect, QueueExpect,
    RecordExpect, RequestsExpect, StreamExpect, TableExpect, TableHolds,
};
use crate::stack::Queue;
use crate::state::{Item, TableState};
use crate::stubs::Asked;
use crate::trace::{Environment, Event, What};
use crate::words::counted;
use rehearsal_emulator::Mail;

/// How many of the things that were found a message shows.
const SHOWN: usize = 5;

/// All expectations that do not hold.
pub fn check(player: &Player<'_>, leftovers: &Leftovers) -> Vec<Failure> {
    let expect = match player.scenario.expect.substituted(&player.captured) {
        Ok(expect) => expect,
        Err(unknown) => return vec![player.failure(0..0, unknown.to_string())],
    };
    let mut checker = Checker { player, failures: Vec::new() };
    checker.invocations(&expect, &player.shared.recorder.view(invocations));
    for queue in &expect.queues {
        checker.queue(queue, leftovers.queues.get(&queue.name.value).cloned().unwrap_or_default());
    }
    for stream in &expect.streams {
        checker.stream(stream, &leftovers.streams.get(&stream.name.value).cloned().unwrap_or_default());
    }
    for host in &expect.requests {
        checker.requests(host, &player.shared.stubs.asked(&host.name.value));
    }
    for mailbox in &expect.mail {
        checker.mailbox(mailbox, player.shared.mails());
    }
    for bucket in &expect.objects {
        checker.objects(bucket, &leftovers.objects.get(&bucket.name.value).cloned().unwrap_or_default());
    }
    for table in &expect.tables {
        let name = &table.name.value;
        let (none, counted) = (TableState::default(), leftovers.counts.get(name).copied());
        checker.table(table, leftovers.tables.get(name).unwrap_or(&none), counted);
    }
    checker.failures
}

/// Whether a record is as expected in all that is named.
fn is_record(expected: &RecordExpect, record: &StreamRecord) -> bool {
    let text = |matcher: &Option<Matcher>, text: &str| {
        matcher.as_ref().is_none_or(|matcher| matches(matcher, Value::String(text.to_owned())))
    };
    let json = expected
        .json
        .as_ref()
        .is_none_or(|matcher| serde_json::from_str::<Value>(&record.data).is_ok_and(|data| matches(matcher, data)));
    json && text(&expected.key, &record.key) && text(&expected.data, &record.data)
}

/// How often each function ran. A throttled attempt is none.
pub fn invocations(events: &[Event]) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for event in events {
        if let What::Invocation { function, environment, .. } = &event.what
            && *environment != Environment::None
        {
            *counts.entry(function.clone()).or_insert(0) += 1;
        }
    }
    counts
}

struct Checker<'p> {
    player: &'p Player<'p>,
    failures: Vec<Failure>,
}

impl Checker<'_> {
    fn fail<T>(&mut self, about: &Named<T>, message: String, details: Vec<String>) {
        let mut failure = self.player.failure(about.name.span.clone(), message);
        failure.details = details;
        self.failures.push(failure);
    }

    fn invocations(&mut self, expect: &Expect, counts: &BTreeMap<String, u64>) {
        for expected in &expect.invocations {
            let found = counts.get(&expected.name.value).copied().unwrap_or_default();
            if !expected.value.contains(found) {
                let message =
                    format!("{} was invoked {}, expected {}", expected.name.value, times(found), expected.value);
                self.fail(expected, message, Vec::new());
            }
        }
    }

    fn queue(&mut self, expected: &Named<QueueExpect>, found: QueueContent) {
        let fits = |message: &MessageExpect, body: &String| match message {
            MessageExpect::Text(text) => body == text,
            MessageExpect::Json(matcher) => {
                serde_json::from_str::<Value>(body).is_ok_and(|body| matches(matcher, body))
            }
        };
        let is_this_fifo = |queue: &Queue| queue.logical_id == expected.name.value && queue.is_fifo();
        let hidden = (found.hidden > 0).then(|| format!("{} in flight or delayed", counted(found.hidden, "message")));
        let found = Found {
            holder: format!("queue {} holds", expected.name.value),
            noun: "message",
            shown: shown(&found.bodies).into_iter().chain(hidden).collect(),
            hidden: found.hidden,
            things: &found.bodies,
            in_order: self.player.shared.stack.queues.iter().any(is_this_fifo),
        };
        self.listed(expected, &found, fits);
    }

    fn stream(&mut self, expected: &Named<StreamExpect>, found: &StreamContent) {
        let lines: Vec<String> =
            found.records.iter().map(|record| format!("{}: {}", record.key, record.data)).collect();
        let (holder, in_order) = (format!("stream {} holds", expected.name.value), found.shards == 1);
        let things = &found.records[..];
        let found = Found { holder, noun: "record", shown: shown(&lines), hidden: 0, things, in_order };
        self.listed(expected, &found, is_record);
    }

    fn requests(&mut self, expected: &Named<RequestsExpect>, asked: &[Asked]) {
        let lines: Vec<String> = asked.iter().map(Asked::line).collect();
        let holder = format!("{} got", expected.name.value);
        let found = Found { holder, noun: "request", shown: shown(&lines), hidden: 0, things: asked, in_order: false };
        self.listed(expected, &found, |expected, asked| asked.is_like(expected));
    }

    fn mailbox(&mut self, expected: &Named<MailboxExpect>, mut mails: Vec<Mail>) {
        mails.retain(|mail| mail.to.eq_ignore_ascii_case(&expected.name.value));
        let lines: Vec<String> = mails.iter().map(|mail| format!("{}: {}", mail.subject, message_of(mail))).collect();
        let holder = format!("{} got", expected.name.value);
        let found = Found { holder, noun: "mail", shown: shown(&lines), hidden: 0, things: &mails, in_order: false };
        self.listed(expected, &found, is_like);
    }

    /// Compares a list with what was found.
    fn listed<E, T>(&mut self, about: &Named<Listed<E>>, found: &Found<'_, T>, fits: impl Fn(&E, &T) -> bool) {
        let Found { holder, noun, shown, hidden, things, in_order } = found;
        let total = things.len() as u64 + hidden;
        let holds = format!("{holder} {}", counted(total, noun));
        let message = match &about.value {
            Listed::Empty => (total > 0).then(|| format!("{holds}, expected none")),
            Listed::Count(count) => (!count.contains(total)).then(|| format!("{holds}, expected {count}")),
            Listed::Exactly(entries) => {
                let fitting = |entry| things.iter().map(|thing| fits(entry, thing)).collect();
                let table: Vec<Vec<bool>> = entries.iter().map(fitting).collect();
                let missing = first_without_partner(&table);
                let missing = missing.map(|index| format!("{holder} no {noun} like number {} of the list", index + 1));
                let more = || total.saturating_sub(entries.len() as u64);
                let astray = (0..entries.len()).find(|index| *in_order && table[*index].get(*index) != Some(&true));
                missing
                    .or_else(|| (more() > 0).then(|| format!("{holder} {} more than expected", counted(more(), noun))))
                    .or_else(|| {
                        astray.map(|index| format!("{holder} another {noun} in place {} of the list", index + 1))
                    })
            }
        };
        if let Some(message) = message {
            self.fail(about, message, shown.clone());
        }
    }

    fn objects(&mut self, expected: &Named<ObjectsExpect>, found: &BucketContent) {
        let name = &expected.name.value;
        let BucketContent { keys: found, bodies } = found;
        let holds = format!("bucket {name} holds {}", counted(found.len() as u64, "object"));
        if let Some(count) = expected.value.count
            && !count.contains(found.len() as u64)
        {
            self.fail(expected, format!("{holds}, expected {count}"), shown(found));
        }
        if let Some(keys) = &expected.value.keys {
            let mut keys = keys.clone();
            keys.sort();
            if keys != *found {
                let message = format!("{holds}, expected the keys {}", keys.join(", "));
                self.fail(expected, message, shown(found));
            }
        }
        for (key, content) in &expected.value.contents {
            let Some(body) = bodies.get(key) else {
                self.fail(expected, format!("bucket {name} holds no object {key}"), shown(found));
                continue;
            };
            let wrong = content_mismatches(content, body);
            if !wrong.is_empty() {
                let held = [format!("it holds {}", shown(std::slice::from_ref(body)).concat())];
                let message = format!("{key} in bucket {name} does not hold what is expected");
                self.fail(expected, message, wrong.into_iter().chain(held).collect());
            }
        }
    }

    fn table(&mut self, expected: &Named<TableExpect>, found: &TableState, counted_only: Option<u64>) {
        let empty = TableHolds { count: Some(Count::exactly(0)), ..TableHolds::default() };
        let holds = match &expected.value {
            TableExpect::Empty => &empty,
            TableExpect::Holds(holds) => holds,
        };
        let name = &expected.name.value;
        let total = counted_only.unwrap_or(found.items.len() as u64);
        if let Some(count) = holds.count
            && !count.contains(total)
        {
            let message = format!("table {name} holds {}, expected {count}", counted(total, "item"));
            self.fail(expected, message, shown_items(&found.items));
        }
        for (index, matcher) in holds.items.iter().enumerate() {
            let matching = found.items.iter().filter(|item| matches(matcher, Value::Object((*item).clone()))).count();
            if matching != 1 {
                let number = index + 1;
                let message = format!(
                    "pattern {number} matches {} of table {name}, expected exactly 1",
                    counted(matching as u64, "item")
                );
                self.fail(expected, message, shown_items(&found.items));
            }
        }
    }
}

fn is_like(expected: &MailExpect, mail: &Mail) -> bool {
    let text = |pattern: &Option<Matcher>, text: &str| {
        pattern.as_ref().is_none_or(|pattern| matches(pattern, Value::from(text)))
    };
    let message = message_of(mail);
    let message = || serde_json::from_str(message).unwrap_or_else(|_| Value::from(message));
    text(&expected.from, &mail.from)
        && text(&expected.subject, &mail.subject)
        && text(&expected.body, &mail.body)
        && expected.message.as_ref().is_none_or(|pattern| matches(pattern, message()))
}

/// The text of a mail without what SNS puts below it.
fn message_of(mail: &Mail) -> &str {
    mail.body.split_once("\n\n--\nIf you wish to stop").map_or(&mail.body, |(message, _)| message)
}

/// What in an object's body is not as expected: alternatives are for its text, an object is for JSON.
fn content_mismatches(content: &Matcher, body: &str) -> Vec<String> {
    if content.value().is_array() {
        let wrong = mismatches(content, body.into()).into_iter();
        return wrong.map(|line| line.trim_start_matches("value: ").to_owned()).collect();
    }
    match serde_json::from_str(body) {
        Ok(json) => mismatches(content, json),
        Err(error) => vec![format!("it is not JSON: {error}")],
    }
}

/// What was found where a list is expected.
struct Found<'t, T> {
    /// Whose it is, and a verb: `queue Records holds`.
    holder: String,
    noun: &'static str,
    things: &'t [T],
    /// How many more there are that cannot be seen.
    hidden: u64,
    /// Whether the list tells their order.
    in_order: bool,
    /// All of them, in lines.
    shown: Vec<String>,
}

/// The first row that gets no column of its own, whichever columns the rows before it take.
fn first_without_partner(fits: &[Vec<bool>]) -> Option<usize> {
    /// Gives a row a column, moving other rows to other columns where that helps.
    fn place(row: usize, fits: &[Vec<bool>], tried: &mut [bool], taken_by: &mut [Option<usize>]) -> bool {
        (0..taken_by.len()).any(|column| {
            if !fits[row][column] || std::mem::replace(&mut tried[column], true) {
                return false;
            }
            let free = taken_by[column].is_none_or(|other| place(other, fits, tried, taken_by));
            if free {
                taken_by[column] = Some(row);
            }
            free
        })
    }
    let columns = fits.first().map_or(0, Vec::len);
    let mut taken_by = vec![None; columns];
    (0..fits.len()).find(|row| !place(*row, fits, &mut vec![false; columns], &mut taken_by))
}

fn times(count: u64) -> String {
    match count {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        count => format!("{count} times"),
    }
}

fn shown_items(items: &[Item]) -> Vec<String> {
    let lines: Vec<String> = items.iter().map(|item| Value::Object(item.clone()).to_string()).collect();
    shown(&lines)
}

fn shown(lines: &[String]) -> Vec<String> {
    let cut = |line: &String| {
        let mut cut: String = line.chars().take(200).collect();
        if cut.len() < line.len() {
            cut.push('…');
        }
        cut
    };
    let more = lines.len().saturating_sub(SHOWN);
    let more = (more > 0).then(|| format!("… and {more} more"));
    lines.iter().take(SHOWN).map(cut).chain(more).collect()
}

#[cfg(test)]
mod tests {
    use super::first_without_partner;

    #[test]
    fn a_pattern_gives_way_to_one_that_fits_less() {
        assert_eq!(first_without_partner(&[vec![true, true], vec![true, false]]), None);
        assert_eq!(first_without_partner(&[vec![true, false], vec![true, false]]), Some(1));
        assert_eq!(first_without_partner(&[vec![]]), Some(0));
        assert_eq!(first_without_partner(&[]), None);
    }
}
