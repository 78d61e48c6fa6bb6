//! The operations on objects.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use percent_encoding::percent_decode_str;

use super::checksum::{self, Algorithm, Checksum};
use super::chunked::{self, Payload};
use super::document::{Element, malformed};
use super::event::{self, Change};
use super::{NAMESPACE, Target, bucket, conditional, no_such_bucket, xml_time};
use crate::protocol::{AwsError, Reply, Request, Service, xml};
use crate::world::{Call, World};

/// A stored object.
#[derive(Clone)]
pub struct Object {
    pub body: Bytes,
    /// The body's MD5 in hexadecimal, without quotes.
    pub etag: String,
    pub modified: Timestamp,
    pub checksum: Checksum,
    /// The headers that are stored with the object and come back with it: content type, metadata and so on.
    pub headers: HeaderMap,
}

impl Object {
    /// The time of the last change, in whole seconds as S3 keeps it.
    pub fn last_modified(&self) -> Timestamp {
        Timestamp::from_second(self.modified.as_second()).expect("a time without its fraction is in range")
    }

    fn quoted_etag(&self) -> String {
        format!("\"{}\"", self.etag)
    }

    fn change(&self) -> Change {
        Change::Created { size: self.body.len(), etag: self.etag.clone() }
    }
}

/// `PutObject`.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>
pub fn put(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    check_key(&target.key)?;
    let bucket = bucket(world, call, &target.bucket)?;
    let payload = Payload::of(call.request)?;
    let checksum = checksum::verify(call, &payload)?;
    let headers = stored_headers(call.request)?;
    conditional::check_write(call, &target.key, bucket.objects.get(&target.key))?;
    let etag = checksum::md5_hex(&payload.body);
    let object = Object { body: payload.body, etag, modified: call.clock.now(), checksum, headers };
    let reply = object.checksum.on(encrypted(Reply::empty()).with_header("etag", &object.quoted_etag()));
    let change = object.change();
    bucket.objects.insert(target.key.clone(), object);
    event::record(world, call, target, &change, "Put");
    Ok(reply)
}

/// `GetObject`.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>
pub fn get(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    let object = find(world, call, target)?;
    conditional::check_read(call.request, object)?;
    let mut reply = encrypted(Reply::empty())
        .with_header("accept-ranges", "bytes")
        .with_header("etag", &object.quoted_etag())
        .with_header("last-modified", &object.modified.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string());
    reply.headers.extend(object.headers.clone());
    for (name, value) in call.request.query() {
        if let Some(name) = name.strip_prefix("response-") {
            reply = reply.with_header(name, &value);
        }
    }
    let size = object.body.len();
    reply = match conditional::range(call.request, size)? {
        Some(range) => {
            let content_range = format!("bytes {}-{}/{size}", range.start, range.end - 1);
            reply.body = object.body.slice(range);
            reply.with_status(206).with_header("content-range", &content_range)
        }
        None => {
            reply.body = object.body.clone();
            let asked = call.request.header("x-amz-checksum-mode").is_some_and(|m| m.eq_ignore_ascii_case("enabled"));
            if asked { object.checksum.on(reply) } else { reply }
        }
    };
    let length = reply.body.len().to_string();
    Ok(reply.with_header("content-length", &length))
}

/// `HeadObject`: `GetObject` without the body.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>
pub fn head(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    let reply = get(world, call, target)?;
    Ok(Reply { body: Bytes::new(), ..reply })
}

/// `CopyObject`, from a bucket of the caller in any region.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>
pub fn copy(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    check_key(&target.key)?;
    bucket(world, call, &target.bucket)?;
    let source = copy_source(call)?;
    let mut object = source_object(world, call, &source)?.clone();
    conditional::check_copy_source(call.request, &object)?;
    let replaces = call.request.header("x-amz-metadata-directive") == Some("REPLACE");
    if !replaces && (&source.bucket, &source.key) == (&target.bucket, &target.key) {
        let message = "This copy request is illegal because it is trying to copy an object to itself without changing \
                       the object's metadata, storage class, website redirect location or encryption attributes.";
        return Err(AwsError::client("InvalidRequest", message));
    }
    if replaces {
        object.headers = stored_headers(call.request)?;
    }
    if let Some(algorithm) = call.request.header("x-amz-checksum-algorithm").and_then(Algorithm::named) {
        object.checksum = Checksum::of(algorithm, &object.body);
    }
    object.modified = call.clock.now();
    let bucket = bucket(world, call, &target.bucket)?;
    conditional::check_write(call, &target.key, bucket.objects.get(&target.key))?;
    let reply = copied(&object);
    let change = object.change();
    bucket.objects.insert(target.key.clone(), object);
    event::record(world, call, target, &change, "Copy");
    Ok(reply)
}

/// `DeleteObject`, which succeeds where there is no such object. Then nothing changed and no event is sent.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html>
pub fn delete(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    let bucket = bucket(world, call, &target.bucket)?;
    conditional::check_delete(call.request, bucket.objects.get(&target.key))?;
    remove(world, call, target)?;
    Ok(Reply::empty().with_status(204))
}

