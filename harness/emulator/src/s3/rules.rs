//! A bucket's notification configuration: which event of which keys goes where.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html>
//!
//! What always holds for a configuration that was read: its ids differ, its event types are S3's, and no two
//! rules select the same event of the same key.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::document::{Element, malformed};
use crate::Ids;
use crate::protocol::{AwsError, xml};

/// Where a bucket's events go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Configuration {
    pub rules: Vec<Rule>,
    /// Whether all events go to EventBridge.
    pub event_bridge: bool,
}

/// Sends some events of some keys to one destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub id: String,
    pub destination: Destination,
    /// Event types, such as `s3:ObjectCreated:*`.
    pub events: Vec<String>,
    /// What a key must begin with, as it is configured: URL-encoded.
    pub prefix: Option<String>,
    /// What a key must end with, as it is configured: URL-encoded.
    pub suffix: Option<String>,
}

/// A destination by its ARN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    Queue(String),
    Topic(String),
    Function(String),
}

impl Destination {
    /// The ARN.
    pub fn arn(&self) -> &str {
        match self {
            Self::Queue(arn) | Self::Topic(arn) | Self::Function(arn) => arn,
        }
    }

    /// The names of the configuration's element and of the ARN's element in it.
    fn elements(&self) -> (&'static str, &'static str) {
        match self {
            Self::Queue(_) => ("QueueConfiguration", "Queue"),
            Self::Topic(_) => ("TopicConfiguration", "Topic"),
            Self::Function(_) => ("CloudFunctionConfiguration", "CloudFunction"),
        }
    }
}

impl Configuration {
    /// Reads a `NotificationConfiguration` document, giving an id to each rule that has none.
    pub fn parse(body: &[u8], ids: &Ids) -> Result<Self, AwsError> {
        let document = Element::parse(body, "NotificationConfiguration")?;
        let mut configuration = Self::default();
        for element in &document.children {
            let destination: fn(String) -> Destination = match element.name.as_str() {
                "QueueConfiguration" => Destination::Queue,
                "TopicConfiguration" => Destination::Topic,
                "CloudFunctionConfiguration" => Destination::Function,
                "EventBridgeConfiguration" => {
                    configuration.event_bridge = true;
                    continue;
                }
                _ => return Err(malformed()),
            };
            configuration.rules.push(Rule::parse(element, destination, ids)?);
        }
        for (at, rule) in configuration.rules.iter().enumerate() {
            configuration.rules[..at].iter().try_for_each(|other| rule.check_beside(other))?;
        }
        Ok(configuration)
    }

    /// The configuration's elements, as `GetBucketNotificationConfiguration` answers them.
    pub fn elements(&self) -> String {
        let rules: String = self.rules.iter().map(Rule::element).collect();
        let event_bridge = if self.event_bridge { "<EventBridgeConfiguration/>" } else { "" };
        rules + event_bridge
    }
}

/// Whether a notification for these events, with these filters, is sent for an event such as
/// `ObjectCreated:Put` of a key. See [`Rule::selects`].
pub fn selects(events: &[String], prefix: Option<&str>, suffix: Option<&str>, event: &str, key: &str) -> bool {
    let key = filter_form(key);
    let event = format!("s3:{event}");
    events.iter().any(|pattern| covers(pattern, &event))
        && key.starts_with(prefix.unwrap_or_default())
        && key.ends_with(suffix.unwrap_or_default())
}

impl Rule {
    /// Whether the rule selects an event, such as `ObjectCreated:Put`, of a key.
    ///
    /// Filters are compared with the URL-encoded key: S3 wants a space in them written as a plus, and other
    /// special characters percent-encoded.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html>
    pub fn selects(&self, event: &str, key: &str) -> bool {
        selects(&self.events, self.prefix.as_deref(), self.suffix.as_deref(), event, key)
    }

