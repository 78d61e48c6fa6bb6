//! A bucket's objects, with all their versions.
//!
//! What always holds: a key has at least one version, the last one is the current, and at most one version of
//! a key is the null version.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html>

use std::collections::BTreeMap;
use std::ops::Bound;

use jiff::Timestamp;

use super::object::Object;
use crate::Ids;

/// Whether a bucket keeps versions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Versioning {
    #[default]
    Never,
    Enabled,
    Suspended,
}

/// All versions of all keys.
#[derive(Default)]
pub struct Objects(BTreeMap<String, Vec<Version>>);

/// A version of an object, or a delete marker.
#[derive(Clone)]
pub struct Version {
    /// None for the null version.
    pub id: Option<String>,
    pub modified: Timestamp,
    /// None for a delete marker.
    pub object: Option<Object>,
}

impl Version {
    /// The id as it is written.
    pub fn id_text(&self) -> &str {
        self.id.as_deref().unwrap_or("null")
    }

    /// The time of the last change, in whole seconds as S3 keeps it.
    pub fn last_modified(&self) -> Timestamp {
        Timestamp::from_second(self.modified.as_second()).expect("a time without its fraction is in range")
    }

    fn is(&self, id: &str) -> bool {
        self.id_text() == id
    }
}

impl Objects {
    /// Whether there is no version of anything.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A key's current version, which may be a delete marker.
    pub fn current(&self, key: &str) -> Option<&Version> {
        self.0.get(key)?.last()
    }

    /// A key's current object.
    pub fn object(&self, key: &str) -> Option<&Object> {
        self.current(key)?.object.as_ref()
    }

    /// All versions of a key, the oldest first.
    pub fn versions(&self, key: &str) -> &[Version] {
        self.0.get(key).map_or(&[], Vec::as_slice)
    }

    /// The version with an id, or the current one.
    pub fn version(&self, key: &str, id: Option<&str>) -> Option<&Version> {
        match id {
            None => self.current(key),
            Some(id) => self.0.get(key)?.iter().find(|version| version.is(id)),
        }
    }

    /// The same, to be changed.
    pub fn version_mut(&mut self, key: &str, id: Option<&str>) -> Option<&mut Version> {
        let versions = self.0.get_mut(key)?;
        match id {
            None => versions.last_mut(),
            Some(id) => versions.iter_mut().find(|version| version.is(id)),
        }
    }

    /// Makes an object, or a delete marker, a key's current version, as the bucket's versioning has it, and
    /// returns the version's id: where versions are not kept, it replaces the null version.
    pub fn put(
        &mut self,
        key: &str,
        object: Option<Object>,
        versioning: Versioning,
        now: Timestamp,
        ids: &Ids,
    ) -> Option<String> {
        let id = (versioning == Versioning::Enabled).then(|| ids.mixed(32));
        let versions = self.0.entry(key.to_owned()).or_default();
        if id.is_none() {
            versions.retain(|version| version.id.is_some());
        }
        versions.push(Version { id: id.clone(), modified: now, object });
        id
    }

    /// Removes the version with an id for good.
    pub fn remove(&mut self, key: &str, id: &str) -> Option<Version> {
        let versions = self.0.get_mut(key)?;
        let at = versions.iter().position(|version| version.is(id))?;
        let removed = versions.remove(at);
        if versions.is_empty() {
            self.0.remove(key);
        }
        Some(removed)
    }

    /// The current versions that are objects, from a key on, in the order of their keys.
    pub fn current_from<'o>(&'o self, start: &'o str) -> impl Iterator<Item = (&'o str, &'o Version)> {
        self.keys_from(start).filter_map(|(key, versions)| {
            let current = versions.last().filter(|version| version.object.is_some())?;
            Some((key, current))
        })
    }

    /// All versions by key, from a key on: of each key the oldest first.
    pub fn keys_from<'o>(&'o self, start: &'o str) -> impl Iterator<Item = (&'o str, &'o [Version])> {
        let range = self.0.range::<str, _>((Bound::Included(start), Bound::Unbounded));
        range.map(|(key, versions)| (key.as_str(), versions.as_slice()))
    }
}
