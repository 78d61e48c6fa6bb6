//! What FIFO queues ask of the resources around them: a dead-letter queue of the same type, and mappings with
//! small batches and no window. And where FIFO queues and topics cannot stand.

use super::report::Report;
use super::resources::Build;
use crate::diagnostic::Span;
use crate::stack::{EventSourceMapping, Pipe, PipeDelivery, PipeSource, Stack};

/// Checks a stack that is complete.
pub fn check(build: &Build, place: impl Fn(&str) -> Span, report: &mut Report) {
    let stack = &build.stack;
    let queue_with = |arn: &str| stack.queues.iter().find(|queue| queue.arn == arn);
    for queue in &stack.queues {
        let Some(dead) = queue.dead_letter_arn().and_then(|arn| queue_with(&arn)) else { continue };
        if dead.is_fifo() != queue.is_fifo() {
            let (one, other) = if queue.is_fifo() { ("FIFO", "standard") } else { ("standard", "FIFO") };
            let message = format!(
                "`{}` is a {one} queue, and its dead-letter queue `{}` a {other} one",
                queue.logical_id, dead.logical_id
            );
            report.error(&place(&queue.logical_id), message).help("a dead-letter queue is of its source's type");
        }
    }
    let mappings = stack.event_source_mappings.iter().zip(build.mappings.iter().cloned());
    let of_pipe = |pipe: &Pipe| match &pipe.source {
        PipeSource::Queue(mapping) => Some((mapping.clone(), place(&pipe.logical_id))),
        PipeSource::Stream(_) => None,
    };
    let pipes: Vec<_> = stack.pipes.iter().filter_map(of_pipe).collect();
    for (mapping, place) in mappings.chain(pipes.iter().map(|(mapping, place)| (mapping, place.clone()))) {
        check_mapping(stack, mapping, &place, report);
    }
    check_standard(build, report);
    for pipe in &stack.pipes {
        check_target(stack, pipe, &place(&pipe.logical_id), report);
    }
}

/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-event-target.html>
fn check_target(stack: &Stack, pipe: &Pipe, place: &Span, report: &mut Report) {
    let topic = stack.topics.iter().find(|topic| topic.arn == pipe.target.arn && topic.name.ends_with(".fifo"));
    if let Some(topic) = topic {
        report.error(place, format!("`{}` is a FIFO topic, which is no target of pipes", topic.logical_id));
    }
    let queue = stack.queues.iter().find(|queue| queue.arn == pipe.target.arn && queue.is_fifo());
    if let (Some(queue), PipeDelivery::Queue { group: None, .. }) = (queue, &pipe.delivery) {
        let message = format!("`{}` is a FIFO queue, whose messages need a group", queue.logical_id);
        report.error(place, message).help("give the target's `SqsQueueParameters` a `MessageGroupId`");
    }
}

/// What failed goes to standard queues and topics only.
fn check_standard(build: &Build, report: &mut Report) {
    let stack = &build.stack;
    for link in build.links.iter().filter(|link| link.standard) {
        let queue = stack.queues.iter().find(|queue| queue.arn == link.arn && queue.is_fifo());
        let topic = stack.topics.iter().find(|topic| topic.arn == link.arn && topic.name.ends_with(".fifo"));
        let found = queue.map(|it| ("queue", &it.logical_id)).or(topic.map(|it| ("topic", &it.logical_id)));
        let Some((noun, name)) = found else { continue };
        let message = format!("`{name}` is a FIFO {noun}, which is no destination for what failed");
        report.error(&link.span, message).help(format!("use a standard {noun}"));
    }
}

/// <https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html>
fn check_mapping(stack: &Stack, mapping: &EventSourceMapping, place: &Span, report: &mut Report) {
    let Some(queue) = stack.queues.iter().find(|queue| queue.arn == mapping.queue_arn && queue.is_fifo()) else {
        return;
    };
    let name = &queue.logical_id;
    if !mapping.batching_window.is_zero() {
        let message = format!("`{name}` is a FIFO queue, whose mapping has no batching window");
        report.error(place, message).help("leave `MaximumBatchingWindowInSeconds` out");
    } else if mapping.batch_size > 10 {
        let message = format!("`{name}` is a FIFO queue, whose batches have at most 10 messages");
        report.error(place, message).help("set `BatchSize` to 10 or less");
    }
}
