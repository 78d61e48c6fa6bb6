//! What a message carries, and what is refused in one.

use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{
    MessageAttributeValue, MessageSystemAttributeName, MessageSystemAttributeNameForSends, MessageSystemAttributeValue,
};
use rstest::rstest;

use crate::setup::{code, setup, system};

#[tokio::test(start_paused = true)]
async fn attributes_and_digests_are_those_of_aws() {
    let setup = setup(&[]).await;
    let attribute = |data_type: &str| MessageAttributeValue::builder().data_type(data_type);
    let sent = setup.sqs.send_message().queue_url(&setup.url).message_body("This is a test message");
    let sent = sent
        .message_attributes("timestamp", attribute("Number").string_value("1493147359900").build().expect("typed"))
        .message_system_attributes(
            MessageSystemAttributeNameForSends::AwsTraceHeader,
            MessageSystemAttributeValue::builder().data_type("String").string_value("Root=1").build().expect("typed"),
        );
    let sent = sent.send().await.expect("valid");
    assert_eq!(sent.md5_of_message_body(), Some("fafb00f5732ab283681e124bf8747ed1"));
    assert_eq!(sent.md5_of_message_attributes(), Some("235c5c510d26fb653d073faed50ae77c"));
    assert!(sent.md5_of_message_system_attributes().is_some());
    let received = setup.receive_one().await;
    assert_eq!(received.md5_of_body(), sent.md5_of_message_body());
    assert_eq!(received.md5_of_message_attributes(), sent.md5_of_message_attributes());
    assert_eq!(system(&received, MessageSystemAttributeName::AwsTraceHeader), "Root=1");
    assert_eq!(system(&received, MessageSystemAttributeName::SenderId), "123456789012");
    assert_eq!(system(&received, MessageSystemAttributeName::SentTimestamp), "1767225600000");
}

#[rstest]
#[case::none(&[], &[])]
#[case::all(&["All"], &["order.id", "order.kind", "raw"])]
#[case::everything(&[".*"], &["order.id", "order.kind", "raw"])]
#[case::prefix(&["order.*"], &["order.id", "order.kind"])]
#[case::name(&["raw"], &["raw"])]
#[tokio::test(start_paused = true)]
async fn a_receive_tells_the_message_attributes_it_asks_for(#[case] asked: &[&str], #[case] told: &[&str]) {
    let setup = setup(&[]).await;
    let text =
        |value: &str| MessageAttributeValue::builder().data_type("String").string_value(value).build().expect("typed");
    let raw = MessageAttributeValue::builder().data_type("Binary.png").binary_value(Blob::new([0, 255])).build();
    let send = setup.sqs.send_message().queue_url(&setup.url).message_body("a");
    let send = send.message_attributes("order.id", text("1")).message_attributes("order.kind", text("x"));
    send.message_attributes("raw", raw.expect("typed")).send().await.expect("valid");
    let names = asked.iter().map(|name| (*name).to_owned()).collect();
    let received = setup.sqs.receive_message().queue_url(&setup.url).set_message_attribute_names(Some(names));
    let received = received.send().await.expect("valid").messages.expect("a message").remove(0);
    let attributes = received.message_attributes.unwrap_or_default();
    let mut names: Vec<&str> = attributes.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, told);
    if let Some(raw) = attributes.get("raw") {
        assert_eq!(raw.binary_value().map(Blob::as_ref), Some([0, 255].as_slice()));
    }
}

#[rstest]
#[case::empty("", "MissingParameter")]
#[case::control_character("a\u{1}", "InvalidMessageContents")]
#[case::not_a_character("a\u{FFFF}", "InvalidMessageContents")]
#[case::too_long(&"a".repeat(1025), "InvalidParameterValue")]
#[tokio::test(start_paused = true)]
async fn a_body_that_sqs_does_not_accept_is_refused(#[case] body: &str, #[case] expected: &str) {
    let setup = setup(&[("MaximumMessageSize", "1024")]).await;
    let sent = setup.sqs.send_message().queue_url(&setup.url).message_body(body).send().await;
    assert_eq!(code(sent), expected);
}

#[rstest]
#[case::reserved("AWS.x", "String", "1")]
#[case::bad_name("a..b", "String", "1")]
#[case::no_value("a", "String", "")]
#[case::unknown_type("a", "Text", "1")]
#[case::not_a_number("a", "Number", "one")]
#[tokio::test(start_paused = true)]
async fn a_message_attribute_that_sqs_does_not_accept_is_refused(
    #[case] name: &str,
    #[case] data_type: &str,
    #[case] value: &str,
) {
    let setup = setup(&[]).await;
    let attribute = MessageAttributeValue::builder().data_type(data_type).string_value(value).build().expect("typed");
    let sent = setup.sqs.send_message().queue_url(&setup.url).message_body("a").message_attributes(name, attribute);
    assert_eq!(code(sent.send().await), "InvalidParameterValue");
}

#[tokio::test(start_paused = true)]
async fn a_message_of_one_mebibyte_is_the_largest() {
    let setup = setup(&[]).await;
    setup.send(&"a".repeat(1_048_576)).await;
    let sent = setup.sqs.send_message().queue_url(&setup.url).message_body("a".repeat(1_048_577)).send().await;
    assert_eq!(code(sent), "InvalidParameterValue");
}
