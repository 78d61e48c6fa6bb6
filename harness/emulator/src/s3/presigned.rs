//! Pre-signed URLs: requests that carry their signature in the query, and end with time.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>

use http::{HeaderName, HeaderValue};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest, Sha256};

use super::xml_time_with_seconds;
use crate::hex::hex;
use crate::protocol::{AwsError, Request};
use crate::world::{Call, World};

/// The parameters that make a URL a pre-signed one.
const REQUIRED: [&str; 6] =
    ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Expires"];
const WEEK: i64 = 7 * 24 * 60 * 60;
/// How far a clock may be ahead.
const SKEW: SignedDuration = SignedDuration::from_mins(15);

/// Whether a request's signature is in its query.
pub fn is_presigned(request: &Request) -> bool {
    request.query().iter().any(|(name, _)| name.starts_with("X-Amz-") && REQUIRED.contains(&name.as_str()))
}

/// A pre-signed request as the operation sees it: with those of its headers that stand in the query, where
/// some SDKs put them.
pub fn with_hoisted_headers(request: &Request) -> Request {
    let mut request = request.clone();
    for (name, value) in request.query() {
        if let (true, Ok(name), Ok(value)) =
            (name.starts_with("x-amz-"), HeaderName::try_from(&name), HeaderValue::try_from(&value))
        {
            request.headers.entry(name).or_insert(value);
        }
    }
    request
}

/// Refuses a URL that is not whole, not valid yet or no more, or whose signature is not that of its request.
/// The signature is looked at where the secret of the access key is known.
pub fn check(world: &World, call: &Call<'_>) -> Result<(), AwsError> {
    let query = call.request.query();
    let get = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    if REQUIRED.iter().any(|name| get(name).is_none_or(str::is_empty)) {
        return Err(wrong(
            "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, \
             X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
        ));
    }
    let text = |name: &str| get(name).unwrap_or_default();
    if text("X-Amz-Algorithm") != "AWS4-HMAC-SHA256" {
        return Err(wrong("X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256\""));
    }
    let signed = signed_at(text("X-Amz-Date"))?;
    check_time(call.clock.now(), signed, text("X-Amz-Expires"))?;
    check_signed_headers(call.request, text("X-Amz-SignedHeaders"))?;
    let (key, scope) = text("X-Amz-Credential").split_once('/').unwrap_or_default();
    if scope.split('/').next() != text("X-Amz-Date").get(..8) || scope.split('/').count() != 4 {
        return Err(wrong(
            "Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting \
             \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".",
        ));
    }
    let Some(secret) = world.secret_of(key) else { return Ok(()) };
    let canonical = canonical_request(call.request, text("X-Amz-SignedHeaders"));
    let hash = hex(&Sha256::digest(&canonical));
    let to_sign = format!("AWS4-HMAC-SHA256\n{}\n{scope}\n{hash}", text("X-Amz-Date"));
    match signature(secret, scope, &to_sign) == text("X-Amz-Signature") {
        true => Ok(()),
        false => Err(does_not_match(key, text("X-Amz-Signature"), &to_sign)
            .with_detail("CanonicalRequest", &canonical)
            .with_detail("CanonicalRequestBytes", bytes(&canonical))),
    }
}

fn wrong(message: &str) -> AwsError {
    AwsError::client("AuthorizationQueryParametersError", message)
}

/// What S3 answers where a signature is another than that which it computes.
pub fn does_not_match(key: &str, given: &str, to_sign: &str) -> AwsError {
    let message = "The request signature we calculated does not match the signature you provided. Check your key and \
                   signing method.";
    AwsError::new(403, "SignatureDoesNotMatch", message)
        .with_detail("AWSAccessKeyId", key)
        .with_detail("StringToSign", to_sign)
        .with_detail("SignatureProvided", given)
        .with_detail("StringToSignBytes", bytes(to_sign))
}

