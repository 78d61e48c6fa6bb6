//! Multipart uploads: an object in parts.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html>

use std::collections::BTreeMap;

use bytes::Bytes;
use http::HeaderMap;
use jiff::Timestamp;

use super::checksum::{self, Algorithm, Checksum, Digests, Kind};
use super::chunked::Payload;
use super::copy::Source;
use super::object::{check_key, encrypted, quoted, stored_headers};
use super::tagging::Tags;
use super::{NAMESPACE, Target, acl, bucket, xml_time};
use crate::hex::hex;
use crate::protocol::{AwsError, Reply, xml};
use crate::world::{Call, World};

/// The uploads of a bucket that are neither complete nor aborted, by key and id.
pub type Uploads = BTreeMap<(String, String), Upload>;

/// An upload that is under way.
pub struct Upload {
    pub started: Timestamp,
    /// What the object will have besides its body.
    pub headers: HeaderMap,
    pub tags: Tags,
    pub acl: &'static str,
    /// The algorithm that was asked for.
    pub algorithm: Option<Algorithm>,
    pub kind: Kind,
    pub parts: BTreeMap<u32, UploadedPart>,
}

/// A part that has arrived.
pub struct UploadedPart {
    pub body: Bytes,
    pub md5: [u8; 16],
    pub checksum: Option<Checksum>,
    pub modified: Timestamp,
}

impl UploadedPart {
    /// The entity tag, without quotes.
    pub fn etag(&self) -> String {
        hex(&self.md5)
    }

    fn new(body: Bytes, digests: Digests, modified: Timestamp) -> Self {
        Self { body, md5: digests.md5, checksum: digests.checksum, modified }
    }
}

/// `CreateMultipartUpload`.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html>
pub fn create(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    check_key(&target.key)?;
    let (algorithm, kind) = asked_for(call)?;
    let bucket = bucket(world, call, &target.bucket)?;
    let upload = Upload {
        started: call.clock.now(),
        headers: stored_headers(call.request)?,
        tags: Tags::of_header(call.request.header("x-amz-tagging"))?,
        acl: acl::of_request(call, bucket)?,
        algorithm,
        kind,
        parts: BTreeMap::new(),
    };
    let id = call.ids.mixed(128);
    bucket.uploads.insert((target.key.clone(), id.clone()), upload);
    bucket.touch(&target.key);
    // A lifecycle may have to abort it.
    world.changed();
    let result = place(target) + &xml::element("UploadId", &id);
    let result =
        format!("<InitiateMultipartUploadResult xmlns=\"{NAMESPACE}\">{result}</InitiateMultipartUploadResult>");
    let reply = encrypted(Reply::xml(result));
    Ok(match algorithm {
        Some(algorithm) => reply
            .with_header("x-amz-checksum-algorithm", algorithm.name())
            .with_header("x-amz-checksum-type", kind.name()),
        None => reply,
    })
}

/// The checksum that an upload is to have: unless it says so, a CRC64NVME is one of the full object, and the
/// others are of the parts' checksums.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html>
fn asked_for(call: &Call<'_>) -> Result<(Option<Algorithm>, Kind), AwsError> {
    let algorithm = call.request.header("x-amz-checksum-algorithm").and_then(Algorithm::named);
    let Some(algorithm) = algorithm else {
        return match call.request.header("x-amz-checksum-type") {
            Some(_) => Err(checksum::invalid(
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
            )),
            None => Ok((None, Kind::FullObject)),
        };
    };
    let kind = match call.request.header("x-amz-checksum-type") {
        Some("COMPOSITE") => Kind::Composite,
        Some(_) => Kind::FullObject,
        None if algorithm == Algorithm::Crc64Nvme => Kind::FullObject,
        None => Kind::Composite,
    };
    let fits = match kind {
        Kind::Composite => algorithm != Algorithm::Crc64Nvme,
        Kind::FullObject => !matches!(algorithm, Algorithm::Sha1 | Algorithm::Sha256),
    };
    let (type_name, name) = (kind.name(), algorithm.name().to_ascii_lowercase());
    match fits {
        true => Ok((Some(algorithm), kind)),
        false => Err(checksum::invalid(&format!(
            "The {type_name} checksum type cannot be used with the {name} checksum algorithm."
        ))),
    }
}

