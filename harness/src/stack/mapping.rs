//! Event source mappings: from queues and streams to functions.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

/// An event source mapping from a queue to a function.
#[derive(Clone, Debug)]
pub struct EventSourceMapping {
    pub logical_id: String,
    /// What AWS knows it by, a UUID.
    pub id: String,
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
    /// Patterns, one of which a message must match; all messages pass where there is none.
    pub filters: Vec<Value>,
}

/// An event source mapping from a stream to a function: a table's, or one of Kinesis.
#[derive(Clone, Debug)]
pub struct StreamMapping {
    pub logical_id: String,
    /// What AWS knows it by, a UUID.
    pub id: String,
    /// As the template knows it: [`super::Table::stream_arn`] or [`super::KinesisStream::arn`].
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
    /// Whether a batch that failed is split in two.
    pub bisect_on_error: bool,
    /// How many batches of a shard the function works on at once.
    pub parallelization: u32,
    /// How long a tumbling window is, where there are any.
    pub tumbling_window: Option<Duration>,
    /// Whether the function names the first record of a batch that failed.
    pub report_batch_item_failures: bool,
    /// Patterns, one of which a record must match; all records pass where there is none.
    pub filters: Vec<Value>,
    /// The ARN of the queue, topic or bucket that is told of records that are given up.
    pub on_failure: Option<String>,
}

/// Where in a stream a mapping begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartingPosition {
    /// With the oldest record that is there.
    TrimHorizon,
    /// After the newest record that is there.
    Latest,
    /// With the first record that arrived then or later (Kinesis).
    AtTimestamp(Timestamp),
}
