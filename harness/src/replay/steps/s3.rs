//! The steps `s3.put`, `s3.copy` and `s3.delete`.

use std::collections::HashMap;

use aws_types::SdkConfig;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Done, Failed, Player, sent};
use crate::scenario::{Content, Located, S3Copy, S3Delete, S3Put};

/// What a key has to be encoded for in the header `x-amz-copy-source`.
const SPECIAL: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

impl Player<'_> {
    pub(super) async fn put_object(&self, config: &SdkConfig, step: &S3Put, content: Option<Content<'_>>) -> Done {
        let bucket = self.bucket(&step.bucket)?;
        let body = self.bytes(content)?;
        let put = aws_sdk_s3::Client::new(config).put_object().bucket(bucket).key(&step.key).body(body.into());
        let metadata: HashMap<String, String> = step.metadata.clone().into_iter().collect();
        let tags = form_urlencoded::Serializer::new(String::new()).extend_pairs(&step.tags).finish();
        let put = put
            .set_metadata((!metadata.is_empty()).then_some(metadata))
            .set_tagging((!tags.is_empty()).then_some(tags))
            .set_content_type(step.content_type.clone());
        sent(put.send().await)
    }

    pub(super) async fn copy_object(&self, config: &SdkConfig, S3Copy { from, to }: &S3Copy) -> Done {
        let source = format!("{}/{}", self.bucket(&from.bucket)?, utf8_percent_encode(&from.key, SPECIAL));
        let copy = aws_sdk_s3::Client::new(config).copy_object().copy_source(source);
        sent(copy.bucket(self.bucket(&to.bucket)?).key(&to.key).send().await)
    }

    pub(super) async fn delete_object(&self, config: &SdkConfig, step: &S3Delete) -> Done {
        let bucket = self.bucket(&step.bucket)?;
        sent(aws_sdk_s3::Client::new(config).delete_object().bucket(bucket).key(&step.key).send().await)
    }

    /// The name of a bucket.
    fn bucket(&self, logical_id: &Located<String>) -> Result<&str, Failed> {
        let bucket = self.named(&self.shared.stack.buckets, &logical_id.value, |bucket| &bucket.logical_id)?;
        Ok(&bucket.name)
    }
}
