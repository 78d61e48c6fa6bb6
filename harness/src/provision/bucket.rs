//! Buckets, and where their events go.

use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration, Event, EventBridgeConfiguration,
    FilterRule, FilterRuleName, LambdaFunctionConfiguration, NotificationConfiguration,
    NotificationConfigurationFilter, QueueConfiguration, S3KeyFilter, Tagging, TopicConfiguration,
    VersioningConfiguration,
};

use super::{Clients, ProvisionError, Provisioned, built, cors, done, lifecycle};
use crate::stack::{Bucket, BucketNotification, NotificationTarget};

impl Clients<'_> {
    pub async fn bucket(&self, bucket: &Bucket) -> Provisioned {
        // The region that needs no constraint refuses its own name as one.
        let elsewhere = self.region.as_deref().filter(|region| *region != "us-east-1");
        let constraint = elsewhere.map(|region| {
            CreateBucketConfiguration::builder().location_constraint(BucketLocationConstraint::from(region)).build()
        });
        let create = self.s3.create_bucket().bucket(&bucket.name).set_create_bucket_configuration(constraint);
        done(&bucket.logical_id, create.send().await)?;
        if let Some((key, value)) = self.tag {
            let tag = built(&bucket.logical_id, aws_sdk_s3::types::Tag::builder().key(*key).value(*value).build())?;
            let tags = built(&bucket.logical_id, Tagging::builder().tag_set(tag).build())?;
            done(&bucket.logical_id, self.s3.put_bucket_tagging().bucket(&bucket.name).tagging(tags).send().await)?;
        }
        if let Some(status) = bucket.versioning {
            let versioning = VersioningConfiguration::builder().status(BucketVersioningStatus::from(status)).build();
            let put = self.s3.put_bucket_versioning().bucket(&bucket.name).versioning_configuration(versioning);
            done(&bucket.logical_id, put.send().await)?;
        }
        if !bucket.lifecycle.is_empty() {
            let put = self.s3.put_bucket_lifecycle_configuration().bucket(&bucket.name);
            let put = put.lifecycle_configuration(lifecycle::configuration(bucket)?);
            done(&bucket.logical_id, put.send().await)?;
        }
        if !bucket.cors.is_empty() {
            let put = self.s3.put_bucket_cors().bucket(&bucket.name).cors_configuration(cors::configuration(bucket)?);
            done(&bucket.logical_id, put.send().await)?;
        }
        if bucket.notifications.is_empty() && !bucket.event_bridge {
            return Ok(());
        }
        let configuration = notification_configuration(bucket)?;
        let put = self.s3.put_bucket_notification_configuration().bucket(&bucket.name);
        done(&bucket.logical_id, put.notification_configuration(configuration).send().await)
    }
}

fn notification_configuration(bucket: &Bucket) -> Result<NotificationConfiguration, ProvisionError> {
    let mut configuration = NotificationConfiguration::builder();
    for notification in &bucket.notifications {
        let events: Vec<Event> = notification.events.iter().map(|event| Event::from(event.as_str())).collect();
        let (events, filter) = (Some(events), filter(notification));
        configuration = match &notification.target {
            NotificationTarget::Queue(arn) => {
                let queue = QueueConfiguration::builder().queue_arn(arn).set_events(events).set_filter(filter).build();
                configuration.queue_configurations(built(&bucket.logical_id, queue)?)
            }
            NotificationTarget::Topic(arn) => {
                let topic = TopicConfiguration::builder().topic_arn(arn).set_events(events).set_filter(filter).build();
                configuration.topic_configurations(built(&bucket.logical_id, topic)?)
            }
            NotificationTarget::Function(arn) => {
                let function = LambdaFunctionConfiguration::builder().lambda_function_arn(arn);
                let function = function.set_events(events).set_filter(filter).build();
                configuration.lambda_function_configurations(built(&bucket.logical_id, function)?)
            }
        };
    }
    let event_bridge = bucket.event_bridge.then(|| EventBridgeConfiguration::builder().build());
    Ok(configuration.set_event_bridge_configuration(event_bridge).build())
}

fn filter(notification: &BucketNotification) -> Option<NotificationConfigurationFilter> {
    let rule = |name: FilterRuleName, value: &Option<String>| {
        value.as_ref().map(|value| FilterRule::builder().name(name).value(value).build())
    };
    let rules: Vec<FilterRule> =
        [rule(FilterRuleName::Prefix, &notification.prefix), rule(FilterRuleName::Suffix, &notification.suffix)]
            .into_iter()
            .flatten()
            .collect();
    if rules.is_empty() {
        return None;
    }
    let key = S3KeyFilter::builder().set_filter_rules(Some(rules)).build();
    Some(NotificationConfigurationFilter::builder().key(key).build())
}
