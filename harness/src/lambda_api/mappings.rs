//! Event source mappings as Lambda's API knows them: told, enabled and disabled.
//! <https://docs.aws.amazon.com/lambda/latest/api/API_EventSourceMappingConfiguration.html>

use std::time::Duration;

use rehearsal_emulator::protocol::{Reply, Request};
use serde_json::{Map, Value, json};

use super::error::Refusal;
use super::page::{page, parameter};
use super::{Answer, answer, find};
use crate::call::LambdaCall;
use crate::shared::Shared;
use crate::stack::{EventSourceMapping, StartingPosition, StreamMapping};

/// A mapping of a queue or of a stream.
enum Mapping<'s> {
    Queue(&'s EventSourceMapping),
    Stream(&'s StreamMapping),
}

impl Mapping<'_> {
    /// Its logical id, its UUID, the ARN of its source, and that of its function.
    fn names(&self) -> (&str, &str, &str, &str) {
        match self {
            Self::Queue(it) => (&it.logical_id, &it.id, &it.queue_arn, &it.function_arn),
            Self::Stream(it) => (&it.logical_id, &it.id, &it.stream_arn, &it.function_arn),
        }
    }

    /// Whether an ARN is of its source. A table's stream is known by its table: the label at the end differs.
    fn reads(&self, arn: &str) -> bool {
        let (.., source, _) = self.names();
        let table = |arn: &str| arn.split("/stream/").next().unwrap_or_default().to_owned();
        source == arn || source.contains("/stream/") && table(source) == table(arn)
    }
}

fn all(shared: &Shared) -> impl Iterator<Item = Mapping<'_>> {
    let queues = shared.stack.event_source_mappings.iter().map(Mapping::Queue);
    queues.chain(shared.stack.stream_mappings.iter().map(Mapping::Stream))
}

/// `ListEventSourceMappings`, perhaps only those of a source or of a function.
/// <https://docs.aws.amazon.com/lambda/latest/api/API_ListEventSourceMappings.html>
pub fn list(shared: &Shared, request: &Request) -> Answer {
    let source = parameter(request, "EventSourceArn");
    let function = parameter(request, "FunctionName").map(|name| find(shared, &name, None)).transpose()?;
    let wanted = |mapping: &Mapping<'_>| {
        let (.., arn) = mapping.names();
        source.as_ref().is_none_or(|source| mapping.reads(source))
            && function.as_ref().is_none_or(|function| function.arn == *arn)
    };
    let told = all(shared).filter(wanted).map(|mapping| configuration(shared, &mapping, None));
    page("EventSourceMappings", told.collect(), request)
}

fn named<'s>(shared: &'s Shared, call: &LambdaCall) -> Result<Mapping<'s>, Refusal> {
    let id = call.names.first().map(String::as_str).unwrap_or_default();
    all(shared).find(|mapping| mapping.names().1 == id).ok_or_else(Refusal::no_such_resource)
}

/// `GetEventSourceMapping`.
pub fn get(shared: &Shared, call: &LambdaCall) -> Answer {
    answer(&configuration(shared, &named(shared, call)?, None))
}

/// `UpdateEventSourceMapping`: enables or disables. What is being worked on is finished, and a stream's mapping goes on
/// where it was.
/// <https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html>
pub fn update(shared: &Shared, call: &LambdaCall, request: &Request) -> Answer {
    let mapping = named(shared, call)?;
    let changes: Map<String, Value> = serde_json::from_slice(&request.body).unwrap_or_default();
    for (name, value) in changes.iter().filter(|(name, value)| name.as_str() != "Enabled" && !value.is_null()) {
        let is_same = name == "FunctionName"
            && value.as_str().is_some_and(|name| find(shared, name, None).is_ok_and(|it| it.arn == mapping.names().3));
        if !is_same {
            return Err(Refusal::not_simulated(&format!("{name} of Lambda's UpdateEventSourceMapping")));
        }
    }
    let switch = shared.switches.get(mapping.names().0);
    let state = match changes.get("Enabled").and_then(Value::as_bool) {
        Some(on) if on != switch.is_on() => {
            switch.turn(on, shared.backend.clock().now());
            shared.pending.changed();
            if on { "Enabling" } else { "Disabling" }
        }
        _ => "Updating",
    };
    let told = configuration(shared, &mapping, Some(state)).to_string();
    Ok(Reply::bytes("application/json", told).with_status(202))
}

