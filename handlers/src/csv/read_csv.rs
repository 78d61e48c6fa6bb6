//! `ReadCsv`: an uploaded file to one queue message per good row, one table item per bad row, and a summary.
//!
//! Asynchronous invocation retries the whole event, so everything here may happen again: messages are
//! repeated (the consumer takes them once), rejects and the summary are written under the same keys.

use std::collections::HashMap;

use aws_lambda_events::event::s3::{S3Event, S3EventRecord};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use aws_types::SdkConfig;
use lambda_runtime::{Error, LambdaEvent};

use super::{Import, ParsedFile, RecordMessage, parse, rejects};
use crate::{Environment, batch, required, text, time};

/// The most entries of one `SendMessageBatch`.
const BATCH: usize = 10;

pub struct State {
    s3: aws_sdk_s3::Client,
    sqs: aws_sdk_sqs::Client,
    dynamodb: aws_sdk_dynamodb::Client,
    queue_url: String,
    rejects_table: String,
    imports_table: String,
}

impl State {
    /// Built once per cold start.
    ///
    /// # Errors
    /// When `QUEUE_URL`, `REJECTS_TABLE` or `IMPORTS_TABLE` is not set.
    pub fn new(config: &SdkConfig, environment: &Environment) -> Result<Self, Error> {
        Ok(Self {
            s3: aws_sdk_s3::Client::new(config),
            sqs: aws_sdk_sqs::Client::new(config),
            dynamodb: aws_sdk_dynamodb::Client::new(config),
            queue_url: required(environment, "QUEUE_URL")?,
            rejects_table: required(environment, "REJECTS_TABLE")?,
            imports_table: required(environment, "IMPORTS_TABLE")?,
        })
    }
}

/// Imports every object that the event names.
///
/// # Errors
/// When the object cannot be read, or a message or item cannot be written: Lambda then retries the event.
pub async fn handler(state: &State, event: LambdaEvent<S3Event>) -> Result<(), Error> {
    for record in event.payload.records {
        state.import(record).await?;
    }
    Ok(())
}

impl State {
    async fn import(&self, record: S3EventRecord) -> Result<(), Error> {
        let bucket = record.s3.bucket.name.ok_or("the event names no bucket")?;
        let import = Import {
            object_key: text::object_key(&record.s3.object.key.ok_or("the event names no key")?)?,
            etag: record.s3.object.e_tag.ok_or("the event has no ETag")?,
            imported_at: time::from_epoch_millis(record.event_time.timestamp_millis())?,
        };
        let Some(bytes) = self.read(&bucket, &import).await? else {
            tracing::warn!(object_key = import.object_key, etag = import.etag, "the object is gone or was replaced");
            return Ok(());
        };
        let file = parse(&bytes)?;
        let (rows, rejected) = (file.airports.len(), file.rejects.len());
        rejects::store(&self.dynamodb, &self.rejects_table, &import, &file.rejects).await?;
        self.send(&import, file).await?;
        self.summarise(&import, rows, rejected).await?;
        tracing::info!(object_key = import.object_key, etag = import.etag, rows, rejected, "imported");
        Ok(())
    }

    /// The object that the event is about; `None` when it was deleted or replaced since. A replacement has
    /// an event of its own.
    async fn read(&self, bucket: &str, import: &Import) -> Result<Option<Vec<u8>>, Error> {
        let etag = format!("\"{}\"", import.etag);
        match self.s3.get_object().bucket(bucket).key(&import.object_key).if_match(etag).send().await {
            Ok(object) => Ok(Some(object.body.collect().await?.to_vec())),
            Err(error) if matches!(error.code(), Some("NoSuchKey" | "PreconditionFailed")) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn send(&self, import: &Import, file: ParsedFile) -> Result<(), Error> {
        for chunk in file.airports.chunks(BATCH) {
            let mut entries = Vec::with_capacity(BATCH);
            for (line, airport) in chunk {
                let message = RecordMessage { import: import.clone(), line: *line, airport: airport.clone() };
                let body = serde_json::to_string(&message)?;
                entries.push(SendMessageBatchRequestEntry::builder().id(line.to_string()).message_body(body).build()?);
            }
            batch::until_done(entries, |entries| self.send_batch(entries)).await?;
        }
        Ok(())
    }

    /// The entries that SQS refused and may take later.
    async fn send_batch(
        &self,
        entries: Vec<SendMessageBatchRequestEntry>,
    ) -> Result<Vec<SendMessageBatchRequestEntry>, Error> {
        let request = self.sqs.send_message_batch().queue_url(&self.queue_url).set_entries(Some(entries.clone()));
        let failed = request.send().await?.failed;
        if let Some(entry) = failed.iter().find(|entry| entry.sender_fault) {
            return Err(format!("SQS refuses the message of line {}: {}", entry.id, entry.code).into());
        }
        Ok(entries.into_iter().filter(|entry| failed.iter().any(|failure| failure.id == entry.id)).collect())
    }

    /// Written last: its presence says that every row was sent. The first import of a content stays.
    async fn summarise(&self, import: &Import, rows: usize, rejected: usize) -> Result<(), Error> {
        let item = HashMap::from([
            ("object_key".to_owned(), AttributeValue::S(import.object_key.clone())),
            ("etag".to_owned(), AttributeValue::S(import.etag.clone())),
            ("imported_at".to_owned(), AttributeValue::S(import.imported_at.clone())),
            ("rows".to_owned(), AttributeValue::N(rows.to_string())),
            ("rejected".to_owned(), AttributeValue::N(rejected.to_string())),
        ]);
        let put = self.dynamodb.put_item().table_name(&self.imports_table).set_item(Some(item));
        match put.condition_expression("attribute_not_exists(object_key)").send().await {
            Err(error) if error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) => {
                Ok(())
            }
            other => other.map(drop).map_err(Error::from),
        }
    }
}
