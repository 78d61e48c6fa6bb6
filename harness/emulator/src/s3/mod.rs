//! S3: buckets, objects, and the notifications of what happens to them.
//!
//! The modules, in reading order:
//! - [`route`]: which operation, bucket and key a request names; [`operations`]: the simulated ones;
//!   [`accepted`]: which parameters are simulated, so that no other is silently ignored; [`presigned`] and
//!   [`presigned_v2`]: requests whose signature is in their URL;
//! - [`store`]: a bucket's objects with their versions, [`object`] one of them; [`versions`]: which one a request
//!   means;
//! - [`buckets`], [`objects`], [`copy`], [`delete`], [`multipart`] with [`complete`], [`post`] with [`form`],
//!   [`tagging`], [`acl`], [`attributes`], and [`list`] with [`page`]: the operations; [`conditional`]: `If-…`
//!   and `Range`;
//! - [`configurations`]: what is stored for a bucket and returned; of it [`cors`] and, by its
//!   [`schedule`], [`lifecycle`] are acted on;
//!   [`unused`]: what a bucket never has here;
//! - [`control`]: S3 Control, as far as it tags buckets;
//! - [`chunked`], [`checksum`] and [`document`]: what a request's body is, whether it is intact, what it says;
//! - [`notification`]: a bucket's notification configuration and [`rules`] its filters; [`change`]: what happens
//!   to objects; [`event`]: what is sent to whom.
//!
//! What always holds: an object's body is shared, never copied; every change of an object is told to
//! [`event`] in the same call.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/Welcome.html>

mod accepted;
mod acl;
mod attributes;
mod buckets;
mod change;
mod checksum;
mod chunked;
mod complete;
mod conditional;
mod configurations;
mod control;
mod copy;
mod cors;
mod delete;
mod document;
mod event;
mod form;
mod lifecycle;
mod list;
mod multipart;
mod notification;
mod object;
mod objects;
mod operations;
mod page;
mod post;
mod presigned;
mod presigned_v2;
mod route;
mod rules;
mod schedule;
mod store;
mod tagging;
mod unused;
mod versions;

pub(crate) use buckets::is_valid_name;
pub(crate) use lifecycle::{next_due, outstanding, run_due};
pub use route::{bucket_and_key, is_service_host, operation_name};
pub use rules::{Selection, selects};

use std::collections::BTreeMap;

use http::Method;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest as _, Sha256};

use crate::hex::hex;
use crate::protocol::{AwsError, Identity, Reply, Request};
use crate::world::{Call, World};

/// The buckets of one account in one region.
#[derive(Default)]
pub(crate) struct State {
    buckets: BTreeMap<String, Bucket>,
}

struct Bucket {
    created: Timestamp,
    versioning: store::Versioning,
    objects: store::Objects,
    uploads: multipart::Uploads,
    notifications: rules::Configuration,
    configurations: configurations::Configurations,
    /// What its lifecycle is going to do; none without a lifecycle.
    schedule: Option<schedule::Schedule>,
    tags: tagging::Tags,
    acl: &'static str,
    /// The number of changes to objects so far, from which sequencers are made.
    changes: u64,
}

impl Bucket {
    /// Notes that something has happened to a key, which the lifecycle may have to do with.
    fn touch(&mut self, key: &str) {
        if let Some(schedule) = &mut self.schedule {
            schedule.touch(key);
        }
    }
}

/// What a request is about, empty where it names none.
struct Target {
    bucket: String,
    key: String,
    /// The version's id.
    version: Option<String>,
}

impl Target {
    fn of(request: &Request) -> Result<Self, AwsError> {
        let (bucket, key) = bucket_and_key(request);
        let version = request.query().into_iter().find(|(name, _)| name == "versionId").map(|(_, id)| id);
        if version.as_ref().is_some_and(String::is_empty) {
            let error = AwsError::client("InvalidArgument", "Version id cannot be the empty string");
            return Err(error.with_detail("ArgumentName", "versionId"));
        }
        Ok(Self { bucket: bucket.unwrap_or_default(), key: key.unwrap_or_default(), version })
    }
}

/// The namespace of S3's answers.
const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// Answers one request to S3.
pub(crate) fn answer(world: &mut World, call: &Call<'_>) -> Result<Reply, AwsError> {
    let owner = match (call.identity.is_anonymous(), presigned_v2::is_signed(call.request)) {
        (true, _) => owner(world, call),
        (_, true) => in_its_region(world, call),
        _ => None,
    };
    let call = &Call { identity: owner.as_ref().unwrap_or(call.identity), ids: call.ids.clone(), ..*call };
    if control::is_for(call.request) {
        return Ok(control::answer(world, call));
    }
    let target = Target::of(call.request)?;
    let crosses = call.request.headers.contains_key("origin") && call.request.method != Method::OPTIONS;
    let headers = if crosses { cors::headers(world, call, &target) } else { Vec::new() };
    match dispatch(world, call, &target) {
        Ok(reply) => Ok(cors::with(reply, headers)),
        Err(mut error) => {
            error.headers.extend(headers);
            // HTTP allows no body here, so the SDK's typed error comes from the status alone. What AWS would
            // never answer (501) keeps its body, which tells why.
            let is_bodiless = call.request.method == Method::HEAD || error.status == 304;
            if error.status != 501 && is_bodiless { Ok(error.without_body()) } else { Err(error) }
        }
    }
}

