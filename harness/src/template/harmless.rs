//! Types of resources that a replay leaves out, because they cannot change what is delivered, and types
//! that look like it but can.

/// Types, or services ending in `::`, that are accepted and listed as not simulated.
const HARMLESS: &[&str] = &[
    "AWS::ApiGateway::Account",
    "AWS::ApiGateway::ClientCertificate",
    "AWS::ApiGateway::DocumentationPart",
    "AWS::ApiGateway::DocumentationVersion",
    "AWS::ApplicationAutoScaling::",
    "AWS::Budgets::",
    "AWS::CDK::Metadata",
    "AWS::CertificateManager::",
    "AWS::CloudFormation::WaitConditionHandle",
    "AWS::CloudTrail::",
    "AWS::CloudWatch::",
    "AWS::Events::EventBusPolicy",
    "AWS::IAM::",
    "AWS::KMS::",
    "AWS::Lambda::LayerVersion",
    "AWS::Lambda::LayerVersionPermission",
    "AWS::Lambda::Permission",
    "AWS::Logs::",
    "AWS::ResourceGroups::",
    "AWS::Route53::",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::Serverless::Connector",
    "AWS::Serverless::LayerVersion",
    "AWS::XRay::",
    // CDK's, which empties a bucket before it is deleted, and keeps logs for a time.
    "Custom::LogRetention",
    "Custom::S3AutoDeleteObjects",
];
/// Of those services, what delivers events after all.
const NOT_HARMLESS: &[&str] = &["AWS::Logs::SubscriptionFilter", "AWS::CloudWatch::MetricStream"];

/// Whether resources of a type are accepted and left out.
pub fn is_harmless(type_name: &str) -> bool {
    let covers = |entry: &str| entry == type_name || entry.ends_with("::") && type_name.starts_with(entry);
    HARMLESS.iter().any(|entry| covers(entry)) && !NOT_HARMLESS.contains(&type_name)
}
