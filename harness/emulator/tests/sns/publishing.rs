//! What is published: the envelope, texts for each protocol, limits, and batches.

use aws_sdk_sns::error::ProvideErrorMetadata;
use aws_sdk_sns::primitives::Blob;
use aws_sdk_sns::types::{MessageAttributeValue, PublishBatchRequestEntry};
use rehearsal_emulator::FunctionSource;
use rstest::rstest;
use serde_json::json;

use crate::common::START;
use crate::setup::{FUNCTION, TOPIC, attribute, refusal, setup};

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

#[rstest]
#[case::space(
    "a b",
    "Invalid non-alphanumeric character '#x20' was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots."
)]
#[case::first(".a", "Invalid message attribute name starting with character '.' was found.")]
#[case::last("a.", "Invalid message attribute name ending with character '.' was found.")]
#[case::twice("a..b", "Message attribute name can not have successive '.' character.")]
#[tokio::test(start_paused = true)]
async fn a_message_attribute_s_name_is_of_few_characters(#[case] name: &str, #[case] wording: &str) {
    let setup = setup().await;
    let publish = setup.sns.publish().topic_arn(TOPIC).message("m").message_attributes(name, attribute("String", "v"));
    assert_eq!(
        publish.send().await.map_err(refusal).expect_err("refused"),
        format!("ParameterValueInvalid: {wording}")
    );
}

#[tokio::test(start_paused = true)]
async fn a_bad_message_attribute_fails_the_whole_batch() {
    let setup = setup().await;
    setup.subscribe("lambda", FUNCTION, &[]).await;
    let entry = |id: &str, name: &str| {
        let entry = PublishBatchRequestEntry::builder().id(id).message("m");
        entry.message_attributes(name, attribute("String", "v")).build().expect("an entry has an id and a message")
    };
    let entries = Some(vec![entry("a", "good"), entry("b", "b a d")]);
    let batch = setup.sns.publish_batch().topic_arn(TOPIC).set_publish_batch_request_entries(entries);
    let refused = batch.send().await.map_err(refusal).expect_err("refused");
    assert!(refused.starts_with("ParameterValueInvalid: "), "{refused}");
    assert_eq!(setup.delivered(), []);
}
