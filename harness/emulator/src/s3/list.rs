//! Listings of objects, versions, uploads and parts.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ListingKeysUsingAPIs.html>

use super::multipart::{self, Upload};
use super::object::{Object, quoted};
use super::page::{Cut, Page, Parameters, token};
use super::store::Version;
use super::{NAMESPACE, Target, bucket, canonical_user, xml_time};
use crate::protocol::{AwsError, Reply, xml};
use crate::world::{Call, World};

/// `ListObjectsV2`: keys in the order of their UTF-8 bytes, up to 1,000 a page; with a delimiter, those
/// that share what stands up to it are one common prefix.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
pub fn objects(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    let query = Parameters::of(call.request);
    let (limit, given) = (query.limit("max-keys")?, query.token()?);
    let after = given.as_deref().or(query.get("start-after")).unwrap_or_default();
    let cut = Cut::of(&query, after)?;
    let page = page_of_objects(world, call, target, &cut, limit)?;
    let owner = (query.get("fetch-owner") == Some("true")).then(|| owner("Owner", call));
    let mut parts = vec![
        xml::element("Name", &target.bucket),
        cut.elements(),
        xml::element("KeyCount", &page.entries.len().to_string()),
        xml::element("MaxKeys", &limit.to_string()),
        xml::element("IsTruncated", &page.truncated.to_string()),
    ];
    parts.extend(query.get("start-after").map(|after| cut.name("StartAfter", after)));
    parts.extend(query.get("continuation-token").map(|token| xml::element("ContinuationToken", token)));
    parts.extend(page.next().map(|next| xml::element("NextContinuationToken", &token(next))));
    parts.push(cut.entries(&page, |key, version| contents(&cut, key, version, owner.as_deref().unwrap_or_default())));
    Ok(listing("ListBucketResult", &parts))
}

/// `ListObjects`, the first version of it: pages are told apart by keys. It names the next one only where
/// there is a delimiter; elsewhere that is the last key.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html>
pub fn objects_v1(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    let query = Parameters::of(call.request);
    let (limit, marker) = (query.limit("max-keys")?, query.text("marker"));
    let cut = Cut::of(&query, marker)?;
    let page = page_of_objects(world, call, target, &cut, limit)?;
    let owner = owner("Owner", call);
    let mut parts = vec![
        xml::element("Name", &target.bucket),
        cut.elements(),
        cut.name("Marker", marker),
        xml::element("MaxKeys", &limit.to_string()),
        xml::element("IsTruncated", &page.truncated.to_string()),
    ];
    parts.extend(page.next().filter(|_| cut.delimiter.is_some()).map(|next| cut.name("NextMarker", next)));
    parts.push(cut.entries(&page, |key, version| contents(&cut, key, version, &owner)));
    Ok(listing("ListBucketResult", &parts))
}

fn page_of_objects<'w>(
    world: &'w mut World,
    call: &Call<'_>,
    target: &Target,
    cut: &Cut<'w>,
    limit: usize,
) -> Result<Page<'w, &'w Version>, AwsError> {
    let objects = &bucket(world, call, &target.bucket)?.objects;
    let listed = objects.current_from(cut.prefix.max(cut.after)).take_while(|(key, _)| key.starts_with(cut.prefix));
    Ok(cut.page(listed.filter(|(key, _)| *key > cut.after || cut.after.is_empty()), limit))
}

/// `ListObjectVersions`: all versions and delete markers, of each key the newest first.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html>
pub fn versions(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    let query = Parameters::of(call.request);
    let (limit, key_marker) = (query.limit("max-keys")?, query.text("key-marker"));
    let id_marker = query.get("version-id-marker").filter(|id| !id.is_empty());
    if id_marker.is_some() && key_marker.is_empty() {
        let message = "A version-id marker cannot be specified without a key marker.";
        return Err(super::page::invalid("version-id-marker", message));
    }
    let cut = Cut::of(&query, key_marker)?;
    let objects = &bucket(world, call, &target.bucket)?.objects;
    let keys = objects.keys_from(cut.prefix.max(key_marker)).take_while(|(key, _)| key.starts_with(cut.prefix));
    let listed = keys.flat_map(|(key, versions)| {
        let versions = versions.iter().rev().enumerate().map(move |(at, version)| (key, (at == 0, version)));
        // Of the key that the page before ended with, what comes after the version that it ended with.
        let rest = id_marker.filter(|_| key == key_marker);
        let seen = versions.clone().position(|(_, (_, version))| Some(version.id_text()) == rest);
        let skipped = if key == key_marker && !key.is_empty() { seen.map_or(usize::MAX, |at| at + 1) } else { 0 };
        versions.skip(skipped)
    });
    let page = cut.page(listed, limit);
    let mut parts = vec![
        xml::element("Name", &target.bucket),
        cut.elements(),
        cut.name("KeyMarker", key_marker),
        xml::element("VersionIdMarker", id_marker.unwrap_or_default()),
        xml::element("MaxKeys", &limit.to_string()),
        xml::element("IsTruncated", &page.truncated.to_string()),
    ];
    parts.extend(page.next().map(|next| cut.name("NextKeyMarker", next)));
    parts.extend(page.next_item().map(|(_, version)| xml::element("NextVersionIdMarker", version.id_text())));
    let owner = owner("Owner", call);
    parts.push(cut.entries(&page, |key, (is_latest, version)| {
        let about = [
            cut.name("Key", key),
            xml::element("VersionId", version.id_text()),
            xml::element("IsLatest", &is_latest.to_string()),
            xml::element("LastModified", &xml_time(version.modified)),
        ];
        match &version.object {
            Some(object) => format!("<Version>{}{}{owner}</Version>", about.concat(), about_object(object)),
            None => format!("<DeleteMarker>{}{owner}</DeleteMarker>", about.concat()),
        }
    }));
    Ok(listing("ListVersionsResult", &parts))
}

