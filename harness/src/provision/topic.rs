//! Topics and their subscriptions.

use super::{Clients, Provisioned, built, done};
use crate::stack::{Subscription, Topic};

impl Clients<'_> {
    pub async fn topic(&self, topic: &Topic) -> Provisioned {
        let attributes = topic.attributes.clone().into_iter().collect();
        let mut create = self.sns.create_topic().name(&topic.name).set_attributes(Some(attributes));
        if let Some((key, value)) = self.tag {
            let tag = aws_sdk_sns::types::Tag::builder().key(*key).value(*value).build();
            create = create.tags(built(&topic.logical_id, tag)?);
        }
        done(&topic.logical_id, create.send().await)
    }

    pub async fn subscription(&self, subscription: &Subscription) -> Provisioned {
        let attributes = subscription.attributes.clone().into_iter().collect();
        let subscribe = self.sns.subscribe().topic_arn(&subscription.topic_arn).protocol(&subscription.protocol);
        let subscribe = subscribe.endpoint(&subscription.endpoint).set_attributes(Some(attributes));
        done(&subscription.logical_id, subscribe.send().await)
    }
}
