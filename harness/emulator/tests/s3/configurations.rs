//! What is configured of a bucket: stored, returned and, for other origins, acted on.

use aws_sdk_s3::types::{
    AccelerateConfiguration, BucketAccelerateStatus, BucketLifecycleConfiguration, CorsConfiguration, CorsRule,
    Destination, ExpirationStatus, LifecycleExpiration, LifecycleRule, LifecycleRuleFilter, ObjectCannedAcl,
    ObjectOwnership, Permission, PublicAccessBlockConfiguration, ReplicationConfiguration, ReplicationRule,
    ReplicationRuleStatus,
};
use bytes::Bytes;
use http::{HeaderMap, Response};
use rehearsal_emulator::Emulator;
use rehearsal_emulator::protocol::Request;

use super::common::emulator;
use super::{client, client_of, failure, put};

fn cors_rule(origin: &str) -> CorsRule {
    let rule = CorsRule::builder().allowed_origins(origin).allowed_methods("GET").allowed_methods("PUT");
    rule.allowed_headers("x-amz-*").expose_headers("ETag").max_age_seconds(60).build().expect("complete")
}

fn cors(origin: &str) -> CorsConfiguration {
    CorsConfiguration::builder().cors_rules(cors_rule(origin)).build().expect("a rule")
}

