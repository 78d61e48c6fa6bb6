//! Streams of Kinesis.

use std::time::Duration;

/// A Kinesis data stream.
#[derive(Clone, Debug)]
pub struct KinesisStream {
    pub logical_id: String,
    pub name: String,
    pub arn: String,
    /// How many shards it has at first; none in on-demand mode, where AWS decides.
    pub shards: Option<u32>,
    /// In hours: 24 where the template does not say.
    pub retention_hours: u32,
    /// In KiB, where the template says.
    pub max_record_kib: Option<u32>,
}

impl KinesisStream {
    /// How long it keeps its records.
    pub fn retention(&self) -> Duration {
        Duration::from_secs(u64::from(self.retention_hours) * 3_600)
    }
}
