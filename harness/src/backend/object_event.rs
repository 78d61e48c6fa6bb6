//! What S3 tells EventBridge of an object, as far as a rule's pattern may look at it.

use serde_json::{Value, json};

use crate::stack::Bucket;

/// What a rule's pattern may look at in the event of a bucket.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>
pub fn object_event(bucket: &Bucket, key: &str, event: &str) -> Value {
    let (what, how) = event.split_once(':').unwrap_or_default();
    let (detail_type, reason) = match (what, how) {
        ("ObjectCreated", "CompleteMultipartUpload") => ("Object Created", Some(how.to_owned())),
        ("ObjectCreated", _) => ("Object Created", Some(format!("{how}Object"))),
        ("ObjectTagging", "Put") => ("Object Tags Added", None),
        ("ObjectTagging", _) => ("Object Tags Deleted", None),
        _ => ("Object Deleted", Some("DeleteObject".to_owned())),
    };
    json!({
        "source": "aws.s3",
        "detail-type": detail_type,
        "resources": [format!("arn:aws:s3:::{}", bucket.name)],
        "detail": {
            "version": "0",
            "bucket": { "name": bucket.name },
            "object": { "key": key },
            "reason": reason,
        },
    })
}
