//! Lifecycle rules: what S3 deletes by itself, at midnight UTC.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html>
//!
//! Transitions are stored and do nothing: all objects are of one storage class here.

use jiff::{SignedDuration, Timestamp};

use super::change::{Cause, Kind};
use super::configurations::give_id;
use super::document::{Element, malformed};
use super::object::Object;
use super::schedule::Schedule;
use super::store::{Version, Versioning};
use super::{Bucket, Target, delete, url_encode};
use crate::Ids;
use crate::protocol::AwsError;
use crate::world::{Outstanding, World};

const ACTIONS: [&str; 6] = [
    "AbortIncompleteMultipartUpload",
    "Expiration",
    "NoncurrentVersionExpiration",
    "NoncurrentVersionTransition",
    "Transition",
    "ExpiredObjectDeleteMarker",
];

/// Refuses a configuration with a rule that S3 does not take, and gives ids to rules without one.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html>
pub fn check_configuration(document: &mut Element, ids: &Ids) -> Result<(), AwsError> {
    let rules = document.children.iter().filter(|child| child.name == "Rule").count();
    if rules == 0 || rules > 1000 || rules != document.children.len() {
        return Err(malformed());
    }
    let mut seen: Vec<String> = Vec::new();
    for rule in &mut document.children {
        check_rule(rule)?;
        give_id(rule, ids);
        let id = rule.required("ID")?.to_owned();
        if seen.contains(&id) {
            let message = "Rule ID must be unique. Found same ID for more than one rule";
            return Err(AwsError::client("InvalidArgument", message));
        }
        seen.push(id);
    }
    Ok(())
}

fn check_rule(rule: &Element) -> Result<(), AwsError> {
    let is_status = matches!(rule.required("Status")?, "Enabled" | "Disabled");
    if !is_status || rule.child("Filter").is_some() == rule.child("Prefix").is_some() {
        return Err(malformed());
    }
    if !ACTIONS.iter().any(|action| rule.child(action).is_some()) {
        return Err(AwsError::client("InvalidRequest", "At least one action needs to be specified in a rule"));
    }
    for (action, name) in DAYS {
        let days = rule.child(action).and_then(|action| action.text_of(name));
        if days.is_some_and(|days| !days.parse::<u32>().is_ok_and(|days| days > 0)) {
            let message = format!("'{name}' for {action} action must be a positive integer");
            return Err(AwsError::client("InvalidArgument", message));
        }
    }
    let date = rule.child("Expiration").and_then(|expiration| expiration.text_of("Date"));
    if date.is_some_and(|date| date.parse().is_ok_and(|date: Timestamp| midnight_from(date) != date)) {
        return Err(AwsError::client("InvalidArgument", "'Date' must be at midnight GMT"));
    }
    if date.is_some_and(|date| date.parse::<Timestamp>().is_err()) { Err(malformed()) } else { Ok(()) }
}

/// Where a rule has numbers of days.
const DAYS: [(&str, &str); 3] = [
    ("Expiration", "Days"),
    ("NoncurrentVersionExpiration", "NoncurrentDays"),
    ("AbortIncompleteMultipartUpload", "DaysAfterInitiation"),
];

/// What S3 does by itself to a key, and when.
type Act = (Timestamp, Action);

enum Action {
    /// The current object is deleted or, where versions are kept, gets a delete marker over it.
    Expire,
    /// A version is deleted for good.
    Remove(String),
    Abort(String),
}

/// The schedule of a bucket whose lifecycle has just been set or taken away: none where there is none.
pub fn schedule(bucket: &Bucket) -> Option<Schedule> {
    rules(bucket).next()?;
    let objects = bucket.objects.keys_from("").map(|(key, _)| key.to_owned());
    Some(Schedule::of(objects.chain(bucket.uploads.keys().map(|(key, _)| key.clone()))))
}

/// Does what has become due.
pub fn run_due(world: &mut World) {
    let now = world.clock.now();
    while let Some((account, region, bucket, key)) = due(world, now) {
        let acts = acts(&world.region(&account, &region).s3.buckets[&bucket], &key);
        let target = Target { bucket, key, version: None };
        for (_, action) in acts.into_iter().filter(|(due, _)| *due <= now) {
            let (ids, request_id) = (world.ids.clone(), world.ids.upper(16));
            perform(world, &Cause::lifecycle(&account, &region, &request_id, now, ids), &target, action);
        }
        let buckets = &mut world.region(&account, &region).s3.buckets;
        buckets.get_mut(&target.bucket).expect("no lifecycle deletes a bucket").touch(&target.key);
    }
}

