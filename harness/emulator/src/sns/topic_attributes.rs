//! The attributes of topics: which there are, what each may be, and what is told of them.
//! <https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html>

use std::collections::BTreeMap;

use super::delivery_policy::{self, DeliveryPolicy};
use super::not_simulated;
use super::permission;
use super::refusal::Refusal;
use super::topic::Topic;
use crate::world::Call;

/// Attributes that are kept and told: about rights, keys, tracing, and the names in mails.
const KEPT: [&str; 4] = ["DisplayName", "KmsMasterKeyId", "Policy", "TracingConfig"];

/// What the logging of deliveries is set by, for each protocol. Logs change nothing.
/// <https://docs.aws.amazon.com/sns/latest/dg/sns-topic-attributes.html>
const LOGGED: [&str; 5] = ["Application", "Firehose", "HTTP", "Lambda", "SQS"];
const LOGGING: [&str; 3] = ["SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate", "FailureFeedbackRoleArn"];

/// The value as it is kept, or why it is refused.
pub(super) fn check(call: &Call<'_>, name: &str, value: &str, is_fifo: bool) -> Result<String, Refusal> {
    let one_of = |values: &[&str]| {
        let lower = if values.contains(&"true") { value.to_ascii_lowercase() } else { value.to_owned() };
        let reason = || Refusal::invalid(format!("{name}: Invalid value [{value}]. Must be {}.", values.join(" or ")));
        if values.contains(&lower.as_str()) { Ok(lower) } else { Err(reason()) }
    };
    match name {
        "SignatureVersion" => one_of(&["1", "2"]),
        "ContentBasedDeduplication" | "FifoThroughputScope" if !is_fifo => {
            Err(Refusal::invalid(format!("{name} can only be set for FIFO topics")))
        }
        "ContentBasedDeduplication" => one_of(&["true", "false"]),
        "FifoThroughputScope" => one_of(&["Topic", "MessageGroup"]),
        "DeliveryPolicy" => delivery_policy::of_topic(value).map(|_| value.to_owned()),
        "ArchivePolicy" if is_fifo => Err(Refusal::NotSimulated(not_simulated(call, "the attribute ArchivePolicy"))),
        "ArchivePolicy" => Err(Refusal::invalid("ArchivePolicy can only be set for FIFO topics")),
        name if KEPT.contains(&name) || is_logging(name) => Ok(value.to_owned()),
        name => Err(Refusal::Unknown(name.to_owned())),
    }
}

fn is_logging(name: &str) -> bool {
    let rest = LOGGED.iter().find_map(|protocol| name.strip_prefix(protocol));
    rest.is_some_and(|rest| LOGGING.contains(&rest))
}

/// All that `GetTopicAttributes` tells.
pub(super) fn told(topic: &Topic) -> BTreeMap<String, String> {
    let mut all = topic.attributes.clone();
    let mut put = |name: &str, value: String| all.insert(name.to_owned(), value);
    let pending = topic.subscriptions.iter().filter(|subscription| subscription.is_pending()).count();
    put("TopicArn", topic.arn.clone());
    put("Owner", topic.owner.clone());
    put("SubscriptionsConfirmed", (topic.subscriptions.len() - pending).to_string());
    put("SubscriptionsPending", pending.to_string());
    put("SubscriptionsDeleted", topic.unsubscribed.to_string());
    put("EffectiveDeliveryPolicy", DeliveryPolicy::of_topic(topic).told_of_topic().to_string());
    put("Policy", permission::policy(topic).to_string());
    if topic.is_fifo() {
        put("FifoTopic", "true".to_owned());
        put("ContentBasedDeduplication", topic.deduplicates_by_content().to_string());
    }
    all.entry("DisplayName".to_owned()).or_default();
    all
}
