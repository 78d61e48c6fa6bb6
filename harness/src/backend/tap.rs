//! Taps: queues of the harness's own that stand where functions would stand, on backends that cannot invoke a
//! function of this process. What arrives in one is unwrapped into the event that the function would get.
//!
//! What always holds: a tapped stack delivers to queues and topics only, and each tap knows the one function
//! and the one source that it stands between.

use rehearsal_emulator::{FunctionEvent, FunctionSource};
use serde_json::Value;

use super::policy;
use crate::stack::{NotificationTarget, Queue, Stack};
use crate::template::Naming;

/// A queue in a function's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tap {
    pub queue_name: String,
    pub queue_url: String,
    /// The function that it stands for.
    pub function_arn: String,
    source: Source,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    S3,
    Sns,
    EventBridge { rule_arn: String },
}

/// A stack as it is provisioned on a backend that cannot reach this process.
#[derive(Clone, Debug)]
pub struct Tapped {
    /// The stack with the taps' queues in it, and policies that let the services deliver.
    pub stack: Stack,
    pub taps: Vec<Tap>,
}

/// Puts a tap in the place of each function that S3, SNS or EventBridge delivers to.
pub fn tapped(stack: &Stack, naming: &Naming) -> Tapped {
    let mut stack = stack.clone();
    let mut tapping = Tapping { naming, taps: Vec::new(), queues: Vec::new() };
    for notification in stack.buckets.iter_mut().flat_map(|bucket| &mut bucket.notifications) {
        if let NotificationTarget::Function(arn) = &notification.target {
            notification.target = NotificationTarget::Queue(tapping.tap(arn, Source::S3));
        }
    }
    // Nobody is to get mail from a replay, and no system requests.
    stack.subscriptions.retain(|subscription| !subscription.is_mail() && !subscription.is_http());
    for subscription in stack.subscriptions.iter_mut().filter(|each| each.protocol == "lambda") {
        subscription.endpoint = tapping.tap(&subscription.endpoint, Source::Sns);
        "sqs".clone_into(&mut subscription.protocol);
    }
    for rule in &mut stack.rules {
        if !rule.enabled {
            // Emulators deliver for a rule that is disabled; none can for one without targets.
            rule.targets.clear();
        }
        let source = Source::EventBridge { rule_arn: rule.arn.clone() };
        for target in rule.targets.iter_mut().filter(|target| is_function(&target.arn)) {
            target.arn = tapping.tap(&target.arn, source.clone());
        }
    }
    let Tapping { taps, queues, .. } = tapping;
    stack.queues.extend(queues);
    policy::allow_deliveries(&mut stack, &naming.account);
    Tapped { stack, taps }
}

fn is_function(arn: &str) -> bool {
    arn.split(':').nth(2) == Some("lambda")
}

struct Tapping<'n> {
    naming: &'n Naming,
    taps: Vec<Tap>,
    queues: Vec<Queue>,
}

impl Tapping<'_> {
    /// Adds a tap, and returns its queue's ARN.
    fn tap(&mut self, function_arn: &str, source: Source) -> String {
        let Naming { account, region, stack_name, queue_url_base, .. } = self.naming;
        let number = self.taps.len() + 1;
        let name = format!("{stack_name}-tap-{number}");
        let queue = Queue {
            logical_id: format!("tap {number}"),
            arn: format!("arn:aws:sqs:{region}:{account}:{name}"),
            url: format!("{queue_url_base}/{account}/{name}"),
            name: name.clone(),
            attributes: Default::default(),
        };
        let (queue_url, arn) = (queue.url.clone(), queue.arn.clone());
        self.queues.push(queue);
        self.taps.push(Tap { queue_name: name, queue_url, function_arn: function_arn.to_owned(), source });
        arn
    }
}

impl Tap {
    /// The function's name.
    pub fn function(&self) -> &str {
        self.function_arn.rsplit(':').next().unwrap_or_default()
    }