/// `DeleteObjects`: up to 1,000 objects.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>
pub fn delete_many(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    bucket(world, call, &target.bucket)?;
    let payload = Payload::of(call.request)?;
    checksum::verify_required(call, &payload)?;
    let document = Element::parse(&payload.body, "Delete")?;
    let keys = keys_to_delete(call, &document)?;
    let mut deleted = String::new();
    for key in keys {
        let one = Target { bucket: target.bucket.clone(), key };
        remove(world, call, &one)?;
        deleted += &format!("<Deleted>{}</Deleted>", xml::element("Key", &one.key));
    }
    let shown = if document.text_of("Quiet") == Some("true") { "" } else { &deleted };
    Ok(Reply::xml(format!("<DeleteResult xmlns=\"{NAMESPACE}\">{shown}</DeleteResult>")))
}

/// What S3 answers where an object is not there.
pub fn no_such_key(key: &str) -> AwsError {
    AwsError::new(404, "NoSuchKey", "The specified key does not exist.").with_detail("Key", key)
}

fn find<'w>(world: &'w mut World, call: &Call<'_>, target: &Target) -> Result<&'w Object, AwsError> {
    bucket(world, call, &target.bucket)?.objects.get(&target.key).ok_or_else(|| no_such_key(&target.key))
}

fn remove(world: &mut World, call: &Call<'_>, target: &Target) -> Result<(), AwsError> {
    if bucket(world, call, &target.bucket)?.objects.remove(&target.key).is_some() {
        event::record(world, call, target, &Change::Removed, "Delete");
    }
    Ok(())
}

fn keys_to_delete(call: &Call<'_>, document: &Element) -> Result<Vec<String>, AwsError> {
    let mut keys = Vec::new();
    for object in document.all("Object") {
        let version = object.text_of("VersionId").is_some_and(|version| version != "null").then_some("VersionId");
        let condition = ["ETag", "LastModifiedTime", "Size"].into_iter().find(|name| object.text_of(name).is_some());
        if let Some(name) = version.or(condition) {
            return Err(AwsError::parameter_not_simulated(Service::S3, call.operation(), name));
        }
        keys.push(object.required("Key")?.to_owned());
    }
    if keys.is_empty() || keys.len() > 1000 { Err(malformed()) } else { Ok(keys) }
}

/// The bucket and key of `x-amz-copy-source`: `bucket/key`, URL-encoded, perhaps with a slash before it.
fn copy_source(call: &Call<'_>) -> Result<Target, AwsError> {
    let header = call.request.header("x-amz-copy-source").unwrap_or_default();
    let (path, version) = header.split_once("?versionId=").unwrap_or((header, "null"));
    if version != "null" {
        let what = "x-amz-copy-source with a versionId";
        return Err(AwsError::parameter_not_simulated(Service::S3, call.operation(), what));
    }
    let path = percent_decode_str(path).decode_utf8_lossy();
    let (bucket, key) = path.strip_prefix('/').unwrap_or(&path).split_once('/').unwrap_or_default();
    if bucket.is_empty() || key.is_empty() {
        let message = "Invalid copy source object key";
        return Err(AwsError::client("InvalidArgument", message).with_detail("ArgumentName", "x-amz-copy-source"));
    }
    Ok(Target { bucket: bucket.to_owned(), key: key.to_owned() })
}

fn source_object<'w>(world: &'w World, call: &Call<'_>, source: &Target) -> Result<&'w Object, AwsError> {
    let owner = world.regions().find_map(|region| Some((region, region.s3.buckets.get(&source.bucket)?)));
    let (region, bucket) = owner.ok_or_else(|| no_such_bucket(&source.bucket))?;
    if region.account != call.identity.account {
        return Err(AwsError::new(403, "AccessDenied", "Access Denied"));
    }
    bucket.objects.get(&source.key).ok_or_else(|| no_such_key(&source.key))
}

fn copied(object: &Object) -> Reply {
    encrypted(Reply::xml(format!(
        "<CopyObjectResult xmlns=\"{NAMESPACE}\">{}{}{}</CopyObjectResult>",
        xml::element("ETag", &object.quoted_etag()),
        xml::element("LastModified", &xml_time(object.modified)),
        object.checksum.elements(),
    )))
}

/// S3 encrypts every object, and says so.
fn encrypted(reply: Reply) -> Reply {
    reply.with_header("x-amz-server-side-encryption", "AES256")
}

/// The longest key, in bytes of UTF-8.
const MAX_KEY: usize = 1024;
/// The most user metadata, in bytes of names and values.
const MAX_METADATA: usize = 2 * 1024;

fn check_key(key: &str) -> Result<(), AwsError> {
    if key.len() <= MAX_KEY {
        return Ok(());
    }
    let error = AwsError::client("KeyTooLongError", "Your key is too long");
    Err(error.with_detail("Size", key.len().to_string()).with_detail("MaxSizeAllowed", MAX_KEY.to_string()))
}

/// The headers of a request that are stored with its object.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html>
fn stored_headers(request: &Request) -> Result<HeaderMap, AwsError> {
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