/// A key whose turn has come, with its account, region and bucket.
fn due(world: &mut World, now: Timestamp) -> Option<(String, String, String, String)> {
    world.regions_mut().find_map(|region| {
        let (bucket, key) = region.s3.buckets.iter_mut().find_map(|(name, bucket)| {
            let key = up_to_date(bucket)?.due(now)?;
            Some((name.clone(), key))
        })?;
        Some((region.account.clone(), region.name.clone(), bucket, key))
    })
}

fn perform(world: &mut World, cause: &Cause<'_>, target: &Target, action: Action) {
    match action {
        Action::Abort(id) => {
            cause.bucket(world, &target.bucket).uploads.remove(&(target.key.clone(), id));
        }
        Action::Remove(id) => {
            delete::remove(world, cause, target, &id, Kind::Expired);
        }
        Action::Expire if cause.bucket(world, &target.bucket).versioning == Versioning::Never => {
            delete::remove(world, cause, target, "null", Kind::Expired);
        }
        Action::Expire => {
            delete::mark(world, cause, target, Kind::ExpirationMarkerCreated);
        }
    }
}

/// When something becomes due next.
pub fn next_due(world: &mut World) -> Option<Timestamp> {
    let buckets = world.regions_mut().flat_map(|region| region.s3.buckets.values_mut());
    buckets.filter_map(|bucket| up_to_date(bucket)?.next()).min()
}

/// What each bucket's lifecycle does next. Nobody waits for it to be over.
pub fn outstanding(world: &mut World) -> Vec<Outstanding> {
    let buckets = world.regions_mut().flat_map(|region| &mut region.s3.buckets);
    let next = buckets.filter_map(|(name, bucket)| {
        let due = up_to_date(bucket)?.next()?;
        Some(Outstanding { what: format!("the lifecycle of bucket {name}"), due, recurring: true })
    });
    next.collect()
}

/// A bucket's schedule, in which every key that was touched has been looked at again.
fn up_to_date(bucket: &mut Bucket) -> Option<&Schedule> {
    let touched = bucket.schedule.as_mut()?.take_touched();
    for key in touched {
        let next = acts(bucket, &key).into_iter().map(|(due, _)| due).min();
        bucket.schedule.as_mut()?.set(key, next);
    }
    bucket.schedule.as_ref()
}

/// The time at which a rule deletes a current object, and the rule's id.
pub fn expiration(bucket: &Bucket, key: &str, version: &Version) -> Option<(Timestamp, String)> {
    let object = version.object.as_ref()?;
    let expiries = rules(bucket).filter(|rule| rule.selects(key, Some(object)));
    let expiries = expiries.filter_map(|rule| Some((rule.expiry(version.modified)?, rule.id.to_owned())));
    expiries.min_by_key(|(due, _)| *due)
}

/// The same as the header `x-amz-expiration` has it.
pub fn expiration_header(bucket: &Bucket, key: &str, version: &Version) -> Option<String> {
    let (due, id) = expiration(bucket, key, version)?;
    let date = due.strftime("%a, %d %b %Y %H:%M:%S GMT");
    Some(format!("expiry-date=\"{date}\", rule-id=\"{}\"", url_encode(&id)))
}

/// What the lifecycle does to a key as it is now.
fn acts(bucket: &Bucket, key: &str) -> Vec<Act> {
    let rules: Vec<Rule<'_>> = rules(bucket).collect();
    let mut acts = acts_on_versions(&rules, bucket, key);
    let of_key = bucket.uploads.range((key.to_owned(), String::new())..).take_while(|((of, _), _)| of == key);
    acts.extend(of_key.filter_map(|((_, id), upload)| {
        let due = rules.iter().filter(|rule| rule.selects(key, None)).filter_map(|rule| rule.abort(upload.started));
        Some((due.min()?, Action::Abort(id.clone())))
    }));
    acts
}

