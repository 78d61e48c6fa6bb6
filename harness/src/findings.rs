//! What is to be said of a template without replaying anything: what is simulated, what is left out, what is refused;
//! and of many templates together. Plain data, made of what [`crate::template::examine`] answers.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostics;
use crate::stack::{Function, Integration, NotSimulated, NotificationTarget, Stack};
use crate::template::Examined;

/// What was found in one template.
pub struct Findings {
    pub file: String,
    pub verdict: Verdict,
    /// How many of each kind of resource are simulated, without kinds of which there is none.
    pub simulated: Vec<(u64, &'static str)>,
    pub functions: Vec<Invoked>,
    /// What is left out, harmless or not.
    pub left_out: Vec<NotSimulated>,
    /// The parameters that were given a made-up value, with it.
    pub placeholders: Vec<(String, String)>,
    pub diagnostics: Diagnostics,
}

/// Whether a template can be replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// All that it says of deliveries is simulated.
    Loads,
    /// It has resources or events that a replay does not have.
    InPart,
    Refused,
}

/// A function, and what invokes it.
pub struct Invoked {
    pub function: String,
    /// Such as `queue Orders` or `GET /orders of Api`.
    pub sources: Vec<String>,
}

/// What was found in many templates.
pub struct Summary {
    pub loads: usize,
    pub in_part: usize,
    pub refused: usize,
    /// Why templates are refused, with how many are; the most frequent first.
    pub reasons: Vec<(usize, String)>,
    /// What is missing in those that load in part, with how many lack it; the most frequent first.
    pub missing: Vec<(usize, String)>,
}

impl Findings {
    /// What an examination of a template comes to.
    pub fn of(file: String, examined: Examined) -> Self {
        let Examined { mut stack, diagnostics, placeholders, .. } = examined;
        let left_out = std::mem::take(&mut stack.not_simulated);
        let verdict = if !diagnostics.is_empty() {
            Verdict::Refused
        } else if left_out.iter().all(|left| left.harmless) {
            Verdict::Loads
        } else {
            Verdict::InPart
        };
        let functions = stack
            .functions
            .iter()
            .map(|function| Invoked { function: function.logical_id.clone(), sources: sources(&stack, function) });
        let functions = functions.collect();
        Self { file, verdict, simulated: simulated(&stack), functions, left_out, placeholders, diagnostics }
    }
}

fn simulated(stack: &Stack) -> Vec<(u64, &'static str)> {
    let counts = [
        (stack.functions.len(), "function"),
        (stack.function_urls.len(), "function URL"),
        (stack.apis.len(), "API"),
        (stack.domains.len(), "custom domain"),
        (stack.queues.len(), "queue"),
        (stack.topics.len(), "topic"),
        (stack.subscriptions.len(), "subscription"),
        (stack.buckets.len(), "bucket"),
        (stack.tables.len(), "table"),
        (stack.streams.len(), "Kinesis stream"),
        (stack.buses.len(), "event bus"),
        (stack.rules.len(), "rule"),
        (stack.api_destinations.len(), "API destination"),
        (stack.archives.len(), "archive"),
        (stack.schedules.len(), "schedule"),
        (stack.event_source_mappings.len() + stack.stream_mappings.len(), "event source mapping"),
        (stack.pipes.len(), "pipe"),
    ];
    counts.into_iter().filter(|(count, _)| *count > 0).map(|(count, noun)| (count as u64, noun)).collect()
}

