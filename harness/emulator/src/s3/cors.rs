//! Cross-origin requests: what a bucket lets pages of other origins do.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html>

use super::document::{Element, malformed};
use super::{Target, bucket};
use crate::protocol::{AwsError, Reply, Request};
use crate::world::{Call, World};

/// The methods that a rule may allow.
const METHODS: [&str; 5] = ["GET", "PUT", "POST", "DELETE", "HEAD"];

/// Refuses a configuration with a rule that S3 does not take.
pub fn check_configuration(document: &Element) -> Result<(), AwsError> {
    let rules: Vec<&Element> = document.all("CORSRule").collect();
    if rules.is_empty() || rules.len() > 100 {
        return Err(malformed());
    }
    let invalid = |message: String| Err(AwsError::client("InvalidRequest", message));
    for rule in rules {
        if rule.child("AllowedMethod").is_none() || rule.child("AllowedOrigin").is_none() {
            return Err(malformed());
        }
        if let Some(method) = rule.all("AllowedMethod").find(|method| !METHODS.contains(&method.text.as_str())) {
            let method = &method.text;
            return invalid(format!("Found unsupported HTTP method in CORS config. Unsupported method is {method}"));
        }
        for name in ["AllowedOrigin", "AllowedHeader"] {
            if let Some(wild) = rule.all(name).find(|value| value.text.matches('*').count() > 1) {
                return invalid(format!("{name} \"{}\" can not have more than one wildcard.", wild.text));
            }
        }
    }
    Ok(())
}

/// What a browser asks before it sends a request to another origin.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/RESTOPTIONSobject.html>
pub fn preflight(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    let missing = |header: &str| AwsError::client("BadRequest", format!("Insufficient information. {header} needed."));
    if call.request.header("origin").is_none() {
        return Err(missing("Origin request header"));
    }
    let method = call.request.header("access-control-request-method");
    let method = method.ok_or_else(|| missing("Access-Control-Request-Method request header"))?.to_owned();
    let refused = |message: &str| {
        let error = AwsError::new(403, "AccessForbidden", message).with_detail("Method", &method);
        error.with_detail("ResourceType", if target.key.is_empty() { "BUCKET" } else { "OBJECT" })
    };
    let bucket = bucket(world, call, &target.bucket)?;
    let Some(document) = bucket.configurations.document("cors") else {
        return Err(refused("CORSResponse: CORS is not enabled for this bucket."));
    };
    match answer(document, call.request, &method) {
        Some(headers) => Ok(with(Reply::empty(), headers)),
        None => Err(refused(
            "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request \
             method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the \
             resource's CORS spec.",
        )),
    }
}

/// The headers that tell a browser that a page may have the answer to a request.
pub fn headers(world: &World, call: &Call<'_>, target: &Target) -> Vec<(&'static str, String)> {
    let bucket = world.regions().find_map(|region| region.s3.buckets.get(&target.bucket));
    let document = bucket.and_then(|bucket| bucket.configurations.document("cors"));
    document.and_then(|document| answer(document, call.request, call.request.method.as_str())).unwrap_or_default()
}

/// The answer with headers.
pub fn with(reply: Reply, headers: Vec<(&'static str, String)>) -> Reply {
    headers.iter().fold(reply, |reply, (name, value)| reply.with_header(name, value))
}

/// What the first rule that allows a request answers to it.
fn answer(document: &Element, request: &Request, method: &str) -> Option<Vec<(&'static str, String)>> {
    let origin = request.header("origin")?;
    let asked = request.header("access-control-request-headers").unwrap_or_default();
    let asked: Vec<String> =
        asked.split(',').map(|name| name.trim().to_ascii_lowercase()).filter(|name| !name.is_empty()).collect();
    let allows = |rule: &&Element| {
        let allows_header =
            |header: &String| rule.all("AllowedHeader").any(|a| fits(&a.text.to_ascii_lowercase(), header));
        rule.all("AllowedOrigin").any(|allowed| fits(&allowed.text, origin))
            && rule.all("AllowedMethod").any(|allowed| allowed.text == method)
            && asked.iter().all(allows_header)
    };
    let rule = document.all("CORSRule").find(allows)?;
    let any = rule.all("AllowedOrigin").any(|allowed| allowed.text == "*");
    let list = |name: &str| rule.all(name).map(|each| each.text.as_str()).collect::<Vec<_>>().join(", ");
    let mut headers = vec![
        ("access-control-allow-origin", if any { "*".to_owned() } else { origin.to_owned() }),
        ("access-control-allow-methods", list("AllowedMethod")),
        ("vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method".to_owned()),
    ];
    let further = [
        ("access-control-allow-headers", asked.join(", ")),
        ("access-control-expose-headers", list("ExposeHeader")),
        ("access-control-max-age", rule.text_of("MaxAgeSeconds").unwrap_or_default().to_owned()),
        ("access-control-allow-credentials", if any { String::new() } else { "true".to_owned() }),
    ];
    headers.extend(further.into_iter().filter(|(_, value)| !value.is_empty()));
    Some(headers)
}

/// Whether a pattern with at most one `*` fits a text.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, end)) => text.len() >= start.len() + end.len() && text.starts_with(start) && text.ends_with(end),
    }
}