fn dispatch(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    // Without permissions of the public, nobody reads or writes without a signature.
    if call.identity.is_anonymous() {
        return Err(AwsError::new(403, "AccessDenied", "Access Denied"));
    }
    let operation = accepted::operation(call.operation())?;
    accepted::check(operation, call)?;
    // A browser's preflight has the URL of the request that it asks about, which is not signed for it.
    match (presigned::is_presigned(call.request), presigned_v2::is_presigned(call.request)) {
        _ if call.request.method == Method::OPTIONS => return (operation.run)(world, call, target),
        (true, _) => presigned::check(world, call)?,
        (_, true) => presigned_v2::check(world, call, target)?,
        _ => return (operation.run)(world, call, target),
    }
    let request = presigned::with_hoisted_headers(call.request);
    let call = Call { request: &request, ids: call.ids.clone(), ..*call };
    (operation.run)(world, &call, target)
}

/// Whom an unsigned request acts for that is allowed without a signature: the bucket's owner, for what a browser
/// asks before it sends a request, and for a form, which carries a signature of its own.
fn owner(world: &World, call: &Call<'_>) -> Option<Identity> {
    let (bucket, _) = bucket_and_key(call.request);
    let region = world.regions().find(|region| region.s3.buckets.contains_key(bucket.as_deref().unwrap_or_default()));
    let is_open = matches!(call.operation(), "PreflightRequest" | "PostObject");
    let region = region.filter(|_| is_open)?;
    Some(Identity { account: region.account.clone(), region: region.name.clone(), ..call.identity.clone() })
}

/// A signature of version 2 is good for every region, so the request is for that of its bucket.
fn in_its_region(world: &World, call: &Call<'_>) -> Option<Identity> {
    let (bucket, _) = bucket_and_key(call.request);
    let mut own = world.regions().filter(|region| region.account == call.identity.account);
    let region = own.find(|region| region.s3.buckets.contains_key(bucket.as_deref().unwrap_or_default()))?;
    Some(Identity { region: region.name.clone(), ..call.identity.clone() })
}

/// The call's bucket, or the error that S3 answers where it is not there.
fn bucket<'w>(world: &'w mut World, call: &Call<'_>, name: &str) -> Result<&'w mut Bucket, AwsError> {
    if let Some(error) = not_here(world, call, name) {
        return Err(error);
    }
    call.region(world).s3.buckets.get_mut(name).ok_or_else(|| no_such_bucket(name))
}

/// Why a bucket cannot be reached from the call's account and region. Bucket names are global.
fn not_here(world: &World, call: &Call<'_>, name: &str) -> Option<AwsError> {
    let identity = call.identity;
    let Some(owner) = world.regions().find(|region| region.s3.buckets.contains_key(name)) else {
        return Some(no_such_bucket(name));
    };
    if owner.account != identity.account {
        return Some(AwsError::new(403, "AccessDenied", "Access Denied"));
    }
    let message = "The bucket you are attempting to access must be addressed using the specified endpoint. Please \
                   send all future requests to this endpoint.";
    (owner.name != identity.region).then(|| {
        AwsError::new(301, "PermanentRedirect", message)
            .with_detail("Endpoint", format!("{name}.s3.{}.amazonaws.com", owner.name))
            .with_detail("Bucket", name)
            .with_header("x-amz-bucket-region", &owner.name)
    })
}

fn no_such_bucket(name: &str) -> AwsError {
    AwsError::new(404, "NoSuchBucket", "The specified bucket does not exist").with_detail("BucketName", name)
}

/// A time as S3 answers it in XML: whole seconds, written with milliseconds.
fn xml_time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}

/// A time as S3 answers it in its errors.
fn xml_time_with_seconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Text URL-encoded as S3 does in events and listings: a space becomes a plus, slashes stay.
fn url_encode(text: &str) -> String {
    const SPECIAL: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*').remove(b'/');
    utf8_percent_encode(text, SPECIAL).to_string().replace("%20", "+")
}

/// The canonical user id of an account, 64 hexadecimal digits. AWS's is random; here it follows from the
/// account's number.
fn canonical_user(account: &str) -> String {
    hex(&Sha256::digest(account))
}
