//! What S3 tells of a change to an object, and to whom.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>

use jiff::Timestamp;
use serde_json::{Value, json};

use super::change::{Cause, Change};
use super::rules::{Destination, Rule};
use super::{canonical_user, url_encode};
use crate::eventbridge::NewEvent;
use crate::sns::NewNotification;
use crate::sqs::NewMessage;
use crate::world::{Call, FunctionSource, Undeliverable, World};

/// The address that all requests come from.
const SOURCE_IP: &str = "127.0.0.1";

/// Counts a change that has been made to an object and tells of it whom the bucket's configuration names.
pub fn record(world: &mut World, cause: &Cause<'_>, bucket: &str, change: &Change) {
    let found = cause.bucket(world, bucket);
    found.changes += 1;
    found.touch(&change.key);
    let has_lifecycle = found.schedule.is_some();
    let sequencer = change.kind.is_ordered().then(|| sequencer(cause.now, found.changes));
    let event = Event { cause, bucket, change, sequencer };
    let rules = found.notifications.rules.iter().filter(|rule| rule.selects(change.kind.name(), &change.key));
    let (rules, event_bridge): (Vec<Rule>, bool) = (rules.cloned().collect(), found.notifications.event_bridge);
    for rule in rules {
        // S3 does not tell anyone that it could not deliver.
        let _: Result<(), Undeliverable> = deliver(world, &rule, event.notification(&rule.id));
    }
    if event_bridge {
        world.put_service_event(cause.account, cause.region, event.for_event_bridge());
    }
    if has_lifecycle {
        world.changed();
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
    cause: &'a Cause<'a>,
    bucket: &'a str,
    change: &'a Change,
    sequencer: Option<String>,
}

impl Event<'_> {
    /// The message for a queue, a topic or a function: one record.
    fn notification(&self, configuration: &str) -> String {
        let Self { cause, bucket, change, .. } = self;
        let principal = cause.service.map_or_else(|| user_principal(cause.account), str::to_owned);
        let record = json!({
            "eventVersion": change.kind.format(),
            "eventSource": "aws:s3",
            "awsRegion": cause.region,
            "eventTime": iso_time(cause.now),
            "eventName": change.kind.name(),
            "userIdentity": { "principalId": principal },
            "requestParameters": { "sourceIPAddress": self.address() },
            "responseElements": {
                "x-amz-request-id": cause.request_id,
                "x-amz-id-2": cause.ids.base64(56),
            },
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": configuration,
                "bucket": {
                    "name": bucket,
                    "ownerIdentity": { "principalId": owner_principal(cause.account) },
                    "arn": format!("arn:aws:s3:::{bucket}"),
                },
                "object": self.object(&url_encode(&change.key), "eTag", "versionId"),
            },
        });
        json!({ "Records": [record] }).to_string()
    }

    /// The event for EventBridge, where the key is not encoded.
    fn for_event_bridge(&self) -> NewEvent {
        let Self { cause, bucket, change, .. } = self;
        let (detail_type, reason, deletion) = change.kind.for_event_bridge();
        let mut detail = json!({
            "version": "0",
            "bucket": { "name": bucket },
            "object": self.object(&change.key, "etag", "version-id"),
            "request-id": cause.request_id,
            "requester": cause.service.unwrap_or(cause.account),
        });
        if cause.service.is_none() {
            detail["source-ip-address"] = SOURCE_IP.into();
        }
        for (name, value) in [("reason", reason), ("deletion-type", deletion)] {
            if let Some(value) = value {
                detail[name] = value.into();
            }
        }
        NewEvent {
            source: "aws.s3".to_owned(),
            detail_type: detail_type.to_owned(),
            detail,
            resources: vec![format!("arn:aws:s3:::{bucket}")],
        }
    }

    fn address(&self) -> &str {
        self.cause.service.unwrap_or(SOURCE_IP)
    }

    fn object(&self, key: &str, etag_name: &str, version_name: &str) -> Value {
        let mut object = json!({ "key": key });
        if let Some(size) = self.change.size {
            object["size"] = size.into();
        }
        let texts =
            [(etag_name, &self.change.etag), (version_name, &self.change.version), ("sequencer", &self.sequencer)];
        for (name, text) in texts {
            if let Some(text) = text {
                object[name] = text.as_str().into();
            }
        }
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

    use super::super::change::Kind;
    use super::*;
    use crate::protocol::{Identity, Request, Service};
    use crate::{Clock, Ids};

    /// Calls `check` with a `PutObject` of `a b.csv` to `uploads`.
    fn with_call(check: impl FnOnce(&Call<'_>)) {
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
        check(&Call { request, identity, request_id: "N4N7GDK58NMKJ12R", clock, ids: Ids::seeded(1) });
    }

    fn change(kind: Kind, size: Option<usize>, etag: Option<&str>, version: Option<&str>) -> Change {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Change { kind, key: "a b.csv".to_owned(), size, etag: owned(etag), version: owned(version) }
    }

    fn told(call: &Call<'_>, change: &Change) -> NewEvent {
        let sequencer = change.kind.is_ordered().then(|| "00617F08299329D189".to_owned());
        Event { cause: &Cause::of(call), bucket: "uploads", change, sequencer }.for_event_bridge()
    }

    #[tokio::test(start_paused = true)]
    async fn eventbridge_is_told_with_the_key_as_it_is() {
        with_call(|call| {
            let event = told(call, &change(Kind::Put, Some(5), Some("b1946ac92492d2347c6235b4d2611184"), None));
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
    async fn eventbridge_is_told_why_and_how() {
        let expected = [
            (Kind::Put, "Object Created", json!(["PutObject", null])),
            (Kind::Post, "Object Created", json!(["POST Object", null])),
            (Kind::Copy, "Object Created", json!(["CopyObject", null])),
            (Kind::CompleteMultipartUpload, "Object Created", json!(["CompleteMultipartUpload", null])),
            (Kind::Delete, "Object Deleted", json!(["DeleteObject", "Permanently Deleted"])),
            (Kind::DeleteMarkerCreated, "Object Deleted", json!(["DeleteObject", "Delete Marker Created"])),
            (Kind::TagsPut, "Object Tags Added", json!([null, null])),
            (Kind::TagsDeleted, "Object Tags Deleted", json!([null, null])),
            (Kind::AclPut, "Object ACL Updated", json!([null, null])),
            (Kind::Expired, "Object Deleted", json!(["Lifecycle Expiration", "Permanently Deleted"])),
        ];
        with_call(|call| {
            for (kind, detail_type, reasons) in expected {
                let event = told(call, &change(kind, None, None, Some("v1")));
                assert_eq!(event.detail_type, detail_type);
                assert_eq!(json!([event.detail["reason"], event.detail["deletion-type"]]), reasons, "{kind:?}");
                assert_eq!(event.detail["object"]["version-id"], "v1");
            }
        });
    }

    #[tokio::test(start_paused = true)]
    async fn a_test_event_names_the_bucket_and_the_request() {
        with_call(|call| {
            let mut event = test(call, "uploads");
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
