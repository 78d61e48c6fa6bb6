//! Deleting objects and versions.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectVersions.html>

use super::change::{Cause, Change, Kind};
use super::chunked::Payload;
use super::document::{Element, malformed};
use super::event;
use super::store::Versioning;
use super::{NAMESPACE, Target, bucket, checksum, conditional, versions};
use crate::protocol::{AwsError, Reply, Service, xml};
use crate::world::{Call, World};

/// What a deletion came to.
struct Deleted {
    /// Whether a delete marker was made or removed.
    marker: bool,
    /// The id of the version that was made or removed, where the bucket has ever kept versions.
    version: Option<String>,
}

/// `DeleteObject`, which succeeds where there is no such object. Then nothing changed and no event is sent.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html>
pub fn one(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    let tags = call.request.header("if-match").map(str::to_owned);
    let deleted = delete(world, call, target, tags.as_deref())?;
    let mut reply = Reply::empty().with_status(204);
    if deleted.marker {
        reply = reply.with_header("x-amz-delete-marker", "true");
    }
    Ok(deleted.version.iter().fold(reply, |reply, id| reply.with_header("x-amz-version-id", id)))
}

/// `DeleteObjects`: up to 1,000 objects or versions, each answered for.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>
pub fn many(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    bucket(world, call, &target.bucket)?;
    let payload = Payload::of(call.request)?;
    checksum::verify_required(call, &payload)?;
    let document = Element::parse(&payload.body, "Delete")?;
    let objects: Vec<&Element> = document.all("Object").collect();
    if objects.is_empty() || objects.len() > 1000 {
        return Err(malformed());
    }
    let quiet = document.text_of("Quiet") == Some("true");
    let mut answers = String::new();
    for object in objects {
        if let Some(name) = ["LastModifiedTime", "Size"].into_iter().find(|name| object.text_of(name).is_some()) {
            return Err(AwsError::parameter_not_simulated(Service::S3, call.operation(), name));
        }
        let version = object.text_of("VersionId").filter(|id| !id.is_empty()).map(str::to_owned);
        let key = object.required("Key")?.to_owned();
        let one = Target { bucket: target.bucket.clone(), key, version };
        match delete(world, call, &one, object.text_of("ETag")) {
            Ok(_) if quiet => {}
            Ok(deleted) => answers += &deleted_element(&one, &deleted),
            Err(error) => answers += &error_element(&one, &error),
        }
    }
    Ok(Reply::xml(format!("<DeleteResult xmlns=\"{NAMESPACE}\">{answers}</DeleteResult>")))
}

fn deleted_element(target: &Target, deleted: &Deleted) -> String {
    let mut parts = vec![xml::element("Key", &target.key)];
    parts.extend(target.version.iter().map(|id| xml::element("VersionId", id)));
    if deleted.marker {
        parts.push(xml::element("DeleteMarker", "true"));
        parts.extend(deleted.version.iter().map(|id| xml::element("DeleteMarkerVersionId", id)));
    }
    format!("<Deleted>{}</Deleted>", parts.concat())
}

fn error_element(target: &Target, error: &AwsError) -> String {
    // Here S3 tells of an id that it has never given as of one that is not there.
    let (code, message) = match error.code.as_ref() {
        "InvalidArgument" => ("NoSuchVersion", "The specified version does not exist."),
        code => (code, error.message.as_str()),
    };
    let version = target.version.iter().map(|id| xml::element("VersionId", id));
    let parts: String = [xml::element("Key", &target.key)].into_iter().chain(version).collect();
    format!("<Error>{parts}{}{}</Error>", xml::element("Code", code), xml::element("Message", message))
}

/// Deletes a version for good, or, where the bucket has ever kept versions and none is named, puts a delete
/// marker over all.
fn delete(world: &mut World, call: &Call<'_>, target: &Target, if_match: Option<&str>) -> Result<Deleted, AwsError> {
    let bucket = bucket(world, call, &target.bucket)?;
    versions::check_id(bucket, target.version.as_deref())?;
    if let Some(tags) = if_match {
        conditional::check_delete(tags, &target.key, bucket.objects.current(&target.key))?;
    }
    let keeps = bucket.versioning != Versioning::Never;
    if keeps && target.version.is_none() {
        let id = mark(world, &Cause::of(call), target, Kind::DeleteMarkerCreated);
        return Ok(Deleted { marker: true, version: Some(id) });
    }
    let id = target.version.clone().unwrap_or_else(|| "null".to_owned());
    let was_marker = remove(world, &Cause::of(call), target, &id, Kind::Delete);
    Ok(Deleted { marker: was_marker, version: keeps.then_some(id) })
}

/// Makes a delete marker the current version and tells of it. Returns its id.
pub fn mark(world: &mut World, cause: &Cause<'_>, target: &Target, kind: Kind) -> String {
    let bucket = cause.bucket(world, &target.bucket);
    bucket.objects.put(&target.key, None, bucket.versioning, cause.now, &cause.ids);
    let marker = bucket.objects.current(&target.key).expect("it was just made");
    let (id, change) = (marker.id_text().to_owned(), Change::of(kind, &target.key, marker));
    event::record(world, cause, &target.bucket, &change);
    id
}

/// Removes a version for good and tells of it, if it is there. Says whether it was a delete marker.
pub fn remove(world: &mut World, cause: &Cause<'_>, target: &Target, id: &str, kind: Kind) -> bool {
    let Some(removed) = cause.bucket(world, &target.bucket).objects.remove(&target.key, id) else { return false };
    event::record(world, cause, &target.bucket, &Change::removed(kind, &target.key, &removed));
    removed.object.is_none()
}
