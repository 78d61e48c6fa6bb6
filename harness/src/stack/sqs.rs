//! Queues.

use std::collections::BTreeMap;
use std::time::Duration;

/// An SQS standard queue.
#[derive(Clone, Debug)]
pub struct Queue {
    pub logical_id: String,
    pub name: String,
    pub arn: String,
    pub url: String,
    /// The attributes as `CreateQueue` takes them: `VisibilityTimeout`, `RedrivePolicy` (JSON) and so on.
    pub attributes: BTreeMap<String, String>,
}

impl Queue {
    /// How long a received message stays hidden: 30 seconds where the template does not say.
    pub fn visibility_timeout(&self) -> Duration {
        let seconds = self.attributes.get("VisibilityTimeout").and_then(|text| text.parse().ok());
        Duration::from_secs(seconds.unwrap_or(30))
    }

    /// Whether messages that fail too often are moved to a dead-letter queue.
    pub fn has_redrive_policy(&self) -> bool {
        self.attributes.contains_key("RedrivePolicy")
    }
}
