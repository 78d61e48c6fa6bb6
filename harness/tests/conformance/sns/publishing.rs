//! Publishing: what is refused, and batches.

use aws_sdk_sns::types::PublishBatchRequestEntry;
use serde_json::{Value, json};

use super::{Topic, attribute};
use crate::kit::{Case, Known, case, cases, error, error_as, refused, refused_as, seen};
use crate::sqs::bodies;

cases![
    a_message_may_be_another_for_a_protocol,
    a_message_needs_a_topic,
    a_message_has_a_text,
    a_subject_is_short,
    a_structured_message_has_a_default,
    an_attribute_has_a_type_that_sns_knows,
    a_batch_is_published_in_parts,
    a_batch_has_one_to_ten_entries,
    a_batchs_ids_are_distinct,
    a_message_has_at_most_256_kibibytes,
];

/// <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>
fn a_message_may_be_another_for_a_protocol() -> Case {
    case(async |aws| {
        let topic = Topic::new(&aws).await;
        let (queue, _) = topic.queue(&aws, "inbox", &[("RawMessageDelivery", "true")]).await;
        let publish = topic.sns.publish().topic_arn(&topic.arn).message_structure("json");
        publish.message(r#"{"default":"all","sqs":"queues"}"#).send().await.expect("valid");
        bodies(&queue.receive(1).await)
    })
    .gives(json!(["queues"]))
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>
fn a_message_needs_a_topic() -> Case {
    case(async |aws| refused(aws.sns().publish().topic_arn(aws.arn("sns", "absent")).message("a").send().await))
        .gives(error(404, "NotFound", "Topic does not exist"))
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>
fn a_message_has_a_text() -> Case {
    case(async |aws| {
        let topic = Topic::new(&aws).await;
        refused(topic.sns.publish().topic_arn(&topic.arn).message("").send().await)
    })
    .gives(error(400, "InvalidParameter", "Invalid parameter: Empty message"))
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>
fn a_subject_is_short() -> Case {
    case(async |aws| {
        let topic = Topic::new(&aws).await;
        let publish = topic.sns.publish().topic_arn(&topic.arn).message("a");
        refused(publish.subject("s".repeat(101)).send().await)
    })
    .gives(error(400, "InvalidParameter", "Invalid parameter: Subject"))
    .localstack(Known {
        got: json!("accepted"),
        reason: "LocalStack does not look at the subject",
        page: "https://docs.aws.amazon.com/sns/latest/api/API_Publish.html",
    })
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>
fn a_structured_message_has_a_default() -> Case {
    case(async |aws| {
        let topic = Topic::new(&aws).await;
        let publish = topic.sns.publish().topic_arn(&topic.arn).message_structure("json");
        let none = publish.clone().message(r#"{"sqs":"queues"}"#).send().await;
        json!([refused(none), refused(publish.message("no JSON").send().await)])
    })
    .gives(json!([
        error(400, "InvalidParameter", "Invalid parameter: Message Structure - No default entry in JSON message body"),
        error(400, "InvalidParameter", "Invalid parameter: Message Structure - JSON message body failed to parse"),
    ]))
}

/// <https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html>
fn an_attribute_has_a_type_that_sns_knows() -> Case {
    case(async |aws| {
        let topic = Topic::new(&aws).await;
        let mut errors = Vec::new();
        for (data_type, value) in [("Colour", "red"), ("Number", "red"), ("String", "")] {
            let publish = topic.sns.publish().topic_arn(&topic.arn).message("a");
            errors.push(refused_as(publish.message_attributes("a", attribute(data_type, value)).send().await));
        }
        Value::from(errors)
    })
    .gives(Value::from(vec![error_as(400, "ParameterValueInvalid"); 3]))
    .localstack(Known {
        got: json!([error_as(400, "ParameterValueInvalid"), "accepted", error_as(400, "ParameterValueInvalid"),]),
        reason: "LocalStack does not read numbers",
        page: "https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html",
    })
}

fn entry(id: &str, text: &str) -> PublishBatchRequestEntry {
    PublishBatchRequestEntry::builder().id(id).message(text).build().expect("it has an id and a text")
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html>
fn a_batch_is_published_in_parts() -> Case {
    case(async |aws| {
        let topic = Topic::new(&aws).await;
        let (queue, _) = topic.queue(&aws, "inbox", &[("RawMessageDelivery", "true")]).await;
        let publish = topic.sns.publish_batch().topic_arn(&topic.arn);
        let publish = publish.publish_batch_request_entries(entry("1", "a"));
        let sent = seen(publish.publish_batch_request_entries(entry("2", "b")).send().await, |sent| {
            let ids: Vec<_> = sent.successful().iter().map(|entry| entry.id()).collect();
            json!([ids, sent.failed().len()])
        });
        json!([sent, bodies(&queue.receive(2).await)])
    })
    .gives(json!([[["1", "2"], 0], ["a", "b"]]))
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html>
fn a_batch_has_one_to_ten_entries() -> Case {
    case(async |aws| {
        let topic = Topic::new(&aws).await;
        let batch = |count: usize| {
            let entries = (0..count).map(|id| entry(&id.to_string(), "a")).collect();
            topic.sns.publish_batch().topic_arn(&topic.arn).set_publish_batch_request_entries(Some(entries))
        };
        json!([refused_as(batch(0).send().await), refused_as(batch(11).send().await)])
    })
    .gives(json!([error_as(400, "EmptyBatchRequest"), error_as(400, "TooManyEntriesInBatchRequest")]))
    .localstack(Known {
        got: json!([error_as(500, "InternalError"), error_as(400, "TooManyEntriesInBatchRequest")]),
        reason: "LocalStack fails at a batch of none",
        page: "https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html",
    })
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html>
fn a_batchs_ids_are_distinct() -> Case {
    case(async |aws| {
        let topic = Topic::new(&aws).await;
        let publish = topic.sns.publish_batch().topic_arn(&topic.arn);
        let publish = publish.publish_batch_request_entries(entry("1", "a"));
        refused(publish.publish_batch_request_entries(entry("1", "b")).send().await)
    })
    .gives(error(400, "BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id."))
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>
fn a_message_has_at_most_256_kibibytes() -> Case {
    case(async |aws| {
        let topic = Topic::new(&aws).await;
        refused(topic.sns.publish().topic_arn(&topic.arn).message("a".repeat(256 * 1024 + 1)).send().await)
    })
    .gives(error(400, "InvalidParameter", "Invalid parameter: Message too long"))
}
