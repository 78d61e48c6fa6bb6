//! `ListObjectsV2`, and how listings are cut into pages.

use std::ops::{Bound, RangeInclusive};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::objects::Object;
use super::{Bucket, NAMESPACE, Target, bucket, canonical_user, url_encode, xml_time};
use crate::protocol::{AwsError, Reply, Request, xml};
use crate::world::{Call, World};

/// `ListObjectsV2`: keys in the order of their UTF-8 bytes, up to 1,000 a page; with a delimiter, those
/// that share what stands up to it are one common prefix.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
pub fn objects(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    let query = Parameters::of(call.request);
    let limit = query.number("max-keys", 0..=i32::MAX as usize)?.unwrap_or(1000).min(1000);
    let after = query.token()?;
    let encodes = match query.get("encoding-type") {
        None => false,
        Some("url") => true,
        Some(_) => return Err(invalid("encoding-type", "Invalid Encoding Method specified in Request")),
    };
    let delimiter = query.get("delimiter").filter(|delimiter| !delimiter.is_empty());
    let scan = Scan {
        bucket: bucket(world, call, &target.bucket)?,
        prefix: query.get("prefix").unwrap_or_default(),
        delimiter,
        after: after.as_deref().or(query.get("start-after")).unwrap_or_default(),
    };
    let page = scan.page(limit);
    let owner = (query.get("fetch-owner") == Some("true")).then(|| canonical_user(&call.identity.account));
    Ok(Reply::xml(render(&query, &target.bucket, limit, &page, &Style { encodes, owner })))
}

/// What the next page begins after, as an opaque token.
pub fn token(last: &str) -> String {
    BASE64.encode(last)
}

/// The query parameters of a listing.
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Those of a request.
    pub fn of(request: &Request) -> Self {
        Self(request.query())
    }

    /// A parameter's value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A number within a range, or `InvalidArgument`.
    pub fn number(&self, name: &'static str, range: RangeInclusive<usize>) -> Result<Option<usize>, AwsError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number = value.parse().ok().filter(|number| range.contains(number));
        let message = format!("Provided {name} not an integer or within integer range");
        number.map(Some).ok_or_else(|| invalid(name, &message))
    }

    /// What the page begins after, from its continuation token.
    pub fn token(&self) -> Result<Option<String>, AwsError> {
        let Some(token) = self.get("continuation-token") else { return Ok(None) };
        let decoded = BASE64.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let decoded = decoded.filter(|decoded| !decoded.is_empty());
        decoded.map(Some).ok_or_else(|| invalid("continuation-token", "The continuation token provided is incorrect"))
    }
}

fn invalid(name: &str, message: &str) -> AwsError {
    AwsError::client("InvalidArgument", message).with_detail("ArgumentName", name)
}

struct Scan<'a> {
    bucket: &'a Bucket,
    prefix: &'a str,
    delimiter: Option<&'a str>,
    /// The key or common prefix that the page begins after.
    after: &'a str,
}

enum Entry<'a> {
    Object(&'a str, &'a Object),
    CommonPrefix(&'a str),
}

impl Entry<'_> {
    fn name(&self) -> &str {
        match self {
            Self::Object(name, _) | Self::CommonPrefix(name) => name,
        }
    }
}

struct Page<'a> {
    entries: Vec<Entry<'a>>,
    truncated: bool,
}

impl<'a> Scan<'a> {
    fn page(&self, limit: usize) -> Page<'a> {
        let start = self.prefix.max(self.after);
        let keys = self.bucket.objects.range::<str, _>((Bound::Included(start), Bound::Unbounded));
        let mut entries: Vec<Entry<'a>> = Vec::new();
        for (key, object) in keys.take_while(|(key, _)| key.starts_with(self.prefix)) {
            let entry = match self.common_prefix(key) {
                // The page before this one ended with this common prefix.
                Some(prefix) if prefix == self.after => continue,
                Some(prefix) if matches!(entries.last(), Some(Entry::CommonPrefix(last)) if *last == prefix) => {
                    continue;
                }
                Some(prefix) => Entry::CommonPrefix(prefix),
                None => Entry::Object(key, object),
            };
            if key == self.after {
                continue;
            }
            if entries.len() == limit {
                return Page { entries, truncated: limit > 0 };
            }
            entries.push(entry);
        }
        Page { entries, truncated: false }
    }

    fn common_prefix(&self, key: &'a str) -> Option<&'a str> {
        let delimiter = self.delimiter?;
        let end = key[self.prefix.len()..].find(delimiter)?;
        Some(&key[..self.prefix.len() + end + delimiter.len()])
    }
}

/// How entries are written.
struct Style {
    /// Whether keys are URL-encoded.
    encodes: bool,
    /// The owner to show with each object.
    owner: Option<String>,
}

impl Style {
    fn name(&self, element: &str, text: &str) -> String {
        if self.encodes { xml::element(element, &url_encode(text)) } else { xml::element(element, text) }
    }

    fn entry(&self, entry: &Entry<'_>) -> String {
        let (key, object) = match entry {
            Entry::CommonPrefix(prefix) => {
                return format!("<CommonPrefixes>{}</CommonPrefixes>", self.name("Prefix", prefix));
            }
            Entry::Object(key, object) => (key, object),
        };
        let owner = self.owner.as_deref().map(|id| format!("<Owner>{}</Owner>", xml::element("ID", id)));
        let parts = [
            self.name("Key", key),
            xml::element("LastModified", &xml_time(object.modified)),
            xml::element("ETag", &format!("\"{}\"", object.etag)),
            xml::element("ChecksumAlgorithm", object.checksum.algorithm.name()),
            xml::element("ChecksumType", "FULL_OBJECT"),
            xml::element("Size", &object.body.len().to_string()),
            owner.unwrap_or_default(),
            xml::element("StorageClass", "STANDARD"),
        ];
        format!("<Contents>{}</Contents>", parts.concat())
    }
}

fn render(query: &Parameters, bucket: &str, limit: usize, page: &Page<'_>, style: &Style) -> String {
    let mut parts = vec![
        xml::element("Name", bucket),
        style.name("Prefix", query.get("prefix").unwrap_or_default()),
        xml::element("KeyCount", &page.entries.len().to_string()),
        xml::element("MaxKeys", &limit.to_string()),
        xml::element("IsTruncated", &page.truncated.to_string()),
    ];
    parts.extend(query.get("delimiter").map(|delimiter| style.name("Delimiter", delimiter)));
    parts.extend(query.get("start-after").map(|after| style.name("StartAfter", after)));
    parts.extend(query.get("encoding-type").map(|encoding| xml::element("EncodingType", encoding)));
    parts.extend(query.get("continuation-token").map(|token| xml::element("ContinuationToken", token)));
    let last = page.entries.last().filter(|_| page.truncated);
    parts.extend(last.map(|last| xml::element("NextContinuationToken", &token(last.name()))));
    parts.extend(page.entries.iter().map(|entry| style.entry(entry)));
    format!("<ListBucketResult xmlns=\"{NAMESPACE}\">{}</ListBucketResult>", parts.concat())
}
