//! Access control lists. They are kept and told; permissions are not checked.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html>

use super::change::{Cause, Change, Kind};
use super::{Bucket, NAMESPACE, Target, bucket, canonical_user, event, versions};
use crate::protocol::{AwsError, Reply, xml};
use crate::world::{Call, World};

/// What an object's list is unless another is given.
const DEFAULT: &str = "private";
/// The list that is allowed also where there are none.
const OWNER: &str = "bucket-owner-full-control";

/// The canned lists, each with the groups that it lets do something.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl>
const CANNED: [(&str, &[(&str, &str)]); 6] = [
    (DEFAULT, &[]),
    ("public-read", &[("AllUsers", "READ")]),
    ("public-read-write", &[("AllUsers", "READ"), ("AllUsers", "WRITE")]),
    ("authenticated-read", &[("AuthenticatedUsers", "READ")]),
    ("bucket-owner-read", &[]),
    (OWNER, &[]),
];

/// The canned list that a request gives its object.
pub fn of_request(call: &Call<'_>, bucket: &Bucket) -> Result<&'static str, AwsError> {
    let Some(name) = call.request.header("x-amz-acl") else { return Ok(DEFAULT) };
    let canned = CANNED.iter().find(|(canned, _)| *canned == name).map(|(canned, _)| *canned);
    let canned =
        canned.ok_or_else(|| AwsError::client("InvalidArgument", "").with_detail("ArgumentName", "x-amz-acl"))?;
    match canned == OWNER || bucket.configurations.has_acls() {
        true => Ok(canned),
        false => Err(not_supported()),
    }
}

fn not_supported() -> AwsError {
    AwsError::client("AccessControlListNotSupported", "The bucket does not allow ACLs")
}

/// `PutObjectAcl` with a canned list. An event tells of a list that is another than before.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAcl.html>
pub fn put_of_object(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    let acl = given(call, bucket(world, call, &target.bucket)?)?;
    let object = versions::find_mut(world, call, target)?;
    let changes = std::mem::replace(&mut object.acl, acl) != acl;
    let found = versions::find(world, call, target)?;
    let reply = found.identified(Reply::empty());
    if changes {
        let change = Change::of(Kind::AclPut, &target.key, found.version);
        event::record(world, &Cause::of(call), &target.bucket, &change);
    }
    Ok(reply)
}

/// `GetObjectAcl`.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAcl.html>
pub fn get_of_object(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    let found = versions::find(world, call, target)?;
    Ok(found.identified(Reply::xml(policy(call, found.object.acl))))
}

/// `PutBucketAcl` with a canned list.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAcl.html>
pub fn put_of_bucket(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    let bucket = bucket(world, call, &target.bucket)?;
    bucket.acl = given(call, bucket)?;
    Ok(Reply::empty())
}

/// `GetBucketAcl`.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketAcl.html>
pub fn get_of_bucket(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    let acl = bucket(world, call, &target.bucket)?.acl;
    Ok(Reply::xml(policy(call, acl)))
}

/// The canned list of a request that must have one: grants of its own are not simulated.
fn given(call: &Call<'_>, bucket: &Bucket) -> Result<&'static str, AwsError> {
    if !call.request.body.is_empty() {
        return Err(AwsError::parameter_not_simulated(
            crate::protocol::Service::S3,
            call.operation(),
            "AccessControlPolicy",
        ));
    }
    match call.request.header("x-amz-acl") {
        Some(_) => of_request(call, bucket),
        None => {
            let message = "Your request was missing a required header";
            Err(AwsError::client("MissingSecurityHeader", message).with_detail("MissingHeaderName", "x-amz-acl"))
        }
    }
}

fn policy(call: &Call<'_>, acl: &str) -> String {
    let owner = xml::element("ID", &canonical_user(&call.identity.account));
    let grant = |kind: &str, grantee: &str, permission: &str| {
        let xsi = "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";
        let permission = xml::element("Permission", permission);
        format!("<Grant><Grantee {xsi} xsi:type=\"{kind}\">{grantee}</Grantee>{permission}</Grant>")
    };
    let groups = CANNED.iter().find(|(canned, _)| *canned == acl).map_or(&[][..], |(_, groups)| groups);
    let group = |(group, permission): &(&str, &str)| {
        let uri = xml::element("URI", &format!("http://acs.amazonaws.com/groups/global/{group}"));
        grant("Group", &uri, permission)
    };
    let groups: String = groups.iter().map(group).collect();
    let grants = grant("CanonicalUser", &owner, "FULL_CONTROL") + &groups;
    format!(
        "<AccessControlPolicy xmlns=\"{NAMESPACE}\"><Owner>{owner}</Owner>\
         <AccessControlList>{grants}</AccessControlList></AccessControlPolicy>"
    )
}
