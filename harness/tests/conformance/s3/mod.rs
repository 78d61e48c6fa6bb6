//! S3's general purpose buckets and their objects.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/Welcome.html>

mod buckets;
mod lists;
mod notifications;
mod objects;
mod refusals;

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;

use crate::kit::Aws;

/// A bucket and the client for it.
struct Bucket {
    s3: Client,
    name: String,
}

impl Bucket {
    async fn new(aws: &Aws) -> Self {
        let (s3, name) = (aws.s3(), aws.name("pictures"));
        s3.create_bucket().bucket(&name).send().await.expect("the name is valid");
        Self { s3, name }
    }

    async fn put(&self, key: &str, body: &str) {
        let put = self.s3.put_object().bucket(&self.name).key(key).body(bytes(body));
        put.send().await.expect("the object is valid");
    }
}

fn bytes(text: &str) -> ByteStream {
    ByteStream::from(text.as_bytes().to_vec())
}

async fn text(body: ByteStream) -> String {
    let bytes = body.collect().await.expect("the body arrives").to_vec();
    String::from_utf8(bytes).expect("it is text")
}
