//! Requests with the older signature, version 2: in their query, as `aws s3 presign` and boto3 sign URLs for endpoints of
//! one's own, or in a header, as SDKs of old do. They name no region.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/RESTAuthentication.html>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use sha1::Sha1;

use super::presigned::{does_not_match, hmac};
use super::{Target, xml_time_with_seconds};
use crate::protocol::{AwsError, Request};
use crate::world::{Call, World};

/// The parameters of a query that carry a signature.
pub const PARAMETERS: [&str; 3] = ["AWSAccessKeyId", "Expires", "Signature"];

/// The parameters of a query that are part of the resource which is signed.
const SIGNED: [&str; 24] = [
    "acl",
    "cors",
    "delete",
    "lifecycle",
    "location",
    "logging",
    "notification",
    "partNumber",
    "policy",
    "requestPayment",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "website",
];

/// Whether a request's signature is in its query.
pub fn is_presigned(request: &Request) -> bool {
    let query = request.query();
    ["AWSAccessKeyId", "Signature"].iter().all(|name| query.iter().any(|(known, _)| known == name))
}

/// Whether a request has a signature of this version, in its query or a header.
pub fn is_signed(request: &Request) -> bool {
    is_presigned(request) || request.header("authorization").is_some_and(|header| header.starts_with("AWS "))
}

/// Refuses a URL that is not valid any more, or whose signature is not that of its request. The signature is looked at
/// where the secret of the access key is known.
pub fn check(world: &World, call: &Call<'_>, target: &Target) -> Result<(), AwsError> {
    let query = call.request.query();
    let get = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let denied = |message: String| AwsError::new(403, "AccessDenied", message);
    let expires = get("Expires").ok_or_else(|| {
        denied("Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters".to_owned())
    })?;
    let end = expires.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    let end = end.ok_or_else(|| denied(format!("Invalid date (should be seconds since epoch): {expires}")))?;
    let now = call.clock.now();
    if now > end {
        let error = denied("Request has expired".to_owned()).with_detail("Expires", xml_time_with_seconds(end));
        return Err(error.with_detail("ServerTime", xml_time_with_seconds(now)));
    }
    let (key, given) = (get("AWSAccessKeyId").unwrap_or_default(), get("Signature").unwrap_or_default());
    let Some(secret) = world.secret_of(key) else { return Ok(()) };
    let to_sign = to_sign(call.request, target, expires);
    match signature(secret, &to_sign) == given {
        true => Ok(()),
        false => Err(does_not_match(key, given, &to_sign)),
    }
}

fn signature(secret: &str, to_sign: &str) -> String {
    STANDARD.encode(hmac::<Sha1>(secret.as_bytes(), to_sign.as_bytes()))
}

fn to_sign(request: &Request, target: &Target, expires: &str) -> String {
    let header = |name: &str| request.header(name).unwrap_or_default().to_owned();
    let own = request.headers.iter().filter(|(name, _)| name.as_str().starts_with("x-amz-"));
    let mut own: Vec<_> = own.map(|(name, value)| format!("{name}:{}\n", value.to_str().unwrap_or_default())).collect();
    own.sort();
    let mut query = request.query();
    query.retain(|(name, _)| SIGNED.contains(&name.as_str()));
    query.sort();
    let query =
        query.iter().map(|(name, value)| if value.is_empty() { name.clone() } else { format!("{name}={value}") });
    let query = query.collect::<Vec<_>>().join("&");
    let in_path = request.uri.path().trim_start_matches('/');
    let names_bucket = in_path == target.bucket || in_path.starts_with(&format!("{}/", target.bucket));
    let path = if names_bucket { format!("/{in_path}") } else { format!("/{}/{in_path}", target.bucket) };
    let question = if query.is_empty() { "" } else { "?" };
    format!(
        "{}\n{}\n{}\n{expires}\n{}{path}{question}{query}",
        request.method,
        header("content-md5"),
        header("content-type"),
        own.concat()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of AWS's page on signing.
    #[test]
    fn the_signature_is_that_of_the_documented_example() {
        let uri = "https://johnsmith.s3.amazonaws.com/photos/puppy.jpg?AWSAccessKeyId=\
                   AKIAIOSFODNN7EXAMPLE&Signature=x&Expires=1175139620";
        let request = Request {
            method: http::Method::GET,
            uri: uri.parse().expect("a URI"),
            headers: http::HeaderMap::new(),
            body: bytes::Bytes::new(),
        };
        let target = Target { bucket: "johnsmith".to_owned(), key: "photos/puppy.jpg".to_owned(), version: None };
        let to_sign = to_sign(&request, &target, "1175139620");
        assert_eq!(to_sign, "GET\n\n\n1175139620\n/johnsmith/photos/puppy.jpg");
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        assert_eq!(signature(secret, &to_sign), "NpgCjnDzrM+WFzoENXmpNDUsSn8=");
    }
}
