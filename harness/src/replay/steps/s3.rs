//! The steps `s3.put` and `s3.delete`.

use std::collections::HashMap;

use aws_types::SdkConfig;

use super::{Done, Player, sent};
use crate::scenario::{Content, S3Delete, S3Put};

impl Player<'_> {
    pub(super) async fn put_object(&self, config: &SdkConfig, step: &S3Put, content: Option<Content<'_>>) -> Done {
        let bucket = &self.named(&self.shared.stack.buckets, &step.bucket.value, |bucket| &bucket.logical_id)?.name;
        let body = self.bytes(content)?;
        let put = aws_sdk_s3::Client::new(config).put_object().bucket(bucket).key(&step.key).body(body.into());
        let metadata: HashMap<String, String> = step.metadata.clone().into_iter().collect();
        let put =
            put.set_metadata((!metadata.is_empty()).then_some(metadata)).set_content_type(step.content_type.clone());
        sent(put.send().await)
    }

    pub(super) async fn delete_object(&self, config: &SdkConfig, step: &S3Delete) -> Done {
        let bucket = &self.named(&self.shared.stack.buckets, &step.bucket.value, |bucket| &bucket.logical_id)?.name;
        sent(aws_sdk_s3::Client::new(config).delete_object().bucket(bucket).key(&step.key).send().await)
    }
}
