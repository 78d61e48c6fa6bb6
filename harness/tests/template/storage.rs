//! Buckets and tables.

use rehearsal::stack::{Expiration, NotificationTarget};
use serde_json::json;

use crate::kit::{everything, good};

#[test]
fn a_buckets_notifications_are_its_own_and_those_of_sam_events() {
    let stack = everything();
    let bucket = &stack.buckets[0];
    assert_eq!((bucket.name.as_str(), bucket.event_bridge), ("shop-uploads-123456789012", true));
    let [to_function, to_queue] = bucket.notifications.as_slice() else { panic!("{:?}", bucket.notifications) };
    assert_eq!(to_function.events, ["s3:ObjectCreated:*"]);
    assert_eq!(to_function.prefix.as_deref(), Some("incoming/"));
    assert_eq!(to_function.suffix.as_deref(), Some(".csv"));
    assert_eq!(to_function.target, NotificationTarget::Function(stack.functions[0].arn.clone()));
    assert_eq!(to_queue.target, NotificationTarget::Queue(stack.queues[0].arn.clone()));
    assert!(!stack.buckets[1].event_bridge && stack.buckets[1].notifications.is_empty());
}

#[test]
fn tables_are_createtables_input() {
    let stack = everything();
    assert_eq!(
        stack.tables[0].definition,
        json!({
            "TableName": "shop-Products-x1y2z3",
            "AttributeDefinitions": [
                { "AttributeName": "pk", "AttributeType": "S" },
                { "AttributeName": "sk", "AttributeType": "N" },
                { "AttributeName": "owner", "AttributeType": "S" },
            ],
            "KeySchema": [
                { "AttributeName": "pk", "KeyType": "HASH" },
                { "AttributeName": "sk", "KeyType": "RANGE" },
            ],
            "GlobalSecondaryIndexes": [{
                "IndexName": "by-owner",
                "KeySchema": [{ "AttributeName": "owner", "KeyType": "HASH" }],
                "Projection": { "ProjectionType": "INCLUDE", "NonKeyAttributes": ["name"] },
            }],
            "BillingMode": "PAY_PER_REQUEST",
        })
    );
    assert_eq!(stack.tables[0].time_to_live.as_deref(), Some("expires"));
    assert_eq!(
        stack.tables[1].definition,
        json!({
            "TableName": "shop-Settings-x1y2z3",
            "AttributeDefinitions": [{ "AttributeName": "key", "AttributeType": "S" }],
            "KeySchema": [{ "AttributeName": "key", "KeyType": "HASH" }],
            "BillingMode": "PAY_PER_REQUEST",
        })
    );
}

#[test]
fn a_bucket_keeps_versions_and_deletes_by_its_lifecycle() {
    let stack = good(
        "
Resources:
  Uploads:
    Type: AWS::S3::Bucket
    Properties:
      VersioningConfiguration: { Status: Enabled }
      LifecycleConfiguration:
        Rules:
          - { Id: old, Status: Enabled, Prefix: tmp/, ExpirationInDays: 30, TagFilters: [{ Key: a, Value: b }] }
          - { Status: Enabled, NoncurrentVersionExpiration: { NoncurrentDays: 7, NewerNoncurrentVersions: 2 } }
          - { Status: Enabled, Transitions: [{ StorageClass: GLACIER, TransitionInDays: 1 }] }
",
        &[],
    );
    let bucket = &stack.buckets[0];
    assert_eq!(bucket.versioning, Some("Enabled"));
    let [old, noncurrent] = &bucket.lifecycle[..] else { panic!("two rules delete: {:?}", bucket.lifecycle) };
    assert_eq!((old.expiration.clone(), old.prefix.as_deref()), (Some(Expiration::Days(30)), Some("tmp/")));
    assert_eq!(old.tags, [("a".to_owned(), "b".to_owned())]);
    assert_eq!(noncurrent.noncurrent, Some((7, Some(2))));
    assert!(stack.not_simulated.iter().any(|left_out| left_out.what.ends_with(".Transitions")));
}

#[test]
fn a_bucket_says_what_pages_of_other_origins_may_do() {
    let stack = good(
        "
Resources:
  Uploads:
    Type: AWS::S3::Bucket
    Properties:
      CorsConfiguration:
        CorsRules:
          - { Id: web, AllowedOrigins: ['https://*.example'], AllowedMethods: [PUT, GET], AllowedHeaders: ['*'], MaxAge: 600 }
          - { AllowedOrigins: ['*'], AllowedMethods: [GET], ExposedHeaders: [ETag] }
",
        &[],
    );
    let [web, all] = &stack.buckets[0].cors[..] else { panic!("two rules: {:?}", stack.buckets[0].cors) };
    assert_eq!(
        (web.id.as_deref(), &web.allowed_methods[..], web.max_age),
        (Some("web"), &["PUT", "GET"][..], Some(600))
    );
    assert_eq!(
        (&web.allowed_origins[..], &web.allowed_headers[..]),
        (&["https://*.example".to_owned()][..], &["*".to_owned()][..])
    );
    assert_eq!((&all.exposed_headers[..], all.max_age), (&["ETag".to_owned()][..], None));
}
