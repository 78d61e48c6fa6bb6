//! SNS through the AWS SDK: topics, subscriptions, publishing and delivery.

mod common;

use std::sync::{Arc, Mutex};

use aws_sdk_sns::Client;
use aws_sdk_sns::error::ProvideErrorMetadata;
use aws_sdk_sns::primitives::Blob;
use aws_sdk_sns::types::{MessageAttributeValue, PublishBatchRequestEntry};
use aws_sdk_sqs::types::MessageSystemAttributeName;
use common::{START, config, emulator};
use rehearsal_emulator::{Emulator, FunctionEvent, FunctionRefusal, FunctionSource};
use rstest::rstest;
use serde_json::{Value, json};

const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:Orders";
const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:orders";

/// What was delivered to functions, oldest first. Functions named `Missing` do not exist.
type Delivered = Arc<Mutex<Vec<FunctionEvent>>>;

struct Setup {
    emulator: Emulator,
    sns: Client,
    delivered: Delivered,
}

/// An emulator with the topic `orders`.
async fn setup() -> Setup {
    let emulator = emulator();
    let delivered = Delivered::default();
    let log = delivered.clone();
    emulator.set_functions(Arc::new(move |event| {
        if event.function_arn.ends_with(":Missing") {
            return Err(FunctionRefusal::NoSuchFunction);
        }
        log.lock().expect("no test panics while it holds the log").push(event);
        Ok(())
    }));
    let sns = Client::new(&config(&emulator));
    let created = sns.create_topic().name("orders").send().await.expect("the topic is created");
    assert_eq!(created.topic_arn(), Some(TOPIC));
    Setup { emulator, sns, delivered }
}

impl Setup {
    async fn subscribe(&self, protocol: &str, endpoint: &str, attributes: &[(&str, &str)]) -> String {
        let mut subscribe = self.sns.subscribe().topic_arn(TOPIC).protocol(protocol).endpoint(endpoint);
        for (name, value) in attributes {
            subscribe = subscribe.attributes(*name, *value);
        }
        let subscribed = subscribe.send().await.expect("the subscription is valid");
        subscribed.subscription_arn().expect("a subscription has an ARN").to_owned()
    }

    fn delivered(&self) -> Vec<FunctionEvent> {
        self.delivered.lock().expect("no test panics while it holds the log").clone()
    }

    /// The envelopes delivered to functions.
    fn envelopes(&self) -> Vec<Value> {
        let parse = |event: &FunctionEvent| serde_json::from_str(&event.payload).expect("an envelope is JSON");
        self.delivered().iter().map(parse).collect()
    }

    /// A queue's URL and ARN.
    async fn queue(&self, name: &str) -> (aws_sdk_sqs::Client, String, String) {
        let sqs = aws_sdk_sqs::Client::new(&config(&self.emulator));
        let created = sqs.create_queue().queue_name(name).send().await.expect("the queue is created");
        let url = created.queue_url().expect("a queue has a URL").to_owned();
        (sqs, url, format!("arn:aws:sqs:us-east-1:123456789012:{name}"))
    }
}

async fn receive(sqs: &aws_sdk_sqs::Client, url: &str) -> Vec<aws_sdk_sqs::types::Message> {
    let receive = sqs.receive_message().queue_url(url).max_number_of_messages(10).message_attribute_names("All");
    let received = receive.message_system_attribute_names(MessageSystemAttributeName::All).send().await;
    received.expect("the queue is there").messages().to_vec()
}

fn attribute(data_type: &str, value: &str) -> MessageAttributeValue {
    let attribute = MessageAttributeValue::builder().data_type(data_type).string_value(value).build();
    attribute.expect("a message attribute has a data type")
}

