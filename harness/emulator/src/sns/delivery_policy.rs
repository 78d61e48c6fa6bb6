//! When SNS tries a delivery again: policies of topics and subscriptions, and the delays that follow from them.
//!
//! What always holds: every delivery has a policy, only HTTP's can be changed, and its retries are over within an hour.
//! AWS names the functions that delays grow by and not their formulas; and it draws jitter, which is left out here.
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html>

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::protocol::Protocol;
use super::refusal::Refusal;
use super::subscription::Subscription;
use super::topic::Topic;

/// All retries to an HTTP endpoint together are over within this many seconds.
const MAX_SECONDS: u64 = 3600;

/// A healthy retry policy: four phases one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Retries {
    /// In seconds: between retries of the pre-backoff phase, and where the backoff begins.
    min_delay_target: u64,
    /// In seconds: where the backoff ends, and between retries of the post-backoff phase.
    max_delay_target: u64,
    /// All retries, those of the backoff phase included.
    num_retries: u64,
    #[serde(default)]
    num_max_delay_retries: u64,
    #[serde(default)]
    num_no_delay_retries: u64,
    #[serde(default)]
    num_min_delay_retries: u64,
    #[serde(default)]
    backoff_function: Backoff,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Backoff {
    Arithmetic,
    Exponential,
    Geometric,
    #[default]
    Linear,
}

/// What a topic or subscription says about deliveries to HTTP endpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DeliveryPolicy {
    pub retries: Retries,
    /// Whether the policies of subscriptions mean nothing.
    fixed: bool,
    /// The `Content-Type` of notifications.
    pub content_type: Option<String>,
}

/// The default of HTTP endpoints: three retries, 20 seconds apart.
const HTTP: Retries = Retries {
    min_delay_target: 20,
    max_delay_target: 20,
    num_retries: 3,
    num_max_delay_retries: 0,
    num_no_delay_retries: 0,
    num_min_delay_retries: 0,
    backoff_function: Backoff::Linear,
};

/// Queues and functions: 100,015 attempts over 23 days.
const MANAGED_BY_AWS: Retries = Retries {
    min_delay_target: 1,
    max_delay_target: 20,
    num_retries: 100_015,
    num_max_delay_retries: 100_000,
    num_no_delay_retries: 3,
    num_min_delay_retries: 2,
    backoff_function: Backoff::Exponential,
};

