//! A [`Stack`] onto a backend, through the AWS SDK: what a deployment would create, in the order of what
//! depends on what.

mod bucket;
mod confirmation;
mod cors;
mod destination;
mod lifecycle;
mod queue;
mod rule;
mod schedule;
mod stream;
mod table;
mod topic;
mod trial;

pub use confirmation::confirm;
pub use trial::trial;

use std::fmt;

use aws_smithy_types::error::display::DisplayErrorContext;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::SdkConfig;

use crate::stack::{Queue, Stack};

/// A resource that the backend did not accept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvisionError {
    pub logical_id: String,
    pub message: String,
}

impl fmt::Display for ProvisionError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` could not be created: {}", self.logical_id, self.message)
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
    for stream in &stack.streams {
        clients.stream(stream).await?;
    }
    for bus in &stack.buses {
        clients.bus(bus).await?;
    }
    for subscription in &stack.subscriptions {
        clients.subscription(subscription).await?;
    }
    let mut arns = destination::Arns::new();
    for connection in &stack.connections {
        clients.connection(connection, &mut arns).await?;
    }
    for destination in &stack.api_destinations {
        clients.api_destination(destination, &mut arns).await?;
    }
    for archive in &stack.archives {
        clients.archive(archive).await?;
    }
    for rule in &stack.rules {
        clients.rule(rule, &arns).await?;
    }
    for group in &stack.schedule_groups {
        clients.schedule_group(group).await?;
    }
    for schedule in &stack.schedules {
        clients.schedule(schedule).await?;
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
    scheduler: aws_sdk_scheduler::Client,
    kinesis: aws_sdk_kinesis::Client,
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
            scheduler: aws_sdk_scheduler::Client::new(config),
            kinesis: aws_sdk_kinesis::Client::new(config),
        }
    }
}

fn done<T, E>(logical_id: &str, sent: Result<T, E>) -> Provisioned
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    sent.map(drop).map_err(|error| refused(logical_id, &error))
}

/// What AWS answers where it refuses something; else why there is no answer.
fn refused<E>(logical_id: &str, error: &E) -> ProvisionError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match error.code().zip(error.message()) {
        Some((code, message)) => {
            ProvisionError { logical_id: logical_id.to_owned(), message: format!("{message} ({code})") }
        }
        None => failed(logical_id, error),
    }
}

fn failed(logical_id: &str, error: &(dyn std::error::Error + 'static)) -> ProvisionError {
    ProvisionError { logical_id: logical_id.to_owned(), message: DisplayErrorContext(error).to_string() }
}

fn built<T, E: std::error::Error>(logical_id: &str, built: Result<T, E>) -> Result<T, ProvisionError> {
    built.map_err(|error| ProvisionError { logical_id: logical_id.to_owned(), message: error.to_string() })
}