    fn parse(element: &Element, destination: fn(String) -> Destination, ids: &Ids) -> Result<Self, AwsError> {
        let mut rule = Self {
            id: element.text_of("Id").filter(|id| !id.is_empty()).map_or_else(|| ids.base64(36), str::to_owned),
            destination: destination(String::new()),
            events: element.all("Event").map(|event| event.text.clone()).collect(),
            prefix: None,
            suffix: None,
        };
        let (_, arn) = rule.destination.elements();
        rule.destination = destination(element.required(arn)?.to_owned());
        if let Some(unknown) = rule.events.iter().find(|event| !EVENTS.contains(&event.as_str())) {
            return Err(invalid(&format!("The event '{unknown}' is not supported for notifications")));
        }
        for child in &element.children {
            match child.name.as_str() {
                "Id" | "Event" => {}
                "Filter" => rule.read_filter(child)?,
                name if name == arn => {}
                _ => return Err(malformed()),
            }
        }
        if rule.events.is_empty() { Err(malformed()) } else { Ok(rule) }
    }

    fn read_filter(&mut self, filter: &Element) -> Result<(), AwsError> {
        let keys = filter.all("S3Key").flat_map(|key| &key.children);
        for filter_rule in keys {
            let name = filter_rule.required("Name")?;
            let (field, kind) = match name.to_ascii_lowercase().as_str() {
                "prefix" => (&mut self.prefix, "prefix"),
                "suffix" => (&mut self.suffix, "suffix"),
                _ => return Err(invalid("filter rule name must be either prefix or suffix")),
            };
            let value = filter_rule.text_of("Value").unwrap_or_default();
            if field.replace(value.to_owned()).is_some() {
                return Err(invalid(&format!("Cannot specify more than one {kind} rule in a filter.")));
            }
        }
        Ok(())
    }

    /// Refuses a rule beside another with its id, or that would select an event which the other selects.
    fn check_beside(&self, other: &Self) -> Result<(), AwsError> {
        if self.id == other.id {
            return Err(invalid("Same ID used for multiple configurations. IDs must be unique"));
        }
        self.selection().overlap(&other.selection()).map_or(Ok(()), |reason| Err(invalid(reason)))
    }

    fn selection(&self) -> Selection<'_> {
        let (prefix, suffix) = (self.prefix.as_deref(), self.suffix.as_deref());
        Selection { events: &self.events, prefix: prefix.unwrap_or_default(), suffix: suffix.unwrap_or_default() }
    }
}

/// Which events of which keys a notification is sent for; an empty prefix or suffix lets all through.
pub struct Selection<'c> {
    pub events: &'c [String],
    pub prefix: &'c str,
    pub suffix: &'c str,
}

impl Selection<'_> {
    /// Why two notifications cannot be of one bucket: both would be sent for one event of one key.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html>
    pub fn overlap(&self, other: &Self) -> Option<&'static str> {
        let shares_event = self.events.iter().any(|a| other.events.iter().any(|b| covers(a, b) || covers(b, a)));
        let prefixes = self.prefix.starts_with(other.prefix) || other.prefix.starts_with(self.prefix);
        let suffixes = self.suffix.ends_with(other.suffix) || other.suffix.ends_with(self.suffix);
        if !(shares_event && prefixes && suffixes) {
            return None;
        }
        Some(if (self.prefix, self.suffix) == (other.prefix, other.suffix) {
            "Configurations overlap. Configurations on the same bucket cannot share a common event type."
        } else {
            "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are \
             overlapping for the same event type."
        })
    }
}

impl Rule {
    fn element(&self) -> String {
        let (name, arn) = self.destination.elements();
        let events: String = self.events.iter().map(|event| xml::element("Event", event)).collect();
        let filters: String = [("Prefix", &self.prefix), ("Suffix", &self.suffix)]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.as_deref()?)))
            .map(|(name, value)| [xml::element("Name", name), xml::element("Value", value)].concat())
            .map(|rule| format!("<FilterRule>{rule}</FilterRule>"))
            .collect();
        let filter = if filters.is_empty() { filters } else { format!("<Filter><S3Key>{filters}</S3Key></Filter>") };
        let (id, arn) = (xml::element("Id", &self.id), xml::element(arn, self.destination.arn()));
        format!("<{name}>{id}{arn}{events}{filter}</{name}>")
    }
}

/// Whether an event type is, or with its `*` stands for, another.
fn covers(pattern: &str, event: &str) -> bool {
    pattern == event || pattern.strip_suffix('*').is_some_and(|start| event.starts_with(start))
}

/// A key as filters are compared with it: all but S3's "safe characters" and the slash URL-encoded.
fn filter_form(key: &str) -> String {
    const SPECIAL: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'!')
        .remove(b'-')
        .remove(b'_')
        .remove(b'.')
        .remove(b'*')
        .remove(b'\'')
        .remove(b'(')
        .remove(b')')
        .remove(b'/');
    utf8_percent_encode(key, SPECIAL).to_string().replace("%20", "+")
}

