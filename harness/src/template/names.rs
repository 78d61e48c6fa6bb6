//! What `Ref` and `Fn::GetAtt` answer for each type of resource. A physical name is what the template
//! says, or is made of the stack's name, the logical id and the suffix, so that it is known before
//! anything is provisioned.

mod rules;
mod valid;

use super::Naming;
use crate::stack::function_name;
pub use rules::{STREAM_ARN, parent_property, rule_of};
pub use valid::check as check_name;

/// A resource's physical name, and what follows from it.
#[derive(Clone, Debug)]
pub struct Identity {
    pub name: String,
    logical_id: String,
    type_name: String,
    /// The name of what it belongs to: a rule's event bus or a schedule's group, where it is not `default`, or a function.
    parent: Option<String>,
}

impl Identity {
    /// The identity of a resource that the template names, or that gets a name of its own.
    pub fn new(
        type_name: &str,
        logical_id: &str,
        given: Option<String>,
        parent: Option<String>,
        fifo: bool,
        naming: &Naming,
    ) -> Self {
        let name = match given {
            Some(name) => prefixed(type_name, name, naming),
            None if fifo => generated(type_name, logical_id, FIFO, naming),
            None => generated(type_name, logical_id, "", naming),
        };
        let parent = parent.map(|parent| match type_name.starts_with("AWS::Lambda::") {
            true => function_name(&parent).0.to_owned(),
            false => bus_name(&parent).to_owned(),
        });
        let parent = parent.filter(|parent| parent != "default");
        Self { name, logical_id: logical_id.to_owned(), type_name: type_name.to_owned(), parent }
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
        let parent = self.parent.as_deref();
        template
            .replace("{url}", "{base}/{account}/{name}")
            .replace("{base}", &naming.queue_url_base)
            .replace("{region}", &naming.region)
            .replace("{account}", &naming.account)
            .replace("{id}", &api_id(&self.logical_id, naming))
            .replace("{url id}", &url_id(&self.logical_id, naming))
            .replace("{uuid}", &uuid(&self.logical_id, naming))
            .replace("{bus|}", &parent.map(|bus| format!("{bus}|")).unwrap_or_default())
            .replace("{bus/}", &parent.map(|bus| format!("{bus}/")).unwrap_or_default())
            .replace("{parent}", parent.unwrap_or_default())
            .replace("{group}", parent.unwrap_or("default"))
            .replace("{name}", &self.name)
    }
}

/// The name of an event bus that is given by name or ARN.
pub fn bus_name(name_or_arn: &str) -> &str {
    name_or_arn.split_once(":event-bus/").map_or(name_or_arn, |(_, name)| name)
}

/// The id of an API, which AWS makes up: ten characters.
pub fn api_id(logical_id: &str, naming: &Naming) -> String {
    ten_characters(&[&naming.stack_name, logical_id, &naming.suffix])
}

/// The id of a function URL, which AWS makes up: 32 characters.
pub fn url_id(logical_id: &str, naming: &Naming) -> String {
    let part = |part: &str| ten_characters(&[&naming.stack_name, logical_id, &naming.suffix, part]);
    let id: String = ["1", "2", "3", "4"].into_iter().map(part).collect();
    id[..32].to_owned()
}

/// The id of an event source mapping, which AWS makes up: a UUID.
fn uuid(logical_id: &str, naming: &Naming) -> String {
    let part = |part: &str| hash(&[&naming.stack_name, logical_id, &naming.suffix, part]);
    let hex = format!("{:016x}{:016x}", part("1"), part("2"));
    format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}

fn ten_characters(of: &[&str]) -> String {
    let mut rest = hash(of);
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
const PREFIXED: [&str; 9] = [
    "AWS::SQS::Queue",
    "AWS::SNS::Topic",
    "AWS::S3::Bucket",
    "AWS::DynamoDB::Table",
    "AWS::Serverless::SimpleTable",
    "AWS::Kinesis::Stream",
    "AWS::Events::EventBus",
    "AWS::Events::Rule",
    "AWS::Scheduler::Schedule",
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