#[tokio::test(start_paused = true)]
async fn a_function_gets_the_envelope() {
    let setup = setup().await;
    let subscription = setup.subscribe("lambda", FUNCTION, &[]).await;
    let publish = setup.sns.publish().topic_arn(TOPIC).subject("New order").message("{\"id\":1}");
    let binary = MessageAttributeValue::builder().data_type("Binary").binary_value(Blob::new("ab")).build();
    let publish = publish.message_attributes("bytes", binary.expect("a message attribute has a data type"));
    let published = publish.message_attributes("kind", attribute("String", "new")).send().await.expect("published");

    let [event] = &setup.delivered()[..] else { panic!("one event is delivered") };
    assert_eq!(event.function_arn, FUNCTION);
    assert_eq!(event.source, FunctionSource::Sns { subscription_arn: subscription.clone() });
    let envelope = &setup.envelopes()[0];
    assert_eq!(envelope["Type"], "Notification");
    assert_eq!(envelope["MessageId"], published.message_id().expect("a message has an id"));
    assert_eq!(envelope["TopicArn"], TOPIC);
    assert_eq!(envelope["Subject"], "New order");
    assert_eq!(envelope["Message"], "{\"id\":1}");
    assert_eq!(envelope["Timestamp"], START.replace("00Z", "00.000Z"));
    assert_eq!(envelope["SignatureVersion"], "1");
    assert_eq!(
        envelope["UnsubscribeURL"],
        format!("https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn={subscription}")
    );
    assert_eq!(
        envelope["MessageAttributes"],
        json!({"bytes": {"Type": "Binary", "Value": "YWI="}, "kind": {"Type": "String", "Value": "new"}})
    );
    let names: Vec<_> = envelope.as_object().expect("an envelope is an object").keys().map(String::as_str).collect();
    let expected = "Type MessageId TopicArn Subject Message Timestamp SignatureVersion Signature SigningCertURL \
                    UnsubscribeURL MessageAttributes";
    assert_eq!(names.join(" "), expected);
}

#[tokio::test(start_paused = true)]
async fn an_envelope_has_no_subject_and_no_attributes_where_none_are_given() {
    let setup = setup().await;
    setup.subscribe("lambda", FUNCTION, &[]).await;
    setup.sns.publish().topic_arn(TOPIC).message("hello").send().await.expect("published");
    let envelope = &setup.envelopes()[0];
    assert_eq!((envelope.get("Subject"), envelope.get("MessageAttributes")), (None, None));
}