#[tokio::test(start_paused = true)]
async fn what_is_configured_is_returned_and_what_is_not_has_an_error_of_its_own() {
    let client = client().await;
    let b = "uploads";
    let missing = [
        failure(client.get_bucket_cors().bucket(b).send().await).0,
        failure(client.get_bucket_lifecycle_configuration().bucket(b).send().await).0,
        failure(client.get_bucket_policy().bucket(b).send().await).0,
        failure(client.get_bucket_website().bucket(b).send().await).0,
        failure(client.get_object_lock_configuration().bucket(b).send().await).0,
        failure(client.get_bucket_replication().bucket(b).send().await).0,
        failure(client.get_bucket_policy_status().bucket(b).send().await).0,
        failure(client.get_bucket_metrics_configuration().bucket(b).id("all").send().await).0,
        failure(client.get_bucket_inventory_configuration().bucket(b).id("all").send().await).0,
    ];
    let expected = [
        "NoSuchCORSConfiguration",
        "NoSuchLifecycleConfiguration",
        "NoSuchBucketPolicy",
        "NoSuchWebsiteConfiguration",
        "ObjectLockConfigurationNotFoundError",
        "ReplicationConfigurationNotFoundError",
        "NoSuchBucketPolicy",
        "NoSuchConfiguration",
        "NoSuchConfiguration",
    ];
    assert_eq!(missing, expected);

    client.put_bucket_cors().bucket(b).cors_configuration(cors("https://app.example")).send().await.expect("valid");
    let got = client.get_bucket_cors().bucket(b).send().await.expect("it was put");
    assert_eq!(got.cors_rules(), [cors_rule("https://app.example")]);
    client.delete_bucket_cors().bucket(b).send().await.expect("the bucket is there");
    assert_eq!(failure(client.get_bucket_cors().bucket(b).send().await).0, "NoSuchCORSConfiguration");

    let policy = r#"{ "Version": "2012-10-17", "Statement": [] }"#;
    client.put_bucket_policy().bucket(b).policy(policy).send().await.expect("it is a policy");
    let got = client.get_bucket_policy().bucket(b).send().await.expect("it was put");
    assert_eq!(got.policy(), Some(policy));
    for wrong in ["no JSON", "{}"] {
        let put = client.put_bucket_policy().bucket(b).policy(wrong).send().await;
        assert_eq!(failure(put), ("MalformedPolicy".to_owned(), 400));
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_bucket_is_private_and_encrypted() {
    let client = client().await;
    let encryption = client.get_bucket_encryption().bucket("uploads").send().await.expect("it always is");
    let rules = encryption.server_side_encryption_configuration.expect("a configuration").rules;
    let algorithm = rules[0].apply_server_side_encryption_by_default().map(|default| default.sse_algorithm().as_str());
    assert_eq!(algorithm, Some("AES256"));
    let block = client.get_public_access_block().bucket("uploads").send().await.expect("it always is");
    let all = PublicAccessBlockConfiguration::builder().block_public_acls(true).ignore_public_acls(true);
    let all = all.block_public_policy(true).restrict_public_buckets(true).build();
    assert_eq!(block.public_access_block_configuration(), Some(&all));
    let controls = client.get_bucket_ownership_controls().bucket("uploads").send().await.expect("it always is");
    let controls = controls.ownership_controls.expect("controls");
    assert_eq!(controls.rules()[0].object_ownership(), &ObjectOwnership::BucketOwnerEnforced);
}

#[tokio::test(start_paused = true)]
async fn a_lifecycle_that_s3_does_not_take_is_refused() {
    let client = client().await;
    let rule = || {
        let filter = LifecycleRuleFilter::builder().prefix("tmp/").build();
        LifecycleRule::builder().id("tmp").filter(filter).status(ExpirationStatus::Enabled)
    };
    let days = |days| LifecycleExpiration::builder().days(days).build();
    let one = |rule: aws_sdk_s3::types::builders::LifecycleRuleBuilder| rule.build().expect("complete");
    for (rules, code) in [
        (vec![one(rule())], "InvalidRequest"),
        (vec![one(rule().expiration(days(0)))], "InvalidArgument"),
        (vec![one(rule().expiration(days(1))), one(rule().expiration(days(2)))], "InvalidArgument"),
        (vec![one(rule().expiration(days(1)).set_filter(None))], "MalformedXML"),
    ] {
        let configuration = BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build().expect("rules");
        let put = client.put_bucket_lifecycle_configuration().bucket("uploads").lifecycle_configuration(configuration);
        assert_eq!(failure(put.send().await), (code.to_owned(), 400));
    }
}

#[tokio::test(start_paused = true)]
async fn access_control_lists_need_a_bucket_that_has_them() {
    let client = client().await;
    put(&client, "k", b"0").await;
    let public = client.put_object_acl().bucket("uploads").key("k").acl(ObjectCannedAcl::PublicRead).send().await;
    assert_eq!(failure(public), ("AccessControlListNotSupported".to_owned(), 400));
    let create = client.create_bucket().bucket("open").object_ownership(ObjectOwnership::ObjectWriter);
    create.send().await.expect("the name is free");
    client.put_object().bucket("open").key("k").acl(ObjectCannedAcl::PublicRead).send().await.expect("it has lists");
    let acl = client.get_object_acl().bucket("open").key("k").send().await.expect("it is there");
    let permissions: Vec<_> = acl.grants().iter().filter_map(|grant| grant.permission()).collect();
    assert_eq!(permissions, [&Permission::FullControl, &Permission::Read]);
    let acl = client.get_bucket_acl().bucket("uploads").send().await.expect("it is there");
    assert_eq!(acl.grants()[0].permission(), Some(&Permission::FullControl));
}

async fn unsigned(emulator: &Emulator, method: &str, headers: &[(&str, &str)]) -> Response<Bytes> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name = http::HeaderName::try_from(*name).expect("a header");
        map.insert(name, value.parse().expect("a value"));
    }
    let uri = "https://uploads.s3.us-east-1.amazonaws.com/k".parse().expect("a URI");
    let method = method.parse().expect("a method");
    emulator.answer(Request { method, uri, headers: map, body: Bytes::new() }).await.expect("S3 answers")
}

#[tokio::test(start_paused = true)]
async fn a_page_of_another_origin_is_allowed_what_the_configuration_allows() {
    let emulator = emulator();
    let client = client_of(&emulator, |config| config);
    client.create_bucket().bucket("uploads").send().await.expect("the name is free");
    let ask = |origin: &'static str, method: &'static str, header: &'static str| {
        let asked =
            [("origin", origin), ("access-control-request-method", method), ("access-control-request-headers", header)];
        let emulator = emulator.clone();
        async move { unsigned(&emulator, "OPTIONS", &asked).await }
    };
    assert_eq!(ask("https://a.example.com", "PUT", "").await.status(), 403, "nothing is configured");
    let put = client.put_bucket_cors().bucket("uploads").cors_configuration(cors("https://*.example.com"));
    put.send().await.expect("it is valid");
    let answer = ask("https://a.example.com", "PUT", "x-amz-meta-colour").await;
    assert_eq!(answer.status(), 200);
    for (name, expected) in [
        ("access-control-allow-origin", "https://a.example.com"),
        ("access-control-allow-methods", "GET, PUT"),
        ("access-control-allow-headers", "x-amz-meta-colour"),
        ("access-control-expose-headers", "ETag"),
        ("access-control-max-age", "60"),
        ("access-control-allow-credentials", "true"),
    ] {
        assert_eq!(answer.headers().get(name).and_then(|value| value.to_str().ok()), Some(expected), "{name}");
    }
    for (origin, method, header) in [
        ("https://example.org", "PUT", ""),
        ("https://a.example.com", "DELETE", ""),
        ("https://a.example.com", "PUT", "content-type"),
    ] {
        assert_eq!(ask(origin, method, header).await.status(), 403, "{origin} {method} {header}");
    }
    assert_eq!(unsigned(&emulator, "OPTIONS", &[]).await.status(), 400);
    // Also an error can be read by the page.
    let denied = unsigned(&emulator, "GET", &[("origin", "https://a.example.com")]).await;
    assert_eq!(denied.status(), 403);
    assert!(String::from_utf8_lossy(denied.body()).contains("AccessDenied"));
    assert!(denied.headers().contains_key("access-control-allow-origin"));
}