    /// The event that a message carries to the function; none for S3's test of a new destination.
    pub fn event(&self, body: &str) -> Option<FunctionEvent> {
        let mut json: Value = serde_json::from_str(body).unwrap_or_default();
        if is_test_event(&json) {
            return None;
        }
        let payload = match self.source {
            Source::S3 if encode_keys_as_s3(&mut json) => json.to_string(),
            _ => body.to_owned(),
        };
        let (source, origin) = match &self.source {
            Source::S3 => (FunctionSource::S3, text(&json, "/Records/0/responseElements/x-amz-request-id")),
            Source::Sns => {
                (FunctionSource::Sns { subscription_arn: subscription_arn(&json) }, text(&json, "/MessageId"))
            }
            Source::EventBridge { rule_arn } => {
                (FunctionSource::EventBridge { rule_arn: rule_arn.clone() }, text(&json, "/id"))
            }
        };
        Some(FunctionEvent { function_arn: self.function_arn.clone(), source, payload, origin })
    }
}

/// What S3 sends to a queue when it becomes a destination.
pub fn is_test_event(body: &Value) -> bool {
    body["Event"] == "s3:TestEvent" && body["Service"] == "Amazon S3"
}

/// Emulators percent-encode a space or a slash in an object's key, where S3 writes a plus and leaves the slash.
/// Whether there was one.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>
fn encode_keys_as_s3(notification: &mut Value) -> bool {
    let mut changed = false;
    for record in notification["Records"].as_array_mut().into_iter().flatten() {
        if let Some(Value::String(key)) = record.pointer_mut("/s3/object/key") {
            let encoded = key.replace("%20", "+").replace("%2F", "/");
            changed |= encoded != *key;
            *key = encoded;
        }
    }
    changed
}

/// The link to unsubscribe names the subscription that the message came by.
fn subscription_arn(envelope: &Value) -> String {
    let link = envelope["UnsubscribeURL"].as_str().unwrap_or_default();
    let query = link.split_once('?').map_or("", |(_, query)| query);
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let found = pairs.find(|(name, _)| name == "SubscriptionArn").map(|(_, arn)| arn.into_owned());
    found.unwrap_or_else(|| envelope["TopicArn"].as_str().unwrap_or_default().to_owned())
}

fn text(json: &Value, pointer: &str) -> Option<String> {
    json.pointer(pointer)?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn tap(source: Source) -> Tap {
        let text = |text: &str| text.to_owned();
        Tap { queue_name: text("tap"), queue_url: text("http://sqs/1/tap"), function_arn: text("f"), source }
    }

    #[rstest]
    #[case::as_s3_writes_it("incoming/red+flower%2B1.csv")]
    #[case::as_localstack_writes_it("incoming/red%20flower%2B1.csv")]
    #[case::as_moto_writes_it("incoming%2Fred+flower%2B1.csv")]
    fn a_function_gets_an_objects_key_as_s3_encodes_it(#[case] key: &str) {
        let body = json!({ "Records": [{ "s3": { "object": { "key": key } } }] }).to_string();
        let event = tap(Source::S3).event(&body).expect("it is an event");
        assert!(event.payload.contains("\"incoming/red+flower%2B1.csv\""), "{}", event.payload);
    }

    #[test]
    fn s3s_test_of_a_destination_is_no_event_of_the_function() {
        let body = json!({ "Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b" }).to_string();
        assert_eq!(tap(Source::S3).event(&body), None);
    }

    #[test]
    fn the_subscription_is_named_by_the_link_to_leave_it() {
        let body = json!({
            "MessageId": "m-1",
            "UnsubscribeURL": "http://sns/?Action=Unsubscribe&SubscriptionArn=arn:aws:sns:us-east-1:1:t:s",
        });
        let event = tap(Source::Sns).event(&body.to_string()).expect("it is an event");
        let subscription_arn = "arn:aws:sns:us-east-1:1:t:s".to_owned();
        assert_eq!((event.source, event.origin), (FunctionSource::Sns { subscription_arn }, Some("m-1".to_owned())));
    }
}