/// Everything in a stack that invokes a function.
fn sources(stack: &Stack, function: &Function) -> Vec<String> {
    let names = logical_ids_by_arn(stack);
    let named = |arn: &str| names.get(arn).map_or_else(|| arn.to_owned(), |id| (*id).to_owned());
    let is_it =
        |arn: &str| arn.strip_prefix(&function.arn).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'));
    let mut sources = Vec::new();
    for api in &stack.apis {
        let routes = api.routes.iter().filter(|route| match &route.integration {
            Integration::Lambda(proxy) => is_it(&proxy.function_arn),
            _ => false,
        });
        sources.extend(routes.map(|route| match route.path.as_str() {
            "$default" => format!("$default of {}", api.logical_id),
            path => format!("{} {path} of {}", route.method, api.logical_id),
        }));
        let functions = || api.authorizers.iter().filter_map(|authorizer| authorizer.function());
        if functions().any(|function| is_it(&function.arn)) {
            sources.push(format!("authorizing requests to {}", api.logical_id));
        }
    }
    for bucket in &stack.buckets {
        let to_it = |target: &NotificationTarget| matches!(target, NotificationTarget::Function(arn) if is_it(arn));
        let notifications = bucket.notifications.iter().filter(|notification| to_it(&notification.target));
        sources.extend(notifications.map(|each| format!("{} of bucket {}", each.events.join(", "), bucket.logical_id)));
    }
    let queues = stack.event_source_mappings.iter().filter(|mapping| is_it(&mapping.function_arn));
    sources.extend(queues.map(|mapping| format!("queue {}", named(&mapping.queue_arn))));
    let streams = stack.stream_mappings.iter().filter(|mapping| is_it(&mapping.function_arn));
    sources.extend(streams.map(|mapping| format!("stream of {}", named(&mapping.stream_arn))));
    let subscriptions = stack.subscriptions.iter().filter(|subscription| is_it(&subscription.endpoint));
    sources.extend(subscriptions.map(|subscription| format!("topic {}", named(&subscription.topic_arn))));
    for rule in stack.rules.iter().filter(|rule| rule.targets.iter().any(|target| is_it(&target.arn))) {
        sources.push(match &rule.schedule {
            Some(schedule) => schedule.clone(),
            None => format!("rule {} on bus {}", rule.logical_id, rule.bus),
        });
    }
    let schedules = stack.schedules.iter().filter(|schedule| is_it(&schedule.target_arn));
    sources.extend(schedules.map(|schedule| schedule.expression.clone()));
    let urls = stack.function_urls.iter().filter(|url| is_it(&url.function_arn));
    sources.extend(urls.map(|_| "its URL".to_owned()));
    for pipe in &stack.pipes {
        if [Some(&pipe.target), pipe.enrichment.as_ref()].into_iter().flatten().any(|step| is_it(&step.arn)) {
            sources.push(format!("pipe {} from {}", pipe.logical_id, named(pipe.source_arn())));
        }
    }
    sources
}

fn logical_ids_by_arn(stack: &Stack) -> BTreeMap<&str, &str> {
    let queues = stack.queues.iter().map(|queue| (queue.arn.as_str(), queue.logical_id.as_str()));
    let topics = stack.topics.iter().map(|topic| (topic.arn.as_str(), topic.logical_id.as_str()));
    let streams =
        stack.tables.iter().filter_map(|table| Some((table.stream_arn.as_deref()?, table.logical_id.as_str())));
    let kinesis = stack.streams.iter().map(|stream| (stream.arn.as_str(), stream.logical_id.as_str()));
    queues.chain(topics).chain(streams).chain(kinesis).collect()
}

/// What many templates come to.
pub fn summary(all: &[Findings]) -> Summary {
    let count = |verdict: Verdict| all.iter().filter(|found| found.verdict == verdict).count();
    let reasons = all.iter().map(|found| found.diagnostics.iter().map(|problem| problem.message.clone()).collect());
    let missing = all
        .iter()
        .filter(|found| found.verdict == Verdict::InPart)
        .map(|found| found.left_out.iter().filter(|left| !left.harmless).map(|left| left.what.clone()).collect());
    Summary {
        loads: count(Verdict::Loads),
        in_part: count(Verdict::InPart),
        refused: count(Verdict::Refused),
        reasons: by_frequency(reasons),
        missing: by_frequency(missing),
    }
}

/// In how many templates each thing stands; the most frequent first.
fn by_frequency(templates: impl Iterator<Item = Vec<String>>) -> Vec<(usize, String)> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for mut things in templates {
        things.sort();
        things.dedup();
        things.into_iter().for_each(|thing| *counts.entry(thing).or_default() += 1);
    }
    let mut sorted: Vec<(usize, String)> = counts.into_iter().map(|(thing, count)| (count, thing)).collect();
    sorted.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    sorted
}
