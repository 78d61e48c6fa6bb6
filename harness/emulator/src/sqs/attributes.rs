//! A queue's attributes: their names, ranges and defaults.
//!
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>

use std::ops::RangeInclusive;

use jiff::SignedDuration;
use serde_json::Value;

use super::error::{
    invalid_attribute, invalid_value, only_for_fifo, other_type, throughput_without_scope, unknown_attribute,
};
use crate::arn::Arn;
use crate::protocol::{AwsError, Service};

/// The most that a message, and all messages of one batch together, may weigh: 1 MiB.
pub(super) const MAXIMUM_MESSAGE_SIZE: i64 = 1_048_576;

/// What can be set on a queue. Every value lies in its documented range.
#[derive(Clone, Debug)]
pub(super) struct Attributes {
    numbers: [i64; NUMBERS.len()],
    policy: Option<String>,
    redrive_policy: Option<RedrivePolicy>,
    redrive_allow_policy: Option<RedriveAllowPolicy>,
    managed_encryption: bool,
    /// In seconds. It is for keys of KMS, and no queue has one here.
    key_reuse: Option<u32>,
    /// Of a FIFO queue.
    fifo: Option<Fifo>,
}

/// What can be set on a FIFO queue alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Fifo {
    by_content: bool,
    /// Deduplication within a message group, and not within the queue.
    by_group: bool,
    /// High throughput.
    limit_per_group: bool,
}

/// When a message goes to which dead-letter queue.
#[derive(Clone, Debug)]
pub(super) struct RedrivePolicy {
    text: String,
    pub target_arn: String,
    pub max_receive_count: u32,
}

/// Which queues may name this one as their dead-letter queue.
#[derive(Clone, Debug)]
struct RedriveAllowPolicy {
    text: String,
    allowed: AllowedSources,
}

#[derive(Clone, Debug)]
enum AllowedSources {
    All,
    /// None, for `denyAll`.
    Only(Vec<String>),
}

/// The attributes that are numbers: name, range and default.
const NUMBERS: [(&str, RangeInclusive<i64>, i64); 5] = [
    ("DelaySeconds", 0..=900, 0),
    ("MaximumMessageSize", 1024..=MAXIMUM_MESSAGE_SIZE, MAXIMUM_MESSAGE_SIZE),
    ("MessageRetentionPeriod", 60..=1_209_600, 345_600),
    ("ReceiveMessageWaitTimeSeconds", 0..=20, 0),
    ("VisibilityTimeout", 0..=43_200, 30),
];

/// The names of all attributes that can be set here.
pub(super) const SETTABLE: [&str; 14] = [
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "DelaySeconds",
    "FifoQueue",
    "FifoThroughputLimit",
    "KmsDataKeyReusePeriodSeconds",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "Policy",
    "ReceiveMessageWaitTimeSeconds",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
    "VisibilityTimeout",
];

impl Default for Attributes {
    fn default() -> Self {
        Self {
            numbers: NUMBERS.map(|(_, _, default)| default),
            policy: None,
            redrive_policy: None,
            redrive_allow_policy: None,
            managed_encryption: true,
            key_reuse: None,
            fifo: None,
        }
    }
}

impl Attributes {
    /// The defaults of a FIFO queue.
    pub fn fifo() -> Self {
        Self { fifo: Some(Fifo::default()), ..Self::default() }
    }

    pub fn is_fifo(&self) -> bool {
        self.fifo.is_some()
    }

    /// Whether a message without a deduplication id gets its body's digest as one.
    pub fn deduplicates_by_content(&self) -> bool {
        self.fifo.is_some_and(|fifo| fifo.by_content)
    }

    /// Whether deduplication ids are compared within a message group only.
    pub fn deduplicates_by_group(&self) -> bool {
        self.fifo.is_some_and(|fifo| fifo.by_group)
    }

    /// Whether the attributes go together: throughput is limited per group only where deduplication is by
    /// group too.
    /// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/enable-high-throughput-fifo.html>
    pub fn check(&self) -> Result<(), AwsError> {
        match self.fifo {
            Some(Fifo { limit_per_group: true, by_group: false, .. }) => Err(throughput_without_scope()),
            _ => Ok(()),
        }
    }

