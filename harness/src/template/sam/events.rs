//! From a function's `Events` to the CloudFormation resources that SAM makes of
//! them. A value keeps the place where it was written; so does the name of its property.
//! <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-eventsource.html>

mod rules;

use super::functions::Aliases;
use super::generated;
use super::kinds::{KINDS, Kind, NOT_SIMULATED};
use crate::diagnostic::Span;
use crate::stack::ApiKind;
use crate::template::declare::Resource;
use crate::template::intrinsic::{call, entry, made_up};
use crate::template::property::Shape;
use crate::template::report::{Report, list_at, mapping_at, text_at};
use crate::template::sections::Entry;
use crate::yaml::Node;
pub(super) use rules::{rule, schedule};

/// A route that an event asks for; what it is made of is evaluated once the APIs are known.
pub struct RouteRequest {
    pub place: Span,
    pub function: String,
    pub kind: ApiKind,
    /// `HttpApi event`, for messages.
    pub what: String,
    pub properties: Vec<Entry>,
}

impl RouteRequest {
    /// The property that names the API.
    pub fn api_property(&self) -> &'static str {
        match self.kind {
            ApiKind::Rest => "RestApiId",
            ApiKind::Http => "ApiId",
        }
    }

    /// Whether it is for the API that SAM makes where an event names none.
    pub fn is_implicit(&self) -> bool {
        entry(&self.properties, self.api_property()).is_none()
    }
}

/// What the events of all functions come to.
#[derive(Default)]
pub struct Expansion {
    pub resources: Vec<Resource>,
    pub routes: Vec<RouteRequest>,
}

/// An event of a function.
pub(super) struct Event<'a> {
    function: &'a str,
    /// The logical id of what SAM generates for it: the function's with the event's.
    id: String,
    /// `SQS event`, for messages.
    what: String,
    place: Span,
    properties: &'a [Entry],
    /// The properties that its kind is expanded by.
    reads: &'static [&'static str],
    /// The logical id of the function's alias, which events are for where there is one.
    alias: Option<String>,
}

/// Expands the events of all functions. Notifications of buckets are added to the buckets.
pub fn expand(resources: &mut [Resource], aliases: &Aliases, report: &mut Report) -> Expansion {
    let mut expansion = Expansion::default();
    let functions: Vec<_> =
        resources.iter().filter(|resource| resource.type_name == "AWS::Serverless::Function").cloned().collect();
    for function in &functions {
        let Some((_, events)) = entry(&function.properties, "Events") else { continue };
        let Some(events) = events.mapping() else {
            report.error(&events.span, format!("`Events` must be a mapping, not {}", events.kind()));
            continue;
        };
        for (key, node) in events {
            if let Some((kind, mut event)) = event(function, key, node, report) {
                event.alias = aliases.logical_id(&function.logical_id);
                (kind.expand)(&event, resources, &mut expansion, report);
            }
        }
    }
    expansion
}

fn event<'a>(
    function: &'a Resource,
    key: &Node,
    node: &'a Node,
    report: &mut Report,
) -> Option<(&'static Kind, Event<'a>)> {
    let name = key.text().unwrap_or_default();
    let Some(kind_node) = node.get("Type") else {
        report.error(&key.span, format!("the event `{name}` needs a `Type`"));
        return None;
    };
    if let Some(source) = kind_node.text().filter(|source| NOT_SIMULATED.contains(source)) {
        let id = format!("{}{name}", function.logical_id);
        report.missing(&id, format!("{source} event"), vec![function.logical_id.clone()]);
        return None;
    }
    let (kind, kind_name) = kind(kind_node, report)?;
    Shape::of(&["Type", "Properties"]).check(report, &function.logical_id, "an event", node.mapping()?);
    let properties = match node.get("Properties") {
        None => &[],
        Some(properties) => properties.mapping().or_else(|| {
            report.error(&properties.span, format!("`Properties` must be a mapping, not {}", properties.kind()));
            None
        })?,
    };
    let what = format!("{kind_name} event");
    kind.shape.check(report, &format!("{}{name}", function.logical_id), &what, properties);
    let missing = kind.required.iter().filter(|key| entry(properties, key).is_none()).inspect(|missing| {
        report.error(&key.span, format!("the {what} `{name}` needs `{missing}`"));
    });
    if missing.count() > 0 {
        return None;
    }
    let id = format!("{}{name}", function.logical_id);
    let (function, place, reads) = (&function.logical_id, key.span.clone(), kind.shape.reads);
    Some((kind, Event { function, id, what, place, properties, reads, alias: None }))
}

