//! Buckets and where their events go.

/// An S3 bucket.
#[derive(Clone, Debug)]
pub struct Bucket {
    pub logical_id: String,
    pub name: String,
    pub notifications: Vec<BucketNotification>,
    /// Whether the bucket's events go to EventBridge as well.
    pub event_bridge: bool,
}

/// Which events of a bucket go where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketNotification {
    /// Such as `s3:ObjectCreated:*`.
    pub events: Vec<String>,
    pub prefix: Option<String>,
    pub suffix: Option<String>,
    pub target: NotificationTarget,
}

/// Where a bucket's notification goes, by ARN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotificationTarget {
    Queue(String),
    Topic(String),
    Function(String),
}