fn configuration(shared: &Shared, mapping: &Mapping<'_>, state: Option<&str>) -> Value {
    let (logical_id, id, source, function) = mapping.names();
    let switch = shared.switches.get(logical_id);
    let state = state.unwrap_or(if switch.is_on() { "Enabled" } else { "Disabled" });
    let mut told = match mapping {
        Mapping::Queue(queue) => of_queue(queue),
        Mapping::Stream(stream) => of_stream(stream),
    };
    let prefix = function.split(":function:").next().unwrap_or_default();
    told["UUID"] = id.into();
    told["EventSourceMappingArn"] = format!("{prefix}:event-source-mapping:{id}").into();
    told["EventSourceArn"] = source.into();
    told["FunctionArn"] = function.into();
    told["State"] = state.into();
    told["LastModified"] = (switch.turned().as_millisecond() as f64 / 1000.0).into();
    told
}

fn of_queue(queue: &EventSourceMapping) -> Value {
    let mut told = json!({
        "BatchSize": queue.batch_size,
        "MaximumBatchingWindowInSeconds": queue.batching_window.as_secs(),
        "FunctionResponseTypes": response_types(queue.report_batch_item_failures),
        "StateTransitionReason": "USER_INITIATED",
    });
    if let Some(most) = queue.maximum_concurrency {
        told["ScalingConfig"] = json!({ "MaximumConcurrency": most });
    }
    with_filters(told, &queue.filters)
}

fn of_stream(stream: &StreamMapping) -> Value {
    let limit = |seconds: Option<Duration>| seconds.map_or(json!(-1), |age| json!(age.as_secs()));
    let mut told = json!({
        "BatchSize": stream.batch_size,
        "MaximumBatchingWindowInSeconds": stream.batching_window.as_secs(),
        "ParallelizationFactor": stream.parallelization,
        "BisectBatchOnFunctionError": stream.bisect_on_error,
        "MaximumRecordAgeInSeconds": limit(stream.maximum_record_age),
        "MaximumRetryAttempts": stream.maximum_retry_attempts.map_or(json!(-1), |most| json!(most)),
        "TumblingWindowInSeconds": stream.tumbling_window.unwrap_or_default().as_secs(),
        "FunctionResponseTypes": response_types(stream.report_batch_item_failures),
        "StateTransitionReason": "User action",
        "DestinationConfig": { "OnFailure": {} },
    });
    let position = match stream.starting_position {
        StartingPosition::TrimHorizon => "TRIM_HORIZON",
        StartingPosition::Latest => "LATEST",
        StartingPosition::AtTimestamp(time) => {
            told["StartingPositionTimestamp"] = time.as_second().into();
            "AT_TIMESTAMP"
        }
    };
    told["StartingPosition"] = position.into();
    if let Some(arn) = &stream.on_failure {
        told["DestinationConfig"]["OnFailure"]["Destination"] = arn.as_str().into();
    }
    with_filters(told, &stream.filters)
}

fn response_types(reports: bool) -> Value {
    if reports { json!(["ReportBatchItemFailures"]) } else { json!([]) }
}

fn with_filters(mut told: Value, filters: &[Value]) -> Value {
    if !filters.is_empty() {
        let filters: Vec<Value> = filters.iter().map(|pattern| json!({ "Pattern": pattern.to_string() })).collect();
        told["FilterCriteria"] = json!({ "Filters": filters });
    }
    told
}
