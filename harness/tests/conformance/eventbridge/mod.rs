//! EventBridge's buses, rules and targets, with queues as targets.
//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/Welcome.html>

mod buses;
mod events;
mod patterns;
mod rules;
mod targets;

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::types::Target;
use serde_json::json;

use crate::kit::Aws;

fn pattern() -> String {
    json!({ "source": ["shop"] }).to_string()
}

/// A rule for the events of a source, on the default bus.
async fn rule(aws: &Aws, name: &str) -> Client {
    let events = aws.eventbridge();
    events.put_rule().name(aws.name(name)).event_pattern(pattern()).send().await.expect("the rule is valid");
    events
}

fn target(id: &str, arn: &str) -> Target {
    Target::builder().id(id).arn(arn).build().expect("it has an id and an ARN")
}
