//! Topics and subscriptions: their life, attributes, permissions and tags.

use aws_sdk_sns::error::ProvideErrorMetadata;
use rstest::rstest;
use serde_json::{Value, json};

use crate::setup::{FUNCTION, TOPIC, refusal, setup};

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
    let sns = &setup.sns;
    let refusals = [
        setup.try_subscribe(TOPIC, "sms", "+4912345", &[]).await.expect_err("SMS"),
        setup.try_subscribe(TOPIC, "firehose", "arn:aws:firehose:us-east-1:1:d/s", &[]).await.expect_err("Firehose"),
        setup.try_subscribe(TOPIC, "lambda", FUNCTION, &[("ReplayPolicy", "{}")]).await.expect_err("replays"),
        sns.publish().phone_number("+4912345").message("hello").send().await.map_err(refusal).expect_err("SMS"),
        sns.list_platform_applications().send().await.map_err(refusal).expect_err("push"),
        sns.get_sms_attributes().send().await.map_err(refusal).expect_err("SMS"),
    ];
    assert_eq!(
        refusals,
        [
            "NotImplemented: the protocol sms of SNS's Subscribe is not simulated",
            "NotImplemented: the protocol firehose of SNS's Subscribe is not simulated",
            "NotImplemented: the attribute ReplayPolicy of SNS's Subscribe is not simulated",
            "NotImplemented: PhoneNumber of SNS's Publish is not simulated",
            "NotImplemented: SNS's operation ListPlatformApplications is not simulated",
            "NotImplemented: SNS's operation GetSMSAttributes is not simulated",
        ]
    );
}

#[rstest]
#[case::unknown("Colour", "red", "Attributes Reason: Unknown attribute Colour")]
#[case::version("SignatureVersion", "3", "Attributes Reason: SignatureVersion: Invalid value [3]. Must be 1 or 2.")]
#[case::fifo_only(
    "ContentBasedDeduplication",
    "true",
    "Attributes Reason: ContentBasedDeduplication can only be set for FIFO topics"
)]
#[case::policy("DeliveryPolicy", "{", "Attributes Reason: DeliveryPolicy: failed to parse JSON.")]
#[case::retries(
    "DeliveryPolicy",
    r#"{"http": {"defaultHealthyRetryPolicy": {"minDelayTarget": 1, "maxDelayTarget": 2, "numRetries": 101}}}"#,
    "Attributes Reason: DeliveryPolicy: http.defaultHealthyRetryPolicy.numRetries must be less than or equal to 100"
)]
#[tokio::test(start_paused = true)]
async fn a_topic_s_attribute_must_be_valid(#[case] name: &str, #[case] value: &str, #[case] wording: &str) {
    let setup = setup().await;
    let created = setup.sns.create_topic().name("other").attributes(name, value).send().await;
    assert_eq!(
        created.map_err(refusal).expect_err("refused"),
        format!("InvalidParameter: Invalid parameter: {wording}")
    );
    let set = setup.sns.set_topic_attributes().topic_arn(TOPIC).attribute_name(name).attribute_value(value);
    let later = wording.strip_prefix("Attributes Reason: ").expect("the table has it");
    let later = if later.starts_with("Unknown") { "AttributeName" } else { later };
    let refused = set.send().await.map_err(refusal).expect_err("refused");
    assert_eq!(refused, format!("InvalidParameter: Invalid parameter: {later}"));
}

#[rstest]
#[case::unknown("lambda", FUNCTION, ("Colour", "red"), "Unknown attribute Colour")]
#[case::raw("lambda", FUNCTION, ("RawMessageDelivery", "true"), "Delivery protocol [lambda] does not support raw message delivery.")]
#[case::raw_value("sqs", QUEUE, ("RawMessageDelivery", "yes"), "RawMessageDelivery: Invalid value [yes]. Must be true or false.")]
#[case::scope("sqs", QUEUE, ("FilterPolicyScope", "Body"), "FilterPolicyScope: Invalid value [Body]. Please use either MessageBody or MessageAttributes")]
#[case::redrive("sqs", QUEUE, ("RedrivePolicy", "{"), "RedrivePolicy: failed to parse JSON.")]
#[case::dead_letter_queue("sqs", QUEUE, ("RedrivePolicy", "{}"), "RedrivePolicy: deadLetterTargetArn is an invalid arn")]
#[case::delivery("sqs", QUEUE, ("DeliveryPolicy", "{}"), "DeliveryPolicy: Delivery protocol [sqs] does not support it.")]
#[tokio::test(start_paused = true)]
async fn a_subscription_s_attribute_must_be_valid(
    #[case] protocol: &str,
    #[case] endpoint: &str,
    #[case] attribute: (&str, &str),
    #[case] wording: &str,
) {
    let setup = setup().await;
    let refused = setup.try_subscribe(TOPIC, protocol, endpoint, &[attribute]).await.expect_err("refused");
    assert_eq!(refused, format!("InvalidParameter: Invalid parameter: Attributes Reason: {wording}"));
    let arn = setup.subscribe(protocol, endpoint, &[]).await;
    let set = setup.sns.set_subscription_attributes().subscription_arn(arn).attribute_name(attribute.0);
    let refused = set.attribute_value(attribute.1).send().await.map_err(refusal).expect_err("refused");
    let later = if wording.starts_with("Unknown") { "AttributeName" } else { wording };
    assert_eq!(refused, format!("InvalidParameter: Invalid parameter: {later}"));
}

const QUEUE: &str = "arn:aws:sqs:us-east-1:123456789012:inbox";

#[tokio::test(start_paused = true)]
async fn a_topic_tells_how_it_delivers_and_who_may_do_what() {
    let setup = setup().await;
    let policy =
        r#"{"http": {"defaultHealthyRetryPolicy": {"minDelayTarget": 1, "maxDelayTarget": 2, "numRetries": 5}}}"#;
    let set =
        setup.sns.set_topic_attributes().topic_arn(TOPIC).attribute_name("DeliveryPolicy").attribute_value(policy);
    set.send().await.expect("the policy is valid");
    let add = setup.sns.add_permission().topic_arn(TOPIC).label("others");
    add.aws_account_id("111122223333").action_name("Publish").send().await.expect("added");
    let again = setup.sns.add_permission().topic_arn(TOPIC).label("others");
    let again = again.aws_account_id("1").action_name("Publish").send().await.map_err(refusal).expect_err("twice");
    assert_eq!(again, "InvalidParameter: Invalid parameter: Statement already exists");
    let told = async || {
        let told = setup.sns.get_topic_attributes().topic_arn(TOPIC).send().await.expect("told");
        let json = |name: &str| -> Value {
            let text = &told.attributes().expect("a topic has attributes")[name];
            serde_json::from_str(text).expect("it is JSON")
        };
        (json("EffectiveDeliveryPolicy"), json("Policy"))
    };
    let (effective, permissions) = told().await;
    assert_eq!(effective["http"]["defaultHealthyRetryPolicy"]["numRetries"], 5);
    assert_eq!(effective["http"]["defaultHealthyRetryPolicy"]["backoffFunction"], "linear");
    assert_eq!(
        permissions["Statement"][1],
        json!({
            "Sid": "others",
            "Effect": "Allow",
            "Principal": { "AWS": "arn:aws:iam::111122223333:root" },
            "Action": "SNS:Publish",
            "Resource": TOPIC,
        })
    );
    setup.sns.remove_permission().topic_arn(TOPIC).label("others").send().await.expect("removed");
    assert_eq!(told().await.1["Statement"].as_array().map(Vec::len), Some(1));
}
