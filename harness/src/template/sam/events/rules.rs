//! Events of SAM that become rules and schedules.

use super::super::generated;
use super::{Event, Expansion};
use crate::template::declare::Resource;
use crate::template::intrinsic::entry;
use crate::template::property::Shape;
use crate::template::report::{Report, list_at, mapping_at, text_at};
use crate::yaml::Node;

/// What stands in the target of a rule or schedule, and not beside it.
const OF_TARGET: [&str; 4] = ["Input", "InputPath", "InputTransformer", "RetryPolicy"];

pub fn rule(event: &Event<'_>, _: &mut [Resource], expansion: &mut Expansion, report: &mut Report) {
    let mut target = event.renamed(&OF_TARGET.map(|name| (name, name)));
    let id = event.value("Target").and_then(|target| target.get("Id").cloned());
    target.push(event.property("Id", id.unwrap_or_else(|| text_at(&event.place, format!("{}LambdaTarget", event.id)))));
    target.push(event.property("Arn", event.arn_of(event.function)));
    if let Some((key, written)) = entry(event.properties, "DeadLetterConfig") {
        target.push((key.clone(), dead_letter_config(event, written, expansion, report)));
    }
    let mut properties = event.passed(
        &[&OF_TARGET[..], &["DeadLetterConfig", "Target"]].concat(),
        &[("Pattern", "EventPattern"), ("Schedule", "ScheduleExpression"), ("RuleName", "Name")],
    );
    properties.push(event.property("Targets", list_at(&event.place, vec![mapping_at(&event.place, target)])));
    expansion.resources.push(event.resource("AWS::Events::Rule", properties));
}

/// <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-schedulev2.html>
pub fn schedule(event: &Event<'_>, _: &mut [Resource], expansion: &mut Expansion, report: &mut Report) {
    let mut target = event.renamed(&OF_TARGET.map(|name| (name, name)));
    target.push(event.property("Arn", event.arn_of(event.function)));
    if let Some((key, written)) = entry(event.properties, "DeadLetterConfig") {
        target.push((key.clone(), dead_letter_config(event, written, expansion, report)));
    }
    let mut properties = event.passed(&[&OF_TARGET[..], &["DeadLetterConfig", "OmitName"]].concat(), &[]);
    if !omits_name(event, report) && event.value("Name").is_none() {
        properties.push(event.property("Name", text_at(&event.place, &event.id)));
    }
    if event.value("FlexibleTimeWindow").is_none() {
        let off = mapping_at(&event.place, vec![event.property("Mode", text_at(&event.place, "OFF"))]);
        properties.push(event.property("FlexibleTimeWindow", off));
    }
    properties.push(event.property("Target", mapping_at(&event.place, target)));
    expansion.resources.push(event.resource("AWS::Scheduler::Schedule", properties));
}

/// Whether the schedule is to have a name that CloudFormation makes, and not its logical id.
fn omits_name(event: &Event<'_>, report: &mut Report) -> bool {
    let written = event.value("OmitName");
    let text = written.as_ref().and_then(Node::scalar);
    if let Some(node) = written.filter(|_| !matches!(text.as_deref(), Some("true" | "false"))) {
        report.error(&node.span, format!("`OmitName` of a {} must be true or false", event.what));
    }
    text.as_deref() == Some("true")
}

/// `Arn`, or `Type: SQS` for a queue that SAM adds.
fn dead_letter_config(event: &Event<'_>, written: &Node, expansion: &mut Expansion, report: &mut Report) -> Node {
    let Some(kind) = written.get("Type") else { return written.clone() };
    Shape::of(&["Type", "QueueLogicalId"]).check(
        report,
        &event.id,
        &format!("{}.DeadLetterConfig", event.what),
        written.mapping().unwrap_or_default(),
    );
    if kind.text() != Some("SQS") {
        report.error(&kind.span, "the `Type` of a generated dead-letter queue can only be `SQS`");
    }
    let id =
        written.get("QueueLogicalId").and_then(Node::text).map_or_else(|| format!("{}Queue", event.id), str::to_owned);
    expansion.resources.push(generated(id.clone(), "AWS::SQS::Queue", &event.place, "AWS::SQS::Queue", Vec::new()));
    mapping_at(&written.span, vec![event.property("Arn", event.arn_of(&id))])
}
