//! Schedule expressions of Scheduler: `at(…)`, `rate(…)` and `cron(…)`, in a time zone.
//! <https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html>

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::invalid;
use crate::eventbridge::schedule::Schedule;
use crate::protocol::AwsError;

/// When a schedule fires, and where its clock hangs.
#[derive(Clone, Debug)]
pub(super) struct Expression {
    when: When,
    zone: TimeZone,
}

#[derive(Clone, Debug)]
enum When {
    At(DateTime),
    Repeated(Schedule),
}

/// Refuses an expression or a time zone that Scheduler does not take.
pub(crate) fn check(text: &str, zone: &str) -> Result<(), AwsError> {
    read(text, zone).map(drop)
}

/// Reads an expression in a time zone.
pub(super) fn read(text: &str, zone: &str) -> Result<Expression, AwsError> {
    let zone = TimeZone::get(zone).map_err(|_| invalid(format!("Invalid time zone {zone}.")))?;
    Expression::parse(text, zone).ok_or_else(|| invalid(format!("Invalid Schedule Expression {text}.")))
}

impl Expression {
    /// Reads an expression; `None` where Scheduler refuses it.
    pub fn parse(text: &str, zone: TimeZone) -> Option<Self> {
        let when = match text.strip_prefix("at(").and_then(|inner| inner.strip_suffix(')')) {
            Some(time) if time.len() == 19 => When::At(time.parse().ok()?),
            Some(_) => return None,
            None => When::Repeated(Schedule::parse(text)?),
        };
        Some(Self { when, zone })
    }

    /// Whether it fires once.
    pub fn is_once(&self) -> bool {
        matches!(self.when, When::At(_))
    }

    /// The first firing of a schedule that begins at `start`.
    pub fn first(&self, start: Timestamp) -> Option<Timestamp> {
        match &self.when {
            When::At(time) => self.zone.to_timestamp(*time).ok().filter(|time| *time >= start),
            When::Repeated(Schedule::Rate(_)) => Some(start),
            // A time that is the start itself counts.
            When::Repeated(Schedule::Cron(_)) => self.after(start - SignedDuration::from_nanos(1)),
        }
    }

    /// The firing after one.
    pub fn after(&self, last: Timestamp) -> Option<Timestamp> {
        match &self.when {
            When::At(_) => None,
            When::Repeated(schedule @ Schedule::Rate(_)) => schedule.after(last),
            When::Repeated(Schedule::Cron(cron)) => {
                let mut local = self.zone.to_datetime(last);
                loop {
                    local = cron.find_next_occurrence(&local, false).ok()?;
                    let ambiguous = self.zone.to_ambiguous_timestamp(local);
                    // A time that clocks skip in spring is left out; one that they show twice in autumn is its first.
                    if matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. }) {
                        continue;
                    }
                    let next = ambiguous.earlier().ok()?;
                    if next > last {
                        return Some(next);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expression: &str, zone: &str, start: &str, expected: &[&str]) {
        let zone = TimeZone::get(zone).expect("the table has time zones");
        let parsed = Expression::parse(expression, zone).unwrap_or_else(|| panic!("{expression} is valid"));
        let mut next = parsed.first(start.parse().expect("the table has timestamps"));
        for expected in expected {
            let time = next.unwrap_or_else(|| panic!("{expression} fires at {expected}"));
            assert_eq!(time.to_string(), *expected, "{expression}");
            next = parsed.after(time);
        }
    }

    #[test]
    fn a_one_time_schedule_fires_once_by_the_clock_of_its_time_zone() {
        check("at(2026-01-05T09:00:00)", "UTC", "2026-01-01T00:00:00Z", &["2026-01-05T09:00:00Z"]);
        check("at(2026-07-05T09:00:00)", "Europe/Berlin", "2026-01-01T00:00:00Z", &["2026-07-05T07:00:00Z"]);
        let once = Expression::parse("at(2026-01-05T09:00:00)", TimeZone::UTC).expect("it is valid");
        let time = "2026-01-05T09:00:00Z".parse().expect("a timestamp");
        assert_eq!((once.after(time), once.first(time + SignedDuration::from_secs(1))), (None, None));
    }

    #[test]
    fn a_rate_counts_from_its_start_and_knows_no_time_zone() {
        check(
            "rate(1 day)",
            "America/New_York",
            "2026-03-07T12:00:00Z",
            &["2026-03-07T12:00:00Z", "2026-03-08T12:00:00Z"],
        );
    }

    #[test]
    fn cron_follows_the_clocks_of_its_time_zone() {
        let days = ["2026-03-06T14:00:00Z", "2026-03-07T14:00:00Z", "2026-03-08T13:00:00Z", "2026-03-09T13:00:00Z"];
        check("cron(0 9 * * ? *)", "America/New_York", "2026-03-06T14:00:00Z", &days);
    }

    #[test]
    fn a_cron_time_that_clocks_skip_is_skipped() {
        let days = ["2026-03-07T07:30:00Z", "2026-03-09T06:30:00Z"];
        check("cron(30 2 * * ? *)", "America/New_York", "2026-03-07T00:00:00Z", &days);
    }

    #[test]
    fn a_cron_time_that_clocks_show_twice_fires_once() {
        let days = ["2026-10-31T05:30:00Z", "2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"];
        check("cron(30 1 * * ? *)", "America/New_York", "2026-10-31T00:00:00Z", &days);
        // From within the second round of the hour, its time is over.
        check("cron(30 1 * * ? *)", "America/New_York", "2026-11-01T06:10:00Z", &["2026-11-02T06:30:00Z"]);
    }

    #[test]
    fn what_scheduler_refuses_is_refused() {
        for expression in
            ["at(2026-01-05)", "at(2026-01-05T09:00:00Z)", "at(soon)", "rate(5)", "cron(0 9 * * *)", "every day"]
        {
            assert!(Expression::parse(expression, TimeZone::UTC).is_none(), "{expression}");
        }
    }
}
