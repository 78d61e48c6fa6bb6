//! Versions of objects: which one a request means, and whether a bucket keeps them.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html>

use super::chunked::Payload;
use super::document::{Element, malformed};
use super::object::Object;
use super::objects::no_such_key;
use super::store::{Version, Versioning};
use super::{Bucket, NAMESPACE, Target, bucket, checksum};
use crate::protocol::{AwsError, Reply, Service, xml};
use crate::world::{Call, World};

/// The object that a request means.
pub struct Found<'w> {
    pub version: &'w Version,
    pub object: &'w Object,
    pub bucket: &'w Bucket,
}

impl Found<'_> {
    /// The answer with the version's id, in a bucket that has ever kept versions.
    pub fn identified(&self, reply: Reply) -> Reply {
        match self.bucket.versioning {
            Versioning::Never => reply,
            _ => reply.with_header("x-amz-version-id", self.version.id_text()),
        }
    }
}

/// The object that a request means: the version that it names, or the current one.
pub fn find<'w>(world: &'w mut World, call: &Call<'_>, target: &Target) -> Result<Found<'w>, AwsError> {
    in_bucket(bucket(world, call, &target.bucket)?, target)
}

/// The same, to be changed.
pub fn find_mut<'w>(world: &'w mut World, call: &Call<'_>, target: &Target) -> Result<&'w mut Object, AwsError> {
    find(world, call, target)?;
    let version = bucket(world, call, &target.bucket)?.objects.version_mut(&target.key, target.version.as_deref());
    version.and_then(|version| version.object.as_mut()).ok_or_else(|| no_such_key(&target.key))
}

/// The object that a request means, in its bucket.
pub fn in_bucket<'w>(bucket: &'w Bucket, target: &Target) -> Result<Found<'w>, AwsError> {
    let id = target.version.as_deref();
    check_id(bucket, id)?;
    let version = bucket.objects.version(&target.key, id);
    let Some(version) = version else {
        return Err(id.map_or_else(|| no_such_key(&target.key), |id| no_such_version(&target.key, id)));
    };
    match &version.object {
        Some(object) => Ok(Found { version, object, bucket }),
        None => Err(is_delete_marker(target, version)),
    }
}

/// Refuses a version's id that S3 has never given: `null` is that of every bucket.
pub fn check_id(bucket: &Bucket, id: Option<&str>) -> Result<(), AwsError> {
    let is_well_formed = |id: &str| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match id {
        None | Some("null") => Ok(()),
        Some(id) if bucket.versioning != Versioning::Never && is_well_formed(id) => Ok(()),
        Some(id) => {
            let error = AwsError::client("InvalidArgument", "Invalid version id specified");
            Err(error.with_detail("ArgumentName", "versionId").with_detail("ArgumentValue", id))
        }
    }
}

fn no_such_version(key: &str, id: &str) -> AwsError {
    let error = AwsError::new(404, "NoSuchVersion", "The specified version does not exist.");
    error.with_detail("Key", key).with_detail("VersionId", id)
}

/// What S3 answers where a delete marker stands: nothing is there, and a marker itself cannot be read.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html>
fn is_delete_marker(target: &Target, version: &Version) -> AwsError {
    let error = match target.version {
        None => no_such_key(&target.key),
        Some(_) => {
            let message = "The specified method is not allowed against this resource.";
            let modified = version.modified.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
            let error = AwsError::new(405, "MethodNotAllowed", message).with_detail("ResourceType", "DeleteMarker");
            error.with_header("allow", "DELETE").with_header("last-modified", modified)
        }
    };
    error.with_header("x-amz-delete-marker", "true").with_header("x-amz-version-id", version.id_text())
}

/// `PutBucketVersioning`.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html>
pub fn put(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    let bucket = bucket(world, call, &target.bucket)?;
    let payload = Payload::of(call.request)?;
    checksum::verify(call, &payload, None)?;
    let document = Element::parse(&payload.body, "VersioningConfiguration")?;
    if document.text_of("MfaDelete").is_some_and(|status| status != "Disabled") {
        return Err(AwsError::parameter_not_simulated(Service::S3, call.operation(), "MfaDelete"));
    }
    bucket.versioning = match document.required("Status")? {
        "Enabled" => Versioning::Enabled,
        "Suspended" => Versioning::Suspended,
        _ => return Err(malformed()),
    };
    Ok(Reply::empty())
}

/// `GetBucketVersioning`: nothing, where versions have never been kept.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html>
pub fn get(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    let status = match bucket(world, call, &target.bucket)?.versioning {
        Versioning::Never => String::new(),
        Versioning::Enabled => xml::element("Status", "Enabled"),
        Versioning::Suspended => xml::element("Status", "Suspended"),
    };
    Ok(Reply::xml(format!("<VersioningConfiguration xmlns=\"{NAMESPACE}\">{status}</VersioningConfiguration>")))
}
