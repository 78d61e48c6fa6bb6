//! Delivery: what arrives in a queue, and what a filter policy keeps away from it.

use serde_json::json;

use super::{Topic, attribute};
use crate::kit::{Case, case, cases};
use crate::sqs::{Queue, bodies};

cases![
    a_message_comes_in_an_envelope,
    a_raw_message_comes_as_it_is,
    a_filter_policy_selects_by_attributes,
    a_filter_policy_selects_by_body,
    a_filter_policy_selects_by_a_list,
    an_undeliverable_message_is_a_dead_letter,
];

/// <https://docs.aws.amazon.com/sns/latest/dg/sns-sqs-as-subscriber.html>
fn a_message_comes_in_an_envelope() -> Case {
    case(async |aws| {
        let topic = Topic::new(&aws).await;
        let (queue, _) = topic.queue(&aws, "inbox", &[]).await;
        let publish = topic.sns.publish().topic_arn(&topic.arn).message("hello").subject("greeting");
        let sent = publish.message_attributes("colour", attribute("String", "red")).send().await.expect("valid");
        let envelope = queue.json().await;
        json!({
            "same id": envelope["MessageId"].as_str() == sent.message_id(),
            "text": [envelope["Type"], envelope["Subject"], envelope["Message"], envelope["TopicArn"]],
            "attributes": envelope["MessageAttributes"],
            "signed": [envelope["SignatureVersion"], envelope["Signature"].is_string()],
        })
    })
    .gives(json!({
        "same id": true,
        "text": ["Notification", "greeting", "hello", "arn:aws:sns:us-east-1:ACCOUNT:news"],
        "attributes": { "colour": { "Type": "String", "Value": "red" } },
        "signed": ["1", true],
    }))
}

/// <https://docs.aws.amazon.com/sns/latest/dg/sns-large-payload-raw-message-delivery.html>
fn a_raw_message_comes_as_it_is() -> Case {
    case(async |aws| {
        let topic = Topic::new(&aws).await;
        let (queue, _) = topic.queue(&aws, "inbox", &[("RawMessageDelivery", "true")]).await;
        let publish = topic.sns.publish().topic_arn(&topic.arn).message("hello").subject("greeting");
        publish.message_attributes("colour", attribute("String", "red")).send().await.expect("valid");
        let message = queue.receive(1).await.pop().expect("it was delivered");
        let colour = message.message_attributes().and_then(|all| all.get("colour"));
        json!([message.body(), colour.map(|colour| [Some(colour.data_type()), colour.string_value()])])
    })
    .gives(json!(["hello", ["String", "red"]]))
}

/// <https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html>
fn a_filter_policy_selects_by_attributes() -> Case {
    case(async |aws| {
        let topic = Topic::new(&aws).await;
        let policy = json!({ "colour": ["red", { "prefix": "gr" }], "size": [{ "numeric": [">", 5] }] }).to_string();
        let attributes = [("FilterPolicy", policy.as_str()), ("RawMessageDelivery", "true")];
        let (queue, _) = topic.queue(&aws, "inbox", &attributes).await;
        for (text, colour, size) in [("1", "red", "6"), ("2", "blue", "6"), ("3", "red", "5"), ("4", "green", "7")] {
            let publish = topic.sns.publish().topic_arn(&topic.arn).message(text);
            let publish = publish.message_attributes("colour", attribute("String", colour));
            publish.message_attributes("size", attribute("Number", size)).send().await.expect("valid");
        }
        topic.sns.publish().topic_arn(&topic.arn).message("5").send().await.expect("valid");
        bodies(&queue.receive(2).await)
    })
    .gives(json!(["1", "4"]))
}

/// <https://docs.aws.amazon.com/sns/latest/dg/sns-message-filtering-scope.html>
fn a_filter_policy_selects_by_body() -> Case {
    case(async |aws| {
        let topic = Topic::new(&aws).await;
        let policy = json!({ "order": { "state": [{ "anything-but": "new" }] } }).to_string();
        let attributes =
            [("FilterPolicy", policy.as_str()), ("FilterPolicyScope", "MessageBody"), ("RawMessageDelivery", "true")];
        let (queue, _) = topic.queue(&aws, "inbox", &attributes).await;
        for text in [r#"{"order":{"state":"new"}}"#, "no JSON", r#"{"order":{"state":"paid"}}"#] {
            topic.sns.publish().topic_arn(&topic.arn).message(text).send().await.expect("valid");
        }
        bodies(&queue.receive(1).await)
    })
    .gives(json!([r#"{"order":{"state":"paid"}}"#]))
}

/// <https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html>
fn a_filter_policy_selects_by_a_list() -> Case {
    case(async |aws| {
        let topic = Topic::new(&aws).await;
        let policy = json!({ "colours": ["red"], "price": [{ "exists": false }] }).to_string();
        let attributes = [("FilterPolicy", policy.as_str()), ("RawMessageDelivery", "true")];
        let (queue, _) = topic.queue(&aws, "inbox", &attributes).await;
        for (text, colours) in [("1", r#"["blue","red"]"#), ("2", r#"["blue"]"#), ("3", "[]")] {
            let publish = topic.sns.publish().topic_arn(&topic.arn).message(text);
            publish.message_attributes("colours", attribute("String.Array", colours)).send().await.expect("valid");
        }
        let publish = topic.sns.publish().topic_arn(&topic.arn).message("4");
        let publish = publish.message_attributes("colours", attribute("String.Array", r#"["red"]"#));
        publish.message_attributes("price", attribute("Number", "1")).send().await.expect("valid");
        bodies(&queue.receive(1).await)
    })
    .gives(json!(["1"]))
}

/// <https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html>
fn an_undeliverable_message_is_a_dead_letter() -> Case {
    case(async |aws| {
        let topic = Topic::new(&aws).await;
        let dead = Queue::open(&aws, "dead").await;
        let policy = json!({ "deadLetterTargetArn": dead.arn }).to_string();
        let (queue, _) = topic.queue(&aws, "inbox", &[("RedrivePolicy", &policy)]).await;
        queue.sqs.delete_queue().queue_url(&queue.url).send().await.expect("it is there");
        topic.sns.publish().topic_arn(&topic.arn).message("hello").send().await.expect("valid");
        dead.json().await["Message"].take()
    })
    .gives(json!("hello"))
}