fn acts_on_versions(rules: &[Rule<'_>], bucket: &Bucket, key: &str) -> Vec<Act> {
    let versions = bucket.objects.versions(key);
    let mut acts = Vec::new();
    let Some((current, older)) = versions.split_last() else { return acts };
    match &current.object {
        Some(_) => acts.extend(expiration(bucket, key, current).map(|(due, _)| (due, Action::Expire))),
        None if older.is_empty() => {
            let removes = rules.iter().any(|rule| rule.removes_lone_markers() && rule.selects(key, None));
            let due = midnight_from(current.modified);
            acts.extend(removes.then(|| (due, Action::Remove(current.id_text().to_owned()))));
        }
        None => {}
    }
    for (at, version) in older.iter().enumerate() {
        let newer = older.len() - 1 - at;
        let due = rules.iter().filter(|rule| rule.selects(key, version.object.as_ref()));
        let due = due.filter_map(|rule| rule.noncurrent_expiry(versions[at + 1].modified, newer)).min();
        acts.extend(due.map(|due| (due, Action::Remove(version.id_text().to_owned()))));
    }
    acts
}

/// A rule that is enabled.
#[derive(Clone, Copy)]
struct Rule<'b> {
    id: &'b str,
    element: &'b Element,
}

fn rules(bucket: &Bucket) -> impl Iterator<Item = Rule<'_>> {
    let rules = bucket.configurations.document("lifecycle").into_iter().flat_map(|document| document.all("Rule"));
    let enabled = rules.filter(|rule| rule.text_of("Status") == Some("Enabled"));
    enabled.map(|element| Rule { id: element.text_of("ID").unwrap_or_default(), element })
}

impl Rule<'_> {
    /// Whether the rule is for a key and, where its filter looks at them, an object's tags and size.
    fn selects(&self, key: &str, object: Option<&Object>) -> bool {
        let filter = self.element.child("Filter").map(|filter| filter.child("And").unwrap_or(filter));
        let Some(filter) = filter else { return key.starts_with(self.element.text_of("Prefix").unwrap_or_default()) };
        let tags = filter.all("Tag").all(|tag| {
            let (key, value) = (tag.text_of("Key").unwrap_or_default(), tag.text_of("Value").unwrap_or_default());
            object.is_some_and(|object| object.tags.has(key, value))
        });
        let size = |name: &str, fits: fn(usize, usize) -> bool| match filter.text_of(name).and_then(|n| n.parse().ok())
        {
            None => true,
            Some(limit) => object.is_some_and(|object| fits(object.body.len(), limit)),
        };
        key.starts_with(filter.text_of("Prefix").unwrap_or_default())
            && tags
            && size("ObjectSizeGreaterThan", |size, limit| size > limit)
            && size("ObjectSizeLessThan", |size, limit| size < limit)
    }

    fn expiry(&self, modified: Timestamp) -> Option<Timestamp> {
        let expiration = self.element.child("Expiration")?;
        if let Some(date) = expiration.text_of("Date") {
            return date.parse::<Timestamp>().ok().map(|date| date.max(midnight_from(modified)));
        }
        Some(days_after(modified, expiration.text_of("Days")?))
    }

    fn removes_lone_markers(&self) -> bool {
        let expiration = self.element.child("Expiration");
        expiration.is_some_and(|expiration| expiration.text_of("ExpiredObjectDeleteMarker") == Some("true"))
    }

    /// When a version that stopped being the current one `since`, and has `newer` such versions after it, goes.
    fn noncurrent_expiry(&self, since: Timestamp, newer: usize) -> Option<Timestamp> {
        let expiration = self.element.child("NoncurrentVersionExpiration")?;
        let kept = expiration.text_of("NewerNoncurrentVersions").and_then(|kept| kept.parse().ok()).unwrap_or(0);
        (newer >= kept).then(|| days_after(since, expiration.text_of("NoncurrentDays").unwrap_or("1")))
    }

    fn abort(&self, started: Timestamp) -> Option<Timestamp> {
        let abort = self.element.child("AbortIncompleteMultipartUpload")?;
        Some(days_after(started, abort.text_of("DaysAfterInitiation")?))
    }
}

fn days_after(time: Timestamp, days: &str) -> Timestamp {
    let days: i64 = days.parse().unwrap_or(1);
    time.checked_add(SignedDuration::from_hours(24 * days)).map_or(Timestamp::MAX, midnight_from)
}

/// The midnight at or after a time.
fn midnight_from(time: Timestamp) -> Timestamp {
    const DAY: i64 = 24 * 60 * 60;
    let seconds = time.as_second() + i64::from(time.subsec_nanosecond() > 0);
    Timestamp::from_second(-(-seconds).div_euclid(DAY) * DAY).unwrap_or(Timestamp::MAX)
}
