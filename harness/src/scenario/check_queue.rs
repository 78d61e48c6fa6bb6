//! Holds the steps on queues against what their queues are: FIFO or not, a dead-letter queue or none.

use super::{Scenario, SqsRedrive, SqsSend};
use crate::diagnostic::Diagnostics;
use crate::stack::{Queue, Stack};
use crate::yaml::Located;

/// A message must have what its queue needs and nothing that it refuses.
pub(super) fn message(scenario: &Scenario, stack: &Stack, step: &SqsSend, diagnostics: &mut Diagnostics) {
    let Some(queue) = queue(stack, &step.queue) else { return };
    let name = &queue.logical_id;
    let by_content = queue.attributes.get("ContentBasedDeduplication").is_some_and(|content| content == "true");
    let problem = match (queue.is_fifo(), step) {
        (true, SqsSend { group: None, .. }) => (
            format!("`{name}` is a FIFO queue, whose messages need a group"),
            "add a `group`: messages of one group are delivered in their order",
        ),
        (true, SqsSend { deduplication_id: None, .. }) if !by_content => (
            format!("`{name}` does not deduplicate by content, so its messages need a `deduplication_id`"),
            "add one, or set the queue's `ContentBasedDeduplication: true`",
        ),
        (true, SqsSend { delay: Some(_), .. }) => (
            format!("`{name}` is a FIFO queue, whose messages have no delay of their own"),
            "set the queue's `DelaySeconds`",
        ),
        (false, SqsSend { deduplication_id: Some(_), .. }) => {
            (format!("`{name}` is a standard queue, which does not know duplicates"), "leave `deduplication_id` out")
        }
        _ => return,
    };
    diagnostics.error(&scenario.source, step.queue.span.clone(), problem.0).help(problem.1);
}

/// Only a dead-letter queue can be redriven.
pub(super) fn redrive(scenario: &Scenario, stack: &Stack, step: &SqsRedrive, diagnostics: &mut Diagnostics) {
    let Some(queue) = queue(stack, &step.queue) else { return };
    if stack.queues.iter().any(|source| source.dead_letter_arn().as_ref() == Some(&queue.arn)) {
        return;
    }
    let message = format!("`{}` is no queue's dead-letter queue", queue.logical_id);
    diagnostics
        .error(&scenario.source, step.queue.span.clone(), message)
        .help("a redrive moves the messages of a queue that a `RedrivePolicy` names");
}

fn queue<'s>(stack: &'s Stack, id: &Located<String>) -> Option<&'s Queue> {
    stack.queues.iter().find(|queue| queue.logical_id == id.value)
}
