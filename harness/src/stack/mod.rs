//! What a template asks for, as plain data: buckets, queues, topics, tables, buses, rules, APIs, functions
//! and what connects them. Every name, ARN and URL is final; nothing refers to anything by logical id
//! except for people to read.
//!
//! A `Stack` is made by [`crate::template`] and read by provisioning and by the driver. It does no I/O.

mod api;
mod authorizer;
mod domain;
mod dynamodb;
mod eventbridge;
mod gateway_response;
mod integration;
mod kinesis;
mod lambda;
mod mapping;
mod pipe;
mod s3;
mod scheduler;
mod sns;
mod sqs;
mod usage;

pub use api::{Api, ApiKind, Cors, Integration, LambdaProxy, Mock, PayloadFormat, Route, RouteSettings, Stage};
pub use authorizer::{Authorizer, AuthorizerEvent, AuthorizerFunction, Decides, TokenRules};
pub use domain::{Domain, DomainMapping};
pub use dynamodb::Table;
pub use eventbridge::{
    ApiDestination, Archive, Connection, EventBus, HttpParameters, InputTransformer, Rule, RuleTarget,
};
pub use gateway_response::{GatewayResponse, Piece, pieces};
pub use integration::{Change, ChangeTarget, How, HttpEndpoint, ParameterMapping, Passing, ResponseRule, Source};
pub use kinesis::KinesisStream;
pub use lambda::{
    ACCOUNT_CONCURRENCY, EventInvokeConfig, Function, FunctionUrl, PUBLISHED_VERSION, Qualifier,
    UNRESERVED_CONCURRENCY, UrlAuth, function_name,
};
pub use mapping::{EventSourceMapping, StartingPosition, StreamMapping};
pub use pipe::{Pipe, PipeDelivery, PipeSource, PipeStep};
pub use s3::{Bucket, BucketNotification, CorsRule, Expiration, LifecycleRule, NotificationTarget};
pub use scheduler::{Schedule, ScheduleGroup};
pub use sns::{Subscription, Topic};
pub use sqs::Queue;
pub use usage::{ApiKey, Period, PlanStage, Quota, Throttle, UsagePlan};

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::{self, Diagnostics, Span};

/// The resources of one template, or of all templates of an app. A logical id that several of its stacks have is called
/// with the way to its stack before it: `Storage/Orders`.
#[derive(Clone, Debug, Default)]
pub struct Stack {
    pub buckets: Vec<Bucket>,
    pub queues: Vec<Queue>,
    pub topics: Vec<Topic>,
    pub subscriptions: Vec<Subscription>,
    pub tables: Vec<Table>,
    pub streams: Vec<KinesisStream>,
    pub buses: Vec<EventBus>,
    pub rules: Vec<Rule>,
    pub connections: Vec<Connection>,
    pub api_destinations: Vec<ApiDestination>,
    pub archives: Vec<Archive>,
    pub schedule_groups: Vec<ScheduleGroup>,
    pub schedules: Vec<Schedule>,
    pub apis: Vec<Api>,
    pub domains: Vec<Domain>,
    pub api_keys: Vec<ApiKey>,
    pub usage_plans: Vec<UsagePlan>,
    pub functions: Vec<Function>,
    pub function_urls: Vec<FunctionUrl>,
    pub event_source_mappings: Vec<EventSourceMapping>,
    pub stream_mappings: Vec<StreamMapping>,
    pub pipes: Vec<Pipe>,
    /// What the template asks for and a replay leaves out, because it cannot change what is delivered.
    pub not_simulated: Vec<NotSimulated>,
    /// The template's outputs, resolved.
    pub outputs: BTreeMap<String, String>,
    /// Where each resource stands, by what it is called.
    pub places: BTreeMap<String, (Arc<diagnostic::Source>, Span)>,
}

/// A logical id as its own template has it, of a resource that may be called with the way to its stack.
pub fn in_its_template(logical_id: &str) -> &str {
    logical_id.rsplit('/').next().unwrap_or(logical_id)
}

impl Stack {
    /// Logical ids by physical name: what people are shown instead of generated names.
    pub fn logical_ids(&self) -> BTreeMap<String, String> {
        let pair = |name: &String, logical_id: &String| (name.clone(), logical_id.clone());
        let mut ids = BTreeMap::new();
        ids.extend(self.buckets.iter().map(|bucket| pair(&bucket.name, &bucket.logical_id)));
        ids.extend(self.queues.iter().map(|queue| pair(&queue.name, &queue.logical_id)));
        ids.extend(self.topics.iter().map(|topic| pair(&topic.name, &topic.logical_id)));
        ids.extend(self.api_destinations.iter().map(|one| pair(&one.name, &one.logical_id)));
        ids.extend(self.schedules.iter().map(|schedule| pair(&schedule.name, &schedule.logical_id)));
        ids.extend(self.tables.iter().map(|table| pair(&table.name, &table.logical_id)));
        ids.extend(self.streams.iter().map(|stream| pair(&stream.name, &stream.logical_id)));
        ids.extend(self.buses.iter().map(|bus| pair(&bus.name, &bus.logical_id)));
        ids.extend(self.rules.iter().map(|rule| pair(&rule.name, &rule.logical_id)));
        ids.extend(self.functions.iter().map(|function| pair(&function.name, &function.logical_id)));
        ids
    }
}

impl Stack {
    /// Whose tokens its APIs take.
    pub fn issuers(&self) -> impl Iterator<Item = &str> {
        let rules = self.apis.iter().flat_map(|api| &api.authorizers).filter_map(Authorizer::tokens);
        rules.flat_map(|rules| &rules.issuers).map(String::as_str)
    }

    /// A mistake in the template, at the place of a resource or of the one that it belongs to; else where the first is.
    pub fn mistake(&self, logical_id: &str, message: &str) -> Diagnostics {
        let owners = self.places.iter().filter(|(id, _)| logical_id.starts_with(id.as_str()));
        let owner = owners.max_by_key(|(id, _)| id.len()).or(self.places.first_key_value());
        let nowhere = || (diagnostic::Source::new("the template", ""), 0..0);
        let (source, span) = owner.map_or_else(nowhere, |(_, place)| place.clone());
        let mut diagnostics = Diagnostics::default();
        diagnostics.error(&source, span, message);
        diagnostics
    }

    /// The URL of a function, or of the first of its aliases that has one.
    pub fn url_of(&self, function: &Function) -> Option<&FunctionUrl> {
        self.function_urls.iter().find(|url| function.is(&url.function_arn))
    }
}

/// A resource, or a property of one, that is accepted and left out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotSimulated {
    pub logical_id: String,
    /// The resource type, such as `AWS::IAM::Role`, with the property behind a dot where only that is
    /// left out: `AWS::S3::Bucket.PublicAccessBlockConfiguration`.
    pub what: String,
    /// Whether it cannot change what is delivered.
    pub harmless: bool,
    /// The resources of the replay that it refers to and that AWS would have it deliver to: nothing comes from it.
    pub delivers_to: Vec<String>,
}
