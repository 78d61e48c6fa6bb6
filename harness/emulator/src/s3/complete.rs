//! `CompleteMultipartUpload`: the parts become an object.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html>

use bytes::{Bytes, BytesMut};

use super::change;
use super::checksum::{self, Algorithm, Checksum, Digests, Kind};
use super::chunked::Payload;
use super::document::{Element, malformed};
use super::multipart::{Upload, UploadedPart, place, upload, upload_id};
use super::object::{Object, Part, encrypted};
use super::versions::Found;
use super::{Bucket, NAMESPACE, Target, bucket, conditional, objects};
use crate::protocol::{AwsError, Reply, xml};
use crate::world::{Call, World};

/// The least size of every part but the last.
const MIN_PART: usize = 5 * 1024 * 1024;

/// `CompleteMultipartUpload`. Who asks for it again, with the same parts, is answered as before.
pub fn complete(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    let payload = Payload::of(call.request)?;
    let bucket_now = bucket(world, call, &target.bucket)?;
    if let Some(reply) = completed_before(call, target, bucket_now, &payload) {
        return Ok(reply);
    }
    conditional::check_write(call, &target.key, bucket_now.objects.object(&target.key))?;
    let upload = upload(world, call, target)?;
    let document = Element::parse(&payload.body, "CompleteMultipartUpload")?;
    let chosen = Chosen::of(call, &document, upload)?;
    let object = chosen.object(call, upload)?;
    let result = result(call, target, &object);
    let stored = objects::store(world, call, target, object, change::Kind::CompleteMultipartUpload)?;
    let id = (target.key.clone(), upload_id(call));
    bucket(world, call, &target.bucket)?.uploads.remove(&id);
    Ok(stored.identified(encrypted(result)))
}

fn result(call: &Call<'_>, target: &Target, object: &Object) -> Reply {
    let location = format!("https://{}.s3.{}.amazonaws.com/{}", target.bucket, call.identity.region, target.key);
    let result = [
        xml::element("Location", &location),
        place(target),
        xml::element("ETag", &object.quoted_etag()),
        object.checksum.elements(),
    ];
    let result = result.concat();
    Reply::xml(format!("<CompleteMultipartUploadResult xmlns=\"{NAMESPACE}\">{result}</CompleteMultipartUploadResult>"))
}

/// What an upload was answered that was completed with the same parts, for as long as its object is there: a client
/// that was not told of its success asks again.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html>
fn completed_before(call: &Call<'_>, target: &Target, bucket: &Bucket, payload: &Payload) -> Option<Reply> {
    let id = upload_id(call);
    let mut versions = bucket.objects.versions(&target.key).iter();
    let found = versions.find_map(|version| {
        let object = version.object.as_ref().filter(|object| object.upload.as_deref() == Some(&id))?;
        Some(Found { version, object, bucket })
    })?;
    let document = Element::parse(&payload.body, "CompleteMultipartUpload").ok()?;
    let etags = document.all("Part").map(|part| checksum::unhex(part.text_of("ETag")?.trim_matches('"')));
    let etags = etags.collect::<Option<Vec<[u8; 16]>>>()?;
    let is_same = checksum::etag_of_parts(etags.iter()) == found.object.etag;
    is_same.then(|| found.identified(encrypted(result(call, target, found.object))))
}

/// The parts that the object is made of, in order.
struct Chosen<'u>(Vec<(u32, &'u UploadedPart)>);

impl<'u> Chosen<'u> {
    fn of(call: &Call<'_>, document: &Element, upload: &'u Upload) -> Result<Self, AwsError> {
        let mut chosen: Vec<(u32, &UploadedPart)> = Vec::new();
        for element in document.all("Part") {
            let number: u32 = element.required("PartNumber")?.parse().map_err(|_| malformed())?;
            if chosen.last().is_some_and(|(last, _)| *last >= number) {
                let message = "The list of parts was not in ascending order. The parts list must be specified in \
                               order by part number.";
                let error = AwsError::client("InvalidPartOrder", message);
                return Err(error.with_detail("UploadId", upload_id(call)));
            }
            chosen.push((number, part(call, element, number, upload)?));
        }
        if chosen.is_empty() {
            return Err(malformed());
        }
        for (number, part) in &chosen[..chosen.len() - 1] {
            check_size(*number, part)?;
        }
        Ok(Self(chosen))
    }

