//! Schedule expressions: `rate(5 minutes)` and `cron(0 18 ? * MON-FRI *)`, in UTC.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html>

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// When a rule fires by itself.
#[derive(Clone, Debug)]
pub(crate) enum Schedule {
    Rate(SignedDuration),
    Cron(Box<Cron>),
}

impl Schedule {
    /// Reads an expression; `None` where EventBridge refuses it.
    pub fn parse(expression: &str) -> Option<Self> {
        let inner = |kind: &str| expression.strip_prefix(kind)?.strip_prefix('(')?.strip_suffix(')');
        match inner("rate") {
            Some(rate) => parse_rate(rate).map(Self::Rate),
            None => parse_cron(inner("cron")?).map(|cron| Self::Cron(Box::new(cron))),
        }
    }

    /// The first firing after `time`, which is the last firing or when the rule was created or enabled: a
    /// rate counts from there. `None` where it never fires again.
    pub fn after(&self, time: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Rate(interval) => time.checked_add(*interval).ok(),
            Self::Cron(cron) => {
                let next = cron.find_next_occurrence(&TimeZone::UTC.to_datetime(time), false).ok()?;
                TimeZone::UTC.to_timestamp(next).ok()
            }
        }
    }
}

/// A value and its unit, which is singular for 1 and plural for more.
fn parse_rate(text: &str) -> Option<SignedDuration> {
    let (value, unit) = text.split_once(' ')?;
    let value: i64 = value.parse().ok().filter(|value| *value > 0)?;
    let minutes = match (value, unit) {
        (1, "minute") | (2.., "minutes") => 1,
        (1, "hour") | (2.., "hours") => 60,
        (1, "day") | (2.., "days") => 24 * 60,
        _ => return None,
    };
    Some(SignedDuration::from_secs(value.checked_mul(minutes)?.checked_mul(60)?))
}

/// Six fields, of which exactly one of day-of-month and day-of-week is `?`.
fn parse_cron(text: &str) -> Option<Cron> {
    let fields: [&str; 6] = text.split_whitespace().collect::<Vec<_>>().try_into().ok()?;
    let [minutes, hours, day_of_month, month, day_of_week, year] = fields;
    let valid = FIELDS.iter().zip(fields).all(|(field, text)| field.accepts(text));
    if !valid || (day_of_month == "?") == (day_of_week == "?") {
        return None;
    }
    // The last day of the week is Saturday.
    let day_of_week = if day_of_week == "L" { "SAT" } else { day_of_week };
    CronParser::builder()
        .seconds(Seconds::Required)
        .year(Year::Required)
        .alternative_weekdays(true)
        .sloppy_ranges(true)
        .build()
        .parse(&format!("0 {minutes} {hours} {day_of_month} {month} {day_of_week} {year}"))
        .ok()
}

/// What AWS allows in a field. The parser behind would take more (such as seconds, `+` and nicknames).
struct CronField {
    from: u16,
    to: u16,
    names: &'static [&'static str],
    kind: Kind,
}

#[derive(PartialEq, Eq)]
enum Kind {
    Plain,
    DayOfMonth,
    DayOfWeek,
}

const MONTHS: &[&str] = &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

const FIELDS: [CronField; 6] = [
    CronField { from: 0, to: 59, names: &[], kind: Kind::Plain },
    CronField { from: 0, to: 23, names: &[], kind: Kind::Plain },
    CronField { from: 1, to: 31, names: &[], kind: Kind::DayOfMonth },
    CronField { from: 1, to: 12, names: MONTHS, kind: Kind::Plain },
    CronField { from: 1, to: 7, names: DAYS, kind: Kind::DayOfWeek },
    CronField { from: 1970, to: 2199, names: &[], kind: Kind::Plain },
];

impl CronField {
    fn accepts(&self, field: &str) -> bool {
        match (field, &self.kind) {
            ("?", Kind::DayOfMonth | Kind::DayOfWeek) => true,
            _ => field.split(',').all(|item| self.accepts_item(item)),
        }
    }