fn invalid(message: &str) -> AwsError {
    AwsError::client("InvalidArgument", message)
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html>
const EVENTS: [&str; 27] = [
    "s3:IntelligentTiering",
    "s3:LifecycleExpiration:*",
    "s3:LifecycleExpiration:Delete",
    "s3:LifecycleExpiration:DeleteMarkerCreated",
    "s3:LifecycleTransition",
    "s3:ObjectAcl:Put",
    "s3:ObjectCreated:*",
    "s3:ObjectCreated:CompleteMultipartUpload",
    "s3:ObjectCreated:Copy",
    "s3:ObjectCreated:Post",
    "s3:ObjectCreated:Put",
    "s3:ObjectRemoved:*",
    "s3:ObjectRemoved:Delete",
    "s3:ObjectRemoved:DeleteMarkerCreated",
    "s3:ObjectRestore:*",
    "s3:ObjectRestore:Completed",
    "s3:ObjectRestore:Delete",
    "s3:ObjectRestore:Post",
    "s3:ObjectTagging:*",
    "s3:ObjectTagging:Delete",
    "s3:ObjectTagging:Put",
    "s3:ReducedRedundancyLostObject",
    "s3:Replication:*",
    "s3:Replication:OperationFailedReplication",
    "s3:Replication:OperationMissedThreshold",
    "s3:Replication:OperationNotTracked",
    "s3:Replication:OperationReplicatedAfterThreshold",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(id: &str, event: &str, prefix: &str, suffix: &str) -> Rule {
        Rule {
            id: id.to_owned(),
            destination: Destination::Queue("arn:aws:sqs:us-east-1:123456789012:Q".to_owned()),
            events: vec![event.to_owned()],
            prefix: Some(prefix.to_owned()),
            suffix: Some(suffix.to_owned()),
        }
    }

    #[test]
    fn a_rule_selects_events_and_keys() {
        let created = rule("1", "s3:ObjectCreated:*", "in/", ".csv");
        for (event, key, expected) in [
            ("ObjectCreated:Put", "in/a.csv", true),
            ("ObjectCreated:Copy", "in/a b/c.csv", true),
            ("ObjectRemoved:Delete", "in/a.csv", false),
            ("ObjectCreated:Put", "out/a.csv", false),
            ("ObjectCreated:Put", "in/a.CSV", false),
        ] {
            assert_eq!(created.selects(event, key), expected, "{event} {key}");
        }
    }

    #[test]
    fn filters_are_compared_with_the_url_encoded_key() {
        for (prefix, key, expected) in [
            ("spring+sale/", "spring sale/a", true),
            ("spring sale/", "spring sale/a", false),
            ("year%3D2026/", "year=2026/a", true),
            ("year=2026/", "year=2026/a", false),
            ("report(1)", "report(1).txt", true),
        ] {
            let rule = rule("1", "s3:ObjectCreated:*", prefix, "");
            assert_eq!(rule.selects("ObjectCreated:Put", key), expected, "{prefix} {key}");
        }
    }

    #[test]
    fn rules_that_select_the_same_event_of_the_same_key_are_refused() {
        let first = rule("1", "s3:ObjectCreated:*", "in/", ".csv");
        for (event, prefix, suffix, expected) in [
            ("s3:ObjectCreated:Put", "in/", ".csv", Some("Configurations overlap.")),
            ("s3:ObjectCreated:Put", "in/a", "csv", Some("Configuration is ambiguously defined.")),
            ("s3:ObjectCreated:*", "", "", Some("Configuration is ambiguously defined.")),
            ("s3:ObjectRemoved:*", "in/", ".csv", None),
            ("s3:ObjectCreated:*", "out/", ".csv", None),
            ("s3:ObjectCreated:*", "in/", ".json", None),
        ] {
            let message = first.check_beside(&rule("2", event, prefix, suffix)).err().map(|error| error.message);
            let begins = |expected: &str| message.as_ref().is_some_and(|message| message.starts_with(expected));
            assert!(expected.map_or(message.is_none(), begins), "{event} {prefix} {suffix}: {message:?}");
        }
    }
}
