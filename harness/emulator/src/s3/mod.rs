//! S3: buckets, objects, and the notifications of what happens to them.
//!
//! The modules, in reading order:
//! - [`route`]: which operation, bucket and key a request names; [`accepted`]: which of its parameters are
//!   simulated, so that no other is silently ignored;
//! - [`buckets`], [`objects`] and [`list`]: the operations; [`conditional`]: `If-…` and `Range`;
//! - [`chunked`], [`checksum`] and [`document`]: what a request's body is, whether it is intact, what it says;
//! - [`notification`]: a bucket's notification configuration and [`rules`] its filters; [`event`]: what is
//!   sent to whom.
//!
//! What always holds: an object's body is shared, never copied; every change of an object is told to
//! [`event`] in the same call.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/Welcome.html>

mod accepted;
mod buckets;
mod checksum;
mod chunked;
mod conditional;
mod document;
mod event;
mod list;
mod notification;
mod objects;
mod route;
mod rules;

pub use route::{bucket_and_key, operation_name};
pub use rules::selects;

use std::collections::BTreeMap;

use http::Method;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest as _, Sha256};

use crate::protocol::{AwsError, Reply, Service};
use crate::world::{Call, World};

/// The buckets of one account in one region.
#[derive(Default)]
pub(crate) struct State {
    buckets: BTreeMap<String, Bucket>,
}

struct Bucket {
    created: Timestamp,
    objects: BTreeMap<String, objects::Object>,
    notifications: rules::Configuration,
    /// The number of changes to objects so far, from which sequencers are made.
    changes: u64,
}

/// The bucket and key of a request, empty where it has none.
struct Target {
    bucket: String,
    key: String,
}

/// The namespace of S3's answers.
const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// Answers one request to S3.
pub(crate) fn answer(world: &mut World, call: &Call<'_>) -> Result<Reply, AwsError> {
    let answer = dispatch(world, call);
    match answer {
        // HTTP allows no body here, so the SDK's typed error comes from the status alone. What AWS would
        // never answer (501) keeps its body, which tells why.
        Err(error) if error.status != 501 && (call.request.method == Method::HEAD || error.status == 304) => {
            Ok(Reply::empty().with_status(error.status))
        }
        answer => answer,
    }
}

fn dispatch(world: &mut World, call: &Call<'_>) -> Result<Reply, AwsError> {
    let operation = accepted::OPERATIONS.iter().find(|operation| operation.name == call.operation());
    let operation = operation.ok_or_else(|| AwsError::not_simulated(Service::S3, call.operation()))?;
    accepted::check(operation, call)?;
    let (bucket, key) = bucket_and_key(call.request);
    let target = Target { bucket: bucket.unwrap_or_default(), key: key.unwrap_or_default() };
    (operation.run)(world, call, &target)
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
    })
}

fn no_such_bucket(name: &str) -> AwsError {
    AwsError::new(404, "NoSuchBucket", "The specified bucket does not exist").with_detail("BucketName", name)
}

/// A time as S3 answers it in XML: whole seconds, written with milliseconds.
fn xml_time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}

/// Text URL-encoded as S3 does in events and listings: a space becomes a plus, slashes stay.
fn url_encode(text: &str) -> String {
    const SPECIAL: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*').remove(b'/');
    utf8_percent_encode(text, SPECIAL).to_string().replace("%20", "+")
}

/// The canonical user id of an account, 64 hexadecimal digits. AWS's is random; here it follows from the
/// account's number.
fn canonical_user(account: &str) -> String {
    Sha256::digest(account).iter().map(|byte| format!("{byte:02x}")).collect()
}
