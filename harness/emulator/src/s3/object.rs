//! A stored object: what is kept with its body, and the headers that tell of it.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::checksum::{self, Algorithm, Checksum};
use super::chunked;
use super::tagging::Tags;
use crate::hex::hex;
use crate::protocol::{AwsError, Reply, Request};

/// A stored object. Its body is shared, never copied.
#[derive(Clone)]
pub struct Object {
    pub body: Bytes,
    /// Without quotes: the body's MD5 in hexadecimal, or what a multipart upload makes of those of its parts.
    pub etag: String,
    pub checksum: Checksum,
    /// The headers that are stored with the object and come back with it: content type, metadata and so on.
    pub headers: HeaderMap,
    pub tags: Tags,
    /// The canned access control list.
    pub acl: &'static str,
    /// The parts that it was uploaded in; none where it was put at once.
    pub parts: Vec<Part>,
    /// The id of the upload that it was made by.
    pub upload: Option<String>,
}

/// What is remembered of a part of a multipart upload.
#[derive(Clone, Debug)]
pub struct Part {
    pub number: u32,
    pub size: usize,
    pub checksum: Option<Checksum>,
}

impl Object {
    /// The entity tag as headers have it.
    pub fn quoted_etag(&self) -> String {
        quoted(&self.etag)
    }

    /// Makes of an object that was uploaded in parts what it is as a copy: an object of one part. With an
    /// algorithm, its checksum is made anew.
    pub fn become_one_part(&mut self, algorithm: Option<Algorithm>) {
        let algorithm = algorithm.unwrap_or(self.checksum.algorithm);
        if self.parts.is_empty() && algorithm == self.checksum.algorithm {
            return;
        }
        let digests = checksum::Digests::of(&self.body, Some(algorithm));
        self.etag = hex(&digests.md5);
        self.checksum = digests.checksum.expect("an algorithm was asked for");
        self.parts.clear();
        self.upload = None;
    }
}

/// A text in quotes.
pub fn quoted(etag: &str) -> String {
    format!("\"{etag}\"")
}

/// S3 encrypts every object, and says so.
pub fn encrypted(reply: Reply) -> Reply {
    reply.with_header("x-amz-server-side-encryption", "AES256")
}

/// The longest key, in bytes of UTF-8.
const MAX_KEY: usize = 1024;
/// The most user metadata, in bytes of names and values.
const MAX_METADATA: usize = 2 * 1024;

/// Refuses a key that is too long.
pub fn check_key(key: &str) -> Result<(), AwsError> {
    if key.len() <= MAX_KEY {
        return Ok(());
    }
    let error = AwsError::client("KeyTooLongError", "Your key is too long");
    Err(error.with_detail("Size", key.len().to_string()).with_detail("MaxSizeAllowed", MAX_KEY.to_string()))
}

/// The headers of a request that are stored with its object.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html>
pub fn stored_headers(request: &Request) -> Result<HeaderMap, AwsError> {
    const SYSTEM: [&str; 5] = ["content-type", "cache-control", "content-disposition", "content-language", "expires"];
    let is_stored = |name: &str| SYSTEM.contains(&name) || name.starts_with("x-amz-meta-");
    let stored = request.headers.iter().filter(|(name, _)| is_stored(name.as_str()));
    let mut headers: HeaderMap = stored.map(|(name, value)| (name.clone(), value.clone())).collect();
    headers.entry(http::header::CONTENT_TYPE).or_insert_with(|| HeaderValue::from_static("binary/octet-stream"));
    if let Some(encoding) = chunked::stored_encoding(request).and_then(|encoding| encoding.parse().ok()) {
        headers.insert(http::header::CONTENT_ENCODING, encoding);
    }
    let metadata = |(name, value): (&HeaderName, &HeaderValue)| {
        name.as_str().strip_prefix("x-amz-meta-").map_or(0, |name| name.len() + value.len())
    };
    let size: usize = headers.iter().map(metadata).sum();
    if size > MAX_METADATA {
        let message = "Your metadata headers exceed the maximum allowed metadata size";
        let error = AwsError::client("MetadataTooLarge", message).with_detail("Size", size.to_string());
        return Err(error.with_detail("MaxSizeAllowed", MAX_METADATA.to_string()));
    }
    Ok(headers)
}
