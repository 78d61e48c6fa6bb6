//! `PostObject`: a browser's form that uploads a file, with the policy that allows it.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use jiff::Timestamp;
use serde_json::Value;

use super::change::Kind;
use super::document::Element;
use super::form::Form;
use super::tagging::Tags;
use super::{Target, accepted, objects, presigned, url_encode};
use crate::protocol::{AwsError, Reply, Request, xml};
use crate::world::{Call, World};

/// Fields that no condition has to allow, and that are no headers.
const FREE: [&str; 5] = ["policy", "x-amz-signature", "file", "awsaccesskeyid", "signature"];
/// Fields that are about the form and not about the object.
const ABOUT_THE_FORM: [&str; 11] = [
    "key",
    "acl",
    "tagging",
    "policy",
    "x-amz-signature",
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-security-token",
    "success_action_status",
    "success_action_redirect",
];

/// `PostObject`.
pub fn post(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    let form = Form::of(call.request)?;
    let missing = |message: &str| AwsError::client("InvalidArgument", message);
    let key = form.get("key").ok_or_else(|| {
        missing(
            "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields.",
        )
    })?;
    let key = key.replace("${filename}", form.file_name());
    let target = Target { bucket: target.bucket.clone(), key, version: None };
    check_policy(world, call, &form, &target)?;
    let request = as_put(&form, call)?;
    let put = Call { request: &request, ids: call.ids.clone(), ..*call };
    accepted::check_headers("PutObject", &put)?;
    let reply = objects::put_as(world, &put, &target, Kind::Post)?;
    Ok(answer(call, &form, &target, reply))
}

/// The form as the request of a `PutObject`. The file's bytes are shared with the form's.
fn as_put(form: &Form, call: &Call<'_>) -> Result<Request, AwsError> {
    let mut headers = HeaderMap::new();
    let mut set = |name: &str, value: &str| {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    };
    for (name, value) in form.fields() {
        if !ABOUT_THE_FORM.contains(&name) {
            set(name, value);
        }
    }
    if let Some(acl) = form.get("acl") {
        set("x-amz-acl", acl);
    }
    if let Some(tagging) = form.get("tagging") {
        let document = Element::parse(tagging.as_bytes(), "Tagging")?;
        set("x-amz-tagging", &Tags::of_element(&document)?.query());
    }
    Ok(Request { method: Method::PUT, uri: call.request.uri.clone(), headers, body: form.file() })
}

fn answer(call: &Call<'_>, form: &Form, target: &Target, put: Reply) -> Reply {
    let etag = put.headers.get("etag").and_then(|etag| etag.to_str().ok()).unwrap_or_default().to_owned();
    if let Some(to) = form.get("success_action_redirect").filter(|to| to.starts_with("http")) {
        let separator = if to.contains('?') { '&' } else { '?' };
        let (bucket, key, etag) = (&target.bucket, url_encode(&target.key), url_encode(&etag));
        let location = format!("{to}{separator}bucket={bucket}&key={key}&etag={etag}");
        return Reply { headers: put.headers, ..Reply::empty() }.with_status(303).with_header("location", &location);
    }
    let location =
        format!("https://{}.s3.{}.amazonaws.com/{}", target.bucket, call.identity.region, url_encode(&target.key));
    let reply = put.with_header("location", &location);
    match form.get("success_action_status") {
        Some("200") => reply.with_status(200),
        Some("201") => {
            let elements = [
                xml::element("Location", &location),
                xml::element("Bucket", &target.bucket),
                xml::element("Key", &target.key),
                xml::element("ETag", &etag),
            ];
            let document = format!("<PostResponse>{}</PostResponse>", elements.concat());
            Reply { body: Bytes::from(document), ..reply }
                .with_status(201)
                .with_header("content-type", "application/xml")
        }
        _ => reply.with_status(204),
    }
}

