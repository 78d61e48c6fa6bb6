//! What S3 tells of a change to an object, and to whom.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>

use jiff::Timestamp;
use serde_json::{Value, json};

use super::rules::{Destination, Rule};
use super::{Target, canonical_user, url_encode};
use crate::eventbridge::NewEvent;
use crate::sns::NewNotification;
use crate::sqs::NewMessage;
use crate::world::{Call, FunctionSource, Undeliverable, World};

/// What happened to an object.
pub enum Change {
    Created { size: usize, etag: String },
    Removed,
}

/// The address that all requests come from.
const SOURCE_IP: &str = "127.0.0.1";

/// Counts a change that has been made to an object and tells of it whom the bucket's configuration names.
/// `how` is the last part of the event's name: `Put`, `Copy` or `Delete`.
pub fn record(world: &mut World, call: &Call<'_>, target: &Target, change: &Change, how: &str) {
    let Some(bucket) = call.region(world).s3.buckets.get_mut(&target.bucket) else { return };
    bucket.changes += 1;
    let event = Event { call, target, change, how, sequencer: sequencer(call.clock.now(), bucket.changes) };
    let name = event.name();
    let rules = bucket.notifications.rules.iter().filter(|rule| rule.selects(&name, &target.key));
    let (rules, event_bridge): (Vec<Rule>, bool) = (rules.cloned().collect(), bucket.notifications.event_bridge);
    for rule in rules {
        // S3 does not tell anyone that it could not deliver.
        let _: Result<(), Undeliverable> = deliver(world, &rule, event.notification(&rule.id));
    }
    if event_bridge {
        world.put_service_event(&call.identity.account, &call.identity.region, event.for_event_bridge());
    }
}

/// What S3 sends to a queue or topic when it is configured as a destination.
pub fn test(call: &Call<'_>, bucket: &str) -> Value {
    json!({
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": iso_time(call.clock.now()),
        "Bucket": bucket,
        "RequestId": call.request_id,
        "HostId": call.ids.base64(56),
    })
}

/// An SNS notification from S3, without its message.
pub fn notification() -> NewNotification {
    NewNotification { subject: Some("Amazon S3 Notification".to_owned()), ..NewNotification::default() }
}

fn deliver(world: &mut World, rule: &Rule, payload: String) -> Result<(), Undeliverable> {
    match &rule.destination {
        Destination::Queue(arn) => {
            world.send_to_queue(arn, NewMessage { body: payload, ..NewMessage::default() })?;
        }
        Destination::Topic(arn) => {
            world.publish_to_topic(arn, NewNotification { message: payload, ..notification() })?;
        }
        Destination::Function(arn) => {
            world.invoke(arn, FunctionSource::S3, payload)?;
        }
    }
    Ok(())
}

struct Event<'a> {
    call: &'a Call<'a>,
    target: &'a Target,
    change: &'a Change,
    how: &'a str,
    sequencer: String,
}

impl Event<'_> {
    /// The name without `s3:`, such as `ObjectCreated:Put`.
    fn name(&self) -> String {
        let what = match self.change {
            Change::Created { .. } => "ObjectCreated",
            Change::Removed => "ObjectRemoved",
        };
        format!("{what}:{}", self.how)
    }

    /// The message for a queue, a topic or a function: one record.
    fn notification(&self, configuration: &str) -> String {
        let (identity, bucket) = (self.call.identity, &self.target.bucket);
        let record = json!({
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": identity.region,
            "eventTime": iso_time(self.call.clock.now()),
            "eventName": self.name(),
            "userIdentity": { "principalId": user_principal(&identity.account) },
            "requestParameters": { "sourceIPAddress": SOURCE_IP },
            "responseElements": {
                "x-amz-request-id": self.call.request_id,
                "x-amz-id-2": self.call.ids.base64(56),
            },
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": configuration,
                "bucket": {
                    "name": bucket,
                    "ownerIdentity": { "principalId": owner_principal(&identity.account) },
                    "arn": format!("arn:aws:s3:::{bucket}"),
                },
                "object": self.object(&url_encode(&self.target.key), "eTag"),
            },
        });
        json!({ "Records": [record] }).to_string()
    }

    /// The event for EventBridge, where the key is not encoded.
    fn for_event_bridge(&self) -> NewEvent {
        let bucket = &self.target.bucket;
        let mut detail = json!({
            "version": "0",
            "bucket": { "name": bucket },
            "object": self.object(&self.target.key, "etag"),
            "request-id": self.call.request_id,
            "requester": self.call.identity.account,
            "source-ip-address": SOURCE_IP,
            "reason": format!("{}Object", self.how),
        });
        let detail_type = match self.change {
            Change::Created { .. } => "Object Created",
            Change::Removed => {
                detail["deletion-type"] = "Permanently Deleted".into();
                "Object Deleted"
            }
        };
        NewEvent {
            source: "aws.s3".to_owned(),
            detail_type: detail_type.to_owned(),
            detail,
            resources: vec![format!("arn:aws:s3:::{bucket}")],
        }
    }

    fn object(&self, key: &str, etag_name: &str) -> Value {
        let mut object = json!({ "key": key });
        if let Change::Created { size, etag } = self.change {
            object["size"] = (*size).into();
            object[etag_name] = etag.as_str().into();
        }
        object["sequencer"] = self.sequencer.as_str().into();
        object
    }
}

