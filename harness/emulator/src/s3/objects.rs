//! Putting and getting whole objects.

use std::ops::Range;

use bytes::Bytes;

use super::change::{Cause, Change, Kind};
use super::checksum::{self, Algorithm};
use super::chunked::Payload;
use super::event;
use super::object::{Object, check_key, encrypted, stored_headers};
use super::tagging::Tags;
use super::{Target, acl, bucket, conditional, lifecycle, versions};
use crate::hex::hex;
use crate::protocol::{AwsError, Reply};
use crate::world::{Call, World};

/// `PutObject`.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>
pub fn put(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    put_as(world, call, target, Kind::Put)
}

/// Puts the request's body, as `PutObject` and a browser's form do.
pub fn put_as(world: &mut World, call: &Call<'_>, target: &Target, kind: Kind) -> Result<Reply, AwsError> {
    check_key(&target.key)?;
    let acl = acl::of_request(call, bucket(world, call, &target.bucket)?)?;
    let payload = Payload::of(call.request)?;
    let digests = checksum::verify(call, &payload, Some(Algorithm::Crc64Nvme))?;
    let object = Object {
        body: payload.body,
        etag: hex(&digests.md5),
        checksum: digests.checksum.expect("one is always computed"),
        headers: stored_headers(call.request)?,
        tags: Tags::of_header(call.request.header("x-amz-tagging"))?,
        acl,
        parts: Vec::new(),
        upload: None,
    };
    let reply = object.checksum.on(encrypted(Reply::empty()).with_header("etag", &object.quoted_etag()));
    Ok(store(world, call, target, object, kind)?.identified(reply))
}

/// What is to be told of a version that was stored.
pub struct Stored {
    /// Its id, where versions are kept.
    id: Option<String>,
    expiration: Option<String>,
}

impl Stored {
    /// The answer with the version's id, and when its bucket's lifecycle deletes it.
    pub fn identified(&self, reply: Reply) -> Reply {
        let headers = [("x-amz-version-id", &self.id), ("x-amz-expiration", &self.expiration)];
        let headers = headers.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
        headers.fold(reply, |reply, (name, value)| reply.with_header(name, value))
    }
}

/// Makes an object a key's current version, where the request's conditions allow it, and tells of it.
pub fn store(
    world: &mut World,
    call: &Call<'_>,
    target: &Target,
    object: Object,
    kind: Kind,
) -> Result<Stored, AwsError> {
    let bucket = bucket(world, call, &target.bucket)?;
    conditional::check_write(call, &target.key, bucket.objects.object(&target.key))?;
    let id = bucket.objects.put(&target.key, Some(object), bucket.versioning, call.clock.now(), &call.ids);
    let version = bucket.objects.current(&target.key).expect("it was just put");
    let change = Change::of(kind, &target.key, version);
    let expiration = lifecycle::expiration_header(bucket, &target.key, version);
    event::record(world, &Cause::of(call), &target.bucket, &change);
    Ok(Stored { id, expiration })
}

/// `GetObject`.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>
pub fn get(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    let found = versions::find(world, call, target)?;
    conditional::check_read(call.request, &found)?;
    let object = found.object;
    let mut reply = found
        .identified(encrypted(Reply::empty()))
        .with_header("accept-ranges", "bytes")
        .with_header("etag", &object.quoted_etag())
        .with_header("last-modified", &found.version.modified.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string());
    if let Some(expiration) = lifecycle::expiration_header(found.bucket, &target.key, found.version) {
        reply = reply.with_header("x-amz-expiration", &expiration);
    }
    if !object.tags.is_empty() {
        reply = reply.with_header("x-amz-tagging-count", &object.tags.len().to_string());
    }
    reply.headers.extend(object.headers.clone());
    for (name, value) in call.request.query() {
        if let Some(name) = name.strip_prefix("response-") {
            reply = reply.with_header(name, &value);
        }
    }
    reply = with_part_of_body(reply, call, object)?;
    let length = reply.body.len().to_string();
    Ok(reply.with_header("content-length", &length))
}

/// `HeadObject`: `GetObject` without the body.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>
pub fn head(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    let reply = get(world, call, target)?;
    Ok(Reply { body: Bytes::new(), ..reply })
}

/// What S3 answers where an object is not there.
pub fn no_such_key(key: &str) -> AwsError {
    AwsError::new(404, "NoSuchKey", "The specified key does not exist.").with_detail("Key", key)
}

/// The answer with the whole body, or the range or the part of it that is asked for.
fn with_part_of_body(mut reply: Reply, call: &Call<'_>, object: &Object) -> Result<Reply, AwsError> {
    let size = object.body.len();
    let number = call.request.query().into_iter().find(|(name, _)| name == "partNumber").map(|(_, value)| value);
    let range = match number {
        Some(_) if call.request.header("range").is_some() => {
            return Err(checksum::invalid("Cannot specify both Range header and partNumber query parameter"));
        }
        Some(number) => {
            if !object.parts.is_empty() {
                reply = reply.with_header("x-amz-mp-parts-count", &object.parts.len().to_string());
            }
            Some(part_range(object, &number)?)
        }
        None => conditional::range(call.request, size)?,
    };
    let Some(range) = range else {
        reply.body = object.body.clone();
        let asked = call.request.header("x-amz-checksum-mode").is_some_and(|mode| mode.eq_ignore_ascii_case("enabled"));
        return Ok(if asked { object.checksum.on(reply) } else { reply });
    };
    if !range.is_empty() {
        let content_range = format!("bytes {}-{}/{size}", range.start, range.end - 1);
        reply = reply.with_header("content-range", &content_range);
    }
    reply.body = object.body.slice(range);
    Ok(reply.with_status(206))
}

/// Where a part is in its object. An object that was put at once is its own first part.
fn part_range(object: &Object, number: &str) -> Result<Range<usize>, AwsError> {
    let asked = number.parse::<u32>().ok().filter(|number| (1..=10_000).contains(number));
    let asked = asked.ok_or_else(super::multipart::invalid_part_number)?;
    let mut start = 0;
    for part in &object.parts {
        if part.number == asked {
            return Ok(start..start + part.size);
        }
        start += part.size;
    }
    if object.parts.is_empty() && asked == 1 {
        return Ok(0..object.body.len());
    }
    let error = AwsError::new(416, "InvalidPartNumber", "The requested partnumber is not satisfiable");
    let count = object.parts.len().max(1).to_string();
    Err(error.with_detail("PartNumberRequested", number).with_detail("ActualPartCount", count))
}
