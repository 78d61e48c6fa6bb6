//! Schedules of Scheduler, and their groups.

/// A group of schedules.
#[derive(Clone, Debug)]
pub struct ScheduleGroup {
    pub logical_id: String,
    pub name: String,
}

/// A schedule with its target.
#[derive(Clone, Debug)]
pub struct Schedule {
    pub logical_id: String,
    pub name: String,
    /// The group's name; the account's own where there is none.
    pub group: Option<String>,
    /// `at(…)`, `rate(…)` or `cron(…)`.
    pub expression: String,
    pub time_zone: Option<String>,
    /// In seconds since 1970.
    pub start: Option<i64>,
    pub end: Option<i64>,
    pub enabled: bool,
    /// A function's, queue's, topic's or bus's ARN.
    pub target_arn: String,
    pub input: Option<String>,
    pub message_group_id: Option<String>,
    /// For a bus: the source and detail type of the event.
    pub event: Option<(String, String)>,
    pub dead_letter_arn: Option<String>,
    pub maximum_retry_attempts: Option<u32>,
    /// In seconds.
    pub maximum_event_age: Option<u32>,
}
