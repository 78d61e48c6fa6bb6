//! Event source mappings: from queues and streams to functions.

use std::time::Duration;

/// An event source mapping from a queue to a function.
#[derive(Clone, Debug)]
pub struct EventSourceMapping {
    pub logical_id: String,
    pub queue_arn: String,
    pub function_arn: String,
    pub enabled: bool,
    /// 10 where the template does not say.
    pub batch_size: u32,
    pub batching_window: Duration,
    /// How many batches the function works on at once at the most: 2 to 1,000, where the template says.
    pub maximum_concurrency: Option<u32>,
    /// Whether the function names the messages of a batch that failed.
    pub report_batch_item_failures: bool,
}

/// An event source mapping from a table's stream to a function.
#[derive(Clone, Debug)]
pub struct StreamMapping {
    pub logical_id: String,
    /// As the template knows it: [`Table::stream_arn`].
    pub stream_arn: String,
    pub function_arn: String,
    pub enabled: bool,
    pub starting_position: StartingPosition,
    /// 100 where the template does not say.
    pub batch_size: u32,
    pub batching_window: Duration,
    /// How often a batch is tried again; none for as long as its records last.
    pub maximum_retry_attempts: Option<u32>,
    /// How old a record may be; none for as long as the stream keeps it.
    pub maximum_record_age: Option<Duration>,
    /// Whether the function names the first record of a batch that failed.
    pub report_batch_item_failures: bool,
}

/// Where in a stream a mapping begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartingPosition {
    /// With the oldest record that is there.
    TrimHorizon,
    /// After the newest record that is there.
    Latest,
}