/// Hexadecimal digits that grow with each change of a bucket: the time's seconds, then the change's number.
fn sequencer(now: Timestamp, change: u64) -> String {
    format!("{:010X}{change:08X}", now.as_second())
}

fn iso_time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// The principal id of the user who calls: AWS's is random, here it follows from the account.
fn user_principal(account: &str) -> String {
    format!("AWS:AIDA{}", canonical_user(account)[..17].to_uppercase())
}

/// The principal id of a bucket's owner, which follows from the account too.
fn owner_principal(account: &str) -> String {
    format!("A{}", canonical_user(account)[..13].to_uppercase())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, Method, Uri};

    use super::*;
    use crate::protocol::{Identity, Request, Service};
    use crate::{Clock, Ids};

    /// Calls `check` with a `PutObject` of `a b.csv` to `uploads`.
    fn with_call(check: impl FnOnce(&Call<'_>, &Target)) {
        let request = Request {
            method: Method::PUT,
            uri: Uri::from_static("https://uploads.s3.us-east-1.amazonaws.com/a%20b.csv"),
            headers: HeaderMap::new(),
            body: Bytes::new(),
        };
        let identity = Identity {
            service: Service::S3,
            operation: "PutObject".to_owned(),
            account: "123456789012".to_owned(),
            region: "us-east-1".to_owned(),
        };
        let clock = Clock::starting_at("2026-01-01T00:00:00.25Z".parse().expect("a timestamp"));
        let (request, identity) = (&request, &identity);
        let call = Call { request, identity, request_id: "N4N7GDK58NMKJ12R", clock, ids: Ids::seeded(1) };
        check(&call, &Target { bucket: "uploads".to_owned(), key: "a b.csv".to_owned() });
    }

    #[tokio::test(start_paused = true)]
    async fn eventbridge_is_told_with_the_key_as_it_is() {
        with_call(|call, target| {
            let change = Change::Created { size: 5, etag: "b1946ac92492d2347c6235b4d2611184".to_owned() };
            let event = Event { call, target, change: &change, how: "Put", sequencer: "00617F08299329D189".to_owned() };
            let event = event.for_event_bridge();
            assert_eq!((event.source.as_str(), event.detail_type.as_str()), ("aws.s3", "Object Created"));
            assert_eq!(event.resources, ["arn:aws:s3:::uploads"]);
            let expected = json!({
                "version": "0",
                "bucket": { "name": "uploads" },
                "object": {
                    "key": "a b.csv",
                    "size": 5,
                    "etag": "b1946ac92492d2347c6235b4d2611184",
                    "sequencer": "00617F08299329D189",
                },
                "request-id": "N4N7GDK58NMKJ12R",
                "requester": "123456789012",
                "source-ip-address": "127.0.0.1",
                "reason": "PutObject",
            });
            assert_eq!(event.detail, expected);
        });
    }

    #[tokio::test(start_paused = true)]
    async fn eventbridge_is_told_that_a_deletion_is_permanent() {
        with_call(|call, target| {
            let event = Event { call, target, change: &Change::Removed, how: "Delete", sequencer: "1".to_owned() };
            let event = event.for_event_bridge();
            assert_eq!(event.detail_type, "Object Deleted");
            assert_eq!(event.detail["object"], json!({ "key": "a b.csv", "sequencer": "1" }));
            assert_eq!(event.detail["reason"], "DeleteObject");
            assert_eq!(event.detail["deletion-type"], "Permanently Deleted");
        });
    }

    #[tokio::test(start_paused = true)]
    async fn a_test_event_names_the_bucket_and_the_request() {
        with_call(|call, target| {
            let mut event = test(call, &target.bucket);
            let host = event.as_object_mut().and_then(|event| event.remove("HostId"));
            assert!(host.is_some_and(|host| host.as_str().is_some_and(|host| host.len() == 76)));
            let expected = json!({
                "Service": "Amazon S3",
                "Event": "s3:TestEvent",
                "Time": "2026-01-01T00:00:00.250Z",
                "Bucket": "uploads",
                "RequestId": "N4N7GDK58NMKJ12R",
            });
            assert_eq!(event, expected);
        });
    }

    #[test]
    fn sequencers_grow_with_time_and_with_each_change() {
        let at = |second| Timestamp::from_second(second).expect("in range");
        let sequencers = [sequencer(at(10), 1), sequencer(at(10), 2), sequencer(at(11), 3)];
        assert!(sequencers.is_sorted() && sequencers.iter().all(|text| text.len() == 18), "{sequencers:?}");
    }
}