    fn accepts_item(&self, item: &str) -> bool {
        match (item.split_once('/'), &self.kind) {
            (Some(_), Kind::DayOfWeek) => false,
            (Some((range, step)), _) => {
                self.accepts_range(range) && step.parse().is_ok_and(|step: u16| (1..=self.to).contains(&step))
            }
            (None, Kind::DayOfMonth) => {
                item == "L"
                    || item == "LW"
                    || self.accepts_value(item.strip_suffix('W').unwrap_or(""))
                    || self.accepts_range(item)
            }
            (None, Kind::DayOfWeek) => self.accepts_weekday(item),
            (None, Kind::Plain) => self.accepts_range(item),
        }
    }

    fn accepts_weekday(&self, item: &str) -> bool {
        match item.split_once('#') {
            Some((day, nth)) => self.accepts_value(day) && matches!(nth, "1" | "2" | "3" | "4" | "5"),
            None => {
                item == "L"
                    || self.accepts_range(item)
                    || item.strip_suffix('L').is_some_and(|day| self.accepts_value(day))
            }
        }
    }

    fn accepts_range(&self, range: &str) -> bool {
        match range.split_once('-') {
            Some((from, to)) => self.accepts_value(from) && self.accepts_value(to),
            None => range == "*" || self.accepts_value(range),
        }
    }

