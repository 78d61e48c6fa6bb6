//! Tags of objects and buckets.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html>

use super::change::{Cause, Change, Kind};
use super::chunked::Payload;
use super::document::{Element, malformed};
use super::event;
use super::{NAMESPACE, Target, bucket, checksum, versions};
use crate::protocol::{AwsError, Reply, xml};
use crate::world::{Call, World};

/// Tags by key, in the order in which they were given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags(Vec<(String, String)>);

/// The most tags of an object, and of a bucket.
const MOST: [usize; 2] = [10, 50];

impl Tags {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are any.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there is such a tag.
    pub fn has(&self, key: &str, value: &str) -> bool {
        self.0.iter().any(|(known, tag)| known == key && tag == value)
    }

    /// Those of the header `x-amz-tagging`, which has the form of a query string.
    pub fn of_header(header: Option<&str>) -> Result<Self, AwsError> {
        let Some(header) = header else { return Ok(Self::default()) };
        let tags = Self(form_urlencoded::parse(header.as_bytes()).into_owned().collect());
        if tags.repeats_a_key() {
            let message = "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters \
                           without tag name duplicates.";
            let error = AwsError::client("InvalidArgument", message).with_detail("ArgumentName", "x-amz-tagging");
            return Err(error.with_detail("ArgumentValue", header));
        }
        tags.checked("Object", MOST[0])
    }

    /// Those of a document `Tagging`.
    fn of_document(body: &[u8], of: &str, most: usize) -> Result<Self, AwsError> {
        let document = Element::parse(body, "Tagging")?;
        Self::of_element(&document)?.checked(of, most)
    }

    /// Those of an element with a `TagSet`.
    pub fn of_element(element: &Element) -> Result<Self, AwsError> {
        Self::of_set(element.child("TagSet").ok_or_else(malformed)?)
    }

    /// Those that a new bucket is to have.
    pub fn of_bucket(set: &Element) -> Result<Self, AwsError> {
        Self::of_set(set)?.checked("Bucket", MOST[1])
    }

    /// Those of an element with `Tags`, as S3 Control has them.
    pub fn of_list(element: &Element) -> Result<Self, AwsError> {
        Self::of_set(element.child("Tags").ok_or_else(malformed)?)
    }

    /// A bucket's tags with further ones, which go before those with the same keys.
    pub fn with(&self, further: Self) -> Result<Self, AwsError> {
        let kept = self.0.iter().filter(|(key, _)| !further.0.iter().any(|(other, _)| other == key));
        Self(kept.cloned().chain(further.0.iter().cloned()).collect()).checked("Bucket", MOST[1])
    }

    /// Takes a tag away, where it is there.
    pub fn remove(&mut self, key: &str) {
        self.0.retain(|(known, _)| known != key);
    }

    /// The tags in the form of the header `x-amz-tagging`.
    pub fn query(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }

    fn of_set(set: &Element) -> Result<Self, AwsError> {
        let tag = |tag: &Element| Ok((tag.required("Key")?.to_owned(), tag.required("Value")?.to_owned()));
        let tags = Self(set.all("Tag").map(tag).collect::<Result<_, AwsError>>()?);
        match tags.repeats_a_key() {
            true => Err(AwsError::client("InvalidTag", "Cannot provide multiple Tags with the same key")),
            false => Ok(tags),
        }
    }

    /// The tags as a document.
    fn document(&self) -> String {
        format!("<Tagging xmlns=\"{NAMESPACE}\"><TagSet>{}</TagSet></Tagging>", self.elements())
    }

    /// The tags as elements.
    pub fn elements(&self) -> String {
        let tag = |(key, value): &(String, String)| {
            format!("<Tag>{}{}</Tag>", xml::element("Key", key), xml::element("Value", value))
        };
        self.0.iter().map(tag).collect()
    }

    fn repeats_a_key(&self) -> bool {
        self.0.iter().enumerate().any(|(at, (key, _))| self.0[..at].iter().any(|(other, _)| other == key))
    }

    fn checked(self, of: &str, most: usize) -> Result<Self, AwsError> {
        if self.len() > most {
            let message = match of {
                "Object" => format!("Object tags cannot be greater than {most}"),
                _ => format!("Bucket tag count cannot be greater than {most}"),
            };
            return Err(AwsError::client("BadRequest", message));
        }
        for (key, value) in &self.0 {
            check_tag(key, value)?;
        }
        Ok(self)
    }
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions>
fn check_tag(key: &str, value: &str) -> Result<(), AwsError> {
    let allowed = |text: &str| text.chars().all(|c| c.is_alphanumeric() || c == ' ' || "+-=._:/@".contains(c));
    let invalid = |name: &'static str, text: &str, message: &str| {
        Err(AwsError::client("InvalidTag", message).with_detail(name, text))
    };
    if key.starts_with("aws:") {
        return invalid("TagKey", key, "System tags cannot be added/updated by requester");
    }
    if key.is_empty() || key.chars().count() > 128 || !allowed(key) {
        return invalid("TagKey", key, "The TagKey you have provided is invalid");
    }
    if value.chars().count() > 256 || !allowed(value) {
        return invalid("TagValue", value, "The TagValue you have provided is invalid");
    }
    Ok(())
}

/// `PutObjectTagging`, which replaces all tags.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html>
pub fn put_of_object(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    versions::find(world, call, target)?;
    let payload = Payload::of(call.request)?;
    checksum::verify(call, &payload, None)?;
    let tags = Tags::of_document(&payload.body, "Object", MOST[0])?;
    replace(world, call, target, tags, Kind::TagsPut)
}

/// `GetObjectTagging`.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html>
pub fn get_of_object(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    let found = versions::find(world, call, target)?;
    Ok(found.identified(Reply::xml(found.object.tags.document())))
}

/// `DeleteObjectTagging`.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjectTagging.html>
pub fn delete_of_object(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    replace(world, call, target, Tags::default(), Kind::TagsDeleted).map(|reply| reply.with_status(204))
}

fn replace(world: &mut World, call: &Call<'_>, target: &Target, tags: Tags, kind: Kind) -> Result<Reply, AwsError> {
    let object = versions::find_mut(world, call, target)?;
    object.tags = tags;
    let found = versions::find(world, call, target)?;
    let reply = found.identified(Reply::empty());
    let change = Change::of(kind, &target.key, found.version);
    event::record(world, &Cause::of(call), &target.bucket, &change);
    Ok(reply)
}

/// `PutBucketTagging`.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html>
pub fn put_of_bucket(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    let bucket = bucket(world, call, &target.bucket)?;
    let payload = Payload::of(call.request)?;
    checksum::verify(call, &payload, None)?;
    bucket.tags = Tags::of_document(&payload.body, "Bucket", MOST[1])?;
    Ok(Reply::empty().with_status(204))
}

/// `GetBucketTagging`.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketTagging.html>
pub fn get_of_bucket(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    let tags = &bucket(world, call, &target.bucket)?.tags;
    if tags.is_empty() {
        let error = AwsError::new(404, "NoSuchTagSet", "The TagSet does not exist");
        return Err(error.with_detail("BucketName", &target.bucket));
    }
    Ok(Reply::xml(tags.document()))
}

/// `DeleteBucketTagging`.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketTagging.html>
pub fn delete_of_bucket(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    bucket(world, call, &target.bucket)?.tags = Tags::default();
    Ok(Reply::empty().with_status(204))
}