#[tokio::test(start_paused = true)]
async fn a_cors_configuration_that_s3_does_not_take_is_refused() {
    let client = client().await;
    let rule = |origin: &str, method: &str| {
        let rule = CorsRule::builder().allowed_origins(origin).allowed_methods(method).build().expect("complete");
        CorsConfiguration::builder().cors_rules(rule).build().expect("a rule")
    };
    for (configuration, message) in [
        (rule("*", "PATCH"), "Found unsupported HTTP method in CORS config. Unsupported method is PATCH"),
        (rule("*.*", "GET"), "AllowedOrigin \"*.*\" can not have more than one wildcard."),
    ] {
        let put = client.put_bucket_cors().bucket("uploads").cors_configuration(configuration).send().await;
        let error = put.expect_err("it is not valid").into_service_error();
        assert_eq!(aws_sdk_s3::error::ProvideErrorMetadata::message(&error), Some(message));
    }
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_lets_everybody_in_is_public() {
    let client = client().await;
    let everybody = r#"{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}"#;
    let conditional = everybody.replace('}', r#","Condition":{"Bool":{"aws:SecureTransport":"true"}}}"#);
    let denied = everybody.replace("Allow", "Deny");
    for (statement, public) in [(everybody, true), (&conditional, false), (&denied, false)] {
        let policy = format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#);
        client.put_bucket_policy().bucket("uploads").policy(policy).send().await.expect("it is a policy");
        let status = client.get_bucket_policy_status().bucket("uploads").send().await.expect("there is a policy");
        assert_eq!(status.policy_status().and_then(|status| status.is_public()), Some(public), "{statement}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_simulated_can_be_read_and_not_put() {
    let client = client().await;
    let metrics = client.list_bucket_metrics_configurations().bucket("uploads").send().await.expect("there is none");
    assert_eq!((metrics.metrics_configuration_list(), metrics.is_truncated()), (&[][..], Some(false)));
    let inventory = client.list_bucket_inventory_configurations().bucket("uploads").send().await;
    assert!(inventory.expect("there is none").inventory_configuration_list().is_empty());
    let rule = ReplicationRule::builder().status(ReplicationRuleStatus::Enabled);
    let rule = rule.destination(Destination::builder().bucket("arn:aws:s3:::copies").build().expect("a bucket"));
    let replication = ReplicationConfiguration::builder().role("arn:aws:iam::123456789012:role/r");
    let replication = replication.rules(rule.build().expect("complete")).build().expect("complete");
    let put = client.put_bucket_replication().bucket("uploads").replication_configuration(replication).send().await;
    assert_eq!(failure(put), ("NotImplemented".to_owned(), 501));
}

#[tokio::test(start_paused = true)]
async fn acceleration_is_stored_and_returned() {
    let client = client().await;
    let status = async || {
        let got = client.get_bucket_accelerate_configuration().bucket("uploads").send().await.expect("it always is");
        got.status().cloned()
    };
    assert_eq!(status().await, None);
    let enabled = AccelerateConfiguration::builder().status(BucketAccelerateStatus::Enabled).build();
    let put = client.put_bucket_accelerate_configuration().bucket("uploads").accelerate_configuration(enabled);
    put.send().await.expect("it is a status");
    assert_eq!(status().await, Some(BucketAccelerateStatus::Enabled));
}
