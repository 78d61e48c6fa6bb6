//! What happens to objects, as events tell of it.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html>

use jiff::Timestamp;

use super::Bucket;
use super::store::Version;
use crate::Ids;
use crate::world::{Call, World};

/// What happens to objects here. The other event types that S3 has are never sent, since nothing here causes
/// them: restoring, transitions, replication, intelligent tiering, losses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Put,
    Post,
    Copy,
    CompleteMultipartUpload,
    Delete,
    DeleteMarkerCreated,
    TagsPut,
    TagsDeleted,
    AclPut,
    Expired,
    ExpirationMarkerCreated,
}

impl Kind {
    /// The event type without `s3:`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Put => "ObjectCreated:Put",
            Self::Post => "ObjectCreated:Post",
            Self::Copy => "ObjectCreated:Copy",
            Self::CompleteMultipartUpload => "ObjectCreated:CompleteMultipartUpload",
            Self::Delete => "ObjectRemoved:Delete",
            Self::DeleteMarkerCreated => "ObjectRemoved:DeleteMarkerCreated",
            Self::TagsPut => "ObjectTagging:Put",
            Self::TagsDeleted => "ObjectTagging:Delete",
            Self::AclPut => "ObjectAcl:Put",
            Self::Expired => "LifecycleExpiration:Delete",
            Self::ExpirationMarkerCreated => "LifecycleExpiration:DeleteMarkerCreated",
        }
    }

    /// EventBridge's detail type, with the event's reason and the deletion's type where it has them.
    pub fn for_event_bridge(self) -> (&'static str, Option<&'static str>, Option<&'static str>) {
        const FOR_GOOD: Option<&str> = Some("Permanently Deleted");
        const MARKED: Option<&str> = Some("Delete Marker Created");
        match self {
            Self::Put => ("Object Created", Some("PutObject"), None),
            Self::Post => ("Object Created", Some("POST Object"), None),
            Self::Copy => ("Object Created", Some("CopyObject"), None),
            Self::CompleteMultipartUpload => ("Object Created", Some("CompleteMultipartUpload"), None),
            Self::Delete => ("Object Deleted", Some("DeleteObject"), FOR_GOOD),
            Self::DeleteMarkerCreated => ("Object Deleted", Some("DeleteObject"), MARKED),
            Self::TagsPut => ("Object Tags Added", None, None),
            Self::TagsDeleted => ("Object Tags Deleted", None, None),
            Self::AclPut => ("Object ACL Updated", None, None),
            Self::Expired => ("Object Deleted", Some("Lifecycle Expiration"), FOR_GOOD),
            Self::ExpirationMarkerCreated => ("Object Deleted", Some("Lifecycle Expiration"), MARKED),
        }
    }

    fn is_creation(self) -> bool {
        matches!(self, Self::Put | Self::Post | Self::Copy | Self::CompleteMultipartUpload)
    }

    /// Whether the event has a place in the order of puts and deletions.
    pub fn is_ordered(self) -> bool {
        !matches!(self, Self::TagsPut | Self::TagsDeleted | Self::AclPut)
    }

    /// The version of the record's format: tags, access control lists and lifecycles came later.
    pub fn format(self) -> &'static str {
        match self {
            Self::TagsPut | Self::TagsDeleted | Self::AclPut | Self::Expired | Self::ExpirationMarkerCreated => "2.3",
            _ => "2.1",
        }
    }
}

/// Something that happened to an object.
pub struct Change {
    pub kind: Kind,
    pub key: String,
    pub size: Option<usize>,
    pub etag: Option<String>,
    /// The version's id; none for the null version.
    pub version: Option<String>,
}

impl Change {
    /// What happened to a version that is there now.
    pub fn of(kind: Kind, key: &str, version: &Version) -> Self {
        /// The entity tag of nothing, which the events of delete markers have.
        const EMPTY: &str = "d41d8cd98f00b204e9800998ecf8427e";
        let object = version.object.as_ref();
        Self {
            kind,
            key: key.to_owned(),
            size: object.filter(|_| kind.is_creation()).map(|object| object.body.len()),
            etag: Some(object.map_or_else(|| EMPTY.to_owned(), |object| object.etag.clone())),
            version: version.id.clone(),
        }
    }

    /// What happened to a version that is gone.
    pub fn removed(kind: Kind, key: &str, version: &Version) -> Self {
        Self { kind, key: key.to_owned(), size: None, etag: None, version: version.id.clone() }
    }
}

/// Who changed an object, and when.
pub struct Cause<'a> {
    pub account: &'a str,
    pub region: &'a str,
    pub request_id: &'a str,
    pub now: Timestamp,
    pub ids: Ids,
    /// The principal and the address, where S3 itself did it.
    pub service: Option<&'static str>,
}

impl<'a> Cause<'a> {
    /// A call.
    pub fn of(call: &'a Call<'_>) -> Self {
        let (identity, ids) = (call.identity, call.ids.clone());
        let (account, region) = (&identity.account, &identity.region);
        Self { account, region, request_id: call.request_id, now: call.clock.now(), ids, service: None }
    }

    /// S3 itself, by a bucket's lifecycle.
    pub fn lifecycle(account: &'a str, region: &'a str, request_id: &'a str, now: Timestamp, ids: Ids) -> Self {
        Self { account, region, request_id, now, ids, service: Some("s3.amazonaws.com") }
    }

    /// A bucket that has been found before.
    pub fn bucket<'w>(&self, world: &'w mut World, name: &str) -> &'w mut Bucket {
        world.region(self.account, self.region).s3.buckets.get_mut(name).expect("the bucket has been found before")
    }
}
