//! Event buses and rules.

use std::collections::BTreeMap;
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
#[derive(Clone, Debug, Default)]
pub struct RuleTarget {
    pub id: String,
    /// A queue's, topic's, function's, bus's or API destination's ARN.
    pub arn: String,
    /// A constant that the target gets instead of the event, as JSON text.
    pub input: Option<String>,
    /// The part of the event that the target gets.
    pub input_path: Option<String>,
    pub input_transformer: Option<InputTransformer>,
    /// For a FIFO queue.
    pub message_group_id: Option<String>,
    /// For an API destination.
    pub http: Option<HttpParameters>,
    pub dead_letter_arn: Option<String>,
    pub maximum_retry_attempts: Option<u32>,
    pub maximum_event_age: Option<Duration>,
}

/// A template that is filled in with parts of the event.
#[derive(Clone, Debug)]
pub struct InputTransformer {
    pub paths: BTreeMap<String, String>,
    pub template: String,
}

/// What a target adds to an API destination's request.
#[derive(Clone, Debug, Default)]
pub struct HttpParameters {
    pub path: Vec<String>,
    pub headers: BTreeMap<String, String>,
    pub query: BTreeMap<String, String>,
}

/// How EventBridge authorizes itself at API destinations.
#[derive(Clone, Debug)]
pub struct Connection {
    pub logical_id: String,
    pub name: String,
    /// As it is foreseen: AWS makes up its end.
    pub arn: String,
    pub authorization_type: String,
    /// As CloudFormation has them.
    pub auth_parameters: Value,
}

/// An HTTP endpoint that rules send events to.
#[derive(Clone, Debug)]
pub struct ApiDestination {
    pub logical_id: String,
    pub name: String,
    /// As it is foreseen: AWS makes up its end.
    pub arn: String,
    pub connection_arn: String,
    pub endpoint: String,
    pub method: String,
    /// How many invocations a second it takes.
    pub rate: Option<u32>,
}

/// Events of a bus, kept to be replayed.
#[derive(Clone, Debug)]
pub struct Archive {
    pub logical_id: String,
    pub name: String,
    /// The bus's ARN.
    pub source_arn: String,
    pub event_pattern: Option<Value>,
    /// Events are kept for ever where there is none or it is 0.
    pub retention_days: Option<u32>,
}
