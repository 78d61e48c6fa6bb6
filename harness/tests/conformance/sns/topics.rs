//! Topics: their life, attributes and tags.

use aws_sdk_sns::types::Tag;
use serde_json::json;

use super::Topic;
use crate::kit::{Case, Known, case, cases, done, error, error_as, refused, refused_as, seen};

cases![
    a_topic_is_created_once,
    a_topic_that_differs_is_refused,
    a_topics_name_is_of_few_characters,
    a_topic_that_is_not_there_has_no_attributes,
    a_topics_attributes_tell_its_subscriptions,
    a_topic_is_deleted_twice,
    tags_are_put_and_taken_away,
    a_topic_that_is_not_there_has_no_tags,
    an_attribute_that_sns_does_not_have_is_refused,
    an_arn_that_is_none_is_refused,
];

/// <https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html>
fn a_topic_is_created_once() -> Case {
    case(async |aws| {
        let first = Topic::new(&aws).await;
        let again = Topic::new(&aws).await;
        json!([first.arn, again.arn])
    })
    .gives(json!(["arn:aws:sns:us-east-1:ACCOUNT:news", "arn:aws:sns:us-east-1:ACCOUNT:news"]))
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html>
fn a_topic_that_differs_is_refused() -> Case {
    case(async |aws| {
        let topic = Topic::new(&aws).await;
        let again = topic.sns.create_topic().name(aws.name("news")).attributes("DisplayName", "other");
        refused(again.send().await)
    })
    .gives(error(
        400,
        "InvalidParameter",
        "Invalid parameter: Attributes Reason: Topic already exists with different attributes",
    ))
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html>
fn a_topics_name_is_of_few_characters() -> Case {
    case(async |aws| refused(aws.sns().create_topic().name("no dots.").send().await)).gives(error(
        400,
        "InvalidParameter",
        "Invalid parameter: Topic Name",
    ))
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html>
fn a_topic_that_is_not_there_has_no_attributes() -> Case {
    case(async |aws| refused(aws.sns().get_topic_attributes().topic_arn(aws.arn("sns", "absent")).send().await))
        .gives(error(404, "NotFound", "Topic does not exist"))
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html>
fn a_topics_attributes_tell_its_subscriptions() -> Case {
    case(async |aws| {
        let topic = Topic::new(&aws).await;
        topic.queue(&aws, "inbox", &[]).await;
        let set = topic.sns.set_topic_attributes().topic_arn(&topic.arn);
        let set = set.attribute_name("DisplayName").attribute_value("News").send().await;
        let got = topic.sns.get_topic_attributes().topic_arn(&topic.arn).send().await;
        let names = ["DisplayName", "Owner", "SubscriptionsConfirmed", "SubscriptionsPending", "TopicArn"];
        json!([
            done(set),
            seen(got, |got| names.iter().map(|name| json!(got.attributes().and_then(|all| all.get(*name)))).collect()),
        ])
    })
    .gives(json!(["done", ["News", "ACCOUNT", "1", "0", "arn:aws:sns:us-east-1:ACCOUNT:news"]]))
    .localstack(Known {
        got: json!(["done", ["News", "ACCOUNT", "0", "0", "arn:aws:sns:us-east-1:ACCOUNT:news"]]),
        reason: "LocalStack always tells of no subscriptions",
        page: "https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html",
    })
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_DeleteTopic.html>
fn a_topic_is_deleted_twice() -> Case {
    case(async |aws| {
        let topic = Topic::new(&aws).await;
        let delete = topic.sns.delete_topic().topic_arn(&topic.arn);
        let listed = || async { topic.sns.list_topics().send().await.map(|list| list.topics().len()).ok() };
        let before = listed().await;
        json!([before, done(delete.clone().send().await), done(delete.send().await), listed().await])
    })
    .gives(json!([1, "done", "done", 0]))
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_TagResource.html>
fn tags_are_put_and_taken_away() -> Case {
    case(async |aws| {
        let topic = Topic::new(&aws).await;
        let tag = |key: &str| Tag::builder().key(key).value("a").build().expect("it has a key and a value");
        let tagged = topic.sns.tag_resource().resource_arn(&topic.arn).tags(tag("team")).tags(tag("stage"));
        let tagged = tagged.send().await;
        let untagged = topic.sns.untag_resource().resource_arn(&topic.arn).tag_keys("stage").send().await;
        let listed = topic.sns.list_tags_for_resource().resource_arn(&topic.arn).send().await;
        let tags = seen(listed, |listed| listed.tags().iter().map(|tag| json!([tag.key(), tag.value()])).collect());
        json!([done(tagged), done(untagged), tags])
    })
    .gives(json!(["done", "done", [["team", "a"]]]))
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_ListTagsForResource.html>
fn a_topic_that_is_not_there_has_no_tags() -> Case {
    case(async |aws| refused(aws.sns().list_tags_for_resource().resource_arn(aws.arn("sns", "absent")).send().await))
        .gives(error(404, "ResourceNotFound", "Resource does not exist"))
        .localstack(Known {
            got: json!("accepted"),
            reason: "LocalStack does not look for the topic",
            page: "https://docs.aws.amazon.com/sns/latest/api/API_ListTagsForResource.html",
        })
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html>
fn an_attribute_that_sns_does_not_have_is_refused() -> Case {
    case(async |aws| {
        let topic = Topic::new(&aws).await;
        let set = topic.sns.set_topic_attributes().topic_arn(&topic.arn).attribute_name("Colour");
        refused(set.attribute_value("red").send().await)
    })
    .gives(error(400, "InvalidParameter", "Invalid parameter: AttributeName"))
    .localstack(Known {
        got: json!("accepted"),
        reason: "LocalStack keeps every attribute",
        page: "https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html",
    })
}

/// <https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html>
fn an_arn_that_is_none_is_refused() -> Case {
    case(async |aws| refused_as(aws.sns().get_topic_attributes().topic_arn("news").send().await))
        .gives(error_as(400, "InvalidParameter"))
}
