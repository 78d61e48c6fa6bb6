//! What a template asks for, as plain data: buckets, queues, topics, tables, buses, rules, APIs, functions
//! and what connects them. Every name, ARN and URL is final; nothing refers to anything by logical id
//! except for people to read.
//!
//! A `Stack` is made by [`crate::template`] and read by provisioning and by the driver. It does no I/O.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

/// The resources of one template.
#[derive(Clone, Debug, Default)]
pub struct Stack {
    pub buckets: Vec<Bucket>,
    pub queues: Vec<Queue>,
    pub topics: Vec<Topic>,
    pub subscriptions: Vec<Subscription>,
    pub tables: Vec<Table>,
    pub buses: Vec<EventBus>,
    pub rules: Vec<Rule>,
    pub apis: Vec<Api>,
    pub functions: Vec<Function>,
    pub event_source_mappings: Vec<EventSourceMapping>,
    pub stream_mappings: Vec<StreamMapping>,
    /// What the template asks for and a replay leaves out, because it cannot change what is delivered.
    pub not_simulated: Vec<NotSimulated>,
    /// The template's outputs, resolved.
    pub outputs: BTreeMap<String, String>,
}

impl Stack {
    /// Logical ids by physical name: what people are shown instead of generated names.
    pub fn logical_ids(&self) -> BTreeMap<String, String> {
        let pair = |name: &String, logical_id: &String| (name.clone(), logical_id.clone());
        let mut ids = BTreeMap::new();
        ids.extend(self.buckets.iter().map(|bucket| pair(&bucket.name, &bucket.logical_id)));
        ids.extend(self.queues.iter().map(|queue| pair(&queue.name, &queue.logical_id)));
        ids.extend(self.topics.iter().map(|topic| pair(&topic.name, &topic.logical_id)));
        ids.extend(self.tables.iter().map(|table| pair(&table.name, &table.logical_id)));
        ids.extend(self.buses.iter().map(|bus| pair(&bus.name, &bus.logical_id)));
        ids.extend(self.rules.iter().map(|rule| pair(&rule.name, &rule.logical_id)));
        ids.extend(self.functions.iter().map(|function| pair(&function.name, &function.logical_id)));
        ids
    }
}

/// A resource, or a property of one, that is accepted and left out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotSimulated {
    pub logical_id: String,
    /// The resource type, such as `AWS::IAM::Role`, with the property behind a dot where only that is
    /// left out: `AWS::S3::Bucket.PublicAccessBlockConfiguration`.
    pub what: String,
}

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

/// An SNS standard topic.
#[derive(Clone, Debug)]
pub struct Topic {
    pub logical_id: String,
    pub name: String,
    pub arn: String,
    /// Who may publish, as JSON text, where that is not the account alone.
    pub policy: Option<String>,
}

/// An SNS subscription.
#[derive(Clone, Debug)]
pub struct Subscription {
    pub logical_id: String,
    pub topic_arn: String,
    /// `sqs` or `lambda`.
    pub protocol: String,
    /// The queue's or function's ARN.
    pub endpoint: String,
    /// The attributes as `Subscribe` takes them: `RawMessageDelivery` and so on.
    pub attributes: BTreeMap<String, String>,
}

/// A DynamoDB table.
#[derive(Clone, Debug)]
pub struct Table {
    pub logical_id: String,
    pub name: String,
    pub arn: String,
    /// The ARN of its stream, where it has one, with another label at the end than the backend gives it.
    pub stream_arn: Option<String>,
    /// `CreateTable`'s input as JSON, `TableName` included.
    pub definition: Value,
    /// The attribute that holds an item's expiry, where time to live is on.
    pub time_to_live: Option<String>,
}

/// An EventBridge event bus other than `default`.
#[derive(Clone, Debug)]
pub struct EventBus {
    pub logical_id: String,
    pub name: String,
    pub arn: String,
}

/// An EventBridge rule with its targets.
#[derive(Clone, Debug)]
pub struct Rule {
    pub logical_id: String,
    pub name: String,
    pub arn: String,
    /// The bus's name; `default` for the account's own.
    pub bus: String,
    pub event_pattern: Option<Value>,
    /// `rate(…)` or `cron(…)`.
    pub schedule: Option<String>,
    pub enabled: bool,
    pub targets: Vec<RuleTarget>,
}

