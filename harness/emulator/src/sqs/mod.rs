//! SQS: standard and FIFO queues, over the AWS JSON 1.0 protocol and, by [`query`], over the older query protocol.
//!
//! - [`queue`]: one queue; [`backlog`] and [`groups`]: which of its messages can be received when;
//!   [`deduplication`] and [`attempts`]: what a FIFO queue remembers; [`message`]: one message;
//! - [`attributes`]: what can be set on a queue;
//! - [`queues`], [`send`], [`receive`], [`redrive`], [`permissions`]: the operations;
//! - [`move_task`]: what goes on by itself.
//!
//! What always holds: the oldest message that can be received is received first, which standard queues
//! allow and do not promise; a message is never in two queues; a message whose retention period is over is
//! never seen again.
//!
//! Encryption with KMS keys is refused by name. Permissions are not checked: a queue's policy is kept and told.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/Welcome.html>

mod attempts;
mod attributes;
mod backlog;
mod batch;
mod deduplication;
mod error;
mod groups;
mod message;
mod move_task;
mod permissions;
pub(crate) mod query;
mod queue;
mod queues;
mod receive;
mod redrive;
mod send;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use self::message::Content;
use self::queue::Queue;
pub(crate) use self::queues::check_name;
use crate::Ids;
use crate::arn::Arn;
use crate::protocol::{AwsError, Reply, Request, Service};
use crate::world::{Call, Outstanding, Undeliverable, World};

/// The longest that a message stays hidden after one receive: 12 hours.
const MAXIMUM_VISIBILITY: SignedDuration = SignedDuration::from_hours(12);

/// The queues of one account in one region.
#[derive(Default)]
pub(crate) struct State {
    queues: BTreeMap<String, Queue>,
    /// When each queue that is gone was deleted: its name cannot be used again at once.
    deleted: BTreeMap<String, Timestamp>,
    move_tasks: Vec<move_task::MoveTask>,
}

/// A message that another service sends.
#[derive(Clone, Debug, Default)]
pub(crate) struct NewMessage {
    pub body: String,
    pub attributes: BTreeMap<String, MessageAttribute>,
    /// Must be there for a FIFO queue.
    pub group_id: Option<String>,
    /// For a FIFO queue that does not deduplicate by content; a standard queue ignores it.
    pub deduplication_id: Option<String>,
}

/// A message attribute: its data type and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MessageAttribute {
    /// `String`, `Number` or `Binary`, with an optional custom label after a dot.
    pub data_type: String,
    pub value: AttributeValue,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AttributeValue {
    Text(String),
    Binary(Vec<u8>),
}

/// What stands in a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueDepth {
    pub arn: String,
    pub url: String,
    /// Messages that can be received now.
    pub visible: usize,
    /// Messages that were received and are neither deleted nor visible again.
    pub in_flight: usize,
    /// Messages whose delay is not over.
    pub delayed: usize,
    /// When the next message that is in flight or delayed becomes visible.
    pub next_visible: Option<Timestamp>,
}

/// Answers one request.
pub(crate) fn answer(world: &mut World, call: &Call<'_>) -> Result<Reply, AwsError> {
    run_due(world);
    let result = match call.operation() {
        "AddPermission" => permissions::add_permission(world, call),
        "CancelMessageMoveTask" => redrive::cancel_message_move_task(world, call),
        "ChangeMessageVisibility" => receive::change_message_visibility(world, call),
        "ChangeMessageVisibilityBatch" => receive::change_message_visibility_batch(world, call),
        "CreateQueue" => queues::create_queue(world, call),
        "DeleteMessage" => receive::delete_message(world, call),
        "DeleteMessageBatch" => receive::delete_message_batch(world, call),
        "DeleteQueue" => queues::delete_queue(world, call),
        "GetQueueAttributes" => queues::get_queue_attributes(world, call),
        "GetQueueUrl" => queues::get_queue_url(world, call),
        "ListDeadLetterSourceQueues" => redrive::list_dead_letter_source_queues(world, call),
        "ListMessageMoveTasks" => redrive::list_message_move_tasks(world, call),
        "ListQueueTags" => queues::list_queue_tags(world, call),
        "ListQueues" => queues::list_queues(world, call),
        "PurgeQueue" => queues::purge_queue(world, call),
        "ReceiveMessage" => receive::receive_message(world, call),
        "RemovePermission" => permissions::remove_permission(world, call),
        "SendMessage" => send::send_message(world, call),
        "SendMessageBatch" => send::send_message_batch(world, call),
        "SetQueueAttributes" => queues::set_queue_attributes(world, call),
        "StartMessageMoveTask" => redrive::start_message_move_task(world, call),
        "TagQueue" => queues::tag_queue(world, call),
        "UntagQueue" => queues::untag_queue(world, call),
        operation => return Err(AwsError::not_simulated(Service::Sqs, operation)),
    };
    let only_reads = ["Get", "List"].iter().any(|start| call.operation().starts_with(start));
    if result.is_ok() && !only_reads {
        world.changed();
    }
    result.map(|output| Reply::json(&output))
}

