//! Asynchronous invocation: S3, SNS and EventBridge hand an event over, Lambda queues it, invokes the
//! function, retries, and at last gives the event to a destination or dead-letter queue.
//!
//! What always holds: an accepted event ends in exactly one of success, destination, dead-letter queue or
//! dropped; and until then it is listed as pending work.
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>

mod destination;

use std::rc::Rc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use percent_encoding::percent_decode_str;
use rehearsal_emulator::{FunctionEvent, FunctionSource};
use serde_json::Value;

use crate::event;
use crate::invoke::{ASYNCHRONOUS_PAYLOAD_LIMIT, Function, InvokeError, Invoked, Request};
use crate::shared::Shared;
use crate::trace::{EventId, What};

/// What Lambda waits after a function error before the first and the second retry.
const RETRY_DELAYS: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(120)];
/// What Lambda waits after a throttle: doubled each time, from one second to five minutes.
const THROTTLE_DELAYS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(300));

/// An event that Lambda has accepted.
pub struct AcceptedEvent {
    pub payload: String,
    /// Stays the same over all retries.
    pub request_id: String,
    pub accepted: Timestamp,
    pub delivery: EventId,
}

/// Takes events from the backend and works on each by itself. Never returns before the backend ends.
pub async fn accept(shared: Rc<Shared>, mut events: tokio::sync::mpsc::UnboundedReceiver<FunctionEvent>) {
    while let Some(event) = events.recv().await {
        match shared.lambda.function(&event.function_arn).map(Rc::clone) {
            Some(function) => enqueue(&shared, function, event),
            None => {
                shared.problem(format!("an event for {}, which is not a function of the template", event.function_arn))
            }
        }
        shared.took_event();
    }
}

fn enqueue(shared: &Rc<Shared>, function: Rc<Function>, event: FunctionEvent) {
    let origin = Origin::of(&event, shared);
    let producer = event.origin.as_deref().and_then(|request| shared.recorder.producer(request));
    let delivery = shared.recorder.record(
        producer.or_else(|| shared.producer_of(&origin.ids)).or_else(|| {
            // Not every backend's events carry the id of the request that they follow from.
            shared.recorder.last_write(origin.changed.as_ref()?)
        }),
        What::Delivery {
            from: origin.from,
            function: function.settings.logical_id.clone(),
            records: 1,
            ids: origin.ids,
        },
    );
    spawn(shared, function, origin.payload, delivery);
}

/// Whether Lambda queues an event of this size.
///
/// # Errors
/// It is too large.
pub fn takes(payload: &str) -> Result<(), String> {
    let fits = payload.len() <= ASYNCHRONOUS_PAYLOAD_LIMIT;
    fits.then_some(()).ok_or_else(|| format!("an event of {} bytes is larger than Lambda queues", payload.len()))
}

/// Queues an event for a function, as `Invoke` with invocation type `Event` does. Returns its request id.
pub fn spawn(shared: &Rc<Shared>, function: Rc<Function>, payload: String, delivery: EventId) -> String {
    let request_id = shared.ids.uuid();
    let accepted =
        AcceptedEvent { payload, request_id: request_id.clone(), accepted: shared.backend.clock().now(), delivery };
    let pending = shared.pending.begin(format!("{} works on an event", function.settings.logical_id));
    let shared = Rc::clone(shared);
    tokio::task::spawn_local(async move {
        let ended = attempts(&shared, &function, &accepted, &pending).await;
        destination::hand_on(&shared, &function, &accepted, ended).await;
        drop(pending);
    });
    request_id
}

/// How the work on an event ended.
pub struct Finished {
    pub last: Invoked,
    pub attempts: u32,
    /// `Success`, `RetriesExhausted` or `EventAgeExceeded`.
    pub condition: &'static str,
}

