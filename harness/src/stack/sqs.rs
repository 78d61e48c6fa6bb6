//! Queues.

use std::collections::BTreeMap;
use std::time::Duration;

/// An SQS queue.
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

    /// Whether its messages keep the order of their groups.
    pub fn is_fifo(&self) -> bool {
        self.name.ends_with(".fifo")
    }

    /// The ARN of its dead-letter queue.
    pub fn dead_letter_arn(&self) -> Option<String> {
        let policy: serde_json::Value = serde_json::from_str(self.attributes.get("RedrivePolicy")?).ok()?;
        policy["deadLetterTargetArn"].as_str().map(str::to_owned)
    }

    /// Whether messages that fail too often are moved to a dead-letter queue.
    pub fn has_redrive_policy(&self) -> bool {
        self.attributes.contains_key("RedrivePolicy")
    }
}