/// `ListMultipartUploads`: those under way, by key and then by age.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html>
pub fn uploads(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    let query = Parameters::of(call.request);
    let (limit, key_marker) = (query.limit("max-uploads")?, query.text("key-marker"));
    let id_marker = query.get("upload-id-marker").filter(|id| !id.is_empty() && !key_marker.is_empty());
    let cut = Cut::of(&query, key_marker)?;
    let uploads = &bucket(world, call, &target.bucket)?.uploads;
    let mut listed: Vec<(&str, (&str, &Upload))> =
        uploads.iter().map(|((key, id), upload)| (key.as_str(), (id.as_str(), upload))).collect();
    listed.sort_by_key(|(key, (_, upload))| (*key, upload.started));
    let seen = listed.iter().position(|(key, (id, _))| *key == key_marker && Some(*id) == id_marker);
    let rest = listed.into_iter().enumerate().filter(|(at, (key, _))| match seen {
        Some(seen) => *at > seen,
        None => *key > key_marker || key_marker.is_empty(),
    });
    let page = cut.page(rest.map(|(_, entry)| entry), limit);
    let mut parts = vec![
        xml::element("Bucket", &target.bucket),
        cut.elements(),
        cut.name("KeyMarker", key_marker),
        xml::element("UploadIdMarker", id_marker.unwrap_or_default()),
        xml::element("MaxUploads", &limit.to_string()),
        xml::element("IsTruncated", &page.truncated.to_string()),
    ];
    parts.extend(page.next().map(|next| cut.name("NextKeyMarker", next)));
    parts.extend(page.next_item().map(|(id, _)| xml::element("NextUploadIdMarker", id)));
    let people = owner("Initiator", call) + &owner("Owner", call);
    parts.push(cut.entries(&page, |key, (id, upload)| {
        let about = [
            cut.name("Key", key),
            xml::element("UploadId", id),
            people.clone(),
            xml::element("StorageClass", "STANDARD"),
            xml::element("Initiated", &xml_time(upload.started)),
            checksum_of(upload),
        ];
        format!("<Upload>{}</Upload>", about.concat())
    }));
    Ok(listing("ListMultipartUploadsResult", &parts))
}

/// `ListParts`: the parts of an upload that have arrived.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html>
pub fn parts(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    let query = Parameters::of(call.request);
    let limit = query.limit("max-parts")?;
    let marker = query.number("part-number-marker", 0..=i32::MAX as usize)?.unwrap_or(0);
    let upload = multipart::upload(world, call, target)?;
    let rest: Vec<_> = upload.parts.iter().filter(|(number, _)| **number as usize > marker).collect();
    let page = &rest[..rest.len().min(limit)];
    let mut elements = vec![
        multipart::place(target),
        xml::element("UploadId", &multipart::upload_id(call)),
        owner("Initiator", call),
        owner("Owner", call),
        xml::element("StorageClass", "STANDARD"),
        checksum_of(upload),
        xml::element("PartNumberMarker", &marker.to_string()),
        xml::element("MaxParts", &limit.to_string()),
        xml::element("IsTruncated", &(page.len() < rest.len()).to_string()),
    ];
    elements.extend(page.last().map(|(number, _)| xml::element("NextPartNumberMarker", &number.to_string())));
    elements.extend(page.iter().map(|(number, part)| {
        let about = [
            xml::element("PartNumber", &number.to_string()),
            xml::element("LastModified", &xml_time(part.modified)),
            xml::element("ETag", &quoted(&part.etag())),
            xml::element("Size", &part.body.len().to_string()),
            part.checksum.as_ref().map(super::checksum::Checksum::element).unwrap_or_default(),
        ];
        format!("<Part>{}</Part>", about.concat())
    }));
    Ok(listing("ListPartsResult", &elements))
}

fn listing(root: &str, parts: &[String]) -> Reply {
    Reply::xml(format!("<{root} xmlns=\"{NAMESPACE}\">{}</{root}>", parts.concat()))
}

fn owner(element: &str, call: &Call<'_>) -> String {
    format!("<{element}>{}</{element}>", xml::element("ID", &canonical_user(&call.identity.account)))
}

fn contents(cut: &Cut<'_>, key: &str, version: &Version, owner: &str) -> String {
    let Some(object) = &version.object else { return String::new() };
    let about = [cut.name("Key", key), xml::element("LastModified", &xml_time(version.modified))];
    format!("<Contents>{}{}{owner}</Contents>", about.concat(), about_object(object))
}

fn about_object(object: &Object) -> String {
    let parts = [
        xml::element("ETag", &object.quoted_etag()),
        xml::element("ChecksumAlgorithm", object.checksum.algorithm.name()),
        xml::element("ChecksumType", object.checksum.kind.name()),
        xml::element("Size", &object.body.len().to_string()),
        xml::element("StorageClass", "STANDARD"),
    ];
    parts.concat()
}

fn checksum_of(upload: &Upload) -> String {
    let Some(algorithm) = upload.algorithm else { return String::new() };
    xml::element("ChecksumAlgorithm", algorithm.name()) + &xml::element("ChecksumType", upload.kind.name())
}
