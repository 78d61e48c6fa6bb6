//! Deliveries to API destinations: HTTP requests, with the authorization of their connections.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html>

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{Delivery, Failure, Kind, conclude, later};
use crate::eventbridge::{Asked, Ready, prepare_request, store_token};
use crate::outbound::{NoAnswer, Outbound};
use crate::protocol::{Reply, Request};
use crate::world::World;

/// An endpoint must answer within this time.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(5);

/// What a target adds to the request: values that are JSON paths are taken out of the event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct HttpParameters {
    /// What stands for the `*`s of the endpoint's path, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub path_parameter_values: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub header_parameters: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub query_string_parameters: BTreeMap<String, String>,
}

/// Sends a delivery to its API destination, once it is its turn and there is a token where one is needed.
pub(super) fn send(world: &mut World, mut delivery: Delivery) {
    let Kind::ApiDestination(parameters) = delivery.target.kind.clone() else { return };
    let refused_token = std::mem::take(&mut delivery.refused_token);
    let (arn, event, payload) = (&delivery.target.arn, &delivery.event, &delivery.payload);
    match prepare_request(world, Asked { arn, event, payload, refused_token }, &parameters) {
        None => {
            let failure = Failure::no_resource(&delivery);
            conclude(world, delivery, Err(failure), SignedDuration::ZERO);
        }
        Some(Ready::Later(due)) => later(world, delivery, due, None),
        Some(Ready::Token { request, connection }) => ask(world, request, move |world, outcome| {
            let failure = match outcome {
                Ok(reply) if reply.status < 300 => {
                    store_token(world, &delivery.target.arn, &connection, &reply.body).err()
                }
                Ok(reply) => Some(refusal(&reply)),
                Err(no_answer) => Some(unanswered(no_answer)),
            };
            match failure {
                None => send(world, delivery),
                Some(failure) => conclude(world, delivery, Err(failure), SignedDuration::ZERO),
            }
        }),
        Some(Ready::Request(request)) => ask(world, request, move |world, outcome| answered(world, delivery, outcome)),
    }
}

fn ask(world: &mut World, request: Request, then: impl FnOnce(&mut World, Result<Reply, NoAnswer>) + Send + 'static) {
    world.send_http(Outbound { service: "EventBridge", request, timeout: TIMEOUT, then: Box::new(then) });
}

fn answered(world: &mut World, mut delivery: Delivery, outcome: Result<Reply, NoAnswer>) {
    match outcome {
        Ok(reply) if reply.status < 300 => {}
        Ok(reply) => {
            let mut failure = refusal(&reply);
            delivery.refused_token = matches!(reply.status, 401 | 407);
            let after = retry_after(&reply);
            // A negative value says that there is to be no further attempt.
            failure.retried &= after.is_none_or(|seconds| seconds >= 0);
            let at_least = SignedDuration::from_secs(after.unwrap_or_default().max(0));
            conclude(world, delivery, Err(failure), at_least);
        }
        Err(no_answer) => conclude(world, delivery, Err(unanswered(no_answer)), SignedDuration::ZERO),
    }
}

/// The codes 401, 407, 409, 429 and 5xx are tried again, others are not.
fn refusal(reply: &Reply) -> Failure {
    let retried = matches!(reply.status, 401 | 407 | 409 | 429 | 500..);
    let code = if reply.status == 429 { "THROTTLING" } else { "ERROR_FROM_TARGET" };
    Failure { code, message: format!("The endpoint answered with the status code {}.", reply.status), retried }
}

fn unanswered(no_answer: NoAnswer) -> Failure {
    let (code, message) = match no_answer {
        NoAnswer::Refused => ("CONNECTION_FAILURE", "The connection to the endpoint failed."),
        NoAnswer::TimedOut => ("TIMEOUT", "The endpoint did not answer within 5 seconds."),
    };
    Failure { code, message: message.to_owned(), retried: true }
}

/// For how many seconds the endpoint wants no further attempt.
fn retry_after(reply: &Reply) -> Option<i64> {
    reply.headers.get("retry-after")?.to_str().ok()?.trim().parse().ok()
}