    fn object(&self, call: &Call<'_>, upload: &Upload) -> Result<Object, AwsError> {
        let body = self.body();
        if call.request.header("x-amz-mp-object-size").is_some_and(|size| size != body.len().to_string()) {
            let size = call.request.header("x-amz-mp-object-size").unwrap_or_default();
            return Err(checksum::invalid(&format!(
                "The provided 'x-amz-mp-object-size' header value {size} does not match what was computed: {}",
                body.len()
            )));
        }
        let checksum = self.checksum(upload, &body);
        if let Some((algorithm, given)) = checksum::given_of_object(call)
            && (algorithm != checksum.algorithm || given != checksum.value)
        {
            return Err(checksum::mismatch(algorithm));
        }
        let remembered = |(number, part): &(u32, &UploadedPart)| Part {
            number: *number,
            size: part.body.len(),
            checksum: part.checksum.clone(),
        };
        Ok(Object {
            etag: checksum::etag_of_parts(self.0.iter().map(|(_, part)| &part.md5)),
            checksum,
            headers: upload.headers.clone(),
            tags: upload.tags.clone(),
            acl: upload.acl,
            parts: self.0.iter().map(remembered).collect(),
            upload: Some(upload_id(call)),
            body,
        })
    }

    /// The one copy that is made of the parts' bytes; of a single part, none.
    fn body(&self) -> Bytes {
        if let [(_, only)] = self.0[..] {
            return only.body.clone();
        }
        let mut body = BytesMut::with_capacity(self.0.iter().map(|(_, part)| part.body.len()).sum());
        self.0.iter().for_each(|(_, part)| body.extend_from_slice(&part.body));
        body.freeze()
    }

    fn checksum(&self, upload: &Upload, body: &[u8]) -> Checksum {
        let algorithm = upload.algorithm.unwrap_or(Algorithm::Crc64Nvme);
        match upload.kind {
            Kind::Composite => {
                Checksum::composite(algorithm, self.0.iter().filter_map(|(_, part)| part.checksum.as_ref()))
            }
            Kind::FullObject => Digests::of(body, Some(algorithm)).checksum.expect("an algorithm was asked for"),
        }
    }
}

/// The part that an element of the request names by number, entity tag and perhaps checksum.
fn part<'u>(call: &Call<'_>, element: &Element, number: u32, upload: &'u Upload) -> Result<&'u UploadedPart, AwsError> {
    let etag = element.required("ETag")?.trim_matches('"');
    let given = |algorithm: &Algorithm| Some((*algorithm, element.text_of(&algorithm.element_name())?));
    let given = Algorithm::ALL.iter().find_map(given);
    if let (Kind::Composite, Some(algorithm), None) = (upload.kind, upload.algorithm, given) {
        return Err(checksum::invalid(&format!(
            "The upload was created using a {} checksum. The complete request must include the checksum for each \
             part. It was missing for part {number} in the request.",
            algorithm.name().to_ascii_lowercase(),
        )));
    }
    let matches = |part: &&UploadedPart| {
        let same = |(algorithm, value): (Algorithm, &str)| {
            let kept = part.checksum.as_ref().filter(|kept| kept.algorithm == algorithm);
            kept.is_none_or(|kept| kept.value == value)
        };
        part.etag() == etag && given.is_none_or(same)
    };
    upload.parts.get(&number).filter(matches).ok_or_else(|| {
        let message = "One or more of the specified parts could not be found.  The part may not have been uploaded, \
                       or the specified entity tag may not match the part's entity tag.";
        let error = AwsError::client("InvalidPart", message).with_detail("UploadId", upload_id(call));
        error.with_detail("PartNumber", number.to_string()).with_detail("ETag", etag)
    })
}

fn check_size(number: u32, part: &UploadedPart) -> Result<(), AwsError> {
    if part.body.len() >= MIN_PART {
        return Ok(());
    }
    let error = AwsError::client("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size");
    let error = error.with_detail("ETag", part.etag()).with_detail("MinSizeAllowed", MIN_PART.to_string());
    Err(error.with_detail("PartNumber", number.to_string()).with_detail("ProposedSize", part.body.len().to_string()))
}