    fn accepts_value(&self, value: &str) -> bool {
        let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        let in_range = || value.parse().is_ok_and(|number: u16| (self.from..=self.to).contains(&number));
        (digits && in_range()) || self.names.iter().any(|name| name.eq_ignore_ascii_case(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks the first firings after a time.
    fn check(expression: &str, after: &str, expected: &[&str]) {
        let schedule = Schedule::parse(expression).unwrap_or_else(|| panic!("{expression} is valid"));
        let mut time: Timestamp = after.parse().expect("the table has timestamps");
        for expected in expected {
            let expected: Timestamp = expected.parse().expect("the table has timestamps");
            time = schedule.after(time).unwrap_or_else(|| panic!("{expression} fires at {expected}"));
            assert_eq!(time, expected, "{expression}");
        }
    }

    #[test]
    fn a_rate_first_fires_one_interval_after_its_start() {
        check("rate(1 minute)", "2026-01-01T00:00:30Z", &["2026-01-01T00:01:30Z", "2026-01-01T00:02:30Z"]);
        check("rate(5 minutes)", "2026-01-01T00:00:00Z", &["2026-01-01T00:05:00Z"]);
        check("rate(1 hour)", "2026-01-01T00:00:00Z", &["2026-01-01T01:00:00Z"]);
        check("rate(2 days)", "2026-02-27T12:00:00Z", &["2026-03-01T12:00:00Z", "2026-03-03T12:00:00Z"]);
    }

    #[test]
    fn cron_follows_aws_s_dialect() {
        let start = "2026-01-01T00:00:00Z"; // a Thursday
        check("cron(0 10 * * ? *)", start, &["2026-01-01T10:00:00Z", "2026-01-02T10:00:00Z"]);
        check("cron(15 12 * * ? *)", "2026-01-01T12:15:00Z", &["2026-01-02T12:15:00Z"]);
        check("cron(0 18 ? * MON-FRI *)", "2026-01-02T18:00:00Z", &["2026-01-05T18:00:00Z"]);
        check("cron(0 8 1 * ? *)", start, &["2026-01-01T08:00:00Z", "2026-02-01T08:00:00Z"]);
        check("cron(0/15 * * * ? *)", "2026-01-01T00:50:00Z", &["2026-01-01T01:00:00Z", "2026-01-01T01:15:00Z"]);
        check("cron(1/10 0 * * ? *)", start, &["2026-01-01T00:01:00Z", "2026-01-01T00:11:00Z"]);
        check("cron(0/5 8-17 ? * MON-FRI *)", "2026-01-02T17:55:00Z", &["2026-01-05T08:00:00Z"]);
        check("cron(0 9 ? * 2 *)", start, &["2026-01-05T09:00:00Z"]); // 2 is Monday
        check("cron(0 9 ? * 1,7 *)", start, &["2026-01-03T09:00:00Z", "2026-01-04T09:00:00Z"]);
        check("cron(0 0 1 JAN,JUL ? *)", start, &["2026-07-01T00:00:00Z", "2027-01-01T00:00:00Z"]);
    }

    #[test]
    fn cron_knows_last_nearest_and_nth_days() {
        let start = "2026-01-01T00:00:00Z";
        check("cron(0 0 L * ? *)", start, &["2026-01-31T00:00:00Z", "2026-02-28T00:00:00Z", "2026-03-31T00:00:00Z"]);
        check("cron(0 0 L 2 ? *)", "2027-03-01T00:00:00Z", &["2028-02-29T00:00:00Z"]);
        check("cron(15 10 ? * 6L *)", start, &["2026-01-30T10:15:00Z", "2026-02-27T10:15:00Z"]); // last Friday
        check("cron(0 0 ? * L *)", start, &["2026-01-03T00:00:00Z", "2026-01-10T00:00:00Z"]); // Saturday
        check("cron(0 0 15W * ? *)", start, &["2026-01-15T00:00:00Z", "2026-02-16T00:00:00Z"]); // the 15th is a Sunday
        check("cron(0 0 1W 8 ? *)", start, &["2026-08-03T00:00:00Z"]); // stays within the month
        check("cron(0 0 LW * ? *)", start, &["2026-01-30T00:00:00Z", "2026-02-27T00:00:00Z"]);
        check("cron(0 9 ? * 3#2 *)", start, &["2026-01-13T09:00:00Z", "2026-02-10T09:00:00Z"]); // second Tuesday
        check("cron(0 9 ? * MON#5 *)", start, &["2026-03-30T09:00:00Z"]);
    }

    #[test]
    fn cron_skips_months_without_the_day_and_ends_with_its_years() {
        check("cron(0 0 31 * ? *)", "2026-01-31T00:00:00Z", &["2026-03-31T00:00:00Z", "2026-05-31T00:00:00Z"]);
        check("cron(0 12 29 2 ? *)", "2026-01-01T00:00:00Z", &["2028-02-29T12:00:00Z", "2032-02-29T12:00:00Z"]);
        check("cron(0 0 1 1 ? 2027-2028)", "2026-01-01T00:00:00Z", &["2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z"]);
        let over = Schedule::parse("cron(0 0 1 1 ? 2025)").expect("a past year is valid");
        assert_eq!(over.after("2026-01-01T00:00:00Z".parse().expect("a timestamp")), None);
    }

    #[test]
    fn what_eventbridge_refuses_is_refused() {
        let refused = [
            "rate(1 minutes)",
            "rate(5 minute)",
            "rate(0 minutes)",
            "rate(-1 minutes)",
            "rate(5 seconds)",
            "rate(5)",
            "rate(1.5 hours)",
            "rate( 5 minutes)",
            "rate(5 minutes",
            "every day",
            "",
            "at(2026-01-01T00:00:00)",
            "cron(0 10 * * *)",
            "cron(0 10 * * ? * *)",
            "cron(0 10 * * * *)",
            "cron(0 10 ? * ? *)",
            "cron(0 10 1 * MON *)",
            "cron(60 10 * * ? *)",
            "cron(0 24 * * ? *)",
            "cron(0 0 0 * ? *)",
            "cron(0 0 32 * ? *)",
            "cron(0 0 1 13 ? *)",
            "cron(0 0 ? * 0 *)",
            "cron(0 0 ? * 8 *)",
            "cron(0 0 ? * 3#6 *)",
            "cron(0 0 1 1 ? 1969)",
            "cron(0 0 1 1 ? 2200)",
            "cron(0 ? 1 * ? *)",
            "cron(@daily)",
            "cron(0 0 +1 * ? *)",
            "cron(0/0 * * * ? *)",
            "cron(0 0 1 FOO ? *)",
            "cron(,1 0 * * ? *)",
        ];
        for expression in refused {
            assert!(Schedule::parse(expression).is_none(), "{expression} should be refused");
        }
    }
}
