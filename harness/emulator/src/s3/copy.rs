//! Copying: `CopyObject`, and the source that `UploadPartCopy` reads too.

use percent_encoding::percent_decode_str;

use super::change::Kind;
use super::checksum::Algorithm;
use super::object::{Object, check_key, encrypted, stored_headers};
use super::store::Version;
use super::tagging::Tags;
use super::{NAMESPACE, Target, acl, bucket, conditional, no_such_bucket, objects, versions, xml_time};
use crate::protocol::{AwsError, Reply, xml};
use crate::world::{Call, World};

/// `CopyObject`, from a bucket of the caller in any region.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>
pub fn object(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    check_key(&target.key)?;
    let acl = acl::of_request(call, bucket(world, call, &target.bucket)?)?;
    let source = Source::of(call)?;
    let found = source.find(world, call)?;
    let mut object = found.object.clone();
    let replaces = |directive| call.request.header(directive) == Some("REPLACE");
    if !replaces("x-amz-metadata-directive") && source.is_current_of(world, target) {
        let message = "This copy request is illegal because it is trying to copy an object to itself without changing \
                       the object's metadata, storage class, website redirect location or encryption attributes.";
        return Err(AwsError::client("InvalidRequest", message));
    }
    if replaces("x-amz-metadata-directive") {
        object.headers = stored_headers(call.request)?;
    }
    if replaces("x-amz-tagging-directive") {
        object.tags = Tags::of_header(call.request.header("x-amz-tagging"))?;
    }
    object.acl = acl;
    object.become_one_part(call.request.header("x-amz-checksum-algorithm").and_then(Algorithm::named));
    let result = [
        xml::element("ETag", &object.quoted_etag()),
        xml::element("LastModified", &xml_time(call.clock.now())),
        object.checksum.elements(),
    ];
    let stored = objects::store(world, call, target, object, Kind::Copy)?;
    let result = format!("<CopyObjectResult xmlns=\"{NAMESPACE}\">{}</CopyObjectResult>", result.concat());
    Ok(stored.identified(found.source_identified(encrypted(Reply::xml(result)))))
}

/// What `x-amz-copy-source` names.
pub struct Source(Target);

/// A copy's source, found. Its body is shared with the object that it is of.
pub struct FoundSource {
    pub object: Object,
    version: Option<String>,
}

impl FoundSource {
    /// The answer with the source's version, where its bucket has ever kept versions.
    pub fn source_identified(&self, reply: Reply) -> Reply {
        self.version.iter().fold(reply, |reply, id| reply.with_header("x-amz-copy-source-version-id", id))
    }
}

impl Source {
    /// The source of a request: `bucket/key`, URL-encoded, perhaps with a slash before it and a version
    /// behind it.
    pub fn of(call: &Call<'_>) -> Result<Self, AwsError> {
        let header = call.request.header("x-amz-copy-source").unwrap_or_default();
        let (path, version) = match header.split_once("?versionId=") {
            Some((path, version)) => (path, Some(version.to_owned())),
            None => (header, None),
        };
        let path = percent_decode_str(path).decode_utf8_lossy();
        let (bucket, key) = path.strip_prefix('/').unwrap_or(&path).split_once('/').unwrap_or_default();
        if bucket.is_empty() || key.is_empty() {
            let message = "Invalid copy source object key";
            return Err(AwsError::client("InvalidArgument", message).with_detail("ArgumentName", "x-amz-copy-source"));
        }
        Ok(Self(Target { bucket: bucket.to_owned(), key: key.to_owned(), version }))
    }

    /// The object to copy from, once the request's conditions on it hold.
    pub fn find(&self, world: &World, call: &Call<'_>) -> Result<FoundSource, AwsError> {
        let owner = world.regions().find_map(|region| Some((region, region.s3.buckets.get(&self.0.bucket)?)));
        let (region, bucket) = owner.ok_or_else(|| no_such_bucket(&self.0.bucket))?;
        if region.account != call.identity.account {
            return Err(AwsError::new(403, "AccessDenied", "Access Denied"));
        }
        let found = versions::in_bucket(bucket, &self.0).map_err(|error| match error.code.as_ref() {
            "MethodNotAllowed" => AwsError::client(
                "InvalidRequest",
                "The source of a copy request may not specifically refer to a delete marker by version id.",
            ),
            _ => error,
        })?;
        conditional::check_copy_source(call.request, &found)?;
        let version = found.identified(Reply::empty()).headers.remove("x-amz-version-id");
        let version = version.and_then(|id| id.to_str().ok().map(str::to_owned));
        Ok(FoundSource { object: found.object.clone(), version })
    }

    /// Whether the source is the current version of a target.
    fn is_current_of(&self, world: &World, target: &Target) -> bool {
        let bucket = world.regions().find_map(|region| region.s3.buckets.get(&self.0.bucket));
        let current = bucket.and_then(|bucket| bucket.objects.current(&self.0.key)).map(Version::id_text);
        let is_current = self.0.version.is_none() || self.0.version.as_deref() == current;
        is_current && (&self.0.bucket, &self.0.key) == (&target.bucket, &target.key)
    }
}