/// Refuses a form without a policy, one whose policy is over or does not allow it, or whose signature is
/// wrong. The signature is looked at where the secret of the access key is known.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html>
fn check_policy(world: &World, call: &Call<'_>, form: &Form, target: &Target) -> Result<(), AwsError> {
    let denied = |message: String| AwsError::new(403, "AccessDenied", message);
    let encoded = form.get("policy").ok_or_else(|| denied("Access Denied".to_owned()))?;
    let text = BASE64.decode(encoded).ok();
    let policy: Option<Value> = text.and_then(|text| serde_json::from_slice(&text).ok());
    let invalid = || AwsError::client("InvalidPolicyDocument", "Invalid Policy: Invalid JSON.");
    let policy = policy.filter(Value::is_object).ok_or_else(invalid)?;
    let field = |name: &str| form.get(name).unwrap_or_default();
    let (key, scope) = field("x-amz-credential").split_once('/').unwrap_or_default();
    if let Some(secret) = world.secret_of(key)
        && presigned::signature(secret, scope, encoded) != field("x-amz-signature")
    {
        return Err(presigned::does_not_match(key, field("x-amz-signature"), encoded));
    }
    let expiration: Option<Timestamp> = policy["expiration"].as_str().and_then(|time| time.parse().ok());
    let expiration = expiration
        .ok_or_else(|| AwsError::client("InvalidPolicyDocument", "Invalid Policy: Policy missing expiration."))?;
    if call.clock.now() >= expiration {
        return Err(denied("Invalid according to Policy: Policy expired.".to_owned()));
    }
    let conditions: Vec<Condition> =
        policy["conditions"].as_array().into_iter().flatten().flat_map(Condition::all).collect();
    conditions.iter().try_for_each(|condition| condition.check(form, target))?;
    let is_named = |name: &str| FREE.contains(&name) || conditions.iter().any(|condition| condition.is_about(name));
    let extra = form.fields().map(|(name, _)| name).find(|name| !name.starts_with("x-ignore-") && !is_named(name));
    match extra {
        Some(name) => Err(denied(format!("Invalid according to Policy: Extra input fields: {name}"))),
        None => Ok(()),
    }
}

/// A policy's condition on one field.
enum Condition {
    Equals(String, String),
    StartsWith(String, String),
    Length(u64, u64),
}

impl Condition {
    /// Those of a member of the policy's list: `{"acl": "private"}` or `["starts-with", "$key", "user/"]`.
    fn all(member: &Value) -> Vec<Self> {
        let text = |value: &Value| value.as_str().map(str::to_owned).unwrap_or_else(|| value.to_string());
        let name = |value: &Value| text(value).trim_start_matches('$').to_ascii_lowercase();
        match member {
            Value::Object(fields) => {
                fields.iter().map(|(name, value)| Self::Equals(name.to_ascii_lowercase(), text(value))).collect()
            }
            Value::Array(parts) => match (parts.first().and_then(Value::as_str), parts.as_slice()) {
                (Some("starts-with"), [_, field, start]) => vec![Self::StartsWith(name(field), text(start))],
                (Some("content-length-range"), [_, least, most]) => {
                    let number = |value: &Value| text(value).parse().unwrap_or_default();
                    vec![Self::Length(number(least), number(most))]
                }
                (Some("eq"), [_, field, value]) => vec![Self::Equals(name(field), text(value))],
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    fn is_about(&self, field: &str) -> bool {
        matches!(self, Self::Equals(name, _) | Self::StartsWith(name, _) if name == field)
    }

    fn check(&self, form: &Form, target: &Target) -> Result<(), AwsError> {
        let value = |name: &str| match name {
            "bucket" => target.bucket.clone(),
            "key" => target.key.clone(),
            name => form.get(name).unwrap_or_default().to_owned(),
        };
        let size = form.file().len() as u64;
        let (holds, operator, name, expected) = match self {
            Self::Equals(name, expected) => (value(name) == *expected, "eq", name, expected),
            Self::StartsWith(name, start) => (value(name).starts_with(start), "starts-with", name, start),
            Self::Length(_, most) if size > *most => {
                let error = AwsError::client("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size");
                let error = error.with_detail("ProposedSize", size.to_string());
                return Err(error.with_detail("MaxSizeAllowed", most.to_string()));
            }
            Self::Length(least, _) if size < *least => {
                let message = "Your proposed upload is smaller than the minimum allowed size";
                let error = AwsError::client("EntityTooSmall", message).with_detail("ProposedSize", size.to_string());
                return Err(error.with_detail("MinSizeAllowed", least.to_string()));
            }
            Self::Length(..) => return Ok(()),
        };
        if holds {
            return Ok(());
        }
        let message = format!(
            "Invalid according to Policy: Policy Condition failed: [\"{operator}\", \"${name}\", \"{expected}\"]"
        );
        Err(AwsError::new(403, "AccessDenied", message))
    }
}
