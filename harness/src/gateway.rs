//! What API Gateway remembers from one request to the next: how many there have been, and answers that it keeps.
//! All of it follows the virtual clock.

use std::cell::RefCell;
use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::stack::{Period, Quota, Throttle};

/// The books of all APIs of one replay.
#[derive(Default)]
pub struct Gateway {
    buckets: RefCell<BTreeMap<String, Bucket>>,
    quotas: RefCell<BTreeMap<String, Used>>,
    kept: RefCell<BTreeMap<String, Kept>>,
}

/// A token bucket.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html>
struct Bucket {
    tokens: f64,
    at: Timestamp,
}

struct Used {
    period: Date,
    count: u32,
    /// Whether no period has passed yet.
    is_first: bool,
}

struct Kept {
    until: Timestamp,
    text: String,
}

impl Gateway {
    /// Takes a token out of a bucket; says whether there was one.
    pub fn admits(&self, bucket: String, throttle: Throttle, now: Timestamp) -> bool {
        let mut buckets = self.buckets.borrow_mut();
        let burst = f64::from(throttle.burst);
        let bucket = buckets.entry(bucket).or_insert(Bucket { tokens: burst, at: now });
        let passed = now.duration_since(bucket.at).as_secs_f64();
        bucket.tokens = (bucket.tokens + passed * throttle.rate).min(burst);
        bucket.at = now;
        let is_there = bucket.tokens >= 1.0;
        bucket.tokens -= if is_there { 1.0 } else { 0.0 };
        is_there
    }

    /// Counts a request against a quota; says whether it is within.
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html>
    pub fn is_within(&self, key: String, quota: &Quota, now: Timestamp) -> bool {
        let mut quotas = self.quotas.borrow_mut();
        let period = start_of(quota.period, now);
        let used = quotas.entry(key).or_insert(Used { period, count: 0, is_first: true });
        if used.period != period {
            *used = Used { period, count: 0, is_first: false };
        }
        let limit = if used.is_first { quota.limit.saturating_sub(quota.offset) } else { quota.limit };
        let is_within = used.count < limit;
        used.count += u32::from(is_within);
        is_within
    }

    /// Keeps a text for some seconds.
    pub fn keep(&self, key: String, text: String, seconds: u32, now: Timestamp) {
        let until = now + SignedDuration::from_secs(seconds.into());
        self.kept.borrow_mut().insert(key, Kept { until, text });
    }

    /// A text that is still kept.
    pub fn kept(&self, key: &str, now: Timestamp) -> Option<String> {
        self.kept.borrow().get(key).filter(|kept| now < kept.until).map(|kept| kept.text.clone())
    }
}

/// The first day of the period, in UTC.
fn start_of(period: Period, now: Timestamp) -> Date {
    let today = TimeZone::UTC.to_datetime(now).date();
    match period {
        Period::Day => today,
        Period::Week => today.saturating_sub(i64::from(today.weekday().to_sunday_zero_offset()).days()),
        Period::Month => today.first_of_month(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn a_bucket_fills_up_at_its_rate_and_no_further_than_its_burst() {
        let gateway = Gateway::default();
        let start = at("2026-01-01T00:00:00Z");
        let admitted = |seconds: i64, times: usize| {
            let now = start + SignedDuration::from_secs(seconds);
            (0..times).filter(|_| gateway.admits("b".into(), Throttle { rate: 0.5, burst: 3 }, now)).count()
        };
        assert_eq!([admitted(0, 5), admitted(1, 1), admitted(2, 2), admitted(100, 5)], [3, 0, 1, 3]);
    }

    #[test]
    fn a_quota_begins_anew_with_its_period() {
        for (period, within, after) in [
            (Period::Day, "2026-01-01T23:59:59Z", "2026-01-02T00:00:00Z"),
            (Period::Week, "2026-01-03T12:00:00Z", "2026-01-04T00:00:00Z"),
            (Period::Month, "2026-01-31T12:00:00Z", "2026-02-01T00:00:00Z"),
        ] {
            let gateway = Gateway::default();
            let quota = Quota { limit: 2, offset: 1, period };
            let asked = ["2026-01-01T00:00:00Z", within, after, after, after];
            let answers = asked.map(|time| gateway.is_within("k".into(), &quota, at(time)));
            assert_eq!(answers, [true, false, true, true, false], "{period:?}");
        }
    }
}