    /// Sets one attribute from its text. An empty policy removes the policy.
    pub fn set(&mut self, operation: &str, name: &str, value: &str) -> Result<(), AwsError> {
        if let Some(index) = NUMBERS.iter().position(|(number, ..)| *number == name) {
            let number = value.parse().ok().filter(|number| NUMBERS[index].1.contains(number));
            self.numbers[index] = number.ok_or_else(|| invalid_attribute(name))?;
            return Ok(());
        }
        match name {
            "Policy" => self.policy = policy(value)?,
            "RedrivePolicy" => self.redrive_policy = RedrivePolicy::parse(value)?,
            "RedriveAllowPolicy" => self.redrive_allow_policy = RedriveAllowPolicy::parse(value)?,
            "SqsManagedSseEnabled" => {
                self.managed_encryption = value.parse().map_err(|_| invalid_attribute(name))?;
            }
            "ContentBasedDeduplication" | "DeduplicationScope" | "FifoQueue" | "FifoThroughputLimit" => {
                self.set_fifo(name, value)?;
            }
            // Without a key there is nothing to encrypt with one.
            "KmsMasterKeyId" if value.is_empty() => {}
            "KmsMasterKeyId" => return Err(AwsError::parameter_not_simulated(Service::Sqs, operation, name)),
            "KmsDataKeyReusePeriodSeconds" => {
                let seconds = value.parse().ok().filter(|seconds| (60..=86_400).contains(seconds));
                self.key_reuse = Some(seconds.ok_or_else(|| invalid_attribute(name))?);
            }
            _ => return Err(unknown_attribute(name)),
        }
        Ok(())
    }

    fn set_fifo(&mut self, name: &str, value: &str) -> Result<(), AwsError> {
        let Some(fifo) = &mut self.fifo else {
            return Err(match name {
                "DeduplicationScope" | "FifoThroughputLimit" => only_for_fifo(name),
                _ => unknown_attribute(name),
            });
        };
        match (name, value) {
            ("ContentBasedDeduplication", "true" | "false") => fifo.by_content = value == "true",
            ("DeduplicationScope", "messageGroup" | "queue") => fifo.by_group = value == "messageGroup",
            ("FifoThroughputLimit", "perMessageGroupId" | "perQueue") => {
                fifo.limit_per_group = value == "perMessageGroupId";
            }
            ("FifoQueue", "true") => {}
            ("FifoQueue", "false") => return Err(other_type()),
            _ => return Err(invalid_attribute(name)),
        }
        Ok(())
    }

    /// An attribute's text; `None` where it is not set or cannot be.
    pub fn get(&self, name: &str) -> Option<String> {
        if let Some(index) = NUMBERS.iter().position(|(number, ..)| *number == name) {
            return Some(self.numbers[index].to_string());
        }
        match name {
            "Policy" => self.policy.clone(),
            "RedrivePolicy" => self.redrive_policy.as_ref().map(|policy| policy.text.clone()),
            "RedriveAllowPolicy" => self.redrive_allow_policy.as_ref().map(|policy| policy.text.clone()),
            "SqsManagedSseEnabled" => Some(self.managed_encryption.to_string()),
            "KmsDataKeyReusePeriodSeconds" => self.key_reuse.map(|seconds| seconds.to_string()),
            _ => self.fifo?.get(name),
        }
    }

    pub fn delay(&self) -> SignedDuration {
        SignedDuration::from_secs(self.numbers[0])
    }

    /// In bytes.
    pub fn maximum_message_size(&self) -> usize {
        usize::try_from(self.numbers[1]).expect("the range is positive")
    }

    pub fn retention(&self) -> SignedDuration {
        SignedDuration::from_secs(self.numbers[2])
    }

    /// In seconds.
    pub fn receive_wait(&self) -> i64 {
        self.numbers[3]
    }

    /// In seconds.
    pub fn visibility_timeout(&self) -> i64 {
        self.numbers[4]
    }

    /// The resource policy, where there is one.
    pub fn policy(&self) -> Option<Value> {
        serde_json::from_str(self.policy.as_deref()?).ok()
    }

    /// Sets the resource policy, which must be JSON.
    pub fn set_policy(&mut self, policy: Option<String>) {
        self.policy = policy;
    }

    pub fn redrive_policy(&self) -> Option<&RedrivePolicy> {
        self.redrive_policy.as_ref()
    }

    /// Whether the queue with this ARN may use this one as its dead-letter queue.
    pub fn allows_source(&self, arn: &str) -> bool {
        match self.redrive_allow_policy.as_ref().map(|policy| &policy.allowed) {
            None | Some(AllowedSources::All) => true,
            Some(AllowedSources::Only(sources)) => sources.iter().any(|source| source == arn),
        }
    }
}

