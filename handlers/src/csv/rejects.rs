//! The table of rejected rows. Its key is the import and the line, so writing a reject again changes nothing.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use lambda_runtime::Error;

use super::{Import, Reject};
use crate::batch;

/// The most entries of one `BatchWriteItem`.
const BATCH: usize = 25;

/// Stores every reject of an import.
///
/// # Errors
/// When DynamoDB refuses a call or still leaves items unprocessed after several.
pub async fn store(client: &Client, table: &str, import: &Import, rejects: &[Reject]) -> Result<(), Error> {
    for chunk in rejects.chunks(BATCH) {
        let requests = chunk.iter().map(|reject| request(import, reject)).collect::<Result<_, Error>>()?;
        batch::until_done(requests, |requests| write(client, table, requests)).await?;
    }
    Ok(())
}

async fn write(client: &Client, table: &str, requests: Vec<WriteRequest>) -> Result<Vec<WriteRequest>, Error> {
    let output = client.batch_write_item().request_items(table, requests).send().await?;
    Ok(output.unprocessed_items.and_then(|mut tables| tables.remove(table)).unwrap_or_default())
}

fn request(import: &Import, reject: &Reject) -> Result<WriteRequest, Error> {
    let item = HashMap::from([
        ("import".to_owned(), AttributeValue::S(format!("{}#{}", import.object_key, import.etag))),
        ("line".to_owned(), AttributeValue::N(reject.line.to_string())),
        ("object_key".to_owned(), AttributeValue::S(import.object_key.clone())),
        ("reason".to_owned(), AttributeValue::S(reject.reason.clone())),
    ]);
    let put = PutRequest::builder().set_item(Some(item)).build()?;
    Ok(WriteRequest::builder().put_request(put).build())
}
