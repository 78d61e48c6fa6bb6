//! From a dead-letter queue back: `ListDeadLetterSourceQueues`, and the operations on message move tasks.
//!
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html>

use serde::Deserialize;
use serde_json::{Value, json};

use super::State;
use super::error::{invalid, missing, resource_not_found, unsupported, within};
use super::move_task::{MoveTask, Status};
use super::queue::Queue;
use super::queues::page;
use crate::arn::Arn;
use crate::protocol::AwsError;
use crate::protocol::json::input;
use crate::world::{Call, World};

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
struct CancelMessageMoveTask {
    #[serde(default)]
    task_handle: String,
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
    let now = call.clock.now();
    let state = &mut call.region(world).sqs;
    state.check_dead_letter_queue(&input.source_arn)?;
    state.check_destination(&input)?;
    if let Some(rate) = input.max_number_of_messages_per_second {
        within("MaxNumberOfMessagesPerSecond", rate, 1..=500)?;
    }
    if state.move_tasks.iter().any(|task| task.source == input.source_arn && task.due().is_some()) {
        let message = "There is already a task running. Only one active task is allowed for a source queue arn at a \
                       given time.";
        return Err(invalid(message));
    }
    let name = Arn::parse(&input.source_arn).map_or("", |arn| arn.resource);
    let to_move = state.queues.get_mut(name).map_or(0, |queue| queue.depth(now).visible);
    let handle = call.ids.base64(96);
    state.move_tasks.push(MoveTask {
        handle: handle.clone(),
        source: input.source_arn,
        destination: input.destination_arn,
        rate: input.max_number_of_messages_per_second,
        started: now,
        status: Status::Running { next: now },
        moved: 0,
        to_move,
    });
    state.run_move_tasks(now, &call.ids);
    Ok(json!({ "TaskHandle": handle }))
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CancelMessageMoveTask.html>
pub(super) fn cancel_message_move_task(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let input: CancelMessageMoveTask = input(call.request)?;
    if input.task_handle.is_empty() {
        return Err(missing("TaskHandle"));
    }
    let tasks = &mut call.region(world).sqs.move_tasks;
    let task = tasks.iter_mut().find(|task| task.handle == input.task_handle);
    let task = task.ok_or_else(|| resource_not_found("Task does not exist."))?;
    if task.due().is_none() {
        return Err(unsupported("Only active tasks can be cancelled."));
    }
    task.status = Status::Cancelled;
    Ok(json!({ "ApproximateNumberOfMessagesMoved": task.moved }))
}

/// The latest tasks of a dead-letter queue, newest first.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListMessageMoveTasks.html>
pub(super) fn list_message_move_tasks(world: &mut World, call: &Call<'_>) -> Result<Value, AwsError> {
    let input: ListMessageMoveTasks = input(call.request)?;
    let state = &call.region(world).sqs;
    if input.source_arn.is_empty() {
        return Err(missing("SourceArn"));
    }
    check_arn("SourceArn", &input.source_arn)?;
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
        check_arn("SourceArn", arn)?;
        if self.with_arn(arn).is_none() {
            return Err(no_source());
        }
        if self.queues.values().any(|queue| queue.sends_dead_letters_to(arn)) {
            return Ok(());
        }
        Err(invalid("Source queue must be configured as a Dead Letter Queue."))
    }

    fn check_destination(&self, input: &StartMessageMoveTask) -> Result<(), AwsError> {
        let Some(arn) = &input.destination_arn else { return Ok(()) };
        check_arn("DestinationArn", arn)?;
        let destination = self.with_arn(arn).ok_or_else(|| {
            resource_not_found("The resource that you specified for the DestinationArn parameter doesn't exist.")
        })?;
        let is_fifo = |queue: &Queue| queue.attributes.is_fifo();
        if self.with_arn(&input.source_arn).is_some_and(|source| is_fifo(source) != is_fifo(destination)) {
            return Err(invalid("Source and destination queues must be of the same type."));
        }
        Ok(())
    }
}

fn check_arn(parameter: &str, arn: &str) -> Result<(), AwsError> {
    if Arn::parse(arn).is_some_and(|arn| arn.service == "sqs") {
        return Ok(());
    }
    Err(invalid(format!(
        "You must use this format to specify the {parameter}: \
         arn:<partition>:<service>:<region>:<account-id>:<resource-id>"
    )))
}

fn no_source() -> AwsError {
    resource_not_found("The resource that you specified for the SourceArn parameter doesn't exist.")
}
