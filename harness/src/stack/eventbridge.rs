//! Event buses and rules.

use std::time::Duration;

use serde_json::Value;

/// An EventBridge event bus other than `default`.
#[derive(Clone, Debug)]
pub struct EventBus {
    pub logical_id: String,
    pub name: String,
    pub arn: String,
}

/// An EventBridge rule with its targets.
#[derive(Clone, Debug)]
pub struct Rule {
    pub logical_id: String,
    pub name: String,
    pub arn: String,
    /// The bus's name; `default` for the account's own.
    pub bus: String,
    pub event_pattern: Option<Value>,
    /// `rate(…)` or `cron(…)`.
    pub schedule: Option<String>,
    pub enabled: bool,
    pub targets: Vec<RuleTarget>,
}

/// One target of a rule.
#[derive(Clone, Debug)]
pub struct RuleTarget {
    pub id: String,
    /// A queue's, topic's or function's ARN.
    pub arn: String,
    /// A constant that the target gets instead of the event, as JSON text.
    pub input: Option<String>,
    /// The part of the event that the target gets.
    pub input_path: Option<String>,
    pub dead_letter_arn: Option<String>,
    pub maximum_retry_attempts: Option<u32>,
    pub maximum_event_age: Option<Duration>,
}
