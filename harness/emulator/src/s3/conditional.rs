//! Conditional requests and byte ranges.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html>

use std::ops::Range;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

use super::object::{Object, quoted};
use super::objects::no_such_key;
use super::store::Version;
use super::versions::Found;
use crate::protocol::{AwsError, Request, Service};
use crate::world::Call;

/// Checks a read's conditions: 412 where one fails, or 304 where the client has the object already.
///
/// `If-Match` that holds makes `If-Unmodified-Since` moot, and `If-None-Match` does so with
/// `If-Modified-Since`.
pub fn check_read(request: &Request, found: &Found<'_>) -> Result<(), AwsError> {
    let conditions = Conditions { request, prefix: "", found };
    conditions.must_match()?;
    match conditions.has_changed() {
        true => Ok(()),
        false => Err(AwsError::new(304, "NotModified", "Not Modified").with_header("etag", quoted(&found.object.etag))),
    }
}

/// Checks the conditions on a copy's source: 412 where one fails.
pub fn check_copy_source(request: &Request, found: &Found<'_>) -> Result<(), AwsError> {
    let conditions = Conditions { request, prefix: "x-amz-copy-source-", found };
    conditions.must_match()?;
    match conditions.has_changed() {
        true => Ok(()),
        false => Err(failed("x-amz-copy-source-If-None-Match")),
    }
}

/// Checks a write's conditions against the object that it would replace.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>
pub fn check_write(call: &Call<'_>, key: &str, existing: Option<&Object>) -> Result<(), AwsError> {
    match call.request.header("if-none-match") {
        Some("*") if existing.is_some() => return Err(failed("If-None-Match")),
        None | Some("*") => {}
        Some(_) => {
            let what = "If-None-Match with another value than *";
            return Err(AwsError::parameter_not_simulated(Service::S3, call.operation(), what));
        }
    }
    match (call.request.header("if-match"), existing) {
        (Some(_), None) => Err(no_such_key(key)),
        (Some(tags), Some(object)) if !names(tags, &object.etag) => Err(failed("If-Match")),
        _ => Ok(()),
    }
}

/// Checks a deletion's condition against a key's current version: 404 where nothing is there, 412 where a
/// delete marker or an object with another entity tag is.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html>
pub fn check_delete(tags: &str, key: &str, current: Option<&Version>) -> Result<(), AwsError> {
    let current = current.ok_or_else(|| no_such_key(key))?;
    match &current.object {
        Some(object) if names(tags, &object.etag) => Ok(()),
        _ => Err(failed("If-Match")),
    }
}

/// The bytes that a request's `Range` asks for of an object of `size` bytes. S3 serves one range; where
/// several are asked for, or the header cannot be read, it sends the whole object.
pub fn range(request: &Request, size: usize) -> Result<Option<Range<usize>>, AwsError> {
    let Some(header) = request.header("range") else { return Ok(None) };
    let Some((first, last)) = header.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Ok(None);
    };
    let range = match (first.trim().parse::<usize>(), last.trim().parse::<usize>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Ok(first), Err(_)) if last.trim().is_empty() => first..size,
        (Err(_), Ok(length)) if first.trim().is_empty() => size.saturating_sub(length)..size,
        _ => return Ok(None),
    };
    if range.is_empty() {
        let error = AwsError::new(416, "InvalidRange", "The requested range is not satisfiable");
        return Err(error.with_detail("RangeRequested", header).with_detail("ActualObjectSize", size.to_string()));
    }
    Ok(Some(range))
}

struct Conditions<'a> {
    request: &'a Request,
    /// What stands before `if-match` and the others in a header's name.
    prefix: &'static str,
    found: &'a Found<'a>,
}

impl Conditions<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        self.request.header(&format!("{}{name}", self.prefix))
    }

    /// A date that cannot be read is no condition, as HTTP has it.
    fn date(&self, name: &str) -> Option<Timestamp> {
        DateTimeParser::new().parse_timestamp(self.header(name)?).ok()
    }

    fn must_match(&self) -> Result<(), AwsError> {
        if let Some(tags) = self.header("if-match") {
            return if names(tags, &self.found.object.etag) { Ok(()) } else { Err(failed("If-Match")) };
        }
        match self.date("if-unmodified-since") {
            Some(date) if self.found.version.last_modified() > date => Err(failed("If-Unmodified-Since")),
            _ => Ok(()),
        }
    }

    fn has_changed(&self) -> bool {
        if let Some(tags) = self.header("if-none-match") {
            return !names(tags, &self.found.object.etag);
        }
        self.date("if-modified-since").is_none_or(|date| self.found.version.last_modified() > date)
    }
}

/// Whether a list of entity tags, quoted or not, names this one.
fn names(tags: &str, etag: &str) -> bool {
    tags.split(',').map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/").trim_matches('"') == etag)
}

fn failed(condition: &str) -> AwsError {
    let message = "At least one of the pre-conditions you specified did not hold";
    AwsError::new(412, "PreconditionFailed", message).with_detail("Condition", condition)
}
