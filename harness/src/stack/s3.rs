//! Buckets and where their events go.

/// An S3 bucket.
#[derive(Clone, Debug, Default)]
pub struct Bucket {
    pub logical_id: String,
    pub name: String,
    pub notifications: Vec<BucketNotification>,
    /// Whether the bucket's events go to EventBridge as well.
    pub event_bridge: bool,
    /// `Enabled` or `Suspended`; none where versions have never been kept.
    pub versioning: Option<&'static str>,
    /// What S3 deletes by itself.
    pub lifecycle: Vec<LifecycleRule>,
    /// What pages of other origins may do.
    pub cors: Vec<CorsRule>,
}

/// A rule of a bucket's cross-origin resource sharing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CorsRule {
    pub id: Option<String>,
    pub allowed_origins: Vec<String>,
    pub allowed_methods: Vec<&'static str>,
    pub allowed_headers: Vec<String>,
    pub exposed_headers: Vec<String>,
    /// How many seconds a browser may remember the answer.
    pub max_age: Option<u32>,
}

/// A rule of a bucket's lifecycle. Numbers are days, or bytes where objects are larger or smaller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LifecycleRule {
    pub id: Option<String>,
    pub enabled: bool,
    pub prefix: Option<String>,
    pub tags: Vec<(String, String)>,
    pub larger_than: Option<u32>,
    pub smaller_than: Option<u32>,
    pub expiration: Option<Expiration>,
    /// After how long a version goes that is not the current one, and how many newer ones of those are kept.
    pub noncurrent: Option<(u32, Option<u32>)>,
    /// After how long an upload goes that nobody has completed.
    pub abort_after: Option<u32>,
}

impl LifecycleRule {
    /// Whether the rule deletes anything.
    pub fn deletes(&self) -> bool {
        self.expiration.is_some() || self.noncurrent.is_some() || self.abort_after.is_some()
    }
}

/// When current objects go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expiration {
    Days(u32),
    /// A midnight, in ISO 8601.
    Date(String),
    /// Never; but delete markers that have no versions under them do.
    LoneDeleteMarkers,
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
