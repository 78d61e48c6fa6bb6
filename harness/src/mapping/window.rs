//! Tumbling windows: spans of time, one behind the other, over each of which a function carries a state from batch to
//! batch. What always holds: a record belongs to the window in which it arrived, and a window that has a record ends
//! in one final invocation.
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html>

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// A state may be as large as this, or its window is ended early.
pub const STATE_LIMIT: usize = 1024 * 1024;

/// A window with the state that the function has come to.
#[derive(Clone, Debug)]
pub struct Window {
    pub start: Timestamp,
    pub end: Timestamp,
    pub state: Value,
    /// Whether its state has become too large.
    pub too_large: bool,
}

impl Window {
    /// The window of a length that holds a time. Windows begin at multiples of their length.
    pub fn holding(time: Timestamp, length: Duration) -> Self {
        let seconds = i64::try_from(length.as_secs()).unwrap_or(i64::MAX);
        let start = time.as_second().div_euclid(seconds) * seconds;
        let at = |second: i64| Timestamp::from_second(second).unwrap_or(Timestamp::MAX);
        Self { start: at(start), end: at(start + seconds), state: json!({}), too_large: false }
    }

    pub fn holds(&self, time: Timestamp) -> bool {
        self.start <= time && time < self.end
    }

    /// What an event has beside its records.
    pub fn members(&self, shard: &str, stream_arn: &str, is_final: bool) -> Map<String, Value> {
        let at = |time: Timestamp| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let members = json!({
            "window": { "start": at(self.start), "end": at(self.end) },
            "state": self.state,
            "shardId": shard,
            "eventSourceARN": stream_arn,
            "isFinalInvokeForWindow": is_final,
            "isWindowTerminatedEarly": self.too_large,
        });
        members.as_object().cloned().unwrap_or_default()
    }

    /// Takes the state out of a response, which must have one.
    pub fn take_state(&mut self, response: &str) -> Result<(), &'static str> {
        let response: Value = serde_json::from_str(response).unwrap_or_default();
        let state = response.get("state").filter(|state| state.is_object());
        let state = state.ok_or("the response has no `state`, which a tumbling window needs")?;
        self.too_large = state.to_string().len() > STATE_LIMIT;
        self.state = state.clone();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_belongs_to_the_window_in_which_it_arrived() {
        let time = |text: &str| text.parse::<Timestamp>().expect("it is a time");
        let window = Window::holding(time("2020-12-09T07:05:30Z"), Duration::from_secs(120));
        assert_eq!((window.start, window.end), (time("2020-12-09T07:04:00Z"), time("2020-12-09T07:06:00Z")));
        assert!(window.holds(window.start) && !window.holds(window.end));
    }
}
