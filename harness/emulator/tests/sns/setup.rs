//! An emulator with a topic, functions that take what is delivered, and queues.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};

use aws_sdk_sns::Client;
use aws_sdk_sns::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sns::types::MessageAttributeValue;
use aws_sdk_sqs::types::MessageSystemAttributeName;
use rehearsal_emulator::{Emulator, FunctionEvent, FunctionRefusal};
use serde_json::Value;

use crate::common::{config, emulator};

pub const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:Orders";
pub const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:orders";

/// What was delivered to functions, oldest first. Functions named `Missing` do not exist.
type Delivered = Arc<Mutex<Vec<FunctionEvent>>>;

#[derive(Clone)]
pub struct Setup {
    pub emulator: Emulator,
    pub sns: Client,
    delivered: Delivered,
    /// How often functions named `Busy` are throttled before they take an event.
    busy: Arc<AtomicU32>,
}

/// An emulator with the topic `orders`.
pub async fn setup() -> Setup {
    let emulator = emulator();
    let delivered = Delivered::default();
    let busy = Arc::new(AtomicU32::new(0));
    let (log, throttled) = (delivered.clone(), busy.clone());
    emulator.set_functions(Arc::new(move |event| {
        if event.function_arn.ends_with(":Missing") {
            return Err(FunctionRefusal::NoSuchFunction);
        }
        let one_less = |left: u32| left.checked_sub(1);
        if event.function_arn.ends_with(":Busy") && throttled.fetch_update(Relaxed, Relaxed, one_less).is_ok() {
            return Err(FunctionRefusal::TooManyRequests);
        }
        log.lock().expect("no test panics while it holds the log").push(event);
        Ok(())
    }));
    let sns = Client::new(&config(&emulator));
    let created = sns.create_topic().name("orders").send().await.expect("the topic is created");
    assert_eq!(created.topic_arn(), Some(TOPIC));
    Setup { emulator, sns, delivered, busy }
}

impl Setup {
    /// Lets the emulator do by itself what it does, for as long as the test runs.
    pub fn drive(&self) {
        let emulator = self.emulator.clone();
        tokio::spawn(async move { emulator.drive().await });
    }

    /// From now on functions named `Busy` are throttled so many times.
    pub fn throttle(&self, times: u32) {
        self.busy.store(times, Relaxed);
    }

    pub async fn subscribe(&self, protocol: &str, endpoint: &str, attributes: &[(&str, &str)]) -> String {
        self.try_subscribe(TOPIC, protocol, endpoint, attributes).await.expect("the subscription is valid")
    }

    /// The subscription's ARN, or how it is refused.
    pub async fn try_subscribe(
        &self,
        topic: &str,
        protocol: &str,
        endpoint: &str,
        attributes: &[(&str, &str)],
    ) -> Result<String, String> {
        let mut subscribe = self.sns.subscribe().topic_arn(topic).protocol(protocol).endpoint(endpoint);
        for (name, value) in attributes {
            subscribe = subscribe.attributes(*name, *value);
        }
        let subscribed = subscribe.return_subscription_arn(true).send().await.map_err(refusal)?;
        Ok(subscribed.subscription_arn().expect("a subscription has an ARN").to_owned())
    }

    /// The ARN of a FIFO topic `orders.fifo` with these attributes.
    pub async fn fifo_topic(&self, attributes: &[(&str, &str)]) -> String {
        let mut create = self.sns.create_topic().name("orders.fifo").attributes("FifoTopic", "true");
        for (name, value) in attributes {
            create = create.attributes(*name, *value);
        }
        create.send().await.expect("the topic is created").topic_arn().expect("a topic has an ARN").to_owned()
    }

    pub fn delivered(&self) -> Vec<FunctionEvent> {
        self.delivered.lock().expect("no test panics while it holds the log").clone()
    }

    /// The envelopes delivered to functions.
    pub fn envelopes(&self) -> Vec<Value> {
        let parse = |event: &FunctionEvent| serde_json::from_str(&event.payload).expect("an envelope is JSON");
        self.delivered().iter().map(parse).collect()
    }

    /// A queue's URL and ARN.
    pub async fn queue(&self, name: &str) -> (aws_sdk_sqs::Client, String, String) {
        let sqs = aws_sdk_sqs::Client::new(&config(&self.emulator));
        let created = sqs.create_queue().queue_name(name).send().await.expect("the queue is created");
        let url = created.queue_url().expect("a queue has a URL").to_owned();
        (sqs, url, format!("arn:aws:sqs:us-east-1:123456789012:{name}"))
    }
}

/// How a call is refused: `code: message`.
pub fn refusal<E: ProvideErrorMetadata, R>(error: SdkError<E, R>) -> String {
    let (code, message) = (error.code().map(str::to_owned), error.message().map(str::to_owned));
    format!("{}: {}", code.unwrap_or_default(), message.unwrap_or_default())
}

pub async fn receive(sqs: &aws_sdk_sqs::Client, url: &str) -> Vec<aws_sdk_sqs::types::Message> {
    let receive = sqs.receive_message().queue_url(url).max_number_of_messages(10).message_attribute_names("All");
    let received = receive.message_system_attribute_names(MessageSystemAttributeName::All).send().await;
    received.expect("the queue is there").messages().to_vec()
}

pub fn attribute(data_type: &str, value: &str) -> MessageAttributeValue {
    let attribute = MessageAttributeValue::builder().data_type(data_type).string_value(value).build();
    attribute.expect("a message attribute has a data type")
}