/// Does what move tasks have to do by now.
pub(crate) fn run_due(world: &mut World) {
    let (now, ids) = (world.clock.now(), world.ids.clone());
    if next_due(world).is_some_and(|due| due <= now) {
        world.regions_mut().for_each(|region| region.sqs.run_move_tasks(now, &ids));
        world.changed();
    }
}

/// When the next move task goes on.
pub(crate) fn next_due(world: &World) -> Option<Timestamp> {
    world.regions().filter_map(|region| region.sqs.next_move()).min()
}

/// What move tasks are going to do.
pub(crate) fn outstanding(world: &World) -> Vec<Outstanding> {
    let tasks = world.regions().flat_map(|region| &region.sqs.move_tasks);
    let outstanding = |task: &move_task::MoveTask| {
        let queue = Arn::parse(&task.source)?.resource;
        Some(Outstanding { what: format!("the redrive of queue {queue}"), due: task.due()?, recurring: false })
    };
    tasks.filter_map(outstanding).collect()
}

/// The queue and the time that a `ReceiveMessage` may wait, where it may.
pub(crate) fn long_poll(world: &World, request: &Request) -> Option<(String, Duration)> {
    let input: receive::ReceiveMessage = crate::protocol::json::input(request).ok()?;
    let queue = world.regions().find_map(|region| region.sqs.find(&input.queue_url))?;
    let seconds = input.wait_time_seconds.unwrap_or(queue.attributes.receive_wait());
    let seconds = u64::try_from(seconds).ok().filter(|seconds| (1..=20).contains(seconds))?;
    Some((input.queue_url, Duration::from_secs(seconds)))
}

/// When the next message of a queue can be received (now or earlier, for one that is visible), and a view of
/// what may change that. A queue that is not there changes when anything does.
pub(crate) fn readiness(world: &mut World, url: &str) -> (Option<Timestamp>, watch::Receiver<u64>) {
    let queue = world.regions_mut().find_map(|region| region.sqs.find_mut(url));
    match queue {
        Some(queue) => (queue.next_visible(), queue.changes()),
        None => (None, world.changes()),
    }
}

/// Whether a `ReceiveMessage` was answered without a message and without an error.
pub(crate) fn received_nothing(reply: &Reply) -> bool {
    reply.status == 200 && reply.body.as_ref() == b"{}"
}

impl State {
    /// Puts a message into a queue, as another service does, and returns its message id. A message that the
    /// queue does not accept (too large, or without a group for a FIFO queue) is refused for good.
    pub fn deliver(
        &mut self,
        name: &str,
        message: NewMessage,
        now: Timestamp,
        ids: &Ids,
    ) -> Result<String, Undeliverable> {
        let queue = self.queues.get_mut(name).ok_or(Undeliverable::NoSuchTarget)?;
        let mut content = Content {
            body: message.body,
            attributes: message.attributes,
            trace_header: None,
            group_id: message.group_id,
            deduplication_id: message.deduplication_id.filter(|_| queue.attributes.is_fifo()),
        };
        let refused = send::complete(queue, &mut content).is_err();
        if refused || content.size() > queue.attributes.maximum_message_size() {
            return Err(Undeliverable::NoSuchTarget);
        }
        let (sender, delay) = (queue.account().to_owned(), queue.attributes.delay());
        Ok(queue.send(Arc::new(content), &sender, now, delay, ids).message_id)
    }

    /// What stands in each queue.
    pub fn depths(&mut self, now: Timestamp) -> Vec<QueueDepth> {
        self.queues.values_mut().map(|queue| queue.depth(now)).collect()
    }

    /// The queue at a URL.
    fn find(&self, url: &str) -> Option<&Queue> {
        self.queues.get(name_in(url)).filter(|queue| queue.is_at(url))
    }

    fn find_mut(&mut self, url: &str) -> Option<&mut Queue> {
        self.queues.get_mut(name_in(url)).filter(|queue| queue.is_at(url))
    }

    /// The queue at a URL, as it is now.
    fn at_url(&mut self, url: &str, now: Timestamp) -> Result<&mut Queue, AwsError> {
        if url.is_empty() {
            return Err(error::missing("QueueUrl"));
        }
        let queue = self.find_mut(url).ok_or_else(error::no_such_queue)?;
        queue.advance(now);
        Ok(queue)
    }

    /// The queue with an ARN.
    fn with_arn(&self, arn: &str) -> Option<&Queue> {
        self.queues.get(Arn::parse(arn)?.resource).filter(|queue| queue.arn == arn)
    }
}

/// The last part of a queue's URL.
fn name_in(url: &str) -> &str {
    url.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests;
