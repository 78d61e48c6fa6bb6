//! What a bucket lets pages of other origins do.

use aws_sdk_s3::types::{CorsConfiguration, CorsRule};

use super::{ProvisionError, built};
use crate::stack::{Bucket, CorsRule as Rule};

/// The configuration with all rules of a bucket.
pub fn configuration(bucket: &Bucket) -> Result<CorsConfiguration, ProvisionError> {
    let rules = bucket.cors.iter().map(|rule| built(&bucket.logical_id, one(rule))).collect::<Result<Vec<_>, _>>()?;
    built(&bucket.logical_id, CorsConfiguration::builder().set_cors_rules(Some(rules)).build())
}

fn one(rule: &Rule) -> Result<CorsRule, aws_sdk_s3::error::BuildError> {
    let some = |texts: &Vec<String>| (!texts.is_empty()).then(|| texts.clone());
    CorsRule::builder()
        .set_id(rule.id.clone())
        .set_allowed_origins(Some(rule.allowed_origins.clone()))
        .set_allowed_methods(Some(rule.allowed_methods.iter().map(ToString::to_string).collect()))
        .set_allowed_headers(some(&rule.allowed_headers))
        .set_expose_headers(some(&rule.exposed_headers))
        .set_max_age_seconds(rule.max_age.map(|seconds| i32::try_from(seconds).unwrap_or(i32::MAX)))
        .build()
}
