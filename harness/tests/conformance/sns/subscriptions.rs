//! Subscriptions: their life and what is refused in them.

use serde_json::json;

use super::Topic;
use crate::kit::{Case, case, cases, done, error, error_as, refused, seen};
use crate::sqs::Queue;

cases![
    a_protocol_that_sns_does_not_have_is_refused,
    an_endpoint_that_is_no_queue_is_refused,
    a_subscription_needs_a_topic,
    a_subscription_is_made_once,
    a_subscription_that_is_gone_has_no_attributes,
    a_filter_policy_that_is_no_json_is_refused,
    raw_delivery_is_true_or_false,
    a_subscription_that_differs_is_refused,
    a_subscription_has_no_attribute_that_sns_does_not_have,
    a_filter_policy_has_its_values_in_lists,
];

/// <https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html>
fn a_protocol_that_sns_does_not_have_is_refused() -> Case {
    case(async |aws| {
        let topic = Topic::new(&aws).await;
        refused(topic.sns.subscribe().topic_arn(&topic.arn).protocol("pigeon").endpoint("loft").send().await)
    })
    .gives(error(
        400,
        "InvalidParameter",
        "Invalid parameter: Amazon SNS does not support this protocol string: pigeon",
    ))
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html>
fn an_endpoint_that_is_no_queue_is_refused() -> Case {
    case(async |aws| {
        let topic = Topic::new(&aws).await;
        refused(topic.sns.subscribe().topic_arn(&topic.arn).protocol("sqs").endpoint("inbox").send().await)
    })
    .gives(error(400, "InvalidParameter", "Invalid parameter: SQS endpoint ARN"))
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html>
fn a_subscription_needs_a_topic() -> Case {
    case(async |aws| {
        let queue = Queue::open(&aws, "inbox").await;
        let subscribe = aws.sns().subscribe().topic_arn(aws.arn("sns", "absent")).protocol("sqs");
        refused(subscribe.endpoint(&queue.arn).send().await)
    })
    .gives(error(404, "NotFound", "Topic does not exist"))
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html>
fn a_subscription_is_made_once() -> Case {
    case(async |aws| {
        let topic = Topic::new(&aws).await;
        let (queue, arn) = topic.queue(&aws, "inbox", &[]).await;
        let again = topic.sns.subscribe().topic_arn(&topic.arn).protocol("sqs").endpoint(&queue.arn).send().await;
        let listed = topic.sns.list_subscriptions_by_topic().topic_arn(&topic.arn).send().await;
        json!({
            "same": seen(again, |again| (again.subscription_arn() == Some(&arn)).into()),
            "listed": seen(listed, |listed| {
                let all = listed.subscriptions().iter();
                all.map(|one| json!([one.protocol(), one.endpoint(), one.owner()])).collect()
            }),
        })
    })
    .gives(json!({ "same": true, "listed": [["sqs", "arn:aws:sqs:us-east-1:ACCOUNT:inbox", "ACCOUNT"]] }))
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_Unsubscribe.html>
fn a_subscription_that_is_gone_has_no_attributes() -> Case {
    case(async |aws| {
        let topic = Topic::new(&aws).await;
        let (_, arn) = topic.queue(&aws, "inbox", &[]).await;
        let get = topic.sns.get_subscription_attributes().subscription_arn(&arn);
        let before = seen(get.clone().send().await, |got| {
            let names = ["PendingConfirmation", "Protocol", "RawMessageDelivery"];
            names.iter().map(|name| json!(got.attributes().and_then(|all| all.get(*name)))).collect()
        });
        let unsubscribed = topic.sns.unsubscribe().subscription_arn(&arn).send().await;
        json!([before, done(unsubscribed), refused(get.send().await)])
    })
    .gives(json!([["false", "sqs", "false"], "done", error(404, "NotFound", "Subscription does not exist")]))
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html>
fn a_filter_policy_that_is_no_json_is_refused() -> Case {
    case(async |aws| Topic::new(&aws).await.refuses(&aws, &[("FilterPolicy", "{")]).await)
        .gives(error_as(400, "InvalidParameter"))
}

/// <https://docs.aws.amazon.com/sns/latest/dg/sns-large-payload-raw-message-delivery.html>
fn raw_delivery_is_true_or_false() -> Case {
    case(async |aws| Topic::new(&aws).await.refuses(&aws, &[("RawMessageDelivery", "perhaps")]).await)
        .gives(error_as(400, "InvalidParameter"))
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html>
fn a_subscription_that_differs_is_refused() -> Case {
    case(async |aws| {
        let topic = Topic::new(&aws).await;
        let (queue, _) = topic.queue(&aws, "inbox", &[]).await;
        let again = topic.sns.subscribe().topic_arn(&topic.arn).protocol("sqs").endpoint(&queue.arn);
        refused(again.attributes("RawMessageDelivery", "true").send().await)
    })
    .gives(error(
        400,
        "InvalidParameter",
        "Invalid parameter: Attributes Reason: Subscription already exists with different attributes",
    ))
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_SetSubscriptionAttributes.html>
fn a_subscription_has_no_attribute_that_sns_does_not_have() -> Case {
    case(async |aws| {
        let topic = Topic::new(&aws).await;
        let (_, arn) = topic.queue(&aws, "inbox", &[]).await;
        let set = topic.sns.set_subscription_attributes().subscription_arn(arn).attribute_name("Colour");
        refused(set.attribute_value("red").send().await)
    })
    .gives(error(400, "InvalidParameter", "Invalid parameter: AttributeName"))
}

/// <https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html>
fn a_filter_policy_has_its_values_in_lists() -> Case {
    case(async |aws| Topic::new(&aws).await.refuses(&aws, &[("FilterPolicy", r#"{"colour":"red"}"#)]).await)
        .gives(error_as(400, "InvalidParameter"))
}
