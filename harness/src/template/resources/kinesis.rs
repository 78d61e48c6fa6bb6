//! `AWS::Kinesis::Stream`.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kinesis-stream.html>

use super::{Build, Resolved};
use crate::stack::KinesisStream;
use crate::template::property::Shape;
use crate::template::report::Report;

pub const SHAPE: Shape = Shape {
    reads: &["MaxRecordSizeInKiB", "Name", "RetentionPeriodHours", "ShardCount", "StreamModeDetails"],
    descriptive: &["Tags"],
    harmless: &["DesiredShardLevelMetrics", "StreamEncryption", "WarmThroughputMiBps"],
    refused: &[],
};
const MODE: Shape = Shape::of(&["StreamMode"]);

pub fn read(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    let mode = object.object(report, resource.id, "StreamModeDetails", &MODE);
    let mode = mode.and_then(|mode| mode.word(report, "StreamMode", &["PROVISIONED", "ON_DEMAND"]));
    let count = object.integer(report, "ShardCount", 1..=100_000);
    let shards = match (mode, count) {
        (Some("ON_DEMAND"), None) => None,
        (Some("ON_DEMAND"), Some(_)) => {
            report.error(&object.place_of("ShardCount"), "a stream in on-demand mode has no `ShardCount`");
            None
        }
        (_, count) => {
            if !object.has("ShardCount") {
                let problem = report.error(&object.place, format!("{} needs `ShardCount`", object.what));
                problem.help("or the `StreamMode` `ON_DEMAND`");
            }
            Some(count.unwrap_or(1))
        }
    };
    build.stack.streams.push(KinesisStream {
        logical_id: resource.id.to_owned(),
        name: resource.name.clone(),
        arn: resource.arn.clone(),
        shards,
        retention_hours: object.integer(report, "RetentionPeriodHours", 24..=8_760).unwrap_or(24),
        max_record_kib: object.integer(report, "MaxRecordSizeInKiB", 1_024..=10_240),
    });
}
