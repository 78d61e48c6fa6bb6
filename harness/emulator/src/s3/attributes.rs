//! `GetObjectAttributes`.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html>

use super::checksum::Kind;
use super::object::{Object, Part};
use super::{NAMESPACE, Target, versions};
use crate::protocol::{AwsError, Reply, xml};
use crate::world::{Call, World};

const NAMES: [&str; 5] = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"];

/// `GetObjectAttributes`.
pub fn get(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    let asked = call.request.headers.get_all("x-amz-object-attributes").iter();
    let asked = asked.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    let asked: Vec<&str> = asked.map(str::trim).filter(|name| !name.is_empty()).collect();
    if asked.is_empty() || asked.iter().any(|name| !NAMES.contains(name)) {
        let error = AwsError::client("InvalidArgument", "Invalid attribute name specified.");
        return Err(error.with_detail("ArgumentName", "x-amz-object-attributes"));
    }
    let found = versions::find(world, call, target)?;
    let (object, mut parts) = (found.object, String::new());
    for name in NAMES.into_iter().filter(|name| asked.contains(name)) {
        parts += &match name {
            "ETag" => xml::element("ETag", &object.etag),
            "Checksum" => format!("<Checksum>{}</Checksum>", object.checksum.elements()),
            "ObjectParts" => object_parts(call, object)?,
            "StorageClass" => xml::element("StorageClass", "STANDARD"),
            _ => xml::element("ObjectSize", &object.body.len().to_string()),
        };
    }
    let document = format!("<GetObjectAttributesResponse xmlns=\"{NAMESPACE}\">{parts}</GetObjectAttributesResponse>");
    let modified = found.version.modified.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    Ok(found.identified(Reply::xml(document).with_header("last-modified", &modified)))
}

/// The parts of an object that was uploaded in parts: how many there are and, where the checksum is of the
/// parts' checksums, each.
fn object_parts(call: &Call<'_>, object: &Object) -> Result<String, AwsError> {
    if object.parts.is_empty() {
        return Ok(String::new());
    }
    let count = xml::element("PartsCount", &object.parts.len().to_string());
    if object.checksum.kind == Kind::FullObject {
        return Ok(format!("<ObjectParts>{count}</ObjectParts>"));
    }
    let number = |name: &'static str, otherwise: u32| match call.request.header(name) {
        None => Ok(otherwise),
        Some(text) => text.parse().map_err(|_| {
            let message = format!("Provided {name} not an integer or within integer range");
            AwsError::client("InvalidArgument", message).with_detail("ArgumentName", name)
        }),
    };
    let (limit, marker) = (number("x-amz-max-parts", 1000)?.min(1000), number("x-amz-part-number-marker", 0)?);
    let rest: Vec<&Part> = object.parts.iter().filter(|part| part.number > marker).collect();
    let page = &rest[..rest.len().min(limit as usize)];
    let shown: String = page.iter().map(|part| part_element(part)).collect();
    let last = page.last().map_or(marker, |part| part.number);
    let elements = [
        count,
        xml::element("PartNumberMarker", &marker.to_string()),
        xml::element("NextPartNumberMarker", &last.to_string()),
        xml::element("MaxParts", &limit.to_string()),
        xml::element("IsTruncated", &(page.len() < rest.len()).to_string()),
        shown,
    ];
    Ok(format!("<ObjectParts>{}</ObjectParts>", elements.concat()))
}

fn part_element(part: &Part) -> String {
    let checksum = part.checksum.as_ref().map(super::checksum::Checksum::element).unwrap_or_default();
    let (number, size) = (part.number.to_string(), part.size.to_string());
    format!("<Part>{}{}{checksum}</Part>", xml::element("PartNumber", &number), xml::element("Size", &size))
}
