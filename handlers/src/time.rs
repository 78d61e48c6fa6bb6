//! Times as they are stored: RFC 3339 in UTC with milliseconds, so that text order is time order.
//! They come from events, never from a clock: a redelivered event carries the time of the first delivery.

use jiff::Timestamp;

/// `2024-05-01T12:00:00.000Z` for milliseconds since 1970.
///
/// # Errors
/// When the value lies outside the years that a timestamp can have.
pub fn from_epoch_millis(millis: i64) -> Result<String, lambda_runtime::Error> {
    Ok(Timestamp::from_millisecond(millis)?.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

/// The UTC day of a stored time, `2024-05-01`.
pub fn day(time: &str) -> &str {
    time.split_once('T').map_or(time, |(day, _)| day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_times_have_one_width() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_714_564_800_000, "2024-05-01T12:00:00.000Z"),
            (1_714_564_800_007, "2024-05-01T12:00:00.007Z"),
        ] {
            let stored = from_epoch_millis(millis).expect("in range");
            assert_eq!(stored, text);
            assert_eq!(day(&stored), &text[..10]);
        }
        assert!(from_epoch_millis(i64::MAX).is_err());
    }
}