fn kind<'n>(node: &'n Node, report: &mut Report) -> Option<(&'static Kind, &'n str)> {
    let name = node.text().unwrap_or_default();
    let kind = KINDS.iter().find(|kind| kind.names.contains(&name));
    if kind.is_none() {
        let problem = report.error(&node.span, format!("there is no event of type `{name}`"));
        problem.did_you_mean(name, KINDS.iter().flat_map(|kind| kind.names).copied());
    }
    kind.map(|kind| (kind, name))
}

impl Event<'_> {
    fn value(&self, key: &str) -> Option<Node> {
        entry(self.properties, key).map(|(_, value)| value.clone())
    }

    /// Properties as another resource calls them; those that are missing stay missing.
    fn renamed(&self, names: &[(&str, &str)]) -> Vec<Entry> {
        let rename = |(from, to): &(&str, &str)| {
            entry(self.properties, from).map(|(key, value)| (text_at(&key.span, *to), value.clone()))
        };
        names.iter().filter_map(rename).collect()
    }

    /// What the kind reads but for some, as another resource calls it: by the same names unless others are given.
    fn passed(&self, but: &[&str], names: &[(&str, &str)]) -> Vec<Entry> {
        let same = self.reads.iter().filter(|name| !but.contains(name) && !names.iter().any(|(from, _)| from == *name));
        let same: Vec<(&str, &str)> = same.map(|name| (*name, *name)).collect();
        self.renamed(&[names, &same].concat())
    }

    fn property(&self, name: &str, value: Node) -> Entry {
        (text_at(&self.place, name), value)
    }

    /// The ARN of a resource, such as the event's function: of its alias, where it has one.
    fn arn_of(&self, logical_id: &str) -> Node {
        match &self.alias {
            Some(alias) if logical_id == self.function => made_up("Ref", &self.place, text_at(&self.place, alias)),
            _ => get_arn(logical_id, &self.place),
        }
    }

    fn resource(&self, type_name: &str, properties: Vec<Entry>) -> Resource {
        generated(self.id.clone(), type_name, &self.place, &self.what, properties)
    }
}

fn get_arn(logical_id: &str, place: &Span) -> Node {
    made_up("Fn::GetAtt", place, list_at(place, vec![text_at(place, logical_id), text_at(place, "Arn")]))
}

pub(super) fn sqs(event: &Event<'_>, _: &mut [Resource], expansion: &mut Expansion, _: &mut Report) {
    let mut properties = event.passed(&[], &[("Queue", "EventSourceArn")]);
    properties.push(event.property("FunctionName", event.arn_of(event.function)));
    expansion.resources.push(event.resource("AWS::Lambda::EventSourceMapping", properties));
}

/// <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-dynamodb.html>
/// <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-kinesis.html>
pub(super) fn stream(event: &Event<'_>, _: &mut [Resource], expansion: &mut Expansion, _: &mut Report) {
    let mut properties = event.passed(&[], &[("Stream", "EventSourceArn")]);
    properties.push(event.property("FunctionName", event.arn_of(event.function)));
    expansion.resources.push(event.resource("AWS::Lambda::EventSourceMapping", properties));
}

pub(super) fn sns(event: &Event<'_>, _: &mut [Resource], expansion: &mut Expansion, report: &mut Report) {
    let mut properties = event.passed(&["SqsSubscription"], &[("Topic", "TopicArn")]);
    let (protocol, endpoint) = match subscribed_queue(event, expansion, report) {
        Some(queue) => ("sqs", queue),
        None => ("lambda", event.arn_of(event.function)),
    };
    properties.push(event.property("Protocol", text_at(&event.place, protocol)));
    properties.push(event.property("Endpoint", endpoint));
    expansion.resources.push(event.resource("AWS::SNS::Subscription", properties));
}

