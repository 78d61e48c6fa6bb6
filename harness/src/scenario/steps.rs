//! What a scenario does: one type per step, each as it is written in the file.
//!
//! Names of resources are logical ids and are never substituted; every other text of a step may use captures.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::Deserializer;
use serde_json::{Map, Value};

use super::capture::{CaptureName, Captured, Pointer, Substitute, UnknownCapture, substitute_in};
use super::duration::{self, Friendly};
use super::events::{EventsPut, EventsReplay};
use super::http::Http;
use super::matcher::Matcher;
use super::s3::{S3Copy, S3Delete, S3Put};
use crate::yaml::{Located, Scalar};

/// One thing that a scenario does.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
pub enum Action {
    /// Puts an object into a bucket.
    #[serde(rename = "s3.put")]
    S3Put(S3Put),
    /// Copies an object, within a bucket or to another.
    #[serde(rename = "s3.copy")]
    S3Copy(S3Copy),
    /// Deletes an object from a bucket.
    #[serde(rename = "s3.delete")]
    S3Delete(S3Delete),
    /// Sends a request to an API and waits for the response.
    #[serde(rename = "http")]
    Http(Box<Http>),
    /// Puts an event on an event bus.
    #[serde(rename = "events.put")]
    EventsPut(EventsPut),
    /// Replays the events of an archive.
    #[serde(rename = "events.replay")]
    EventsReplay(EventsReplay),
    /// Sends a message to a queue.
    #[serde(rename = "sqs.send")]
    SqsSend(SqsSend),
    /// Moves a dead-letter queue's messages back to where they came from.
    #[serde(rename = "sqs.redrive")]
    SqsRedrive(SqsRedrive),
    /// Puts a record into a Kinesis stream.
    #[serde(rename = "kinesis.put")]
    KinesisPut(KinesisPut),
    /// Publishes a message to a topic.
    #[serde(rename = "sns.publish")]
    SnsPublish(SnsPublish),
    /// Invokes a function and waits for its result.
    #[serde(rename = "invoke")]
    Invoke(Invoke),
    /// Makes a function's next attempts fail.
    #[serde(rename = "fail")]
    Fail(Fail),
    /// Lets virtual time pass, with everything that becomes due on the way.
    #[serde(rename = "advance")]
    Advance(
        #[serde(deserialize_with = "duration::duration")]
        #[schemars(with = "Friendly")]
        Duration,
    ),
    /// Waits until nothing is left to deliver; happens by itself before the expectations.
    #[serde(rename = "settle")]
    Settle(Settle),
}

impl Action {
    /// The names of the steps in a scenario file.
    pub const NAMES: [&'static str; 14] = [
        "s3.put",
        "s3.copy",
        "s3.delete",
        "http",
        "events.put",
        "events.replay",
        "sqs.send",
        "sqs.redrive",
        "kinesis.put",
        "sns.publish",
        "invoke",
        "fail",
        "advance",
        "settle",
    ];

    /// The step's name in a scenario file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::S3Put(_) => "s3.put",
            Self::S3Copy(_) => "s3.copy",
            Self::S3Delete(_) => "s3.delete",
            Self::Http(_) => "http",
            Self::EventsPut(_) => "events.put",
            Self::EventsReplay(_) => "events.replay",
            Self::SqsSend(_) => "sqs.send",
            Self::SqsRedrive(_) => "sqs.redrive",
            Self::KinesisPut(_) => "kinesis.put",
            Self::SnsPublish(_) => "sns.publish",
            Self::Invoke(_) => "invoke",
            Self::Fail(_) => "fail",
            Self::Advance(_) => "advance",
            Self::Settle(_) => "settle",
        }
    }

    /// The step with the captured values put into its text.
    ///
    /// # Errors
    /// The first name that has not been captured.
    pub fn substituted(&self, captured: &Captured) -> Result<Self, UnknownCapture> {
        let mut action = self.clone();
        match &mut action {
            Self::S3Put(step) => step.substitute(captured)?,
            Self::S3Copy(step) => step.substitute(captured)?,
            Self::S3Delete(step) => step.substitute(captured)?,
            Self::Http(step) => step.substitute(captured)?,
            Self::EventsPut(step) => step.substitute(captured)?,
            Self::SqsSend(step) => step.substitute(captured)?,
            Self::KinesisPut(step) => step.substitute(captured)?,
            Self::SnsPublish(step) => step.substitute(captured)?,
            Self::Invoke(step) => step.substitute(captured)?,
            Self::Fail(step) => step.substitute(captured)?,
            Self::EventsReplay(_) | Self::SqsRedrive(_) | Self::Advance(_) | Self::Settle(_) => {}
        }
        Ok(action)
    }

    /// What the step sends, for a step that sends something.
    pub fn content(&self) -> Option<Content<'_>> {
        match self {
            Self::S3Put(step) => Content::of(step.body.as_ref(), None, step.file.as_ref()),
            Self::Http(step) => Content::of(step.body.as_ref(), step.json.as_ref(), step.file.as_ref()),
            Self::SqsSend(step) => Content::of(step.body.as_ref(), step.json.as_ref(), None),
            Self::KinesisPut(step) => Content::of(step.data.as_ref(), step.json.as_ref(), step.file.as_ref()),
            Self::SnsPublish(step) => Content::of(step.message.as_ref(), step.json.as_ref(), None),
            _ => None,
        }
    }
}

