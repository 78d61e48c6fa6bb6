//! A bucket's `LifecycleConfiguration`.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-s3-bucket-rule.html>

use super::Resolved;
use crate::stack::{Expiration, LifecycleRule};
use crate::template::property::{Object, Shape};
use crate::template::report::Report;

const CONFIGURATION: Shape =
    Shape { reads: &["Rules"], descriptive: &[], harmless: &["TransitionDefaultMinimumObjectSize"], refused: &[] };
const RULE: Shape = Shape {
    reads: &[
        "AbortIncompleteMultipartUpload",
        "ExpirationDate",
        "ExpirationInDays",
        "ExpiredObjectDeleteMarker",
        "Id",
        "NoncurrentVersionExpiration",
        "NoncurrentVersionExpirationInDays",
        "ObjectSizeGreaterThan",
        "ObjectSizeLessThan",
        "Prefix",
        "Status",
        "TagFilters",
    ],
    descriptive: &[],
    // Where an object is kept changes nothing that is delivered.
    harmless: &["NoncurrentVersionTransition", "NoncurrentVersionTransitions", "Transition", "Transitions"],
    refused: &[],
};
const ABORT: Shape = Shape::of(&["DaysAfterInitiation"]);
const NONCURRENT: Shape = Shape::of(&["NewerNoncurrentVersions", "NoncurrentDays"]);
const TAG: Shape = Shape::of(&["Key", "Value"]);
/// About a century.
const MOST_DAYS: u32 = 36_500;

/// The rules that delete something; one that only moves objects elsewhere does not.
pub fn rules(resource: &Resolved<'_>, report: &mut Report) -> Vec<LifecycleRule> {
    let configuration = resource.object.object(report, resource.id, "LifecycleConfiguration", &CONFIGURATION);
    let rules = configuration.map(|configuration| configuration.objects(report, resource.id, "Rules", &RULE));
    let rules = rules.unwrap_or_default().into_iter().map(|rule| read(resource, &rule, report));
    rules.filter(LifecycleRule::deletes).collect()
}

fn read(resource: &Resolved<'_>, rule: &Object<'_>, report: &mut Report) -> LifecycleRule {
    rule.require(report, "Status");
    let days = |object: &Object<'_>, key: &str, report: &mut Report| object.integer(report, key, 1..=MOST_DAYS);
    let expiration = match (days(rule, "ExpirationInDays", report), rule.text(report, "ExpirationDate")) {
        (Some(days), _) => Some(Expiration::Days(days)),
        (None, Some(date)) => Some(Expiration::Date(date)),
        (None, None) => {
            let marker = rule.boolean(report, "ExpiredObjectDeleteMarker") == Some(true);
            marker.then_some(Expiration::LoneDeleteMarkers)
        }
    };
    let noncurrent = rule.object(report, resource.id, "NoncurrentVersionExpiration", &NONCURRENT);
    let noncurrent = match noncurrent {
        Some(object) => days(&object, "NoncurrentDays", report)
            .map(|days| (days, object.integer(report, "NewerNoncurrentVersions", 1..=100))),
        None => days(rule, "NoncurrentVersionExpirationInDays", report).map(|days| (days, None)),
    };
    let abort = rule.object(report, resource.id, "AbortIncompleteMultipartUpload", &ABORT);
    let tags = rule.objects(report, resource.id, "TagFilters", &TAG);
    let tags =
        tags.iter().filter_map(|tag| Some((tag.required_text(report, "Key")?, tag.required_text(report, "Value")?)));
    LifecycleRule {
        tags: tags.collect(),
        id: rule.text(report, "Id"),
        enabled: rule.word(report, "Status", &["Enabled", "Disabled"]) == Some("Enabled"),
        prefix: rule.text(report, "Prefix"),
        larger_than: rule.integer(report, "ObjectSizeGreaterThan", 0..=u32::MAX),
        smaller_than: rule.integer(report, "ObjectSizeLessThan", 0..=u32::MAX),
        expiration,
        noncurrent,
        abort_after: abort.and_then(|abort| days(&abort, "DaysAfterInitiation", report)),
    }
}
