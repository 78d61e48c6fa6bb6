//! The kinds of event that a function may have: the properties of each, and what it is expanded by.
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-eventsource.html>

use super::events::{Event, Expansion, http_route, rest_route, rule, s3, schedule, sns, sqs, stream};
use crate::template::declare::Resource;
use crate::template::property::Shape;
use crate::template::report::Report;

/// One kind of event: its properties, and what becomes of it.
pub(super) struct Kind {
    pub names: &'static [&'static str],
    pub shape: Shape,
    pub required: &'static [&'static str],
    pub expand: fn(&Event<'_>, &mut [Resource], &mut Expansion, &mut Report),
}

/// Kinds whose sources a replay does not have: they are listed, and nothing comes from them.
pub(super) const NOT_SIMULATED: &[&str] =
    &["AlexaSkill", "CloudWatchLogs", "Cognito", "DocumentDB", "IoTRule", "MQ", "MSK", "SelfManagedKafka"];

pub(super) const KINDS: &[Kind] = &[
    Kind {
        names: &["S3"],
        shape: Shape::of(&["Bucket", "Events", "Filter"]),
        required: &["Bucket", "Events"],
        expand: s3,
    },
    Kind {
        names: &["SQS"],
        shape: Shape {
            reads: &[
                "Queue",
                "BatchSize",
                "Enabled",
                "FilterCriteria",
                "FunctionResponseTypes",
                "MaximumBatchingWindowInSeconds",
                "ScalingConfig",
            ],
            descriptive: &[],
            harmless: &["KmsKeyArn", "MetricsConfig"],
            refused: &["ProvisionedPollerConfig", "LoggingConfig"],
        },
        required: &["Queue"],
        expand: sqs,
    },
    Kind {
        names: &["DynamoDB", "Kinesis"],
        shape: Shape {
            reads: &[
                "Stream",
                "BatchSize",
                "BisectBatchOnFunctionError",
                "DestinationConfig",
                "Enabled",
                "FilterCriteria",
                "FunctionResponseTypes",
                "MaximumBatchingWindowInSeconds",
                "MaximumRecordAgeInSeconds",
                "MaximumRetryAttempts",
                "ParallelizationFactor",
                "StartingPosition",
                "StartingPositionTimestamp",
                "TumblingWindowInSeconds",
            ],
            descriptive: &[],
            harmless: &["KmsKeyArn", "MetricsConfig"],
            refused: &["LoggingConfig"],
        },
        required: &["Stream", "StartingPosition"],
        expand: stream,
    },
    Kind {
        names: &["SNS"],
        shape: Shape {
            reads: &["Topic", "FilterPolicy", "FilterPolicyScope", "RedrivePolicy", "SqsSubscription"],
            descriptive: &[],
            harmless: &[],
            refused: &["Region"],
        },
        required: &["Topic"],
        expand: sns,
    },
    Kind {
        names: &["Api"],
        shape: Shape {
            reads: &["Auth", "Path", "Method", "RequestModel", "RequestParameters", "RestApiId", "TimeoutInMillis"],
            descriptive: &[],
            harmless: &[],
            refused: &["ResponseTransferMode"],
        },
        required: &["Path", "Method"],
        expand: rest_route,
    },
    Kind {
        names: &["HttpApi"],
        shape: Shape {
            reads: &["ApiId", "Auth", "Path", "Method", "PayloadFormatVersion", "RouteSettings", "TimeoutInMillis"],
            descriptive: &[],
            harmless: &[],
            refused: &[],
        },
        required: &[],
        expand: http_route,
    },
    Kind {
        names: &["EventBridgeRule", "CloudWatchEvent"],
        shape: Shape {
            reads: &[
                "Pattern",
                "EventBusName",
                "Input",
                "InputPath",
                "InputTransformer",
                "DeadLetterConfig",
                "RetryPolicy",
                "RuleName",
                "State",
                "Enabled",
                "Target",
            ],
            descriptive: &[],
            harmless: &[],
            refused: &[],
        },
        required: &["Pattern"],
        expand: rule,
    },
    Kind {
        names: &["Schedule"],
        shape: Shape {
            reads: &["Schedule", "Name", "Enabled", "State", "Input", "DeadLetterConfig", "RetryPolicy"],
            descriptive: &["Description"],
            harmless: &[],
            refused: &["RoleArn"],
        },
        required: &["Schedule"],
        expand: rule,
    },
    Kind {
        names: &["ScheduleV2"],
        shape: Shape {
            reads: &[
                "ScheduleExpression",
                "ScheduleExpressionTimezone",
                "StartDate",
                "EndDate",
                "State",
                "Name",
                "OmitName",
                "GroupName",
                "FlexibleTimeWindow",
                "Input",
                "DeadLetterConfig",
                "RetryPolicy",
            ],
            descriptive: &["Description"],
            harmless: &["KmsKeyArn", "PermissionsBoundary", "RoleArn"],
            refused: &[],
        },
        required: &["ScheduleExpression"],
        expand: schedule,
    },
];