/// What a step sends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Content<'s> {
    Text(&'s str),
    Json(&'s Value),
    /// A file, relative to the scenario's directory.
    File(&'s Located<PathBuf>),
}

impl<'s> Content<'s> {
    fn of(text: Option<&'s String>, json: Option<&'s Value>, file: Option<&'s Located<PathBuf>>) -> Option<Self> {
        let text = text.map(|text| Content::Text(text));
        text.or(json.map(Content::Json)).or(file.map(Content::File))
    }
}

/// `sqs.send`: exactly one of `body` and `json` is there.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["body"]}, {"required": ["json"]}]))]
pub struct SqsSend {
    /// The queue's logical id.
    pub queue: Located<String>,
    /// The message's body as text.
    pub body: Option<String>,
    /// The message's body as JSON.
    #[serde(default, deserialize_with = "json")]
    pub json: Option<Value>,
    /// How long the message stays hidden at first: whole seconds, 15m at most.
    #[serde(default, deserialize_with = "duration::message_delay")]
    #[schemars(with = "Option<Friendly>")]
    pub delay: Option<Duration>,
    /// Message attributes of type String.
    #[serde(default, deserialize_with = "texts")]
    #[schemars(with = "BTreeMap<String, Scalar>")]
    pub attributes: BTreeMap<String, String>,
    /// The message group: a FIFO queue's messages have one.
    pub group: Option<String>,
    /// What a FIFO queue knows duplicates by; where it is left out, the body, if the queue looks at content.
    pub deduplication_id: Option<String>,
}

/// `sqs.redrive`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SqsRedrive {
    /// The dead-letter queue's logical id.
    pub queue: Located<String>,
    /// The logical id of the queue that takes all messages; without it each goes back to the queue it came from.
    pub destination: Option<Located<String>>,
    /// How many messages are moved in a second, 500 at most; without it all at once.
    #[schemars(range(min = 1, max = 500))]
    pub per_second: Option<NonZeroU32>,
}

/// `kinesis.put`: exactly one of `data`, `json` and `file` is there.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["data"]}, {"required": ["json"]}, {"required": ["file"]}]))]
pub struct KinesisPut {
    /// The stream's logical id.
    pub stream: Located<String>,
    /// The partition key, by which the record finds its shard.
    pub key: String,
    /// The record's data as text.
    pub data: Option<String>,
    /// The record's data as JSON.
    #[serde(default, deserialize_with = "json")]
    pub json: Option<Value>,
    /// The record's data as a file, relative to the scenario.
    pub file: Option<Located<PathBuf>>,
}

/// `sns.publish`: exactly one of `message`, `json` and `by_protocol` is there.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["message"]}, {"required": ["json"]}, {"required": ["by_protocol"]}]))]
pub struct SnsPublish {
    /// The topic's logical id.
    pub topic: Located<String>,
    /// The message as text.
    pub message: Option<String>,
    /// The message as JSON.
    #[serde(default, deserialize_with = "json")]
    pub json: Option<Value>,
    /// A message for each protocol, such as `sqs` or `email`, and under `default` for all others. What is no text is sent
    /// as JSON.
    pub by_protocol: Option<Map<String, Value>>,
    pub subject: Option<String>,
    /// The message's group, which a FIFO topic wants.
    pub group: Option<String>,
    /// What tells a FIFO topic that a message is a duplicate.
    pub deduplication_id: Option<String>,
    /// Message attributes of type String.
    #[serde(default, deserialize_with = "texts")]
    #[schemars(with = "BTreeMap<String, Scalar>")]
    pub attributes: BTreeMap<String, String>,
}

/// `invoke`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Invoke {
    /// The function's logical id.
    pub function: Located<String>,
    /// The event that the function gets; `{}` where it is left out.
    #[serde(default, deserialize_with = "json")]
    pub payload: Option<Value>,
    /// What the result must be.
    pub expect: Option<InvokeExpect>,
    /// Values to take out of the result, for later steps.
    #[serde(default)]
    pub capture: BTreeMap<CaptureName, Pointer>,
}

/// What an invocation must end in.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum InvokeExpect {
    /// A result that matches.
    Payload(Matcher),
    /// A function error: alternatives for its message, or a pattern with `errorType` and `errorMessage`.
    Error(Matcher),
}

/// `fail`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fail {
    /// The function's logical id.
    pub function: Located<String>,
    /// How many attempts fail.
    #[serde(default = "once")]
    pub times: NonZeroU32,
    /// How they fail.
    #[serde(default)]
    pub with: FailWith,
    /// What the error says, for `error` and `crash`.
    pub message: Option<String>,
}

/// How an attempt fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FailWith {
    /// The function answers with an error.
    #[default]
    Error,
    /// Lambda does not start the function: too many are running.
    Throttle,
    /// The function runs into its timeout.
    Timeout,
    /// The function's process ends, and its execution environment with it.
    Crash,
}

/// `settle`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settle {
    /// How much time it may take; a run that takes longer fails.
    #[serde(default, deserialize_with = "duration::limit")]
    #[schemars(with = "Option<Friendly>")]
    pub within: Option<Duration>,
}

substitute_in!(SqsSend: body, json, attributes, group, deduplication_id);
substitute_in!(KinesisPut: key, data, json);
substitute_in!(SnsPublish: message, json, by_protocol, subject, group, deduplication_id, attributes);
substitute_in!(Invoke: payload, expect);
substitute_in!(Fail: message);

impl Substitute for InvokeExpect {
    fn substitute(&mut self, captured: &Captured) -> Result<(), UnknownCapture> {
        match self {
            Self::Payload(matcher) | Self::Error(matcher) => matcher.substitute(captured),
        }
    }
}

fn once() -> NonZeroU32 {
    NonZeroU32::MIN
}

/// For serde: a JSON value that may be left out; `null` is a value.
pub(super) fn json<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// For serde: texts by name, where numbers and booleans are texts as they are written.
pub(super) fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    let scalars = BTreeMap::<String, Scalar>::deserialize(deserializer)?;
    Ok(scalars.into_iter().map(|(name, Scalar(text))| (name, text)).collect())
}
