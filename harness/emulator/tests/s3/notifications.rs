//! S3's event notifications: what is configured, and what a function is handed.

use std::sync::{Arc, Mutex};

use super::common::{config, emulator};
use aws_lambda_events::event::s3::S3Event;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::operation::RequestId as _;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    Event, EventBridgeConfiguration, FilterRule, LambdaFunctionConfiguration, NotificationConfiguration,
    NotificationConfigurationFilter, QueueConfiguration, S3KeyFilter, TopicConfiguration,
};
use rehearsal_emulator::{FunctionEvent, FunctionSource};

const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:Import";
const QUEUE: &str = "arn:aws:sqs:us-east-1:123456789012:Files";
const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:Files";

/// A client with a bucket named `uploads`, and what is delivered to functions.
async fn client() -> (Client, Arc<Mutex<Vec<FunctionEvent>>>) {
    let emulator = emulator();
    let delivered = Arc::new(Mutex::new(Vec::new()));
    let sink = delivered.clone();
    emulator.set_functions(Arc::new(move |event| {
        sink.lock().expect("no test panics here").push(event);
        Ok(())
    }));
    let client = Client::new(&config(&emulator));
    client.create_bucket().bucket("uploads").send().await.expect("the name is free");
    (client, delivered)
}

fn filter(rules: &[(&str, &str)]) -> NotificationConfigurationFilter {
    let rules = rules.iter().map(|(name, value)| FilterRule::builder().name((*name).into()).value(*value).build());
    let key = S3KeyFilter::builder().set_filter_rules(Some(rules.collect())).build();
    NotificationConfigurationFilter::builder().key(key).build()
}

fn to_function(id: &str, event: &str, rules: &[(&str, &str)]) -> LambdaFunctionConfiguration {
    let configuration = LambdaFunctionConfiguration::builder().id(id).lambda_function_arn(FUNCTION);
    configuration.events(event.into()).filter(filter(rules)).build().expect("an ARN and an event")
}

async fn configure(client: &Client, configuration: NotificationConfiguration) -> Result<(), (String, String)> {
    let request = client.put_bucket_notification_configuration().bucket("uploads");
    let answer = request.notification_configuration(configuration).send().await;
    answer.map(drop).map_err(|error| {
        let error = error.into_service_error();
        (error.code().unwrap_or_default().to_owned(), error.message().unwrap_or_default().to_owned())
    })
}

async fn put(client: &Client, key: &str) -> String {
    let request = client.put_object().bucket("uploads").key(key).body(ByteStream::from_static(b"hello"));
    request.send().await.expect("the bucket is there").request_id().expect("every answer has one").to_owned()
}

fn events(delivered: &Mutex<Vec<FunctionEvent>>) -> Vec<S3Event> {
    let delivered = std::mem::take(&mut *delivered.lock().expect("no test panics here"));
    delivered.iter().map(|event| serde_json::from_str(&event.payload).expect("an S3 event")).collect()
}

