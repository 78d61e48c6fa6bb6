//! What Lambda and pipes hand on to other services: messages, events, records and objects, through the SDK.
//!
//! What always holds: each call is recorded as following from one event, and what could not be sent is told in words.

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_sdk_kinesis::primitives::Blob;
use aws_smithy_types::error::display::DisplayErrorContext;
use aws_types::SdkConfig;

use crate::shared::Shared;
use crate::trace::EventId;

/// Whether something was sent; if not, why.
pub type Sent = Result<(), String>;

/// A message for a queue or a topic.
#[derive(Clone, Debug, Default)]
pub struct Message {
    pub body: String,
    pub attributes: Vec<Attribute>,
    /// The group and the deduplication id that a FIFO queue wants.
    pub group: Option<String>,
    pub deduplication: Option<String>,
}

/// An attribute of a message.
#[derive(Clone, Debug)]
pub struct Attribute {
    pub name: &'static str,
    /// `String` or `Number`.
    pub data_type: &'static str,
    pub value: String,
}

impl Message {
    /// A message without anything beside its body.
    pub fn of(body: String) -> Self {
        Self { body, ..Self::default() }
    }
}

/// Sends what follows from one event.
pub struct Sender<'a> {
    shared: &'a Shared,
    config: SdkConfig,
}

fn sent<T, E: std::error::Error + 'static>(result: Result<T, E>) -> Sent {
    result.map(drop).map_err(|error| DisplayErrorContext(error).to_string())
}

impl<'a> Sender<'a> {
    /// A sender whose calls follow from an event.
    pub fn new(shared: &'a Shared, cause: EventId) -> Self {
        Self { shared, config: shared.service_config_for(cause) }
    }

    /// To a queue or a topic, whichever an ARN is of.
    pub async fn message(&self, arn: &str, message: Message) -> Sent {
        match arn.split(':').nth(2) {
            Some("sqs") => self.to_queue(arn, message).await,
            Some("sns") => self.to_topic(arn, message).await,
            _ => Err("it is neither a queue nor a topic".to_owned()),
        }
    }

    async fn to_queue(&self, arn: &str, message: Message) -> Sent {
        let url = self.shared.queue_url(arn).ok_or("the queue is not in the template")?;
        let mut send = aws_sdk_sqs::Client::new(&self.config).send_message().queue_url(url);
        for Attribute { name, data_type, value } in message.attributes {
            let value = aws_sdk_sqs::types::MessageAttributeValue::builder().data_type(data_type).string_value(value);
            send = send.message_attributes(name, value.build().map_err(|error| error.to_string())?);
        }
        let send = send.set_message_group_id(message.group).set_message_deduplication_id(message.deduplication);
        sent(send.message_body(message.body).send().await)
    }

    async fn to_topic(&self, arn: &str, message: Message) -> Sent {
        let mut publish = aws_sdk_sns::Client::new(&self.config).publish().topic_arn(arn);
        for Attribute { name, data_type, value } in message.attributes {
            let value = aws_sdk_sns::types::MessageAttributeValue::builder().data_type(data_type).string_value(value);
            publish = publish.message_attributes(name, value.build().map_err(|error| error.to_string())?);
        }
        sent(publish.message(message.body).send().await)
    }

    /// An event to the bus that it names.
    pub async fn event(&self, entry: PutEventsRequestEntry) -> Sent {
        let put = aws_sdk_eventbridge::Client::new(&self.config).put_events().entries(entry).send().await;
        let put = put.map_err(|error| DisplayErrorContext(error).to_string())?;
        let refused = put.entries().iter().find_map(|entry| entry.error_message());
        refused.map_or(Ok(()), |message| Err(message.to_owned()))
    }

    /// A record to a Kinesis stream.
    pub async fn record(&self, arn: &str, key: String, data: String) -> Sent {
        let name = arn.rsplit('/').next().unwrap_or_default();
        let put = aws_sdk_kinesis::Client::new(&self.config).put_record().stream_name(name);
        sent(put.partition_key(key).data(Blob::new(data)).send().await)
    }

    /// A record of what failed to a bucket, below a prefix, with the time and a random id in its key.
    /// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-async-destinations>
    /// <https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html>
    pub async fn failure(&self, arn: &str, prefix: &str, body: String) -> Sent {
        let bucket = arn.rsplit(':').next().unwrap_or_default();
        let time = self.shared.backend.clock().now().strftime("%Y/%m/%d/%Y-%m-%dT%H.%M.%S").to_string();
        let key = format!("{prefix}/{time}-{}", self.shared.ids.uuid());
        let put = aws_sdk_s3::Client::new(&self.config).put_object().bucket(bucket).key(key);
        sent(put.content_type("application/json").body(body.into_bytes().into()).send().await)
    }
}