#[tokio::test(start_paused = true)]
async fn message_structure_json_gives_each_protocol_its_own_message() {
    let setup = setup().await;
    setup.subscribe("lambda", FUNCTION, &[]).await;
    let publish =
        |message: &str| setup.sns.publish().topic_arn(TOPIC).message_structure("json").message(message).send();
    publish(r#"{"default": "d", "lambda": "l"}"#).await.expect("published");
    publish(r#"{"default": "d", "sqs": "q"}"#).await.expect("published");
    let messages: Vec<_> = setup.envelopes().iter().map(|envelope| envelope["Message"].clone()).collect();
    assert_eq!(messages, ["l", "d"]);
    for (message, wording) in [
        ("no json", "Invalid parameter: Message Structure - JSON message body failed to parse"),
        (r#"{"lambda": "l"}"#, "Invalid parameter: Message Structure - No default entry in JSON message body"),
    ] {
        let error = publish(message).await.expect_err("the structure is invalid").into_service_error();
        assert!(error.is_invalid_parameter_exception());
        assert_eq!(error.message(), Some(wording));
    }
}

#[rstest]
#[case::attribute(&[("FilterPolicy", r#"{"kind": ["new"]}"#)], true)]
#[case::other_value(&[("FilterPolicy", r#"{"kind": ["old"]}"#)], false)]
#[case::number(&[("FilterPolicy", r#"{"total": [{"numeric": [">", 10]}]}"#)], true)]
#[case::array(&[("FilterPolicy", r#"{"tags": ["b"]}"#)], true)]
#[case::missing(&[("FilterPolicy", r#"{"gone": [{"exists": true}]}"#)], false)]
#[case::body(&[("FilterPolicy", r#"{"order": {"id": [1]}}"#), ("FilterPolicyScope", "MessageBody")], true)]
#[case::other_body(&[("FilterPolicy", r#"{"order": {"id": [2]}}"#), ("FilterPolicyScope", "MessageBody")], false)]
#[case::empty(&[("FilterPolicy", "{}")], true)]
#[tokio::test(start_paused = true)]
async fn a_filter_policy_decides_on_attributes_or_body(#[case] attributes: &[(&str, &str)], #[case] delivered: bool) {
    let setup = setup().await;
    setup.subscribe("lambda", FUNCTION, attributes).await;
    let publish = setup.sns.publish().topic_arn(TOPIC).message(r#"{"order": {"id": 1}}"#);
    let publish = publish.message_attributes("kind", attribute("String", "new"));
    let publish = publish.message_attributes("total", attribute("Number", "12.5"));
    publish.message_attributes("tags", attribute("String.Array", r#"["a", "b"]"#)).send().await.expect("published");
    assert_eq!(setup.delivered().len(), usize::from(delivered));
}

#[tokio::test(start_paused = true)]
async fn what_is_published_must_be_valid() {
    let setup = setup().await;
    let publish = || setup.sns.publish().topic_arn(TOPIC).message("hello");
    let cases = [
        (publish().subject("two\nlines"), "Invalid parameter: Subject"),
        (publish().subject("x".repeat(101)), "Invalid parameter: Subject"),
        (publish().message(""), "Invalid parameter: Empty message"),
        (publish().message("x".repeat(256 * 1024 + 1)), "Invalid parameter: Message too long"),
    ];
    for (publish, wording) in cases {
        let error = publish.send().await.expect_err("the message is invalid").into_service_error();
        assert!(error.is_invalid_parameter_exception(), "{wording}");
        assert_eq!(error.message(), Some(wording));
    }
    publish().message("x".repeat(256 * 1024)).send().await.expect("256 KiB are allowed");
    let bad = publish().message_attributes("n", attribute("Number", "five")).send().await;
    assert!(bad.expect_err("five is no number").into_service_error().is_invalid_parameter_value_exception());
    let missing = setup.sns.publish().topic_arn(format!("{TOPIC}2")).message("hello").send().await;
    let missing = missing.expect_err("there is no such topic").into_service_error();
    assert!(missing.is_not_found_exception());
    assert_eq!(missing.message(), Some("Topic does not exist"));
}

#[tokio::test(start_paused = true)]
async fn a_batch_fails_entry_by_entry() {
    let setup = setup().await;
    setup.subscribe("lambda", FUNCTION, &[]).await;
    let entry = |id: &str, message: &str| {
        PublishBatchRequestEntry::builder().id(id).message(message).build().expect("an entry has an id and a message")
    };
    let batch = |entries| setup.sns.publish_batch().topic_arn(TOPIC).set_publish_batch_request_entries(Some(entries));
    let answer = batch(vec![entry("a", "one"), entry("b", ""), entry("c", "three")]).send().await.expect("taken");
    let ids: Vec<_> = answer.successful().iter().filter_map(|entry| entry.id()).collect();
    assert_eq!(ids, ["a", "c"]);
    let [failed] = answer.failed() else { panic!("one entry fails") };
    assert_eq!((failed.id(), failed.code(), failed.sender_fault()), ("b", "InvalidParameter", true));
    assert_eq!(setup.delivered().len(), 2);

    let error = batch(vec![]).send().await.expect_err("empty").into_service_error();
    assert!(error.is_empty_batch_request_exception());
    let eleven = (0..11).map(|id| entry(&id.to_string(), "m")).collect();
    let error = batch(eleven).send().await.expect_err("too many").into_service_error();
    assert!(error.is_too_many_entries_in_batch_request_exception());
    let error = batch(vec![entry("a", "m"), entry("a", "m")]).send().await.expect_err("twice").into_service_error();
    assert!(error.is_batch_entry_ids_not_distinct_exception());
    let error = batch(vec![entry("a b", "m")]).send().await.expect_err("bad id").into_service_error();
    assert!(error.is_invalid_batch_entry_id_exception());
    let long = "x".repeat(200_000);
    let error = batch(vec![entry("a", &long), entry("b", &long)]).send().await.expect_err("long").into_service_error();
    assert!(error.is_batch_request_too_long_exception());
}

#[tokio::test(start_paused = true)]
async fn creating_and_subscribing_again_finds_what_is_there() {
    let setup = setup().await;
    let again = setup.sns.create_topic().name("orders").send().await.expect("the same topic");
    assert_eq!(again.topic_arn(), Some(TOPIC));
    let other = setup.sns.create_topic().name("orders").attributes("DisplayName", "Orders").send().await;
    assert!(other.expect_err("the attributes differ").into_service_error().is_invalid_parameter_exception());
    let first = setup.subscribe("lambda", FUNCTION, &[]).await;
    assert_eq!(setup.subscribe("lambda", FUNCTION, &[]).await, first);
    let filtered = setup.sns.subscribe().topic_arn(TOPIC).protocol("lambda").endpoint(FUNCTION);
    let filtered = filtered.attributes("FilterPolicy", r#"{"a": ["b"]}"#).send().await;
    assert!(filtered.expect_err("the attributes differ").into_service_error().is_invalid_parameter_exception());
}

#[tokio::test(start_paused = true)]
async fn lists_come_in_pages_of_a_hundred() {
    let setup = setup().await;
    for number in 0..100 {
        setup.sns.create_topic().name(format!("topic{number}")).send().await.expect("created");
        setup.subscribe("lambda", &format!("{FUNCTION}{number}"), &[]).await;
    }
    setup.subscribe("lambda", FUNCTION, &[]).await;
    let first = setup.sns.list_topics().send().await.expect("listed");
    let second = setup.sns.list_topics().set_next_token(first.next_token().map(str::to_owned)).send().await;
    assert_eq!((first.topics().len(), second.expect("listed").topics().len()), (100, 1));
    let first = setup.sns.list_subscriptions_by_topic().topic_arn(TOPIC).send().await.expect("listed");
    let second = setup.sns.list_subscriptions_by_topic().topic_arn(TOPIC).next_token(first.next_token().expect("more"));
    let second = second.send().await.expect("listed");
    assert_eq!((first.subscriptions().len(), second.subscriptions().len(), second.next_token()), (100, 1, None));
    assert_eq!(second.subscriptions()[0].endpoint(), Some(FUNCTION));
    assert_eq!(setup.sns.list_subscriptions().send().await.expect("listed").subscriptions().len(), 100);
}

#[tokio::test(start_paused = true)]
async fn attributes_are_set_and_told() {
    let setup = setup().await;
    let subscription = setup.subscribe("lambda", FUNCTION, &[]).await;
    let set = setup.sns.set_topic_attributes().topic_arn(TOPIC).attribute_name("DisplayName").attribute_value("Orders");
    set.send().await.expect("set");
    let topic = setup.sns.get_topic_attributes().topic_arn(TOPIC).send().await.expect("told");
    let topic = topic.attributes().expect("a topic has attributes");
    assert_eq!((topic["DisplayName"].as_str(), topic["SubscriptionsConfirmed"].as_str()), ("Orders", "1"));

    let set = setup.sns.set_subscription_attributes().subscription_arn(&subscription).attribute_name("FilterPolicy");
    set.attribute_value(r#"{"kind": ["new"]}"#).send().await.expect("set");
    let told = setup.sns.get_subscription_attributes().subscription_arn(&subscription).send().await.expect("told");
    let told = told.attributes().expect("a subscription has attributes");
    assert_eq!(told["FilterPolicy"], r#"{"kind": ["new"]}"#);
    assert_eq!((told["FilterPolicyScope"].as_str(), told["Endpoint"].as_str()), ("MessageAttributes", FUNCTION));
    setup.sns.publish().topic_arn(TOPIC).message("filtered out").send().await.expect("published");
    assert_eq!(setup.delivered(), []);

    setup.sns.unsubscribe().subscription_arn(&subscription).send().await.expect("unsubscribed");
    let gone = setup.sns.get_subscription_attributes().subscription_arn(&subscription).send().await;
    let gone = gone.expect_err("the subscription is gone").into_service_error();
    assert_eq!((gone.code(), gone.message()), (Some("NotFound"), Some("Subscription does not exist")));
    setup.sns.delete_topic().topic_arn(TOPIC).send().await.expect("deleted");
    setup.sns.delete_topic().topic_arn(TOPIC).send().await.expect("deleted already");
    let gone = setup.sns.get_topic_attributes().topic_arn(TOPIC).send().await;
    assert!(gone.expect_err("the topic is gone").into_service_error().is_not_found_exception());
}

#[tokio::test(start_paused = true)]
async fn tags_are_kept() {
    let setup = setup().await;
    let tag = |key: &str| aws_sdk_sns::types::Tag::builder().key(key).value("v").build().expect("a tag has a key");
    setup.sns.tag_resource().resource_arn(TOPIC).tags(tag("a")).tags(tag("b")).send().await.expect("tagged");
    setup.sns.untag_resource().resource_arn(TOPIC).tag_keys("a").send().await.expect("untagged");
    let tags = setup.sns.list_tags_for_resource().resource_arn(TOPIC).send().await.expect("listed");
    assert_eq!(tags.tags(), [tag("b")]);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_simulated_is_refused_by_name() {
    let setup = setup().await;
    let fifo = setup.sns.create_topic().name("o.fifo").attributes("FifoTopic", "true").send().await;
    let fifo = fifo.expect_err("FIFO topics are not simulated").into_service_error();
    assert_eq!(fifo.message(), Some("the attribute FifoTopic of SNS's CreateTopic is not simulated"));
    let email = setup.sns.subscribe().topic_arn(TOPIC).protocol("email").endpoint("a@example.org").send().await;
    let email = email.expect_err("email is not simulated").into_service_error();
    assert_eq!(email.message(), Some("the protocol email of SNS's Subscribe is not simulated"));
    let sms = setup.sns.publish().phone_number("+4912345").message("hello").send().await;
    let sms = sms.expect_err("SMS is not simulated").into_service_error();
    assert_eq!(sms.message(), Some("PhoneNumber of SNS's Publish is not simulated"));
    let other = setup.sns.list_platform_applications().send().await;
    let other = other.expect_err("platform applications are not simulated").into_service_error();
    assert_eq!(other.message(), Some("SNS's operation ListPlatformApplications is not simulated"));
}

#[tokio::test(start_paused = true)]
async fn a_queue_gets_the_envelope_or_with_raw_delivery_the_message_and_its_attributes() {
    let setup = setup().await;
    let (sqs, wrapped_url, wrapped) = setup.queue("wrapped").await;
    let (_, raw_url, raw) = setup.queue("raw").await;
    setup.subscribe("sqs", &wrapped, &[]).await;
    setup.subscribe("sqs", &raw, &[("RawMessageDelivery", "true")]).await;
    let publish = setup.sns.publish().topic_arn(TOPIC).message("hello");
    publish.message_attributes("kind", attribute("String", "new")).send().await.expect("published");

    let [message] = &receive(&sqs, &wrapped_url).await[..] else { panic!("one message is wrapped") };
    let body = message.body().expect("a message has a body");
    assert!(body.starts_with("{\n  \"Type\" : \"Notification\",\n  \"MessageId\" : \""), "{body}");
    let envelope: Value = serde_json::from_str(body).expect("an envelope is JSON");
    assert_eq!(envelope["Message"], "hello");
    assert_eq!(message.message_attributes(), None);
    let [message] = &receive(&sqs, &raw_url).await[..] else { panic!("one message is raw") };
    assert_eq!(message.body(), Some("hello"));
    let attributes = message.message_attributes().expect("raw delivery keeps attributes");
    assert_eq!(attributes["kind"].string_value(), Some("new"));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_delivered_goes_to_the_subscription_s_dead_letter_queue() {
    let setup = setup().await;
    let (sqs, url, dead) = setup.queue("dead").await;
    let redrive = json!({ "deadLetterTargetArn": dead }).to_string();
    let missing_queue = "arn:aws:sqs:us-east-1:123456789012:missing";
    let missing_function = "arn:aws:lambda:us-east-1:123456789012:function:Missing";
    setup.subscribe("sqs", missing_queue, &[("RedrivePolicy", &redrive), ("RawMessageDelivery", "true")]).await;
    setup.subscribe("lambda", missing_function, &[("RedrivePolicy", &redrive)]).await;
    setup.subscribe("lambda", FUNCTION, &[("RedrivePolicy", &redrive)]).await;
    setup.sns.publish().topic_arn(TOPIC).message("hello").send().await.expect("published");
    assert_eq!(setup.delivered().len(), 1);
    let bodies: Vec<_> =
        receive(&sqs, &url).await.iter().filter_map(|message| message.body().map(str::to_owned)).collect();
    assert_eq!(bodies.len(), 2);
    assert!(bodies.contains(&"hello".to_owned()));
    assert!(bodies.iter().any(|body| body.contains("\"Message\" : \"hello\"")));
}
