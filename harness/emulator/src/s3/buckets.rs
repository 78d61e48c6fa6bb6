//! The operations on whole buckets.

use super::configurations::Configurations;
use super::document::{Element, malformed};
use super::multipart::Uploads;
use super::store::{Objects, Versioning};
use super::tagging::Tags;
use super::{Bucket, NAMESPACE, Target, acl, bucket, canonical_user, page, rules, xml_time};
use crate::protocol::{AwsError, Reply, Service, xml};
use crate::world::{Call, World};

/// `CreateBucket`. The only bucket is a general purpose one, in the call's region or, through us-east-1,
/// in the one that the body names.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html>
pub fn create(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    let (name, account) = (&target.bucket, &call.identity.account);
    if !is_valid_name(name) {
        let error = AwsError::client("InvalidBucketName", "The specified bucket is not valid.");
        return Err(error.with_detail("BucketName", name));
    }
    let (constraint, tags) = configuration(call)?;
    let region = location_asked_for(call, constraint.as_deref())?;
    let reply = Reply::empty().with_header("location", &format!("/{name}"));
    let owner = world.regions().find(|region| region.s3.buckets.contains_key(name));
    match owner.map(|owner| (owner.account == *account, owner.name == region)) {
        None => {}
        // In us-east-1, and only there, one's own bucket can be created again.
        Some((true, true)) if region == "us-east-1" => return Ok(reply),
        Some((true, _)) => {
            let message = "Your previous request to create the named bucket succeeded and you already own it.";
            return Err(AwsError::new(409, "BucketAlreadyOwnedByYou", message).with_detail("BucketName", name));
        }
        Some((false, _)) => {
            let message = "The requested bucket name is not available. The bucket namespace is shared by all users \
                           of the system. Please select a different name and try again.";
            return Err(AwsError::new(409, "BucketAlreadyExists", message).with_detail("BucketName", name));
        }
    }
    let ownership = call.request.header("x-amz-object-ownership").unwrap_or("BucketOwnerEnforced");
    let mut bucket = Bucket {
        created: call.clock.now(),
        versioning: Versioning::default(),
        objects: Objects::default(),
        uploads: Uploads::default(),
        notifications: rules::Configuration::default(),
        configurations: Configurations::of_new_bucket(ownership),
        schedule: None,
        tags,
        acl: "private",
        changes: 0,
    };
    if call.request.header("x-amz-acl").is_some_and(|acl| acl != "private") {
        if !bucket.configurations.has_acls() {
            let message = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting";
            return Err(AwsError::client("InvalidBucketAclWithObjectOwnership", message));
        }
        bucket.acl = acl::of_request(call, &bucket)?;
    }
    world.region(account, &region).s3.buckets.insert(name.clone(), bucket);
    Ok(reply)
}

/// `DeleteBucket`.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html>
pub fn delete(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    if !bucket(world, call, &target.bucket)?.objects.is_empty() {
        let error = AwsError::new(409, "BucketNotEmpty", "The bucket you tried to delete is not empty");
        return Err(error.with_detail("BucketName", &target.bucket));
    }
    call.region(world).s3.buckets.remove(&target.bucket);
    Ok(Reply::empty().with_status(204))
}

/// `HeadBucket`.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html>
pub fn head(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    bucket(world, call, &target.bucket)?;
    let reply = Reply::empty().with_header("x-amz-bucket-region", &call.identity.region);
    Ok(reply.with_header("x-amz-access-point-alias", "false"))
}

/// `GetBucketLocation`, which tells of all regions' buckets. One in us-east-1 has an empty location.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html>
pub fn location(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    let own = world.regions().filter(|region| region.account == call.identity.account);
    let owner = own.filter(|region| region.s3.buckets.contains_key(&target.bucket)).map(|region| region.name.clone());
    let Some(region) = owner.last() else {
        bucket(world, call, &target.bucket)?;
        return Err(super::no_such_bucket(&target.bucket));
    };
    let location = if region == "us-east-1" { "" } else { &region };
    Ok(Reply::xml(format!("<LocationConstraint xmlns=\"{NAMESPACE}\">{location}</LocationConstraint>")))
}

