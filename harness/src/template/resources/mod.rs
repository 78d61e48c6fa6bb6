//! From resolved properties to the parts of a [`Stack`]: one reader per type of resource.

mod alias;
mod api;
mod bucket;
mod bucket_cors;
mod bucket_notifications;
mod destination;
mod events;
mod filters;
mod function;
mod kinesis;
mod lambda;
mod lifecycle;
mod mapping;
mod pipe;
mod queue;
mod schedule;
mod table;
mod topic;
mod url;

pub use api::read_routes;

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::Naming;
use super::declare::Resource;
use super::intrinsic::Evaluator;
use super::names::{Identity, STREAM_ARN};
use super::property::{Object, Shape};
use super::report::Report;
use super::sections::Entry;
use crate::diagnostic::Span;
use crate::stack::{EventInvokeConfig, Stack};
use crate::yaml::{Content, Node};

/// A type of resource: the properties it may have, and how they are read.
struct Type {
    name: &'static str,
    shape: &'static Shape,
    read: fn(&Resolved<'_>, &mut Report, &mut Build),
}

const TYPES: &[Type] = &[
    Type { name: "AWS::S3::Bucket", shape: &bucket::SHAPE, read: bucket::read },
    Type {
        name: "Custom::S3BucketNotifications",
        shape: &bucket_notifications::SHAPE,
        read: bucket_notifications::read,
    },
    Type { name: "AWS::SQS::Queue", shape: &queue::SHAPE, read: queue::read },
    Type { name: "AWS::SNS::Topic", shape: &topic::SHAPE, read: topic::read },
    Type { name: "AWS::SNS::Subscription", shape: &topic::SUBSCRIPTION, read: topic::read_subscription },
    Type { name: "AWS::DynamoDB::Table", shape: &table::SHAPE, read: table::read },
    Type { name: "AWS::Kinesis::Stream", shape: &kinesis::SHAPE, read: kinesis::read },
    Type { name: "AWS::Pipes::Pipe", shape: &pipe::SHAPE, read: pipe::read },
    Type { name: "AWS::Serverless::SimpleTable", shape: &table::SIMPLE, read: table::read_simple },
    Type { name: "AWS::Events::EventBus", shape: &events::BUS, read: events::read_bus },
    Type { name: "AWS::Events::Rule", shape: &events::RULE, read: events::read_rule },
    Type { name: "AWS::Lambda::Function", shape: &function::LAMBDA, read: function::read },
    Type { name: "AWS::Serverless::Function", shape: &function::SERVERLESS, read: function::read },
    Type { name: "AWS::Lambda::EventSourceMapping", shape: &mapping::SHAPE, read: mapping::read },
    Type { name: "AWS::Lambda::Version", shape: &alias::VERSION, read: alias::read_version },
    Type { name: "AWS::Lambda::Alias", shape: &alias::ALIAS, read: alias::read_alias },
    Type { name: "AWS::Lambda::Url", shape: &url::SHAPE, read: url::read },
    Type { name: "AWS::Lambda::EventInvokeConfig", shape: &lambda::INVOKE, read: lambda::read_invoke },
];

fn known_types() -> impl Iterator<Item = &'static Type> {
    TYPES.iter().chain(api::TYPES).chain(destination::TYPES).chain(schedule::TYPES)
}

/// The types that are simulated.
pub fn types() -> impl Iterator<Item = &'static str> {
    known_types().map(|known| known.name)
}

/// The properties of a type that is simulated.
pub fn shape_of(type_name: &str) -> Option<&'static Shape> {
    known_types().find(|known| known.name == type_name).map(|known| known.shape)
}

/// What the readers add to.
#[derive(Default)]
pub struct Build {
    pub stack: Stack,
    /// ARNs that something is delivered to, to be checked once all resources are read.
    pub links: Vec<Link>,
    /// Where each event source mapping of a queue stands.
    pub mappings: Vec<Span>,
    /// What APIs are made of.
    pub apis: api::Parts,
    /// Where the notifications of each bucket stand.
    pub notification_places: BTreeMap<String, Vec<Span>>,
    /// Notifications of buckets that stand outside of them.
    pub outside_notifications: Vec<bucket_notifications::Outside>,
    pub invoke_configs: Vec<InvokeConfig>,
    pub qualifiers: Vec<Published>,
}

/// A configuration of asynchronous invocation, until the functions are known.
pub struct InvokeConfig {
    pub function_arn: String,
    pub qualifier: String,
    pub span: Span,
    pub config: EventInvokeConfig,
}

/// A version or an alias, until the functions are known.
pub struct Published {
    pub function_arn: String,
    pub name: String,
    pub version: String,
    pub span: Span,
}

/// A reference to a resource by ARN.
pub struct Link {
    pub arn: String,
    pub span: Span,
    /// The services that the ARN may belong to: `sqs`, `sns`, `lambda`, `events`, `dynamodb`, `kinesis`, `s3`.
    pub services: &'static [&'static str],
    /// Whether a FIFO queue or topic is no such resource.
    pub standard: bool,
}

impl Link {
    fn new(arn: String, span: Span, services: &'static [&'static str]) -> Self {
        Self { arn, span, services, standard: false }
    }
}

