//! The step `kinesis.put`.

use aws_sdk_kinesis::primitives::Blob;
use aws_types::SdkConfig;

use super::{Done, Player, sent};
use crate::scenario::{Content, KinesisPut};

impl Player<'_> {
    pub(super) async fn put_record(&self, config: &SdkConfig, step: &KinesisPut, content: Option<Content<'_>>) -> Done {
        let stream = self.named(&self.shared.stack.streams, &step.stream.value, |stream| &stream.logical_id)?;
        let put = aws_sdk_kinesis::Client::new(config).put_record().stream_name(&stream.name);
        sent(put.partition_key(&step.key).data(Blob::new(self.bytes(content)?)).send().await)
    }
}
