//! What is sent to a target's dead-letter queue, with why it could not be delivered in message attributes.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html>
//! <https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html>

use std::collections::BTreeMap;

use super::{Delivery, Failure, Sender};
use crate::sqs::{AttributeValue, MessageAttribute, NewMessage};
use crate::world::World;

/// Sends to the target's dead-letter queue what could not be delivered. Without one, or without that queue, it is
/// dropped.
pub(super) fn send(world: &mut World, delivery: &Delivery, failure: &Failure, exhausted: Option<&str>) {
    if let Some(queue) = &delivery.target.dead_letter_queue {
        // What cannot be put into a dead-letter queue either is lost, as it is in AWS.
        let _lost = world.send_to_queue(queue, message(delivery, failure, exhausted)).is_err();
    }
    world.changed();
}

fn message(delivery: &Delivery, failure: &Failure, exhausted: Option<&str>) -> NewMessage {
    let retries = delivery.retries.to_string();
    let mut attributes = BTreeMap::new();
    let mut put = |name: &str, value: &str| {
        let value = AttributeValue::Text(value.to_owned());
        attributes.insert(name.to_owned(), MessageAttribute { data_type: "String".to_owned(), value });
    };
    put("TARGET_ARN", &delivery.target.arn);
    put("ERROR_CODE", failure.code);
    put("ERROR_MESSAGE", &failure.message);
    put("RETRY_ATTEMPTS", &retries);
    if let Some(condition) = exhausted {
        put("EXHAUSTED_RETRY_CONDITION", condition);
    }
    let body = match &delivery.sender {
        Sender::Rule { arn, .. } => {
            put("RULE_ARN", arn);
            delivery.event.to_string()
        }
        Sender::Schedule { arn, scheduled, .. } => {
            put("SCHEDULE_ARN", arn);
            put("SCHEDULED_TIME", &scheduled.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
            put("IS_PAYLOAD_TRUNCATED", "false");
            delivery.attempted_payload()
        }
    };
    NewMessage { body, attributes, ..NewMessage::default() }
}
