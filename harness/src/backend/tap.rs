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
    for subscription in stack.subscriptions.iter_mut().filter(|each| each.protocol == "lambda") {
        subscription.endpoint = tapping.tap(&subscription.endpoint, Source::Sns);
        "sqs".clone_into(&mut subscription.protocol);
    }
    for rule in &mut stack.rules {
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
        let json: Value = serde_json::from_str(body).unwrap_or_default();
        if is_test_event(&json) {
            return None;
        }
        let (source, origin) = match &self.source {
            Source::S3 => (FunctionSource::S3, text(&json, "/Records/0/responseElements/x-amz-request-id")),
            Source::Sns => {
                (FunctionSource::Sns { subscription_arn: subscription_arn(&json) }, text(&json, "/MessageId"))
            }
            Source::EventBridge { rule_arn } => {
                (FunctionSource::EventBridge { rule_arn: rule_arn.clone() }, text(&json, "/id"))
            }
        };
        Some(FunctionEvent { function_arn: self.function_arn.clone(), source, payload: body.to_owned(), origin })
    }
}

/// What S3 sends to a queue when it becomes a destination.
pub fn is_test_event(body: &Value) -> bool {
    body["Event"] == "s3:TestEvent" && body["Service"] == "Amazon S3"
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