#[tokio::test(start_paused = true)]
async fn a_function_is_handed_one_record_with_every_field() {
    let (client, delivered) = client().await;
    let rule = to_function("Uploads", "s3:ObjectCreated:*", &[]);
    configure(&client, NotificationConfiguration::builder().lambda_function_configurations(rule).build())
        .await
        .expect("it is a valid configuration");
    let request_id = put(&client, "in/red flower+ü.csv").await;
    {
        let delivered = delivered.lock().expect("no test panics here");
        assert_eq!((delivered[0].function_arn.as_str(), &delivered[0].source), (FUNCTION, &FunctionSource::S3));
    }

    let event = events(&delivered).remove(0);
    assert_eq!(event.records.len(), 1);
    let record = &event.records[0];
    assert_eq!(record.event_version.as_deref(), Some("2.1"));
    assert_eq!(record.event_source.as_deref(), Some("aws:s3"));
    assert_eq!(record.aws_region.as_deref(), Some("us-east-1"));
    assert_eq!(record.event_time.to_rfc3339(), "2026-01-01T00:00:00+00:00");
    assert_eq!(record.event_name.as_deref(), Some("ObjectCreated:Put"));
    assert!(record.principal_id.principal_id.as_deref().is_some_and(|id| id.starts_with("AWS:AIDA")));
    assert_eq!(record.request_parameters.source_ip_address.as_deref(), Some("127.0.0.1"));
    assert_eq!(record.response_elements["x-amz-request-id"], request_id);
    assert_eq!(record.response_elements["x-amz-id-2"].len(), 76);
    assert_eq!(record.s3.schema_version.as_deref(), Some("1.0"));
    assert_eq!(record.s3.configuration_id.as_deref(), Some("Uploads"));
    assert_eq!(record.s3.bucket.name.as_deref(), Some("uploads"));
    assert_eq!(record.s3.bucket.arn.as_deref(), Some("arn:aws:s3:::uploads"));
    assert!(record.s3.bucket.owner_identity.as_ref().is_some_and(|owner| owner.principal_id.is_some()));
    let object = &record.s3.object;
    assert_eq!(object.key.as_deref(), Some("in/red+flower%2B%C3%BC.csv"));
    assert_eq!((object.size, object.e_tag.as_deref()), (Some(5), Some("5d41402abc4b2a76b9719d911017c592")));
    assert_eq!(object.sequencer.as_deref(), Some("006955B90000000001"));
}

#[tokio::test(start_paused = true)]
async fn each_change_is_told_by_its_event_name() {
    let (client, delivered) = client().await;
    let created = to_function("Created", "s3:ObjectCreated:*", &[]);
    let removed = to_function("Removed", "s3:ObjectRemoved:Delete", &[]);
    let rules = NotificationConfiguration::builder().lambda_function_configurations(created);
    configure(&client, rules.lambda_function_configurations(removed).build()).await.expect("they do not overlap");
    put(&client, "a").await;
    client.copy_object().bucket("uploads").key("b").copy_source("uploads/a").send().await.expect("a is there");
    for _ in 0..2 {
        // The second time there is nothing to delete, so nothing is told.
        client.delete_object().bucket("uploads").key("a").send().await.expect("the bucket is there");
    }
    let told: Vec<_> = events(&delivered).into_iter().map(|mut event| event.records.remove(0)).collect();
    let names: Vec<_> = told.iter().filter_map(|record| record.event_name.as_deref()).collect();
    assert_eq!(names, ["ObjectCreated:Put", "ObjectCreated:Copy", "ObjectRemoved:Delete"]);
    let removal = &told[2].s3.object;
    assert_eq!((removal.size, removal.e_tag.as_deref()), (None, None));
    assert!(told.is_sorted_by_key(|record| record.s3.object.sequencer.clone()), "sequencers grow");
}

#[tokio::test(start_paused = true)]
async fn filters_select_by_prefix_and_suffix_whatever_the_case_of_their_names() {
    let (client, delivered) = client().await;
    let csv = to_function("Csv", "s3:ObjectCreated:Put", &[("PREFIX", "in/"), ("suffix", ".csv")]);
    configure(&client, NotificationConfiguration::builder().lambda_function_configurations(csv).build())
        .await
        .expect("it is a valid configuration");
    for key in ["in/a.csv", "in/a.json", "out/a.csv", "in/b.csv"] {
        put(&client, key).await;
    }
    let keys: Vec<_> =
        events(&delivered).into_iter().filter_map(|event| event.records[0].s3.object.key.clone()).collect();
    assert_eq!(keys, ["in/a.csv", "in/b.csv"]);
}

