//! Functions, and how Lambda treats their events.

use std::collections::BTreeMap;
use std::time::Duration;

/// A Lambda function.
#[derive(Clone, Debug)]
pub struct Function {
    pub logical_id: String,
    pub name: String,
    pub arn: String,
    pub handler: String,
    /// 3 seconds where the template does not say.
    pub timeout: Duration,
    /// In MB; 128 where the template does not say.
    pub memory_size: u32,
    pub environment: BTreeMap<String, String>,
    /// The queue's or topic's ARN that takes asynchronous events which failed for good.
    pub dead_letter_arn: Option<String>,
    pub event_invoke: EventInvokeConfig,
}

/// How Lambda treats a function's asynchronous events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventInvokeConfig {
    /// 0 to 2; 2 where the template does not say.
    pub maximum_retry_attempts: u32,
    /// 60 s to 6 h; 6 h where the template does not say.
    pub maximum_event_age: Duration,
    /// ARN of a queue, topic, bus or function.
    pub on_success: Option<String>,
    /// ARN of a queue, topic, bus or function.
    pub on_failure: Option<String>,
}

impl Default for EventInvokeConfig {
    fn default() -> Self {
        let maximum_event_age = Duration::from_secs(6 * 60 * 60);
        Self { maximum_retry_attempts: 2, maximum_event_age, on_success: None, on_failure: None }
    }
}