/// The ARN of the queue between topic and function, which `SqsSubscription` asks for: `true` for one that SAM adds, or
/// one that is there. The function takes its messages.
/// <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-sns.html>
fn subscribed_queue(event: &Event<'_>, expansion: &mut Expansion, report: &mut Report) -> Option<Node> {
    let (key, written) = entry(event.properties, "SqsSubscription")?;
    let mut mapping = Vec::new();
    let queue = match (written.scalar().as_deref(), written.mapping()) {
        (Some("true"), _) => {
            let id = format!("{}Queue", event.id);
            expansion.resources.push(generated(
                id.clone(),
                "AWS::SQS::Queue",
                &key.span,
                "AWS::SQS::Queue",
                Vec::new(),
            ));
            event.arn_of(&id)
        }
        (Some("false"), _) => return None,
        (_, Some(entries)) => {
            let shape = Shape::of(&["QueueArn", "QueueUrl", "QueuePolicyLogicalId", "BatchSize", "Enabled"]);
            shape.check(report, &event.id, &format!("{}.SqsSubscription", event.what), entries);
            mapping
                .extend(entries.iter().filter(|(key, _)| matches!(key.text(), Some("BatchSize" | "Enabled"))).cloned());
            let Some(arn) = written.get("QueueArn") else {
                report.error(&key.span, "an `SqsSubscription` that is a mapping needs `QueueArn`");
                return None;
            };
            arn.clone()
        }
        _ => {
            report.error(&written.span, "`SqsSubscription` is true, false or a mapping with `QueueArn`");
            return None;
        }
    };
    mapping.push((text_at(&key.span, "EventSourceArn"), queue.clone()));
    mapping.push(event.property("FunctionName", event.arn_of(event.function)));
    let id = format!("{}EventSourceMapping", event.id);
    expansion.resources.push(generated(id, "AWS::Lambda::EventSourceMapping", &key.span, &event.what, mapping));
    Some(queue)
}

/// SAM wants the bucket in the same template, and writes the notification into it.
pub(super) fn s3(event: &Event<'_>, resources: &mut [Resource], _: &mut Expansion, report: &mut Report) {
    let Some(written) = event.value("Bucket") else { return };
    let call = call(&written).filter(|call| call.name == "Ref");
    let bucket = call.as_ref().and_then(|call| call.argument.text());
    let is_bucket = |resource: &&mut Resource| resource.type_name == "AWS::S3::Bucket";
    let mut buckets = resources.iter_mut().filter(is_bucket);
    let Some(bucket) = buckets.find(|resource| Some(resource.logical_id.as_str()) == bucket) else {
        let problem =
            report.error(&written.span, "the `Bucket` of an S3 event must be `!Ref` to a bucket of this template");
        let ids = resources.iter().filter(|resource| resource.type_name == "AWS::S3::Bucket");
        problem.did_you_mean(bucket.unwrap_or_default(), ids.map(|resource| resource.logical_id.as_str()));
        return;
    };
    let Some(events) = event.value("Events") else { return };
    for name in events.sequence().unwrap_or(std::slice::from_ref(&events)) {
        let mut configuration = event.renamed(&[("Filter", "Filter")]);
        configuration.push(event.property("Event", name.clone()));
        configuration.push(event.property("Function", event.arn_of(event.function)));
        add_notification(bucket, &event.place, mapping_at(&event.place, configuration), report);
    }
}

fn add_notification(bucket: &mut Resource, place: &Span, configuration: Node, report: &mut Report) {
    use crate::yaml::Content::{Mapping, Sequence};
    let notifications = child(&mut bucket.properties, "NotificationConfiguration", mapping_at(place, Vec::new()));
    let Mapping(notifications) = &mut notifications.content else {
        report.error(
            &notifications.span,
            "`NotificationConfiguration` must be a mapping, because an S3 event adds to it",
        );
        return;
    };
    let lambdas = child(notifications, "LambdaConfigurations", list_at(place, Vec::new()));
    match &mut lambdas.content {
        Sequence(members) if lambdas.tag.is_none() => members.push(configuration),
        _ => {
            report.error(&lambdas.span, "`LambdaConfigurations` must be a list, because an S3 event adds to it");
        }
    }
}

/// The value under a key, added where it is missing.
fn child<'n>(entries: &'n mut Vec<Entry>, key: &str, otherwise: Node) -> &'n mut Node {
    let at = entries.iter().position(|(name, _)| name.text() == Some(key)).unwrap_or_else(|| {
        entries.push((text_at(&otherwise.span, key), otherwise));
        entries.len() - 1
    });
    &mut entries[at].1
}

pub(super) fn rest_route(event: &Event<'_>, _: &mut [Resource], expansion: &mut Expansion, _: &mut Report) {
    route(event, ApiKind::Rest, expansion);
}

pub(super) fn http_route(event: &Event<'_>, _: &mut [Resource], expansion: &mut Expansion, report: &mut Report) {
    if event.value("Path").is_some() != event.value("Method").is_some() {
        let problem = report.error(&event.place, "an HttpApi event needs both `Path` and `Method`, or neither");
        problem.help("without them it is the API's `$default` route");
        return;
    }
    route(event, ApiKind::Http, expansion);
}

fn route(event: &Event<'_>, kind: ApiKind, expansion: &mut Expansion) {
    expansion.routes.push(RouteRequest {
        place: event.place.clone(),
        function: event.alias.clone().unwrap_or_else(|| event.function.to_owned()),
        kind,
        what: event.what.clone(),
        properties: event.properties.to_vec(),
    });
}
