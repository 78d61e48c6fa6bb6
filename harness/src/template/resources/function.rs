//! `AWS::Lambda::Function` and `AWS::Serverless::Function`.
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html>

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Build, Resolved};
use crate::stack::{ACCOUNT_CONCURRENCY, EventInvokeConfig, Function, UNRESERVED_CONCURRENCY};
use crate::template::property::Shape;
use crate::template::report::{Report, is_reported};

pub const SERVERLESS: Shape = Shape {
    reads: &[
        "FunctionName",
        "Handler",
        "MemorySize",
        "Timeout",
        "Environment",
        "DeadLetterQueue",
        "RecursiveLoop",
        "ReservedConcurrentExecutions",
    ],
    descriptive: &[
        "Architectures",
        "AutoPublishAlias", // expanded to resources of their own, as are events
        "AutoPublishAliasAllProperties",
        "AutoPublishCodeSha256",
        "CodeUri",
        "Description",
        "EventInvokeConfig",
        "Events",
        "FunctionUrlConfig",
        "ImageConfig",
        "ImageUri",
        "InlineCode",
        "PackageType",
        "PropagateTags",
        "Runtime",
        "RuntimeManagementConfig",
        "Tags",
        "VersionDeletionPolicy",
        "VersionDescription",
    ],
    harmless: &[
        "AssumeRolePolicyDocument",
        "CodeSigningConfigArn",
        "DeploymentPreference",
        "EphemeralStorage",
        "KmsKeyArn",
        "Layers",
        "LoggingConfig",
        "PermissionsBoundary",
        "Policies",
        "ProvisionedConcurrencyConfig",
        "Role",
        "RolePath",
        "SnapStart",
        "SourceKMSKeyArn",
        "Tracing",
        "VpcConfig",
    ],
    refused: &["DurableConfig", "FileSystemConfigs"],
};
pub const LAMBDA: Shape = Shape {
    reads: &[
        "FunctionName",
        "Handler",
        "MemorySize",
        "Timeout",
        "Environment",
        "DeadLetterConfig",
        "RecursiveLoop",
        "ReservedConcurrentExecutions",
    ],
    descriptive: &[
        "Architectures",
        "Code",
        "Description",
        "ImageConfig",
        "PackageType",
        "Runtime",
        "RuntimeManagementConfig",
        "Tags",
    ],
    harmless: &[
        "CodeSigningConfigArn",
        "EphemeralStorage",
        "KmsKeyArn",
        "Layers",
        "LoggingConfig",
        "Role",
        "SnapStart",
        "TracingConfig",
        "VpcConfig",
    ],
    refused: &["DurableConfig", "FileSystemConfigs"],
};
/// What all functions together may reserve.
pub const MOST_RESERVED: u32 = ACCOUNT_CONCURRENCY - UNRESERVED_CONCURRENCY;
const ENVIRONMENT: Shape = Shape::of(&["Variables"]);
const DEAD_LETTER_QUEUE: Shape = Shape::of(&["Type", "TargetArn"]);
const DEAD_LETTER_CONFIG: Shape = Shape::of(&["TargetArn"]);

/// Names that Lambda keeps for itself and refuses.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime>
const RESERVED: &[&str] = &[
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
];

pub fn read(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) {
    let object = &resource.object;
    let timeout = object.integer(report, "Timeout", 1..=900).unwrap_or(3);
    build.stack.functions.push(Function {
        logical_id: resource.id.to_owned(),
        name: resource.name.clone(),
        arn: resource.arn.clone(),
        handler: object.text(report, "Handler").unwrap_or_default(),
        timeout: Duration::from_secs(timeout.into()),
        memory_size: object.integer(report, "MemorySize", 128..=10_240).unwrap_or(128),
        environment: environment(resource, report),
        dead_letter_arn: None,
        event_invoke: EventInvokeConfig::default(),
        reserved_concurrency: object.integer(report, "ReservedConcurrentExecutions", 0..=MOST_RESERVED),
        allows_loops: object.word(report, "RecursiveLoop", &["Allow", "Terminate"]) == Some("Allow"),
        qualifiers: Vec::new(),
    });
    let dead_letter_arn = dead_letter_arn(resource, report, build);
    if let Some(function) = build.stack.functions.last_mut() {
        function.dead_letter_arn = dead_letter_arn;
    }
}

fn environment(resource: &Resolved<'_>, report: &mut Report) -> BTreeMap<String, String> {
    let environment = resource.object.object(report, resource.id, "Environment", &ENVIRONMENT);
    let variables = environment.map(|environment| environment.mapping(report, "Variables")).unwrap_or_default();
    let mut values = BTreeMap::new();
    for (key, value) in variables.iter().filter(|(_, value)| !is_reported(value)) {
        let name = key.text().unwrap_or_default();
        if RESERVED.contains(&name) {
            report.error(&key.span, format!("Lambda reserves the environment variable `{name}`"));
        }
        match value.scalar() {
            Some(text) => {
                values.insert(name.to_owned(), text);
            }
            None => {
                let message = format!("the environment variable `{name}` must be text, not {}", value.kind());
                report.error(&value.span, message);
            }
        }
    }
    values
}

/// SAM's `DeadLetterQueue` or CloudFormation's `DeadLetterConfig`: the queue or topic that gets events
/// which failed for good.
fn dead_letter_arn(resource: &Resolved<'_>, report: &mut Report, build: &mut Build) -> Option<String> {
    let queue = resource.object.object(report, resource.id, "DeadLetterQueue", &DEAD_LETTER_QUEUE);
    let config = resource.object.object(report, resource.id, "DeadLetterConfig", &DEAD_LETTER_CONFIG);
    if let Some(queue) = &queue {
        queue.require(report, "Type");
        queue.word(report, "Type", &["SQS", "SNS"]);
    }
    let target = queue.or(config)?;
    resource.link_standard(&target, "TargetArn", &["sqs", "sns"], report, build)
}
