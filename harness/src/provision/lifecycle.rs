//! A bucket's lifecycle.

use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use aws_sdk_s3::types::builders::LifecycleRuleFilterBuilder;
use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, ExpirationStatus, LifecycleExpiration, LifecycleRule,
    LifecycleRuleAndOperator, LifecycleRuleFilter, NoncurrentVersionExpiration, Tag,
};

use super::{ProvisionError, built};
use crate::stack::{Bucket, Expiration, LifecycleRule as Rule};

/// The configuration with all rules of a bucket.
pub fn configuration(bucket: &Bucket) -> Result<BucketLifecycleConfiguration, ProvisionError> {
    let rules = bucket.lifecycle.iter().map(|rule| one(bucket, rule)).collect::<Result<Vec<_>, _>>()?;
    built(&bucket.logical_id, BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build())
}

fn one(bucket: &Bucket, rule: &Rule) -> Result<LifecycleRule, ProvisionError> {
    let id = &bucket.logical_id;
    let status = if rule.enabled { ExpirationStatus::Enabled } else { ExpirationStatus::Disabled };
    let expiration = rule.expiration.as_ref().map(|expiration| self::expiration(id, expiration)).transpose()?;
    let noncurrent = rule.noncurrent.map(|(days, newer)| {
        let noncurrent = NoncurrentVersionExpiration::builder().noncurrent_days(number(days));
        noncurrent.set_newer_noncurrent_versions(newer.map(number)).build()
    });
    let abort = rule
        .abort_after
        .map(|days| AbortIncompleteMultipartUpload::builder().days_after_initiation(number(days)).build());
    let built_rule = LifecycleRule::builder()
        .set_id(rule.id.clone())
        .status(status)
        .filter(filter(id, rule)?)
        .set_expiration(expiration)
        .set_noncurrent_version_expiration(noncurrent)
        .set_abort_incomplete_multipart_upload(abort);
    built(id, built_rule.build())
}

fn expiration(id: &str, expiration: &Expiration) -> Result<LifecycleExpiration, ProvisionError> {
    let builder = LifecycleExpiration::builder();
    Ok(match expiration {
        Expiration::Days(days) => builder.days(number(*days)),
        Expiration::Date(date) => builder.date(built(id, DateTime::from_str(date, DateTimeFormat::DateTime))?),
        Expiration::LoneDeleteMarkers => builder.expired_object_delete_marker(true),
    }
    .build())
}

/// What the rule is for: several conditions are joined by `And`.
fn filter(id: &str, rule: &Rule) -> Result<LifecycleRuleFilter, ProvisionError> {
    let tag = |(key, value): &(String, String)| built(id, Tag::builder().key(key).value(value).build());
    let tags = rule.tags.iter().map(tag).collect::<Result<Vec<_>, _>>()?;
    let conditions = tags.len()
        + [rule.prefix.is_some(), rule.larger_than.is_some(), rule.smaller_than.is_some()]
            .iter()
            .filter(|is_there| **is_there)
            .count();
    let (larger, smaller) = (rule.larger_than.map(i64::from), rule.smaller_than.map(i64::from));
    let filter: LifecycleRuleFilterBuilder = LifecycleRuleFilter::builder();
    if conditions > 1 {
        let all = LifecycleRuleAndOperator::builder().set_prefix(rule.prefix.clone()).set_tags(Some(tags));
        let all = all.set_object_size_greater_than(larger).set_object_size_less_than(smaller).build();
        return Ok(filter.and(all).build());
    }
    // Without any condition the rule is for all objects.
    let prefix = rule.prefix.clone().or((conditions == 0).then(String::new));
    let filter = filter.set_prefix(prefix).set_tag(tags.into_iter().next());
    Ok(filter.set_object_size_greater_than(larger).set_object_size_less_than(smaller).build())
}

fn number(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
