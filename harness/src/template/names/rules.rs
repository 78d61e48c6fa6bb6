//! How the resources of each type are named. The return values follow each type's page in
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html>.

use crate::stack::PUBLISHED_VERSION;

/// How the resources of a type are named.
pub struct NameRule {
    pub types: &'static [&'static str],
    /// The property that gives the physical name.
    pub property: Option<&'static str>,
    /// How long a physical name may be.
    pub limit: usize,
    /// What `Ref` answers, with placeholders; empty where it is not known before provisioning.
    pub reference: &'static str,
    /// What `Fn::GetAtt` answers, with placeholders.
    pub attributes: &'static [(&'static str, &'static str)],
}

/// The attribute of a table that only one with a stream has.
pub const STREAM_ARN: &str = "StreamArn";

const RULES: &[NameRule] = &[
    NameRule {
        types: &["AWS::SQS::Queue"],
        property: Some("QueueName"),
        limit: 80,
        reference: "{url}",
        attributes: &[("Arn", "arn:aws:sqs:{region}:{account}:{name}"), ("QueueName", "{name}"), ("QueueUrl", "{url}")],
    },
    NameRule {
        types: &["AWS::SNS::Topic"],
        property: Some("TopicName"),
        limit: 256,
        reference: "arn:aws:sns:{region}:{account}:{name}",
        attributes: &[("TopicArn", "arn:aws:sns:{region}:{account}:{name}"), ("TopicName", "{name}")],
    },
    NameRule {
        types: &["AWS::S3::Bucket"],
        property: Some("BucketName"),
        limit: 63,
        reference: "{name}",
        attributes: &[
            ("Arn", "arn:aws:s3:::{name}"),
            ("DomainName", "{name}.s3.amazonaws.com"),
            ("RegionalDomainName", "{name}.s3.{region}.amazonaws.com"),
        ],
    },
    NameRule {
        types: &["AWS::DynamoDB::Table"],
        property: Some("TableName"),
        limit: 255,
        reference: "{name}",
        attributes: &[
            ("Arn", "arn:aws:dynamodb:{region}:{account}:table/{name}"),
            // The label at the end is the time of creation, which is not known before.
            (STREAM_ARN, "arn:aws:dynamodb:{region}:{account}:table/{name}/stream/2026-01-01T00:00:00.000"),
        ],
    },
    NameRule {
        types: &["AWS::Serverless::SimpleTable"],
        property: Some("TableName"),
        limit: 255,
        reference: "{name}",
        attributes: &[("Arn", "arn:aws:dynamodb:{region}:{account}:table/{name}")],
    },
    NameRule {
        types: &["AWS::Pipes::Pipe"],
        property: Some("Name"),
        limit: 64,
        reference: "{name}",
        attributes: &[("Arn", "arn:aws:pipes:{region}:{account}:pipe/{name}")],
    },
    NameRule {
        types: &["AWS::Kinesis::Stream"],
        property: Some("Name"),
        limit: 128,
        reference: "{name}",
        attributes: &[("Arn", "arn:aws:kinesis:{region}:{account}:stream/{name}")],
    },
    NameRule {
        types: &["AWS::Lambda::Function", "AWS::Serverless::Function"],
        property: Some("FunctionName"),
        limit: 64,
        reference: "{name}",
        attributes: &[("Arn", "arn:aws:lambda:{region}:{account}:function:{name}")],
    },
    NameRule {
        types: &["AWS::Lambda::Alias"],
        property: Some("Name"),
        limit: 128,
        reference: "arn:aws:lambda:{region}:{account}:function:{parent}:{name}",
        attributes: &[("AliasArn", "arn:aws:lambda:{region}:{account}:function:{parent}:{name}")],
    },
    NameRule {
        // Code is published once, so its version is the first.
        types: &["AWS::Lambda::Version"],
        property: None,
        limit: 64,
        reference: "arn:aws:lambda:{region}:{account}:function:{parent}:1",
        attributes: &[
            ("FunctionArn", "arn:aws:lambda:{region}:{account}:function:{parent}:1"),
            ("Version", PUBLISHED_VERSION),
        ],
    },
    NameRule {
        types: &["AWS::Lambda::Url"],
        property: None,
        limit: 64,
        reference: "arn:aws:lambda:{region}:{account}:function:{parent}",
        attributes: &[
            ("FunctionArn", "arn:aws:lambda:{region}:{account}:function:{parent}"),
            ("FunctionUrl", "https://{url id}.lambda-url.{region}.on.aws/"),
        ],
    },
    NameRule {
        types: &["AWS::Lambda::EventSourceMapping"],
        property: None,
        limit: 64,
        reference: "{uuid}",
        attributes: &[
            ("EventSourceMappingArn", "arn:aws:lambda:{region}:{account}:event-source-mapping:{uuid}"),
            ("Id", "{uuid}"),
        ],
    },
    NameRule {
        types: &["AWS::Events::EventBus"],
        property: Some("Name"),
        limit: 256,
        reference: "{name}",
        attributes: &[("Arn", "arn:aws:events:{region}:{account}:event-bus/{name}"), ("Name", "{name}")],
    },
    NameRule {
        types: &["AWS::Events::Rule"],
        property: Some("Name"),
        limit: 64,
        reference: "{bus|}{name}",
        attributes: &[("Arn", "arn:aws:events:{region}:{account}:rule/{bus/}{name}")],
    },
    NameRule {
        types: &["AWS::Events::Connection"],
        property: Some("Name"),
        limit: 64,
        reference: "{name}",
        attributes: &[("Arn", "arn:aws:events:{region}:{account}:connection/{name}/{id}")],
    },
    NameRule {
        types: &["AWS::Events::ApiDestination"],
        property: Some("Name"),
        limit: 64,
        reference: "{name}",
        attributes: &[
            ("Arn", "arn:aws:events:{region}:{account}:api-destination/{name}/{id}"),
            ("ArnForPolicy", "arn:aws:events:{region}:{account}:api-destination/{name}"),
        ],
    },
    NameRule {
        types: &["AWS::Events::Archive"],
        property: Some("ArchiveName"),
        limit: 48,
        reference: "{name}",
        attributes: &[("Arn", "arn:aws:events:{region}:{account}:archive/{name}"), ("ArchiveName", "{name}")],
    },
    NameRule {
        types: &["AWS::Scheduler::Schedule"],
        property: Some("Name"),
        limit: 64,
        reference: "{name}",
        attributes: &[("Arn", "arn:aws:scheduler:{region}:{account}:schedule/{group}/{name}")],
    },
    NameRule {
        types: &["AWS::Scheduler::ScheduleGroup"],
        property: Some("Name"),
        limit: 64,
        reference: "{name}",
        attributes: &[("Arn", "arn:aws:scheduler:{region}:{account}:schedule-group/{name}")],
    },
    NameRule {
        types: &["AWS::Serverless::Api"],
        property: None,
        limit: 1024,
        reference: "{id}",
        attributes: &[("RestApiId", "{id}")],
    },
    NameRule {
        types: &["AWS::Serverless::HttpApi"],
        property: None,
        limit: 128,
        reference: "{id}",
        attributes: &[("ApiId", "{id}"), ("ApiEndpoint", "https://{id}.execute-api.{region}.amazonaws.com")],
    },
    NameRule {
        types: &["AWS::ApiGateway::RestApi"],
        property: None,
        limit: 1024,
        reference: "{id}",
        attributes: &[("RestApiId", "{id}"), ("RootResourceId", "{id}0")],
    },
    NameRule {
        types: &["AWS::ApiGatewayV2::Api"],
        property: None,
        limit: 128,
        reference: "{id}",
        attributes: &[("ApiId", "{id}"), ("ApiEndpoint", "https://{id}.execute-api.{region}.amazonaws.com")],
    },
    NameRule {
        types: &[
            "AWS::ApiGateway::Resource",
            "AWS::ApiGateway::Method",
            "AWS::ApiGateway::Deployment",
            "AWS::ApiGateway::GatewayResponse",
            "AWS::ApiGateway::Authorizer",
            "AWS::ApiGatewayV2::Authorizer",
            "AWS::ApiGateway::ApiKey",
            "AWS::ApiGateway::UsagePlan",
            "AWS::ApiGateway::UsagePlanKey",
            "AWS::ApiGateway::RequestValidator",
            "AWS::ApiGateway::Account",
            "AWS::ApiGateway::BasePathMapping",
            "AWS::ApiGatewayV2::ApiMapping",
            "AWS::ApiGatewayV2::Route",
            "AWS::ApiGatewayV2::Integration",
            "AWS::ApiGatewayV2::Deployment",
        ],
        property: None,
        limit: 128,
        reference: "{id}",
        attributes: &[
            ("ApiMappingId", "{id}"),
            ("APIKeyId", "{id}"),
            ("AuthorizerId", "{id}"),
            ("DeploymentId", "{id}"),
            ("Id", "{id}"),
            ("IntegrationId", "{id}"),
            ("RequestValidatorId", "{id}"),
            ("ResourceId", "{id}"),
            ("RouteId", "{id}"),
        ],
    },
    NameRule {
        types: &["AWS::ApiGateway::Model"],
        property: Some("Name"),
        limit: 128,
        reference: "{name}",
        attributes: &[],
    },
    NameRule {
        types: &["AWS::ApiGateway::DomainName", "AWS::ApiGatewayV2::DomainName"],
        property: Some("DomainName"),
        limit: 512,
        reference: "{name}",
        attributes: &[
            ("DistributionDomainName", "d{id}.cloudfront.net"),
            // The zones of CloudFront, and of API Gateway in us-east-1.
            ("DistributionHostedZoneId", "Z2FDTNDATAQYW2"),
            ("DomainNameArn", "arn:aws:apigateway:{region}::/domainnames/{name}"),
            ("RegionalDomainName", "d-{id}.execute-api.{region}.amazonaws.com"),
            ("RegionalHostedZoneId", "Z1UJRXOUMOOFQ8"),
        ],
    },
    NameRule {
        types: &["AWS::ApiGateway::Stage", "AWS::ApiGatewayV2::Stage"],
        property: Some("StageName"),
        limit: 128,
        reference: "{name}",
        attributes: &[],
    },
    NameRule {
        types: &["AWS::Cognito::UserPool"],
        property: None,
        limit: 128,
        reference: "{region}_{id}",
        attributes: &[
            ("Arn", "arn:aws:cognito-idp:{region}:{account}:userpool/{region}_{id}"),
            ("ProviderName", "cognito-idp.{region}.amazonaws.com/{region}_{id}"),
            ("ProviderURL", "https://cognito-idp.{region}.amazonaws.com/{region}_{id}"),
            ("UserPoolId", "{region}_{id}"),
        ],
    },
    NameRule {
        types: &["AWS::Cognito::UserPoolClient"],
        property: None,
        limit: 128,
        reference: "{id}",
        attributes: &[("ClientId", "{id}")],
    },
    NameRule {
        types: &["AWS::IAM::Role"],
        property: Some("RoleName"),
        limit: 64,
        reference: "{name}",
        attributes: &[("Arn", "arn:aws:iam::{account}:role/{name}")],
    },
    NameRule {
        types: &["AWS::IAM::ManagedPolicy"],
        property: Some("ManagedPolicyName"),
        limit: 128,
        reference: "arn:aws:iam::{account}:policy/{name}",
        attributes: &[("PolicyArn", "arn:aws:iam::{account}:policy/{name}")],
    },
    NameRule {
        types: &["AWS::Logs::LogGroup"],
        property: Some("LogGroupName"),
        limit: 512,
        reference: "{name}",
        attributes: &[("Arn", "arn:aws:logs:{region}:{account}:log-group:{name}:*")],
    },
    NameRule {
        types: &["AWS::CloudFormation::Stack", "AWS::Serverless::Application"],
        property: None,
        limit: 128,
        reference: "arn:aws:cloudformation:{region}:{account}:stack/{name}/{id}",
        attributes: &[],
    },
    NameRule {
        types: &["AWS::KMS::Key"],
        property: None,
        limit: 64,
        reference: "{id}",
        attributes: &[("Arn", "arn:aws:kms:{region}:{account}:key/{id}"), ("KeyId", "{id}")],
    },
    NameRule {
        types: &["AWS::KMS::Alias"],
        property: Some("AliasName"),
        limit: 256,
        reference: "{name}",
        attributes: &[],
    },
    NameRule {
        types: &["AWS::CloudWatch::Alarm"],
        property: Some("AlarmName"),
        limit: 255,
        reference: "{name}",
        attributes: &[("Arn", "arn:aws:cloudwatch:{region}:{account}:alarm:{name}")],
    },
];

/// Types whose `Ref` AWS makes up on creation, and harmless ones that nobody but roles refers to.
const UNKNOWN: NameRule = NameRule { types: &[], property: None, limit: 64, reference: "", attributes: &[] };

/// The property that names what resources of a type belong to, where their own names follow from it.
pub fn parent_property(type_name: &str) -> Option<&'static str> {
    match type_name {
        "AWS::Events::Rule" => Some("EventBusName"),
        "AWS::Lambda::Alias" | "AWS::Lambda::Version" => Some("FunctionName"),
        "AWS::Lambda::Url" => Some("TargetFunctionArn"),
        "AWS::Scheduler::Schedule" => Some("GroupName"),
        _ => None,
    }
}

/// How resources of a type are named.
pub fn rule_of(type_name: &str) -> &'static NameRule {
    RULES.iter().find(|rule| rule.types.contains(&type_name)).unwrap_or(&UNKNOWN)
}
