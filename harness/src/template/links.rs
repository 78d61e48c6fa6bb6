//! What holds between the resources of a stack: whatever something is delivered to exists, names are
//! unique, and a function ends before the messages that it works on reappear.

use std::collections::BTreeMap;

use super::report::Report;
use super::resources::{Build, Link};
use crate::diagnostic::Span;
use crate::stack::{Stack, Table};

/// Checks a stack that is complete.
pub fn check(build: &Build, place: impl Fn(&str) -> Span, report: &mut Report) {
    let arns = arns(&build.stack);
    for link in &build.links {
        check_link(link, &arns, &build.stack, report);
    }
    check_unique(&build.stack, place, report);
    check_timeouts(build, report);
}

/// The resources that something can be delivered to, by ARN.
fn arns(stack: &Stack) -> BTreeMap<&str, &str> {
    let queues = stack.queues.iter().map(|queue| (queue.arn.as_str(), queue.logical_id.as_str()));
    let topics = stack.topics.iter().map(|topic| (topic.arn.as_str(), topic.logical_id.as_str()));
    let buses = stack.buses.iter().map(|bus| (bus.arn.as_str(), bus.logical_id.as_str()));
    let functions = stack.functions.iter().map(|function| (function.arn.as_str(), function.logical_id.as_str()));
    let streams =
        stack.tables.iter().filter_map(|table| Some((table.stream_arn.as_deref()?, table.logical_id.as_str())));
    let kinesis = stack.streams.iter().map(|stream| (stream.arn.as_str(), stream.logical_id.as_str()));
    let connections = stack.connections.iter().map(|one| (one.arn.as_str(), one.logical_id.as_str()));
    let destinations = stack.api_destinations.iter().map(|one| (one.arn.as_str(), one.logical_id.as_str()));
    queues
        .chain(topics)
        .chain(buses)
        .chain(connections)
        .chain(destinations)
        .chain(functions)
        .chain(streams)
        .chain(kinesis)
        .collect()
}

fn check_link(link: &Link, arns: &BTreeMap<&str, &str>, stack: &Stack, report: &mut Report) {
    let mut parts = link.arn.splitn(6, ':');
    let service = if parts.next() == Some("arn") { parts.nth(1) } else { None };
    let wanted = link.services.iter().map(|service| noun(service)).collect::<Vec<_>>().join(" or ");
    match service {
        None => {
            let problem = report.error(&link.span, format!("the ARN of {wanted} is needed here, not `{}`", link.arn));
            problem.help("`!GetAtt Resource.Arn` gives an ARN, except that `!Ref` does for a topic");
        }
        Some(service) if !link.services.contains(&service) => {
            report.error(&link.span, format!("`{}` is not the ARN of {wanted}", link.arn));
        }
        Some("events") if link.arn.ends_with(":event-bus/default") => {}
        Some("s3") if stack.buckets.iter().any(|bucket| link.arn == format!("arn:aws:s3:::{}", bucket.name)) => {}
        Some("lambda") if stack.functions.iter().any(|function| function.arns().any(|(arn, ..)| arn == link.arn)) => {}
        Some("dynamodb") if !arns.contains_key(link.arn.as_str()) => missing_stream(link, stack, report),
        Some(_) if !arns.contains_key(link.arn.as_str()) => {
            let message = format!("`{}` is not in this template", link.arn);
            report.error(&link.span, message).help("a replay can only deliver to what the template holds");
        }
        Some(_) => {}
    }
}

/// An ARN that is no stream of the template, though perhaps its table is there.
fn missing_stream(link: &Link, stack: &Stack, report: &mut Report) {
    let table_arn = link.arn.split("/stream/").next().unwrap_or_default();
    let (message, help) = match stack.tables.iter().find(|table| table.arn == table_arn) {
        Some(Table { logical_id, stream_arn: None, .. }) => {
            (format!("the table `{logical_id}` has no stream"), "a table with a `StreamSpecification` has one")
        }
        Some(_) => {
            (format!("`{}` is not the stream of its table", link.arn), "`!GetAtt Table.StreamArn` gives its ARN")
        }
        None => (format!("`{}` is not in this template", link.arn), "a replay can only read what the template holds"),
    };
    report.error(&link.span, message).help(help);
}

fn noun(service: &str) -> &'static str {
    match service {
        "sqs" => "a queue",
        "sns" => "a topic",
        "events" => "an event bus",
        "dynamodb" => "a table's stream",
        "kinesis" => "a Kinesis stream",
        "s3" => "a bucket",
        _ => "a function",
    }
}

/// Two resources of a type cannot have one name.
fn check_unique(stack: &Stack, place: impl Fn(&str) -> Span, report: &mut Report) {
    let mut seen = BTreeMap::new();
    let mut names: Vec<(&str, String, &str)> = Vec::new();
    names.extend(stack.buckets.iter().map(|each| ("bucket", each.name.clone(), each.logical_id.as_str())));
    names.extend(stack.queues.iter().map(|each| ("queue", each.name.clone(), each.logical_id.as_str())));
    names.extend(stack.topics.iter().map(|each| ("topic", each.name.clone(), each.logical_id.as_str())));
    names.extend(stack.tables.iter().map(|each| ("table", each.name.clone(), each.logical_id.as_str())));
    names.extend(stack.streams.iter().map(|each| ("stream", each.name.clone(), each.logical_id.as_str())));
    names.extend(stack.buses.iter().map(|each| ("event bus", each.name.clone(), each.logical_id.as_str())));
    names.extend(stack.functions.iter().map(|each| ("function", each.name.clone(), each.logical_id.as_str())));
    names.extend(
        stack.rules.iter().map(|each| ("rule", format!("{}/{}", each.bus, each.name), each.logical_id.as_str())),
    );
    for (kind, name, logical_id) in names {
        if let Some(first) = seen.insert((kind, name.clone()), logical_id) {
            let message = format!("`{logical_id}` and `{first}` are both the {kind} `{name}`");
            report.error(&place(logical_id), message);
        }
    }
}

/// Lambda refuses a mapping whose function may run longer than the queue hides its messages.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html>
fn check_timeouts(build: &Build, report: &mut Report) {
    let stack = &build.stack;
    for (mapping, place) in stack.event_source_mappings.iter().zip(&build.mappings) {
        let queue = stack.queues.iter().find(|queue| queue.arn == mapping.queue_arn);
        let function = stack.functions.iter().find(|function| function.is(&mapping.function_arn));
        let (Some(queue), Some(function)) = (queue, function) else { continue };
        let (visibility, timeout) = (queue.visibility_timeout().as_secs(), function.timeout.as_secs());
        if timeout > visibility {
            let message = format!(
                "`{}` may run for {timeout} s, but `{}` hides its messages for {visibility} s only",
                function.logical_id, queue.logical_id
            );
            let help = format!(
                "set the queue's `VisibilityTimeout` to at least {timeout}; AWS advises {}, six times the function's `Timeout`",
                timeout * 6
            );
            report.error(place, message).label("Lambda refuses this event source mapping").help(help);
        }
    }
}
