//! From a dead-letter queue back: `ListDeadLetterSourceQueues`, `StartMessageMoveTask` and
//! `ListMessageMoveTasks`. A task is done at once: it moves what can be received when it starts.
//!
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html>

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::State;
use super::error::{invalid, missing, resource_not_found, within};
use super::message::Message;
use super::queues::page;
use crate::Ids;
use crate::arn::Arn;
use crate::protocol::json::input;
use crate::protocol::{AwsError, Service};
use crate::world::{Call, World};

/// A task that is over.
pub(super) struct MoveTask {
    source: String,
    /// Missing where each message went back to the queue that it came from.
    destination: Option<String>,
    started: Timestamp,
    moved: usize,
    to_move: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ListDeadLetterSourceQueues {
    #[serde(default)]
    queue_url: String,
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct StartMessageMoveTask {
    #[serde(default)]
    source_arn: String,
    destination_arn: Option<String>,
    max_number_of_messages_per_second: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ListMessageMoveTasks {
    #[serde(default)]
    source_arn: String,
    max_results: Option<i64>,
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListDeadLetterSourceQueues.html>
pub(super) fn list_dead_letter_source_queues(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let input: ListDeadLetterSourceQueues = input(call.request)?;
    let state = &mut call.region(world).sqs;
    let target = state.at_url(&input.queue_url, call.clock.now())?.arn.clone();
    let sources = state.queues.iter().filter(|(_, queue)| queue.sends_dead_letters_to(&target));
    let sources = sources.map(|(name, queue)| (name.as_str(), queue.url.as_str()));
    // The one list that AWS names in lower case.
    page(sources, "queueUrls", input.max_results, input.next_token.as_deref())
}

pub(super) fn start_message_move_task(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let input: StartMessageMoveTask = input(call.request)?;
    if input.max_number_of_messages_per_second.is_some() {
        let parameter = "MaxNumberOfMessagesPerSecond";
        return Err(AwsError::parameter_not_simulated(Service::Sqs, call.operation(), parameter));
    }
    let now = call.clock.now();
    let state = &mut call.region(world).sqs;
    state.check_dead_letter_queue(&input.source_arn)?;
    if input.destination_arn.as_ref().is_some_and(|arn| state.with_arn(arn).is_none()) {
        return Err(resource_not_found(
            "The resource that you specified for the DestinationArn parameter doesn't exist.",
        ));
    }
    let task = state.move_messages(input.source_arn, input.destination_arn, now, &call.ids);
    state.move_tasks.push(task);
    Ok(json!({ "TaskHandle": call.ids.base64(96) }))
}

/// The latest tasks of a dead-letter queue, newest first.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListMessageMoveTasks.html>
pub(super) fn list_message_move_tasks(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let input: ListMessageMoveTasks = input(call.request)?;
    let state = &call.region(world).sqs;
    if input.source_arn.is_empty() {
        return Err(missing("SourceArn"));
    }
    if state.with_arn(&input.source_arn).is_none() {
        return Err(no_source());
    }
    let limit = within("MaxResults", input.max_results.unwrap_or(1), 1..=10)?;
    let limit = usize::try_from(limit).expect("a number within 1 to 10");
    let tasks = state.move_tasks.iter().rev().filter(|task| task.source == input.source_arn).take(limit);
    Ok(json!({ "Results": tasks.map(MoveTask::to_wire).collect::<Vec<_>>() }))
}

impl State {
    fn check_dead_letter_queue(&self, arn: &str) -> Result<(), AwsError> {
        if arn.is_empty() {
            return Err(missing("SourceArn"));
        }
        if self.with_arn(arn).is_none() {
            return Err(no_source());
        }
        if self.queues.values().any(|queue| queue.sends_dead_letters_to(arn)) {
            return Ok(());
        }
        Err(invalid("Source queue must be configured as a Dead Letter Queue."))
    }

    /// Moves the messages that can be received. Each counts as new: it gets another id, its retention and
    /// its receive count start again. One that no other queue moved here stays unless there is a destination.
    fn move_messages(&mut self, source: String, destination: Option<String>, now: Timestamp, ids: &Ids) -> MoveTask {
        let name = Arn::parse(&source).map_or("", |arn| arn.resource).to_owned();
        let waiting = self.queues.get_mut(&name).map(|queue| {
            queue.advance(now);
            std::iter::from_fn(|| queue.take(None).map(|(_, message)| message)).collect::<Vec<_>>()
        });
        let waiting = waiting.unwrap_or_default();
        let mut task = MoveTask { source, destination, started: now, moved: 0, to_move: waiting.len() };
        for message in waiting {
            let target = task.destination.as_ref().or(message.dead_letter_source.as_ref());
            let target = target.and_then(|arn| Some(Arn::parse(arn)?.resource.to_owned()));
            let target = target.filter(|target| self.queues.contains_key(target));
            task.moved += usize::from(target.is_some());
            let (queue, message) = match target {
                Some(target) => {
                    let new = Message::new(message.content, message.sender, now, SignedDuration::ZERO, ids);
                    (target, new)
                }
                None => (name.clone(), message),
            };
            if let Some(queue) = self.queues.get_mut(&queue) {
                queue.put(message, now);
            }
        }
        task
    }
}

impl MoveTask {
    fn to_wire(&self) -> Value {
        let failed = self.moved < self.to_move;
        let mut wire = json!({
            "Status": if failed { "FAILED" } else { "COMPLETED" },
            "SourceArn": self.source,
            "ApproximateNumberOfMessagesMoved": self.moved,
            "ApproximateNumberOfMessagesToMove": self.to_move,
            "StartedTimestamp": self.started.as_millisecond(),
        });
        if let Some(destination) = &self.destination {
            wire["DestinationArn"] = destination.as_str().into();
        }
        if failed {
            wire["FailureReason"] = "CouldNotDetermineMessageSource".into();
        }
        wire
    }
}

fn no_source() -> AwsError {
    resource_not_found("The resource that you specified for the SourceArn parameter doesn't exist.")
}