impl Fifo {
    fn get(self, name: &str) -> Option<String> {
        let text = match name {
            "FifoQueue" => "true",
            "ContentBasedDeduplication" if self.by_content => "true",
            "ContentBasedDeduplication" => "false",
            "DeduplicationScope" if self.by_group => "messageGroup",
            "DeduplicationScope" => "queue",
            "FifoThroughputLimit" if self.limit_per_group => "perMessageGroupId",
            "FifoThroughputLimit" => "perQueue",
            _ => return None,
        };
        Some(text.to_owned())
    }
}

impl RedrivePolicy {
    /// The name of the dead-letter queue.
    pub fn target_name(&self) -> &str {
        Arn::parse(&self.target_arn).map_or("", |arn| arn.resource)
    }

    /// The refusal of this policy for a reason.
    pub fn refused(&self, reason: &str) -> AwsError {
        invalid_value("RedrivePolicy", &self.text, reason)
    }

    fn parse(text: &str) -> Result<Option<Self>, AwsError> {
        if text.is_empty() {
            return Ok(None);
        }
        let refused = |reason: &str| invalid_value("RedrivePolicy", text, reason);
        let Ok(Value::Object(policy)) = serde_json::from_str(text) else {
            return Err(refused("Redrive policy is not a valid JSON map."));
        };
        if let Some(name) =
            policy.keys().find(|name| !["deadLetterTargetArn", "maxReceiveCount"].contains(&name.as_str()))
        {
            return Err(refused(&format!("Redrive policy contains the unknown attribute {name}.")));
        }
        let target = policy.get("deadLetterTargetArn").and_then(Value::as_str);
        let target = target
            .ok_or_else(|| refused("Redrive policy does not contain mandatory attribute: deadLetterTargetArn."))?;
        if Arn::parse(target).is_none_or(|arn| arn.service != "sqs") {
            return Err(refused("Invalid value for deadLetterTargetArn."));
        }
        let count = policy.get("maxReceiveCount");
        let count =
            count.ok_or_else(|| refused("Redrive policy does not contain mandatory attribute: maxReceiveCount."))?;
        let count = count.as_u64().or_else(|| count.as_str()?.parse().ok()).filter(|count| (1..=1000).contains(count));
        let max_receive_count = count.and_then(|count| u32::try_from(count).ok());
        Ok(Some(Self {
            text: text.to_owned(),
            target_arn: target.to_owned(),
            max_receive_count: max_receive_count
                .ok_or_else(|| refused("Invalid value for maxReceiveCount: it must be between 1 and 1000."))?,
        }))
    }
}

impl RedriveAllowPolicy {
    fn parse(text: &str) -> Result<Option<Self>, AwsError> {
        if text.is_empty() {
            return Ok(None);
        }
        let refused = |reason: &str| invalid_value("RedriveAllowPolicy", text, reason);
        let Ok(Value::Object(policy)) = serde_json::from_str(text) else {
            return Err(refused("Redrive allow policy is not a valid JSON map."));
        };
        let sources = || {
            let arns =
                policy.get("sourceQueueArns").and_then(Value::as_array).filter(|arns| (1..=10).contains(&arns.len()));
            arns.map(|arns| arns.iter().filter_map(|arn| arn.as_str().map(str::to_owned)).collect())
        };
        let permission = policy.get("redrivePermission").and_then(Value::as_str);
        if permission != Some("byQueue") && policy.contains_key("sourceQueueArns") {
            return Err(refused("sourceQueueArns is allowed only when redrivePermission is byQueue."));
        }
        let allowed = match permission {
            Some("allowAll") => AllowedSources::All,
            Some("denyAll") => AllowedSources::Only(Vec::new()),
            Some("byQueue") => {
                AllowedSources::Only(sources().ok_or_else(|| refused("sourceQueueArns must name 1 to 10 queues."))?)
            }
            _ => return Err(refused("redrivePermission must be allowAll, denyAll or byQueue.")),
        };
        Ok(Some(Self { text: text.to_owned(), allowed }))
    }
}

/// A resource policy: kept and told, not enforced, as no service here checks permissions.
fn policy(text: &str) -> Result<Option<String>, AwsError> {
    if text.is_empty() {
        return Ok(None);
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(_)) => Ok(Some(text.to_owned())),
        _ => Err(invalid_attribute("Policy")),
    }
}
