//! S3 as the AWS SDK sees it: one module per topic.

mod buckets;
#[path = "../common/mod.rs"]
mod common;
mod configurations;
mod control;
mod delivery;
mod events;
mod lifecycle;
mod lists;
mod memory;
mod multipart;
mod notifications;
mod objects;
mod post;
mod presigned;
mod refusals;
mod tagging;
mod versions;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::Builder;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use common::{config, emulator};
use rehearsal_emulator::Emulator;

const CSV: &[u8] = b"id,name\n1,One\n";
/// CSV's MD5.
const CSV_ETAG: &str = "\"81f4281af6f498d717bd0b355ae0da62\"";

/// A client with a bucket named `uploads`.
async fn client() -> Client {
    let client = Client::new(&config(&emulator()));
    client.create_bucket().bucket("uploads").send().await.expect("the name is free");
    client
}

fn client_of(emulator: &Emulator, change: impl FnOnce(Builder) -> Builder) -> Client {
    Client::from_conf(change(Builder::from(&config(emulator))).build())
}

async fn put(client: &Client, key: &str, body: &'static [u8]) {
    let request = client.put_object().bucket("uploads").key(key);
    request.body(ByteStream::from_static(body)).send().await.expect("the bucket is there");
}

/// The code and the status of a failed call.
fn failure<T: std::fmt::Debug, E: ProvideErrorMetadata + std::fmt::Debug>(
    result: Result<T, SdkError<E>>,
) -> (String, u16) {
    let error = result.expect_err("the call is to be refused");
    let status = error.raw_response().expect("the service answered").status().as_u16();
    (error.code().unwrap_or_default().to_owned(), status)
}

/// Says whether the bucket keeps versions from now on.
async fn version(client: &Client, status: BucketVersioningStatus) {
    let configuration = VersioningConfiguration::builder().status(status).build();
    let put = client.put_bucket_versioning().bucket("uploads").versioning_configuration(configuration);
    put.send().await.expect("the bucket is there");
}

/// Puts an object and returns its version's id.
async fn put_version(client: &Client, key: &str, body: &'static [u8]) -> Option<String> {
    let request = client.put_object().bucket("uploads").key(key).body(ByteStream::from_static(body));
    request.send().await.expect("the bucket is there").version_id().map(str::to_owned)
}

/// An object's whole body.
async fn body(client: &Client, key: &str, version: Option<&str>) -> Vec<u8> {
    let get = client.get_object().bucket("uploads").key(key).set_version_id(version.map(str::to_owned));
    get.send().await.expect("it is there").body.collect().await.expect("a whole body").to_vec()
}
