//! A [`Stack`] onto a backend, through the AWS SDK: what a deployment would create, in the order of what
//! depends on what.

use std::fmt;
use std::time::Duration;

use aws_sdk_dynamodb::client::Waiters;
use aws_sdk_dynamodb::types::{TableStatus, TimeToLiveSpecification};
use aws_sdk_eventbridge::types::{DeadLetterConfig, RetryPolicy, RuleState, Target};
use aws_sdk_s3::types::{
    BucketLocationConstraint, CreateBucketConfiguration, Event, EventBridgeConfiguration, FilterRule, FilterRuleName,
    LambdaFunctionConfiguration, NotificationConfiguration, NotificationConfigurationFilter, QueueConfiguration,
    S3KeyFilter, Tagging, TopicConfiguration,
};
use aws_sdk_sqs::types::QueueAttributeName;
use aws_smithy_types::error::display::DisplayErrorContext;
use aws_types::SdkConfig;

use crate::stack::{Bucket, BucketNotification, NotificationTarget, Queue, Rule, RuleTarget, Stack, Table, Topic};

mod table;

/// How long a table may take to be created; usually seconds.
const TABLE_LIMIT: Duration = Duration::from_secs(120);

/// A resource that the backend did not accept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvisionError {
    pub logical_id: String,
    pub message: String,
}

impl fmt::Display for ProvisionError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} could not be created: {}", self.logical_id, self.message)
    }
}

impl std::error::Error for ProvisionError {}

type Provisioned = Result<(), ProvisionError>;

/// Creates everything the stack has.
///
/// # Errors
/// The first resource that the backend refuses, with what it answered.
pub async fn provision(stack: &Stack, config: &SdkConfig, tag: Option<&Tag<'_>>) -> Provisioned {
    let clients = Clients::new(config, tag);
    for queue in dead_letter_queues_first(&stack.queues) {
        clients.queue(queue).await?;
    }
    for topic in &stack.topics {
        clients.topic(topic).await?;
    }
    for table in &stack.tables {
        clients.table(table).await?;
    }
    for bus in &stack.buses {
        let create = clients.eventbridge.create_event_bus().name(&bus.name);
        done(&bus.logical_id, create.set_tags(clients.event_tags(&bus.logical_id)?).send().await)?;
    }
    for subscription in &stack.subscriptions {
        let attributes = subscription.attributes.clone().into_iter().collect();
        let subscribe = clients.sns.subscribe().topic_arn(&subscription.topic_arn).protocol(&subscription.protocol);
        let subscribe = subscribe.endpoint(&subscription.endpoint).set_attributes(Some(attributes));
        done(&subscription.logical_id, subscribe.send().await)?;
    }
    for rule in &stack.rules {
        clients.rule(rule).await?;
    }
    for bucket in &stack.buckets {
        clients.bucket(bucket).await?;
    }
    Ok(())
}

/// A redrive policy names its dead-letter queue, which therefore comes first.
fn dead_letter_queues_first(queues: &[Queue]) -> impl Iterator<Item = &Queue> {
    let (sources, targets): (Vec<&Queue>, Vec<&Queue>) = queues.iter().partition(|queue| queue.has_redrive_policy());
    targets.into_iter().chain(sources)
}

/// A tag for every resource: its key and its value.
pub type Tag<'t> = (&'t str, &'t str);

struct Clients<'t> {
    tag: Option<&'t Tag<'t>>,
    region: Option<String>,
    s3: aws_sdk_s3::Client,
    sqs: aws_sdk_sqs::Client,
    sns: aws_sdk_sns::Client,
    eventbridge: aws_sdk_eventbridge::Client,
    dynamodb: aws_sdk_dynamodb::Client,
}

impl<'t> Clients<'t> {
    fn new(config: &SdkConfig, tag: Option<&'t Tag<'t>>) -> Self {
        Self {
            tag,
            region: config.region().map(ToString::to_string),
            s3: aws_sdk_s3::Client::new(config),
            sqs: aws_sdk_sqs::Client::new(config),
            sns: aws_sdk_sns::Client::new(config),
            eventbridge: aws_sdk_eventbridge::Client::new(config),
            dynamodb: aws_sdk_dynamodb::Client::new(config),
        }
    }

    async fn queue(&self, queue: &Queue) -> Provisioned {
        let attributes =
            queue.attributes.iter().map(|(name, value)| (QueueAttributeName::from(name.as_str()), value.clone()));
        let mut create = self.sqs.create_queue().queue_name(&queue.name).set_attributes(Some(attributes.collect()));
        if let Some((key, value)) = self.tag {
            create = create.tags(*key, *value);
        }
        done(&queue.logical_id, create.send().await)
    }

    async fn topic(&self, topic: &Topic) -> Provisioned {
        let mut create = self.sns.create_topic().name(&topic.name);
        if let Some(policy) = &topic.policy {
            create = create.attributes("Policy", policy);
        }
        if let Some((key, value)) = self.tag {
            let tag = aws_sdk_sns::types::Tag::builder().key(*key).value(*value).build();
            create = create.tags(built(&topic.logical_id, tag)?);
        }
        done(&topic.logical_id, create.send().await)
    }

