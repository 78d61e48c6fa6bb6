//! What `Ref` and `Fn::GetAtt` answer for each type of resource. A physical name is what the template
//! says, or is made of the stack's name, the logical id and the suffix, so that it is known before
//! anything is provisioned. The return values follow each type's page in
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html>.

use super::Naming;

/// How the resources of a type are named.
pub struct NameRule {
    types: &'static [&'static str],
    /// The property that gives the physical name.
    pub property: Option<&'static str>,
    /// How long a physical name may be.
    limit: usize,
    /// What `Ref` answers, with placeholders; empty where it is not known before provisioning.
    reference: &'static str,
    /// What `Fn::GetAtt` answers, with placeholders.
    attributes: &'static [(&'static str, &'static str)],
}

/// A resource's physical name, and what follows from it.
#[derive(Clone, Debug)]
pub struct Identity {
    pub name: String,
    logical_id: String,
    type_name: String,
    /// A rule's event bus, where it is not `default`.
    bus: Option<String>,
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
        attributes: &[],
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
            "AWS::ApiGateway::Model",
            "AWS::ApiGateway::Account",
            "AWS::ApiGatewayV2::Route",
            "AWS::ApiGatewayV2::Integration",
            "AWS::ApiGatewayV2::Deployment",
        ],
        property: None,
        limit: 128,
        reference: "{id}",
        attributes: &[
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
        types: &["AWS::ApiGateway::Stage", "AWS::ApiGatewayV2::Stage"],
        property: Some("StageName"),
        limit: 128,
        reference: "{name}",
        attributes: &[],
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

/// How resources of a type are named.
pub fn rule_of(type_name: &str) -> &'static NameRule {
    RULES.iter().find(|rule| rule.types.contains(&type_name)).unwrap_or(&UNKNOWN)
}

impl Identity {
    /// The identity of a resource that the template names, or that gets a name of its own.
    pub fn new(
        type_name: &str,
        logical_id: &str,
        given: Option<String>,
        bus: Option<String>,
        fifo: bool,
        naming: &Naming,
    ) -> Self {
        let name = match given {
            Some(name) => prefixed(type_name, name, naming),
            None if fifo => generated(type_name, logical_id, FIFO, naming),
            None => generated(type_name, logical_id, "", naming),
        };
        let bus = bus.map(|bus| bus_name(&bus).to_owned()).filter(|bus| bus != "default");
        Self { name, logical_id: logical_id.to_owned(), type_name: type_name.to_owned(), bus }
    }

    /// What `Ref` answers; `None` where only AWS would know.
    pub fn reference(&self, naming: &Naming) -> Option<String> {
        let template = rule_of(&self.type_name).reference;
        (!template.is_empty()).then(|| self.expand(template, naming))
    }

    /// What `Fn::GetAtt` answers; `None` where there is no such attribute.
    pub fn attribute(&self, attribute: &str, naming: &Naming) -> Option<String> {
        let attributes = rule_of(&self.type_name).attributes;
        let (_, template) = attributes.iter().find(|(name, _)| *name == attribute)?;
        Some(self.expand(template, naming))
    }

    /// The attributes there are.
    pub fn attributes(&self) -> impl Iterator<Item = &'static str> {
        rule_of(&self.type_name).attributes.iter().map(|(name, _)| *name)
    }

    fn expand(&self, template: &str, naming: &Naming) -> String {
        let bus = self.bus.as_deref();
        template
            .replace("{url}", "{base}/{account}/{name}")
            .replace("{base}", &naming.queue_url_base)
            .replace("{region}", &naming.region)
            .replace("{account}", &naming.account)
            .replace("{id}", &api_id(&self.logical_id, naming))
            .replace("{bus|}", &bus.map(|bus| format!("{bus}|")).unwrap_or_default())
            .replace("{bus/}", &bus.map(|bus| format!("{bus}/")).unwrap_or_default())
            .replace("{name}", &self.name)
    }
}

/// The name of an event bus that is given by name or ARN.
pub fn bus_name(name_or_arn: &str) -> &str {
    name_or_arn.split_once(":event-bus/").map_or(name_or_arn, |(_, name)| name)
}

/// The id of an API, which AWS makes up: ten characters.
pub fn api_id(logical_id: &str, naming: &Naming) -> String {
    let mut rest = hash(&[&naming.stack_name, logical_id, &naming.suffix]);
    let mut id = String::new();
    for _ in 0..10 {
        id.extend(char::from_digit((rest % 36) as u32, 36));
        rest /= 36;
    }
    id
}

/// How the names of FIFO queues and topics end.
const FIFO: &str = ".fifo";

fn generated(type_name: &str, logical_id: &str, ending: &str, naming: &Naming) -> String {
    let limit = rule_of(type_name).limit - ending.len();
    let mut stem = format!("{}-{logical_id}", naming.stack_name);
    if stem.len() + 1 + naming.suffix.len() > limit {
        // Two long ids that start alike must stay apart.
        let mark = format!("{:08x}", hash(&[logical_id]) as u32);
        let room = limit.saturating_sub(naming.suffix.len() + mark.len() + 2);
        stem = format!("{}-{mark}", stem.chars().take(room).collect::<String>());
    }
    let name = format!("{stem}-{}{ending}", naming.suffix);
    if type_name == "AWS::S3::Bucket" { name.to_lowercase() } else { name }
}

/// The types that others in an account could see, by a name that must not be theirs.
const PREFIXED: [&str; 8] = [
    "AWS::SQS::Queue",
    "AWS::SNS::Topic",
    "AWS::S3::Bucket",
    "AWS::DynamoDB::Table",
    "AWS::Serverless::SimpleTable",
    "AWS::Kinesis::Stream",
    "AWS::Events::EventBus",
    "AWS::Events::Rule",
];

/// A name that the template gives, with the prefix before it where it does not begin with it already.
fn prefixed(type_name: &str, name: String, naming: &Naming) -> String {
    if name.starts_with(&naming.prefix) || !PREFIXED.contains(&type_name) {
        return name;
    }
    let limit = rule_of(type_name).limit;
    let whole = format!("{}{name}", naming.prefix);
    if whole.len() <= limit {
        return whole;
    }
    let mark = format!("{:08x}", hash(&[&name]) as u32);
    let ending = if name.ends_with(FIFO) { FIFO } else { "" };
    let room = limit.saturating_sub(naming.prefix.len() + mark.len() + 1 + ending.len());
    format!("{}{}-{mark}{ending}", naming.prefix, name.chars().take(room).collect::<String>())
}

/// FNV-1a: stable over versions and machines.
fn hash(parts: &[&str]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
