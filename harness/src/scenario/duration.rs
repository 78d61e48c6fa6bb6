//! Durations as people write them: `30s`, `15m`, `24h`, `3d`, where a day is 24 hours.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use jiff::{SpanRelativeTo, fmt::friendly::SpanParser};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserializer, Error, Visitor};

/// The longest that SQS delays a message:
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>.
const MAX_DELAY: Duration = Duration::from_secs(15 * 60);

/// The runtime's timers reach 30 years ahead; a scenario may go some of the way.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// Reads a duration such as `30s`, `15m`, `24h`, `3d` or `1h 30m`.
///
/// # Errors
/// Why the text is not a duration: another notation, a negative one, or months and years, whose length varies.
pub fn parse(text: &str) -> Result<Duration, String> {
    let not_one = || format!("`{text}` is not a duration: write one such as `30s`, `15m`, `24h` or `3d`");
    let span = SpanParser::new().parse_span(text).map_err(|_| not_one())?;
    if span.get_years() != 0 || span.get_months() != 0 {
        return Err(format!("`{text}` has months or years, whose length varies: write days or hours"));
    }
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| not_one())?;
    let duration = Duration::try_from(duration).map_err(|_| format!("`{text}` is negative: time only goes forward"))?;
    if duration > LONGEST {
        return Err(format!("`{text}` is longer than 3650d, the most that can be waited for at once"));
    }
    Ok(duration)
}

/// For serde: a duration.
pub(super) fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    deserializer.deserialize_str(DurationVisitor)
}

/// For serde: a duration that may be left out.
pub(super) fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    duration(deserializer).map(Some)
}

/// For serde: a limit that may be left out. Within no time at all nothing comes to rest.
pub(super) fn limit<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    match duration(deserializer)? {
        Duration::ZERO => Err(D::Error::custom("a limit is longer than no time at all")),
        limit => Ok(Some(limit)),
    }
}

/// For serde: a message's delay, in whole seconds and at most 15 minutes as in SQS.
pub(super) fn message_delay<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let delay = duration(deserializer)?;
    if delay > MAX_DELAY {
        return Err(D::Error::custom("SQS delays a message for 15m at most"));
    }
    if delay.subsec_nanos() != 0 {
        return Err(D::Error::custom("SQS delays a message for whole seconds"));
    }
    Ok(Some(delay))
}

struct DurationVisitor;

impl Visitor<'_> for DurationVisitor {
    type Value = Duration;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a duration such as `30s`, `15m`, `24h` or `3d`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Duration, E> {
        parse(text).map_err(E::custom)
    }
}

/// A duration's schema.
pub(super) struct Friendly;

impl JsonSchema for Friendly {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A duration such as 30s, 15m, 24h or 3d; a day is 24 hours",
            "examples": ["30s", "15m", "24h", "3d"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_people_write_them() {
        let cases = [
            ("0s", 0),
            ("30s", 30),
            ("15m", 900),
            ("24h", 86_400),
            ("3d", 259_200),
            ("1w", 604_800),
            ("1h 30m", 5_400),
            ("2 hours", 7_200),
        ];
        for (text, seconds) in cases {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(parse("250ms"), Ok(Duration::from_millis(250)));
    }

    #[test]
    fn what_is_not_a_forward_duration_is_refused() {
        for (text, reason) in [
            ("", "not a duration"),
            ("30", "not a duration"),
            ("soon", "not a duration"),
            ("1 fortnight", "not a duration"),
            ("-5m", "negative"),
            ("5m ago", "negative"),
            ("1 month", "months or years"),
        ] {
            let message = parse(text).expect_err(text);
            assert!(message.contains(reason), "{text}: {message}");
        }
    }
}