/// `UploadPart`.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html>
pub fn upload_part(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    let number = part_number(call)?;
    let upload = upload(world, call, target)?;
    let payload = Payload::of(call.request)?;
    let digests = checksum::verify(call, &payload, upload.algorithm)?;
    if let Some((expected, given)) = upload.algorithm.zip(digests.checksum.as_ref())
        && expected != given.algorithm
    {
        let name = |algorithm: Algorithm| algorithm.name().to_ascii_lowercase();
        return Err(checksum::invalid(&format!(
            "Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum Type: {}",
            name(expected),
            name(given.algorithm),
        )));
    }
    let part = UploadedPart::new(payload.body, digests, call.clock.now());
    let reply = encrypted(Reply::empty()).with_header("etag", &quoted(&part.etag()));
    let reply = part.checksum.iter().fold(reply, |reply, checksum| checksum.on_part(reply));
    upload.parts.insert(number, part);
    Ok(reply)
}

/// `UploadPartCopy`: a part that is a range of another object, whose bytes it shares.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html>
pub fn upload_part_copy(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    let number = part_number(call)?;
    upload(world, call, target)?;
    let found = Source::of(call)?.find(world, call)?;
    let body = match call.request.header("x-amz-copy-source-range") {
        None => found.object.body.clone(),
        Some(range) => copied_range(range, &found.object.body)?,
    };
    let upload = upload(world, call, target)?;
    let digests = Digests::of(&body, upload.algorithm);
    let part = UploadedPart::new(body, digests, call.clock.now());
    let result = [
        xml::element("ETag", &quoted(&part.etag())),
        xml::element("LastModified", &xml_time(part.modified)),
        part.checksum.as_ref().map(Checksum::element).unwrap_or_default(),
    ];
    upload.parts.insert(number, part);
    let result = format!("<CopyPartResult xmlns=\"{NAMESPACE}\">{}</CopyPartResult>", result.concat());
    Ok(found.source_identified(encrypted(Reply::xml(result))))
}

fn copied_range(range: &str, body: &Bytes) -> Result<Bytes, AwsError> {
    let invalid = |message: String| {
        let error = AwsError::client("InvalidArgument", message);
        error.with_detail("ArgumentName", "x-amz-copy-source-range").with_detail("ArgumentValue", range)
    };
    let ends = range.strip_prefix("bytes=").and_then(|range| range.split_once('-'));
    let ends = ends.and_then(|(first, last)| Some((first.parse::<usize>().ok()?, last.parse::<usize>().ok()?)));
    let form = "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the \
                zero-based offsets of the first and last bytes to copy";
    let (first, last) = ends.filter(|(first, last)| first <= last).ok_or_else(|| invalid(form.to_owned()))?;
    if last >= body.len() {
        return Err(invalid(format!("Range specified is not valid for source object of size: {}", body.len())));
    }
    Ok(body.slice(first..=last))
}

/// `AbortMultipartUpload`.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html>
pub fn abort(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    upload(world, call, target)?;
    let id = (target.key.clone(), upload_id(call));
    let bucket = bucket(world, call, &target.bucket)?;
    bucket.uploads.remove(&id);
    bucket.touch(&target.key);
    Ok(Reply::empty().with_status(204))
}

/// The upload that a request is for.
pub fn upload<'w>(world: &'w mut World, call: &Call<'_>, target: &Target) -> Result<&'w mut Upload, AwsError> {
    let id = upload_id(call);
    let uploads = &mut bucket(world, call, &target.bucket)?.uploads;
    uploads.get_mut(&(target.key.clone(), id.clone())).ok_or_else(|| {
        let message = "The specified upload does not exist. The upload ID may be invalid, or the upload may have been \
                       aborted or completed.";
        AwsError::new(404, "NoSuchUpload", message).with_detail("UploadId", id)
    })
}

/// The id of the upload that a request is for.
pub fn upload_id(call: &Call<'_>) -> String {
    parameter(call, "uploadId").unwrap_or_default()
}

fn parameter(call: &Call<'_>, name: &str) -> Option<String> {
    call.request.query().into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

fn part_number(call: &Call<'_>) -> Result<u32, AwsError> {
    let number = parameter(call, "partNumber").and_then(|number| number.parse().ok());
    number.filter(|number| (1..=10_000).contains(number)).ok_or_else(invalid_part_number)
}

/// What S3 answers to the number of a part that none can have.
pub fn invalid_part_number() -> AwsError {
    let message = "Part number must be an integer between 1 and 10000, inclusive";
    AwsError::client("InvalidArgument", message).with_detail("ArgumentName", "partNumber")
}

/// The elements that say which object an answer is about.
pub fn place(target: &Target) -> String {
    xml::element("Bucket", &target.bucket) + &xml::element("Key", &target.key)
}
