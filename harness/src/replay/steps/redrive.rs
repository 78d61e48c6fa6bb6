//! The step `sqs.redrive`.

use std::time::Duration;

use aws_types::SdkConfig;

use super::{Done, Failed, Player, sent};
use crate::scenario::SqsRedrive;

/// Between two looks at a task where time is real.
const LOOK: Duration = Duration::from_millis(200);

impl Player<'_> {
    /// Starts a message move task. Where time is real, waits until it is over: nothing else tells how many
    /// messages are still on their way. In virtual time a task with a rate goes on as time passes.
    pub(super) async fn redrive(&self, config: &SdkConfig, step: &SqsRedrive) -> Done {
        let queues = &self.shared.stack.queues;
        let source = self.named(queues, &step.queue.value, |queue| &queue.logical_id)?;
        let mut start = aws_sdk_sqs::Client::new(config).start_message_move_task().source_arn(&source.arn);
        if let Some(destination) = &step.destination {
            start = start.destination_arn(&self.named(queues, &destination.value, |queue| &queue.logical_id)?.arn);
        }
        let rate = step.per_second.and_then(|rate| i32::try_from(rate.get()).ok());
        sent(start.set_max_number_of_messages_per_second(rate).send().await)?;
        let sqs = aws_sdk_sqs::Client::new(&self.shared.service_config());
        loop {
            let tasks = sqs.list_message_move_tasks().source_arn(&source.arn).send().await;
            let tasks = tasks.map_err(|error| format!("asking for the redrive: {error}"))?;
            let task = tasks.results().first();
            match task.and_then(|task| task.status()) {
                Some("FAILED") => {
                    let reason = task.and_then(|task| task.failure_reason()).unwrap_or("no reason given");
                    return Err(Failed::from(format!("the redrive of {} failed: {reason}", source.logical_id)));
                }
                Some("RUNNING" | "CREATED") if self.shared.backend.patience().is_some() => {
                    tokio::time::sleep(LOOK).await;
                }
                _ => return Ok(()),
            }
        }
    }
}