/// A resource with its properties and names final.
pub struct Resolved<'a> {
    /// What it is called: its logical id, or more where several stacks have the same.
    pub id: &'a str,
    pub logical_id: &'a str,
    pub object: Object<'a>,
    pub name: String,
    pub arn: String,
    /// What `Ref` gives.
    pub reference: String,
    /// What `Fn::GetAtt` gives for a table's stream.
    pub stream_arn: Option<String>,
    pub naming: &'a Naming,
}

/// Puts together what stands in several resources, once all are read.
pub fn assemble(build: &mut Build, place: impl Fn(&str) -> Span, report: &mut Report) {
    bucket_notifications::assemble(build, report);
    bucket_notifications::check(build, report);
    alias::attach_qualifiers(build, &place, report);
    api::assemble(build, place, report);
}

/// Reads one resource into the stack, in which it is called by a name: its logical id, or more where there are several.
pub fn read(resource: &Resource, name: &str, evaluator: &mut Evaluator<'_>, build: &mut Build) {
    let Some(known) = known_types().find(|known| known.name == resource.type_name) else { return };
    let properties = resolve(resource, known.shape, evaluator);
    if !resource.checked {
        known.shape.check(&mut evaluator.report, name, &resource.what, &properties);
    }
    let Some(identity) = evaluator.identity(&resource.logical_id, &resource.place) else { return };
    let naming = evaluator.naming;
    let resolved = Resolved {
        id: name,
        logical_id: &resource.logical_id,
        object: Object::of_resource(&resource.what, &resource.place, &properties),
        arn: arn(&identity, naming),
        reference: identity.reference(naming).unwrap_or_default(),
        stream_arn: identity.attribute(STREAM_ARN, naming),
        name: identity.name,
        naming,
    };
    (known.read)(&resolved, &mut evaluator.report, build);
}

/// The properties with their values final. What a replay does not look at is not evaluated either, so
/// that a role may well be imported from another stack.
fn resolve(resource: &Resource, shape: &Shape, evaluator: &mut Evaluator<'_>) -> Vec<Entry> {
    let ignored = |name: &str| shape.harmless.contains(&name) || shape.descriptive.contains(&name);
    let mut resolved = Vec::new();
    for (key, value) in &resource.properties {
        if ignored(key.text().unwrap_or_default()) {
            resolved.push((key.clone(), Node { span: value.span.clone(), tag: None, content: Content::Null }));
        } else if let Some(value) = resolve_one(resource, key, value, evaluator) {
            resolved.push((key.clone(), value));
        }
    }
    resolved
}

/// The value of one property. What names the issuers of tokens may name user pools: a replay stands in for them, though
/// it does not have them.
fn resolve_one(resource: &Resource, key: &Node, value: &Node, evaluator: &mut Evaluator<'_>) -> Option<Node> {
    evaluator.knows_pools = api::names_issuers(&resource.type_name, key.text().unwrap_or_default());
    let resolved = evaluator.resolve(&looked_at(resource, key, value));
    evaluator.knows_pools = false;
    resolved
}

/// A value without what is left out within it.
fn looked_at<'n>(resource: &Resource, key: &Node, value: &'n Node) -> Cow<'n, Node> {
    let inner = api::inner_shape(&resource.type_name, key.text().unwrap_or_default());
    let (Some(shape), Content::Mapping(entries)) = (inner, &value.content) else { return Cow::Borrowed(value) };
    let mut entries = entries.clone();
    for (key, value) in &mut entries {
        if shape.harmless.contains(&key.text().unwrap_or_default()) {
            *value = Node { span: value.span.clone(), tag: None, content: Content::Null };
        }
    }
    Cow::Owned(Node { content: Content::Mapping(entries), ..value.clone() })
}

fn arn(identity: &Identity, naming: &Naming) -> String {
    let attribute = |name: &str| identity.attribute(name, naming);
    attribute("Arn").or_else(|| attribute("TopicArn")).unwrap_or_default()
}

impl Resolved<'_> {
    /// An ARN that something is delivered to.
    fn link(
        &self,
        object: &Object<'_>,
        key: &str,
        services: &'static [&'static str],
        report: &mut Report,
        build: &mut Build,
    ) -> Option<String> {
        let arn = object.required_text(report, key)?;
        let span = object.value(key)?.span.clone();
        build.links.push(Link::new(arn.clone(), span, services));
        Some(arn)
    }

    /// An ARN of something that what failed is sent to: FIFO queues and topics do not take it.
    /// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html>
    fn link_standard(
        &self,
        object: &Object<'_>,
        key: &str,
        services: &'static [&'static str],
        report: &mut Report,
        build: &mut Build,
    ) -> Option<String> {
        let arn = self.link(object, key, services, report, build)?;
        if let Some(link) = build.links.last_mut() {
            link.standard = true;
        }
        Some(arn)
    }

    /// A function that is given by name, by part of its ARN or by ARN.
    fn function(&self, object: &Object<'_>, key: &str, report: &mut Report, build: &mut Build) -> Option<String> {
        let given = object.required_text(report, key)?;
        let Naming { account, region, .. } = self.naming;
        let name = given.rsplit_once("function:").map_or(given.as_str(), |(_, name)| name);
        let arn = match given.starts_with("arn:") {
            true => given,
            false => format!("arn:aws:lambda:{region}:{account}:function:{name}"),
        };
        let span = object.value(key)?.span.clone();
        build.links.push(Link::new(arn.clone(), span, &["lambda"]));
        Some(arn)
    }
}