/// One target of a rule.
#[derive(Clone, Debug)]
pub struct RuleTarget {
    pub id: String,
    /// A queue's, topic's or function's ARN.
    pub arn: String,
    /// A constant that the target gets instead of the event, as JSON text.
    pub input: Option<String>,
    /// The part of the event that the target gets.
    pub input_path: Option<String>,
    pub dead_letter_arn: Option<String>,
    pub maximum_retry_attempts: Option<u32>,
    pub maximum_event_age: Option<Duration>,
}

/// An API Gateway API.
#[derive(Clone, Debug)]
pub struct Api {
    pub logical_id: String,
    /// The API's id, the first label of its host name.
    pub id: String,
    pub kind: ApiKind,
    pub stage: String,
    /// `https://{id}.execute-api.{region}.amazonaws.com`.
    pub endpoint: String,
    pub routes: Vec<Route>,
}

/// REST API or HTTP API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiKind {
    Rest,
    Http,
}

/// One method and path of an API, and the function behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// `GET`, …, or `ANY`.
    pub method: String,
    /// Such as `/orders/{id}` or `/{proxy+}`; `$default` for an HTTP API's catch-all.
    pub path: String,
    pub function_arn: String,
    pub payload: PayloadFormat,
}

/// The version of the payload that an API sends to a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadFormat {
    V1,
    V2,
}

/// A Lambda function.
#[derive(Clone, Debug)]
pub struct Function {
    pub logical_id: String,
    pub name: String,
    pub arn: String,
    pub handler: String,
    /// 3 seconds where the template does not say.
    pub timeout: Duration,
    /// In MB; 128 where the template does not say.
    pub memory_size: u32,
    pub environment: BTreeMap<String, String>,
    /// The queue's or topic's ARN that takes asynchronous events which failed for good.
    pub dead_letter_arn: Option<String>,
    pub event_invoke: EventInvokeConfig,
}

/// How Lambda treats a function's asynchronous events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventInvokeConfig {
    /// 0 to 2; 2 where the template does not say.
    pub maximum_retry_attempts: u32,
    /// 60 s to 6 h; 6 h where the template does not say.
    pub maximum_event_age: Duration,
    /// ARN of a queue, topic, bus or function.
    pub on_success: Option<String>,
    /// ARN of a queue, topic, bus or function.
    pub on_failure: Option<String>,
}

impl Default for EventInvokeConfig {
    fn default() -> Self {
        let maximum_event_age = Duration::from_secs(6 * 60 * 60);
        Self { maximum_retry_attempts: 2, maximum_event_age, on_success: None, on_failure: None }
    }
}

/// An event source mapping from a queue to a function.
#[derive(Clone, Debug)]
pub struct EventSourceMapping {
    pub logical_id: String,
    pub queue_arn: String,
    pub function_arn: String,
    pub enabled: bool,
    /// 10 where the template does not say.
    pub batch_size: u32,
    pub batching_window: Duration,
    /// How many batches the function works on at once at the most: 2 to 1,000, where the template says.
    pub maximum_concurrency: Option<u32>,
    /// Whether the function names the messages of a batch that failed.
    pub report_batch_item_failures: bool,
}

/// An event source mapping from a table's stream to a function.
#[derive(Clone, Debug)]
pub struct StreamMapping {
    pub logical_id: String,
    /// As the template knows it: [`Table::stream_arn`].
    pub stream_arn: String,
    pub function_arn: String,
    pub enabled: bool,
    pub starting_position: StartingPosition,
    /// 100 where the template does not say.
    pub batch_size: u32,
    pub batching_window: Duration,
    /// How often a batch is tried again; none for as long as its records last.
    pub maximum_retry_attempts: Option<u32>,
    /// How old a record may be; none for as long as the stream keeps it.
    pub maximum_record_age: Option<Duration>,
    /// Whether the function names the first record of a batch that failed.
    pub report_batch_item_failures: bool,
}

/// Where in a stream a mapping begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartingPosition {
    /// With the oldest record that is there.
    TrimHorizon,
    /// After the newest record that is there.
    Latest,
}