async fn attempts(
    shared: &Shared,
    function: &Function,
    event: &AcceptedEvent,
    pending: &crate::pending::PendingGuard,
) -> Finished {
    let config = &function.settings.event_invoke;
    let clock = shared.backend.clock();
    let age = SignedDuration::try_from(config.maximum_event_age).unwrap_or(SignedDuration::MAX);
    let (mut errors, mut throttle_delay) = (0usize, THROTTLE_DELAYS.0);
    for attempt in 1.. {
        let request_id = event.request_id.clone();
        let request = Request { payload: &event.payload, request_id, attempt, cause: event.delivery };
        let last = shared.lambda.invoke(function, request).await;
        let wait = match &last.result {
            Ok(_) => return Finished { last, attempts: attempt, condition: "Success" },
            // Lambda does not even try while a function has reserved no concurrency at all.
            Err(InvokeError::Throttled(_)) if function.is_switched_off() => {
                return Finished { last, attempts: attempt, condition: "RetriesExhausted" };
            }
            Err(InvokeError::Throttled(_)) => {
                let wait = throttle_delay;
                throttle_delay = (throttle_delay * 2).min(THROTTLE_DELAYS.1);
                wait
            }
            Err(InvokeError::RecursiveLoop { .. }) => {
                return Finished { last, attempts: attempt, condition: "RetriesExhausted" };
            }
            Err(InvokeError::Function { .. }) if errors >= config.maximum_retry_attempts as usize => {
                return Finished { last, attempts: attempt, condition: "RetriesExhausted" };
            }
            Err(InvokeError::Function { .. }) => {
                errors += 1;
                RETRY_DELAYS[(errors - 1).min(1)]
            }
        };
        let due = clock.now() + SignedDuration::try_from(wait).unwrap_or(SignedDuration::ZERO);
        if due.duration_since(event.accepted) > age {
            return Finished { last, attempts: attempt, condition: "EventAgeExceeded" };
        }
        let what = format!("attempt {} of {}", attempt + 1, function.settings.logical_id);
        pending.waiting(
            what,
            due,
            last.result.as_ref().err().map_or_else(String::new, |error| error.message().to_owned()),
        );
        clock.sleep_until(due).await;
        pending.running();
    }
    unreachable!("the loop ends only by returning")
}

/// Where an event comes from, and the payload that the function gets.
struct Origin {
    from: String,
    ids: Vec<String>,
    /// The object or bus whose last change it most likely follows from, as the trace names it.
    changed: Option<String>,
    payload: String,
}

impl Origin {
    fn of(event: &FunctionEvent, shared: &Shared) -> Self {
        let recorder = &shared.recorder;
        let body: Value = serde_json::from_str(&event.payload).unwrap_or_default();
        let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        match &event.source {
            FunctionSource::S3 => {
                let (bucket, key) = (text("/Records/0/s3/bucket/name"), text("/Records/0/s3/object/key"));
                let key = percent_decode_str(&key.replace('+', " ")).decode_utf8_lossy().into_owned();
                let bucket = recorder.logical_id(&bucket);
                Self {
                    from: format!("S3 {bucket}"),
                    ids: vec![text("/Records/0/responseElements/x-amz-request-id")],
                    changed: Some(format!("{bucket}/{key}")),
                    payload: event.payload.clone(),
                }
            }
            FunctionSource::Sns { subscription_arn } => Self {
                from: format!("SNS {}", recorder.logical_id(text("/TopicArn").rsplit(':').next().unwrap_or_default())),
                ids: vec![text("/MessageId")],
                changed: None,
                payload: event::sns::event(&body, subscription_arn).to_string(),
            },
            FunctionSource::Scheduler { schedule_arn } => Self {
                from: format!("Scheduler {}", recorder.logical_id(schedule_arn.rsplit('/').next().unwrap_or_default())),
                ids: Vec::new(),
                changed: None,
                payload: event.payload.clone(),
            },
            FunctionSource::EventBridge { rule_arn } => Self {
                from: format!("EventBridge {}", recorder.logical_id(rule_arn.rsplit('/').next().unwrap_or_default())),
                ids: vec![text("/id")],
                changed: shared
                    .stack
                    .rules
                    .iter()
                    .find(|rule| rule.arn == *rule_arn)
                    .map(|rule| recorder.logical_id(&rule.bus).to_owned()),
                payload: event.payload.clone(),
            },
        }
    }
}
