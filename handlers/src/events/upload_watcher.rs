//! `UploadWatcher`: an uploaded document, a system event, becomes the event `DocumentUploaded`.

use aws_lambda_events::event::s3::{S3Event, S3EventRecord};
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_types::SdkConfig;
use lambda_runtime::{Error, LambdaEvent};

use super::{DocumentUploaded, put_events};
use crate::{Environment, required, text};

const SOURCE: &str = "documents.uploads";

pub struct State {
    eventbridge: Client,
    bus: String,
}

impl State {
    /// Built once per cold start.
    ///
    /// # Errors
    /// When `EVENT_BUS` is not set.
    pub fn new(config: &SdkConfig, environment: &Environment) -> Result<Self, Error> {
        Ok(Self { eventbridge: Client::new(config), bus: required(environment, "EVENT_BUS")? })
    }
}

/// Puts one event per uploaded object. S3 sends one record per event, so one call is enough.
///
/// # Errors
/// When EventBridge does not take an event: Lambda then retries.
pub async fn handler(state: &State, event: LambdaEvent<S3Event>) -> Result<(), Error> {
    let entries = event.payload.records.into_iter().map(|record| state.entry(record));
    put_events(&state.eventbridge, entries.collect::<Result<_, Error>>()?).await
}

impl State {
    fn entry(&self, record: S3EventRecord) -> Result<PutEventsRequestEntry, Error> {
        let (bucket, object) = (record.s3.bucket, record.s3.object);
        let name = bucket.name.ok_or("the event names no bucket")?;
        let key = text::object_key(&object.key.ok_or("the event names no key")?)?;
        // S3 numbers the events of a key: a redelivered one has the same number.
        let sequencer = object.sequencer.ok_or("the event has no sequencer")?;
        let event_id = text::stable_id(&[SOURCE, &name, &key, &sequencer]);
        let detail = DocumentUploaded { event_id, bucket: name, key, size: object.size.unwrap_or_default() };
        tracing::info!(event_id = detail.event_id, key = detail.key, "document uploaded");
        Ok(PutEventsRequestEntry::builder()
            .event_bus_name(&self.bus)
            .source(SOURCE)
            .detail_type("DocumentUploaded")
            .detail(serde_json::to_string(&detail)?)
            .set_resources(bucket.arn.map(|arn| vec![arn]))
            .time(DateTime::from_millis(record.event_time.timestamp_millis()))
            .build())
    }
}
