//! Streams of Kinesis.

use std::time::Duration;

use aws_sdk_kinesis::client::Waiters;
use aws_sdk_kinesis::types::{StreamMode, StreamModeDetails};

use super::{Clients, Provisioned, built, done, failed};
use crate::stack::KinesisStream;

/// How long a stream may take to become active; usually seconds.
const STREAM_LIMIT: Duration = Duration::from_secs(120);

impl Clients<'_> {
    pub async fn stream(&self, stream: &KinesisStream) -> Provisioned {
        let id = &stream.logical_id;
        let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
        let mode = if stream.shards.is_some() { StreamMode::Provisioned } else { StreamMode::OnDemand };
        let mode = built(id, StreamModeDetails::builder().stream_mode(mode).build())?;
        let create = self.kinesis.create_stream().stream_name(&stream.name).stream_mode_details(mode);
        let create = create.set_shard_count(stream.shards.map(number));
        done(id, create.set_max_record_size_in_kib(stream.max_record_kib.map(number)).send().await)?;
        let exists = self.kinesis.wait_until_stream_exists().stream_name(&stream.name);
        exists.wait(STREAM_LIMIT).await.map_err(|error| failed(id, &error))?;
        if stream.retention_hours > 24 {
            let increase = self.kinesis.increase_stream_retention_period().stream_name(&stream.name);
            done(id, increase.retention_period_hours(number(stream.retention_hours)).send().await)?;
        }
        if let Some((key, value)) = self.tag {
            done(id, self.kinesis.add_tags_to_stream().stream_name(&stream.name).tags(*key, *value).send().await)?;
        }
        Ok(())
    }
}
