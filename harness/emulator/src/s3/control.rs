//! S3 Control: the tags of buckets, which Terraform reads and writes by it. All else of S3 Control is refused by name.
//!
//! Its requests are signed for S3 and are told by their path and by the header that names the account.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_AWS_S3_Control.html>

use http::Method;
use percent_encoding::percent_decode_str;

use super::bucket;
use super::document::Element;
use super::tagging::Tags;
use crate::protocol::{AwsError, Reply, Request, Service};
use crate::world::{Call, World};

const VERSION: &str = "/v20180820/";
const NAMESPACE: &str = "http://awss3control.amazonaws.com/doc/2018-08-20/";

/// Whether a request is for S3 Control.
pub fn is_for(request: &Request) -> bool {
    request.uri.path().starts_with(VERSION) && request.headers.contains_key("x-amz-account-id")
}

/// The operation of S3 Control that a request asks for; the empty text for those that are not known here.
pub fn operation_name(request: &Request) -> &'static str {
    match (arn(request), &request.method) {
        (Some(_), &Method::GET) => "ListTagsForResource",
        (Some(_), &Method::POST) => "TagResource",
        (Some(_), &Method::DELETE) => "UntagResource",
        _ => "",
    }
}

/// The ARN that a request about tags names.
fn arn(request: &Request) -> Option<String> {
    let path = request.uri.path().strip_prefix(VERSION)?.strip_prefix("tags/")?;
    Some(percent_decode_str(path).decode_utf8_lossy().into_owned())
}

/// Answers a request to S3 Control.
pub fn answer(world: &mut World, call: &Call<'_>) -> Reply {
    tags(world, call).unwrap_or_else(|error| error.in_envelope(call.request_id))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_TagResource.html>
fn tags(world: &mut World, call: &Call<'_>) -> Result<Reply, AwsError> {
    let Some(arn) = arn(call.request) else {
        let what = format!("S3 Control ({} {})", call.request.method, call.request.uri.path());
        return Err(AwsError::not_simulated(Service::S3, &what));
    };
    if call.request.header("x-amz-account-id") != Some(call.identity.account.as_str()) {
        return Err(AwsError::new(403, "AccessDenied", "Access Denied"));
    }
    let name = arn.strip_prefix("arn:aws:s3:::").filter(|name| !name.contains('/'));
    let name = name.ok_or_else(|| {
        AwsError::parameter_not_simulated(Service::S3, call.operation(), &format!("the resource {arn}"))
    })?;
    let tags = &mut bucket(world, call, name)?.tags;
    match call.operation() {
        "TagResource" => {
            let document = Element::parse(&call.request.body, "TagResourceRequest")?;
            *tags = tags.with(Tags::of_list(&document)?)?;
            Ok(Reply::empty().with_status(204))
        }
        "UntagResource" => {
            let keys = call.request.query().into_iter().filter(|(name, _)| name == "tagKeys");
            keys.for_each(|(_, key)| tags.remove(&key));
            Ok(Reply::empty().with_status(204))
        }
        _ => Ok(Reply::xml(format!(
            "<ListTagsForResourceResult xmlns=\"{NAMESPACE}\"><Tags>{}</Tags></ListTagsForResourceResult>",
            tags.elements()
        ))),
    }
}