/// Mail: 50 attempts over six hours.
const MAIL: Retries = Retries {
    min_delay_target: 10,
    max_delay_target: 600,
    num_retries: 50,
    num_max_delay_retries: 38,
    num_no_delay_retries: 0,
    num_min_delay_retries: 2,
    backoff_function: Backoff::Exponential,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OfTopic {
    http: HttpOfTopic,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct HttpOfTopic {
    default_healthy_retry_policy: Option<Retries>,
    #[serde(default)]
    disable_subscription_overrides: bool,
    default_throttle_policy: Option<Throttle>,
    default_request_policy: Option<RequestPolicy>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OfSubscription {
    healthy_retry_policy: Option<Retries>,
    throttle_policy: Option<Throttle>,
    request_policy: Option<RequestPolicy>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Throttle {
    max_receives_per_second: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RequestPolicy {
    header_content_type: Option<String>,
}

impl Default for DeliveryPolicy {
    fn default() -> Self {
        Self { retries: HTTP, fixed: false, content_type: None }
    }
}

/// Reads a topic's attribute `DeliveryPolicy`; an empty one is the default.
pub(super) fn of_topic(text: &str) -> Result<DeliveryPolicy, Refusal> {
    if text.trim().is_empty() {
        return Ok(DeliveryPolicy::default());
    }
    let OfTopic { http } = parse(text)?;
    check("http.defaultHealthyRetryPolicy", http.default_healthy_retry_policy.as_ref())?;
    check_throttle("http.defaultThrottlePolicy", http.default_throttle_policy.as_ref())?;
    Ok(DeliveryPolicy {
        retries: http.default_healthy_retry_policy.unwrap_or(HTTP),
        fixed: http.disable_subscription_overrides,
        content_type: http.default_request_policy.and_then(|policy| policy.header_content_type),
    })
}

/// Reads a subscription's attribute `DeliveryPolicy`: what it says stands above the topic's.
pub(super) fn of_subscription(text: &str, topic: &DeliveryPolicy) -> Result<DeliveryPolicy, Refusal> {
    if text.trim().is_empty() {
        return Ok(topic.clone());
    }
    let own: OfSubscription = parse(text)?;
    check("healthyRetryPolicy", own.healthy_retry_policy.as_ref())?;
    check_throttle("throttlePolicy", own.throttle_policy.as_ref())?;
    if topic.fixed {
        return Ok(topic.clone());
    }
    let content_type = own.request_policy.and_then(|policy| policy.header_content_type);
    Ok(DeliveryPolicy {
        retries: own.healthy_retry_policy.unwrap_or(topic.retries),
        fixed: false,
        content_type: content_type.or_else(|| topic.content_type.clone()),
    })
}

fn parse<'t, T: Deserialize<'t>>(text: &'t str) -> Result<T, Refusal> {
    serde_json::from_str(text).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => Refusal::invalid(format!("DeliveryPolicy: {error}")),
        _ => Refusal::invalid("DeliveryPolicy: failed to parse JSON."),
    })
}

fn check(name: &str, retries: Option<&Retries>) -> Result<(), Refusal> {
    let Some(policy) = retries else { return Ok(()) };
    let refuse = |reason: &str| Err(Refusal::invalid(format!("DeliveryPolicy: {name}.{reason}")));
    let phases = [policy.num_no_delay_retries, policy.num_min_delay_retries, policy.num_max_delay_retries];
    let Some(backoff) = policy.num_retries.checked_sub(phases.iter().sum()) else {
        return refuse(
            "numRetries must be greater than or equal to the sum of numMinDelayRetries, numNoDelayRetries and \
             numMaxDelayRetries",
        );
    };
    if policy.num_retries > 100 {
        return refuse("numRetries must be less than or equal to 100");
    }
    if policy.min_delay_target < 1 {
        return refuse("minDelayTarget must be greater than or equal to 1");
    }
    if policy.max_delay_target > MAX_SECONDS {
        return refuse("maxDelayTarget must be less than or equal to 3600");
    }
    if policy.min_delay_target > policy.max_delay_target {
        return refuse("minDelayTarget must be less than or equal to maxDelayTarget");
    }
    let least = policy.num_min_delay_retries * policy.min_delay_target
        + policy.num_max_delay_retries * policy.max_delay_target
        + backoff * policy.min_delay_target;
    if least > MAX_SECONDS {
        return refuse("the total retry time must be less than or equal to 3600 seconds");
    }
    Ok(())
}

fn check_throttle(name: &str, throttle: Option<&Throttle>) -> Result<(), Refusal> {
    match throttle.and_then(|throttle| throttle.max_receives_per_second) {
        Some(0) => Err(Refusal::invalid(format!(
            "DeliveryPolicy: {name}.maxReceivesPerSecond must be greater than or equal to 1"
        ))),
        _ => Ok(()),
    }
}

impl DeliveryPolicy {
    /// What holds for the HTTP endpoints of a topic.
    pub fn of_topic(topic: &Topic) -> Self {
        let text = topic.attributes.get("DeliveryPolicy").map_or("", String::as_str);
        of_topic(text).unwrap_or_default()
    }

    /// What holds for one subscription.
    pub fn of(topic: &Topic, subscription: &Subscription) -> Self {
        let (topic, text) = (Self::of_topic(topic), subscription.attributes.get("DeliveryPolicy"));
        of_subscription(text.map_or("", String::as_str), &topic).unwrap_or(topic)
    }

    /// As `EffectiveDeliveryPolicy` of a topic.
    pub fn told_of_topic(&self) -> Value {
        json!({ "http": {
            "defaultHealthyRetryPolicy": self.retries,
            "disableSubscriptionOverrides": self.fixed,
            "defaultRequestPolicy": { "headerContentType": self.content_type() },
        } })
    }

    /// As `EffectiveDeliveryPolicy` of a subscription.
    pub fn told_of_subscription(&self) -> Value {
        json!({
            "healthyRetryPolicy": self.retries,
            "sicklyRetryPolicy": null,
            "throttlePolicy": null,
            "requestPolicy": { "headerContentType": self.content_type() },
            "guaranteed": false,
        })
    }

    /// The `Content-Type` of a notification.
    pub fn content_type(&self) -> &str {
        self.content_type.as_deref().unwrap_or("text/plain; charset=UTF-8")
    }
}

impl Retries {
    /// The policy of a protocol, where HTTP's is `http`.
    pub fn of(protocol: Protocol, http: &DeliveryPolicy) -> Self {
        match protocol {
            Protocol::Sqs | Protocol::Lambda => MANAGED_BY_AWS,
            Protocol::Email | Protocol::EmailJson => MAIL,
            Protocol::Http | Protocol::Https => http.retries,
        }
    }

    /// How long to wait before a retry, where `done` retries were made; none where that was the last.
    pub fn delay(&self, done: u64) -> Option<SignedDuration> {
        let (immediate, before) = (self.num_no_delay_retries, self.num_min_delay_retries);
        let backoff = self.num_retries.saturating_sub(immediate + before + self.num_max_delay_retries);
        let seconds = |seconds: u64| SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
        if done < immediate {
            Some(SignedDuration::ZERO)
        } else if done < immediate + before {
            Some(seconds(self.min_delay_target))
        } else if done < immediate + before + backoff {
            Some(self.backoff(done - immediate - before, backoff))
        } else if done < self.num_retries {
            Some(seconds(self.max_delay_target))
        } else {
            None
        }
    }

    /// From the least delay at the first of the retries to the longest at the last.
    fn backoff(&self, index: u64, count: u64) -> SignedDuration {
        let (least, most) = (self.min_delay_target as f64, self.max_delay_target as f64);
        let (index, last) = (index as f64, count.saturating_sub(1).max(1) as f64);
        let part = index / last;
        let seconds = match self.backoff_function {
            Backoff::Linear => least + (most - least) * part,
            Backoff::Arithmetic => least + (most - least) * index * (index + 1.0) / (last * (last + 1.0)),
            Backoff::Geometric => least * (most / least).powf(part),
            Backoff::Exponential => least + (most - least) * (index.exp2() - 1.0) / (last.exp2() - 1.0),
        };
        SignedDuration::from_millis((seconds * 1000.0).round() as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delays(retries: &Retries) -> Vec<f64> {
        (0..).map_while(|done| retries.delay(done)).map(|delay| delay.as_secs_f64()).collect()
    }

    #[test]
    fn a_delivery_to_a_queue_or_function_is_tried_100_015_times_over_23_days() {
        let delays = delays(&MANAGED_BY_AWS);
        assert_eq!(delays.len(), 100_015);
        assert_eq!(delays[..6], [0.0, 0.0, 0.0, 1.0, 1.0, 1.0]);
        assert_eq!((delays[14], delays[15], delays[100_014]), (20.0, 20.0, 20.0));
        assert!(delays[5..15].windows(2).all(|pair| pair[0] < pair[1]), "{:?}", &delays[5..15]);
        assert_eq!(delays.iter().sum::<f64>() as u64 / 86_400, 23);
    }

    #[test]
    fn a_mail_is_tried_50_times_over_six_hours() {
        let delays = delays(&MAIL);
        assert_eq!((delays.len(), delays[0], delays[1], delays[2], delays[49]), (50, 10.0, 10.0, 10.0, 600.0));
        assert!(delays.iter().sum::<f64>() > 6.0 * 3600.0);
    }

    #[test]
    fn an_http_endpoint_is_tried_three_more_times_20_seconds_apart() {
        assert_eq!(delays(&HTTP), [20.0, 20.0, 20.0]);
    }

    #[test]
    fn the_phases_follow_each_other_and_each_function_reaches_the_longest_delay() {
        for (function, expected) in [
            (Backoff::Linear, [2.0, 5.0, 8.0]),
            (Backoff::Arithmetic, [2.0, 4.0, 8.0]),
            (Backoff::Geometric, [2.0, 4.0, 8.0]),
            (Backoff::Exponential, [2.0, 4.0, 8.0]),
        ] {
            let retries = Retries {
                min_delay_target: 2,
                max_delay_target: 8,
                num_retries: 6,
                num_max_delay_retries: 1,
                num_no_delay_retries: 1,
                num_min_delay_retries: 1,
                backoff_function: function,
            };
            assert_eq!(delays(&retries), [&[0.0, 2.0][..], &expected, &[8.0]].concat(), "{function:?}");
        }
    }
}