fn bytes(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

/// `20260101T000000Z`.
fn signed_at(date: &str) -> Result<Timestamp, AwsError> {
    let time = DateTime::strptime("%Y%m%dT%H%M%SZ", date).and_then(|time| time.to_zoned(TimeZone::UTC));
    let message = "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"";
    time.map(|time| time.timestamp()).map_err(|_| wrong(message))
}

fn check_time(now: Timestamp, signed: Timestamp, expires: &str) -> Result<(), AwsError> {
    let seconds: i64 = expires.parse().map_err(|_| wrong("X-Amz-Expires should be a number"))?;
    if seconds < 0 {
        return Err(wrong("X-Amz-Expires must be non-negative"));
    }
    if seconds > WEEK {
        return Err(wrong(
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than \
             604800 seconds",
        ));
    }
    let denied = |message: &str| {
        let error = AwsError::new(403, "AccessDenied", message);
        error.with_detail("X-Amz-Expires", expires)
    };
    let end = signed + SignedDuration::from_secs(seconds);
    let server = xml_time_with_seconds(now);
    if now > end {
        let error = denied("Request has expired").with_detail("Expires", xml_time_with_seconds(end));
        return Err(error.with_detail("ServerTime", server));
    }
    if signed > now + SKEW {
        return Err(denied("Request is not valid yet").with_detail("ServerTime", server));
    }
    Ok(())
}

/// The host must be signed, and every `x-amz-…` header that is sent.
fn check_signed_headers(request: &Request, signed: &str) -> Result<(), AwsError> {
    let is_signed = |name: &str| signed.split(';').any(|signed| signed == name);
    let sent = request.headers.keys().map(HeaderName::as_str).filter(|name| name.starts_with("x-amz-"));
    // The hash of the body is a part of the signature itself.
    let sent = sent.filter(|name| *name != "x-amz-content-sha256" && *name != "x-amz-user-agent");
    let missing: Vec<&str> = ["host"].into_iter().chain(sent).filter(|name| !is_signed(name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let message = "There were headers present in the request which were not signed";
    Err(AwsError::new(403, "AccessDenied", message).with_detail("HeadersNotSigned", missing.join(", ")))
}

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>
fn canonical_request(request: &Request, signed: &str) -> String {
    let mut query: Vec<(String, String)> = request
        .query()
        .iter()
        .filter(|(name, _)| name != "X-Amz-Signature")
        .map(|(name, value)| (encode(name, SPECIAL), encode(value, SPECIAL)))
        .collect();
    query.sort();
    let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let path: String = percent_decode_str(request.uri.path()).decode_utf8_lossy().into_owned();
    let path = encode(&path, SPECIAL_IN_PATH);
    let value = |name: &str| match name {
        "host" => request.header("host").map_or_else(|| authority(request), str::to_owned),
        name => request
            .headers
            .get_all(name)
            .iter()
            .filter_map(|v| v.to_str().ok())
            .map(str::trim)
            .collect::<Vec<_>>()
            .join(","),
    };
    let headers: String = signed.split(';').map(|name| format!("{name}:{}\n", value(name))).collect();
    let hash = request.header("x-amz-content-sha256").unwrap_or("UNSIGNED-PAYLOAD");
    format!("{}\n{path}\n{}\n{headers}\n{signed}\n{hash}", request.method, query.join("&"))
}

fn authority(request: &Request) -> String {
    request.uri.authority().map(|authority| authority.to_string()).unwrap_or_default()
}

const SPECIAL: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
const SPECIAL_IN_PATH: &AsciiSet = &SPECIAL.remove(b'/');

fn encode(text: &str, special: &'static AsciiSet) -> String {
    utf8_percent_encode(text, special).to_string()
}

/// The signature of a text under a credential's scope, `20260101/us-east-1/s3/aws4_request`.
pub fn signature(secret: &str, scope: &str, to_sign: &str) -> String {
    let key =
        scope.split('/').fold(format!("AWS4{secret}").into_bytes(), |key, part| hmac::<Sha256>(&key, part.as_bytes()));
    hex(&hmac::<Sha256>(&key, to_sign.as_bytes()))
}

/// HMAC by a hash whose blocks have 64 bytes, as those of SHA-1 and SHA-256 have.
/// <https://www.rfc-editor.org/rfc/rfc2104>
pub fn hmac<D: Digest>(key: &[u8], message: &[u8]) -> Vec<u8> {
    const BLOCK: usize = 64;
    let mut padded = [0; BLOCK];
    if key.len() > BLOCK {
        let hash = D::digest(key);
        padded[..hash.len()].copy_from_slice(&hash);
    } else {
        padded[..key.len()].copy_from_slice(key);
    }
    let pad = |with: u8| padded.map(|byte| byte ^ with);
    let inner = D::new().chain_update(pad(0x36)).chain_update(message).finalize();
    D::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, Method};

    use super::*;

    /// The example of AWS's page on pre-signed URLs.
    #[test]
    fn the_signature_is_that_of_the_documented_example() {
        let url = "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256\
                   &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
                   &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=x";
        let uri = url.parse().expect("a URI");
        let request = Request { method: Method::GET, uri, headers: HeaderMap::new(), body: Bytes::new() };
        let hash = hex(&Sha256::digest(canonical_request(&request, "host")));
        assert_eq!(hash, "3bfa292879f6447bbcda7001decf97f4a54dc650c8942174ae0a9121cf58ad04");
        let scope = "20130524/us-east-1/s3/aws4_request";
        let to_sign = format!("AWS4-HMAC-SHA256\n20130524T000000Z\n{scope}\n{hash}");
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        let expected = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
        assert_eq!(signature(secret, scope, &to_sign), expected);
    }

    #[test]
    fn an_url_ends_with_time_and_begins_with_it() {
        let at = |seconds: i64| Timestamp::from_second(1_000_000 + seconds).expect("in range");
        for (now, expires, expected) in [
            (0, "60", None),
            (60, "60", None),
            (61, "60", Some("Request has expired")),
            (-900, "60", None),
            (-901, "60", Some("Request is not valid yet")),
            (0, "604800", None),
            (0, "-1", Some("X-Amz-Expires must be non-negative")),
            (0, "soon", Some("X-Amz-Expires should be a number")),
        ] {
            let message = check_time(at(now), at(0), expires).err().map(|error| error.message);
            assert_eq!(message.as_deref(), expected, "{now} {expires}");
        }
    }
}