    fn event_tags(&self, logical_id: &str) -> Result<Option<Vec<aws_sdk_eventbridge::types::Tag>>, ProvisionError> {
        let tag = |(key, value): &Tag<'_>| aws_sdk_eventbridge::types::Tag::builder().key(*key).value(*value).build();
        self.tag.map(|each| built(logical_id, tag(each)).map(|tag| vec![tag])).transpose()
    }

    async fn table(&self, table: &Table) -> Provisioned {
        let mut create = table::create(&self.dynamodb, &table.definition)
            .map_err(|message| ProvisionError { logical_id: table.logical_id.clone(), message })?;
        if let Some((key, value)) = self.tag {
            let tag = aws_sdk_dynamodb::types::Tag::builder().key(*key).value(*value).build();
            create = create.tags(built(&table.logical_id, tag)?);
        }
        let created = create.send().await.map_err(|error| failed(&table.logical_id, &error))?;
        let status = created.table_description().and_then(|table| table.table_status());
        if status.is_some_and(|status| *status != TableStatus::Active) {
            let exists = self.dynamodb.wait_until_table_exists().table_name(&table.name);
            done(&table.logical_id, exists.wait(TABLE_LIMIT).await)?;
        }
        let Some(attribute) = &table.time_to_live else { return Ok(()) };
        let specification = TimeToLiveSpecification::builder().attribute_name(attribute).enabled(true).build();
        let specification = built(&table.logical_id, specification)?;
        let update = self.dynamodb.update_time_to_live().table_name(&table.name);
        done(&table.logical_id, update.time_to_live_specification(specification).send().await)
    }

    async fn rule(&self, rule: &Rule) -> Provisioned {
        let state = if rule.enabled { RuleState::Enabled } else { RuleState::Disabled };
        let put = self
            .eventbridge
            .put_rule()
            .name(&rule.name)
            .event_bus_name(&rule.bus)
            .set_event_pattern(rule.event_pattern.as_ref().map(ToString::to_string))
            .set_schedule_expression(rule.schedule.clone())
            .set_tags(self.event_tags(&rule.logical_id)?)
            .state(state);
        done(&rule.logical_id, put.send().await)?;
        if rule.targets.is_empty() {
            return Ok(());
        }
        let targets =
            rule.targets.iter().map(|one| built(&rule.logical_id, target(one))).collect::<Result<Vec<_>, _>>()?;
        let put = self.eventbridge.put_targets().rule(&rule.name).event_bus_name(&rule.bus).set_targets(Some(targets));
        let put = put.send().await.map_err(|error| failed(&rule.logical_id, &error))?;
        match put.failed_entries().first() {
            Some(entry) => Err(ProvisionError {
                logical_id: rule.logical_id.clone(),
                message: entry.error_message().unwrap_or("a target was refused").to_owned(),
            }),
            None => Ok(()),
        }
    }

    async fn bucket(&self, bucket: &Bucket) -> Provisioned {
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
        if bucket.notifications.is_empty() && !bucket.event_bridge {
            return Ok(());
        }
        let configuration = notification_configuration(bucket)?;
        let put = self.s3.put_bucket_notification_configuration().bucket(&bucket.name);
        done(&bucket.logical_id, put.notification_configuration(configuration).send().await)
    }
}

fn target(target: &RuleTarget) -> Result<Target, aws_smithy_types::error::operation::BuildError> {
    let has_policy = target.maximum_retry_attempts.is_some() || target.maximum_event_age.is_some();
    let age = target.maximum_event_age.map(|age| i32::try_from(age.as_secs()).unwrap_or(i32::MAX));
    let attempts = target.maximum_retry_attempts.map(|attempts| i32::try_from(attempts).unwrap_or(i32::MAX));
    let policy = RetryPolicy::builder().set_maximum_event_age_in_seconds(age).set_maximum_retry_attempts(attempts);
    let dead_letters = target.dead_letter_arn.as_ref().map(|arn| DeadLetterConfig::builder().arn(arn).build());
    Target::builder()
        .id(&target.id)
        .arn(&target.arn)
        .set_input(target.input.clone())
        .set_input_path(target.input_path.clone())
        .set_dead_letter_config(dead_letters)
        .set_retry_policy(has_policy.then(|| policy.build()))
        .build()
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

fn done<T, E: std::error::Error + 'static>(logical_id: &str, sent: Result<T, E>) -> Provisioned {
    sent.map(drop).map_err(|error| failed(logical_id, &error))
}

fn failed(logical_id: &str, error: &(dyn std::error::Error + 'static)) -> ProvisionError {
    ProvisionError { logical_id: logical_id.to_owned(), message: DisplayErrorContext(error).to_string() }
}

fn built<T, E: std::error::Error>(logical_id: &str, built: Result<T, E>) -> Result<T, ProvisionError> {
    built.map_err(|error| ProvisionError { logical_id: logical_id.to_owned(), message: error.to_string() })
}