#[tokio::test(start_paused = true)]
async fn a_configuration_is_answered_as_it_was_put_and_replaces_the_one_before() {
    let (client, _) = client().await;
    let queue = QueueConfiguration::builder().queue_arn(QUEUE).events(Event::S3ObjectCreated);
    let topic = TopicConfiguration::builder().id("T").topic_arn(TOPIC).events(Event::S3ObjectRemovedDelete);
    let configuration = NotificationConfiguration::builder()
        .lambda_function_configurations(to_function(
            "F",
            "s3:ObjectCreated:Put",
            &[("prefix", "in/"), ("suffix", ".x")],
        ))
        .queue_configurations(queue.filter(filter(&[("Prefix", "out/")])).build().expect("complete"))
        .topic_configurations(topic.build().expect("complete"))
        .event_bridge_configuration(EventBridgeConfiguration::builder().build())
        .build();
    let request = client.put_bucket_notification_configuration().bucket("uploads").skip_destination_validation(true);
    request.notification_configuration(configuration).send().await.expect("validation is skipped");

    let got = client.get_bucket_notification_configuration().bucket("uploads").send().await.expect("it was put");
    let function = &got.lambda_function_configurations()[0];
    assert_eq!((function.id(), function.lambda_function_arn()), (Some("F"), FUNCTION));
    let rules = function.filter().and_then(|filter| filter.key()).map(|key| key.filter_rules()).unwrap_or_default();
    let rules: Vec<_> = rules.iter().map(|rule| (rule.name().map(|name| name.as_str()), rule.value())).collect();
    assert_eq!(rules, [(Some("Prefix"), Some("in/")), (Some("Suffix"), Some(".x"))]);
    assert_eq!(got.queue_configurations()[0].queue_arn(), QUEUE);
    assert!(got.queue_configurations()[0].id().is_some_and(|id| !id.is_empty()), "S3 makes an id");
    assert_eq!(got.topic_configurations()[0].events(), [Event::S3ObjectRemovedDelete]);
    assert!(got.event_bridge_configuration().is_some());

    configure(&client, NotificationConfiguration::builder().build()).await.expect("an empty one is valid");
    let got = client.get_bucket_notification_configuration().bucket("uploads").send().await.expect("it was put");
    assert!(got.lambda_function_configurations().is_empty() && got.event_bridge_configuration().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_configuration_that_s3_does_not_allow_is_refused() {
    let (client, _) = client().await;
    let functions = |rules: Vec<LambdaFunctionConfiguration>| {
        NotificationConfiguration::builder().set_lambda_function_configurations(Some(rules)).build()
    };
    let queue = |arn: &str, event: &str| {
        let queue = QueueConfiguration::builder().id("Q").queue_arn(arn).events(event.into());
        NotificationConfiguration::builder().queue_configurations(queue.build().expect("complete"))
    };
    let created = "s3:ObjectCreated:*";
    let topic = TopicConfiguration::builder().topic_arn(TOPIC).events(Event::S3ObjectCreated).build();
    let to_topic = NotificationConfiguration::builder().topic_configurations(topic.expect("complete")).build();
    let unvalidated = "Unable to validate the following destination configurations";
    for (configuration, expected) in [
        (
            functions(vec![to_function("1", created, &[]), to_function("2", "s3:ObjectCreated:Put", &[])]),
            "Configurations overlap. Configurations on the same bucket cannot share a common event type.",
        ),
        (
            queue(QUEUE, created).lambda_function_configurations(to_function("1", created, &[("prefix", "a")])).build(),
            "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are \
             overlapping for the same event type.",
        ),
        (
            functions(vec![to_function("1", created, &[]), to_function("1", "s3:ObjectRemoved:*", &[])]),
            "Same ID used for multiple configurations. IDs must be unique",
        ),
        (
            functions(vec![to_function("1", created, &[("prefix", "a"), ("Prefix", "b")])]),
            "Cannot specify more than one prefix rule in a filter.",
        ),
        (
            functions(vec![to_function("1", created, &[("infix", "a")])]),
            "filter rule name must be either prefix or suffix",
        ),
        (
            functions(vec![to_function("1", "s3:ObjectEaten:*", &[])]),
            "The event 's3:ObjectEaten:*' is not supported for notifications",
        ),
        (queue(QUEUE, created).build(), unvalidated),
        (to_topic, unvalidated),
        (queue("arn:aws:sqs:us-east-1:123456789012:Files.fifo", created).build(), unvalidated),
        (queue("no ARN", created).build(), "The ARN is not well formed"),
        (
            queue("arn:aws:sqs:eu-west-1:123456789012:Files", created).build(),
            "The notification destination service region is not valid for the bucket location constraint",
        ),
    ] {
        let refused = configure(&client, configuration).await;
        assert_eq!(refused, Err(("InvalidArgument".to_owned(), expected.to_owned())));
    }
}