/// `ListBuckets`: all buckets of the account in all regions, by name.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html>
pub fn list(world: &mut World, call: &Call<'_>, _: &Target) -> Result<Reply, AwsError> {
    let query = page::Parameters::of(call.request);
    let limit = query.number("max-buckets", 1..=10_000)?.unwrap_or(10_000);
    let after = query.token()?.unwrap_or_default();
    let prefix = query.get("prefix").unwrap_or_default();
    let mut found: Vec<(&String, &Bucket, &str)> = world
        .regions()
        .filter(|region| region.account == call.identity.account)
        .filter(|region| query.get("bucket-region").is_none_or(|name| name == region.name))
        .flat_map(|region| region.s3.buckets.iter().map(|(name, bucket)| (name, bucket, region.name.as_str())))
        .filter(|(name, ..)| name.starts_with(prefix) && **name > after)
        .collect();
    found.sort_by_key(|(name, ..)| *name);
    let page = &found[..found.len().min(limit)];
    let buckets: String = page.iter().map(|(name, bucket, region)| entry(name, bucket, region)).collect();
    let owner = xml::element("ID", &canonical_user(&call.identity.account));
    let next = page.last().filter(|_| found.len() > limit).map(|(name, ..)| page::token(name));
    let next = next.map(|token| xml::element("ContinuationToken", &token)).unwrap_or_default();
    let prefix = query.get("prefix").map(|prefix| xml::element("Prefix", prefix)).unwrap_or_default();
    Ok(Reply::xml(format!(
        "<ListAllMyBucketsResult xmlns=\"{NAMESPACE}\"><Owner>{owner}</Owner><Buckets>{buckets}</Buckets>\
         {next}{prefix}</ListAllMyBucketsResult>"
    )))
}

fn entry(name: &str, bucket: &Bucket, region: &str) -> String {
    let created = xml::element("CreationDate", &xml_time(bucket.created));
    format!("<Bucket>{}{created}{}</Bucket>", xml::element("Name", name), xml::element("BucketRegion", region))
}

/// The region that the new bucket is to be in.
fn location_asked_for(call: &Call<'_>, constraint: Option<&str>) -> Result<String, AwsError> {
    let own = call.identity.region.as_str();
    let incompatible = |which: &str| {
        let message = format!(
            "The {which} location constraint is incompatible for the region specific endpoint this request was sent to."
        );
        AwsError::client("IllegalLocationConstraintException", message)
    };
    match constraint {
        None if own == "us-east-1" => Ok(own.to_owned()),
        None => Err(incompatible("unspecified")),
        Some("us-east-1") => {
            let error = AwsError::client("InvalidLocationConstraint", "The specified location-constraint is not valid");
            Err(error.with_detail("LocationConstraint", "us-east-1"))
        }
        Some(asked) if asked == own || own == "us-east-1" => Ok(asked.to_owned()),
        Some(asked) => Err(incompatible(asked)),
    }
}

/// The location and the tags that the body names.
fn configuration(call: &Call<'_>) -> Result<(Option<String>, Tags), AwsError> {
    if call.request.body.is_empty() {
        return Ok((None, Tags::default()));
    }
    let body = Element::parse(&call.request.body, "CreateBucketConfiguration")?;
    for child in &body.children {
        match child.name.as_str() {
            "LocationConstraint" | "Tags" => {}
            name @ ("Bucket" | "Location") => {
                return Err(AwsError::parameter_not_simulated(Service::S3, call.operation(), name));
            }
            _ => return Err(malformed()),
        }
    }
    let tags = body.child("Tags").map(Tags::of_bucket).transpose()?.unwrap_or_default();
    let constraint = body.text_of("LocationConstraint").filter(|constraint| !constraint.is_empty());
    Ok((constraint.map(str::to_owned), tags))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>
pub(crate) fn is_valid_name(name: &str) -> bool {
    let is_end = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    let bytes = name.as_bytes();
    (3..=63).contains(&name.len())
        && is_end(bytes.first())
        && is_end(bytes.last())
        && bytes.iter().copied().all(is_inner)
        && !name.contains("..")
        && name.parse::<std::net::Ipv4Addr>().is_err()
        && !["xn--", "sthree-", "amzn-s3-demo-"].iter().any(|prefix| name.starts_with(prefix))
        && !["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"].iter().any(|suffix| name.ends_with(suffix))
}

#[cfg(test)]
mod tests {
    use super::is_valid_name;

    #[test]
    fn bucket_names_follow_the_naming_rules() {
        for name in ["abc", "my-bucket", "my.bucket", "0a0", &"a".repeat(63)] {
            assert!(is_valid_name(name), "{name}");
        }
        for name in [
            "",
            "ab",
            &"a".repeat(64),
            "My-bucket",
            "my_bucket",
            "-ab",
            "ab-",
            "a..b",
            "192.168.5.4",
            "xn--a",
            "b--x-s3",
        ] {
            assert!(!is_valid_name(name), "{name}");
        }
    }
}
