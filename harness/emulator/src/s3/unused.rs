//! What a bucket is told to have of the features that are not simulated: nothing. Nothing of it can be put (that is
//! refused by name), so reading finds what S3 answers for a bucket that was never configured. Tools that read all
//! there is of a bucket, such as Terraform, go on then.

use super::{NAMESPACE, Target, bucket};
use crate::protocol::{AwsError, Reply, Service};
use crate::world::{Call, World};

/// Operations that read one configuration, each with the code and message for a bucket without it.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
const ABSENT: [(&str, &str, &str); 6] = [
    (
        "GetObjectLockConfiguration",
        "ObjectLockConfigurationNotFoundError",
        "Object Lock configuration does not exist for this bucket",
    ),
    ("GetBucketReplication", "ReplicationConfigurationNotFoundError", "The replication configuration was not found"),
    ("GetBucketAnalyticsConfiguration", "NoSuchConfiguration", "The specified configuration does not exist."),
    ("GetBucketIntelligentTieringConfiguration", "NoSuchConfiguration", "The specified configuration does not exist."),
    ("GetBucketInventoryConfiguration", "NoSuchConfiguration", "The specified configuration does not exist."),
    ("GetBucketMetricsConfiguration", "NoSuchConfiguration", "The specified configuration does not exist."),
];

/// Operations that list configurations, each with its answer's element.
const LISTS: [(&str, &str); 4] = [
    ("ListBucketAnalyticsConfigurations", "ListBucketAnalyticsConfigurationResult"),
    ("ListBucketIntelligentTieringConfigurations", "ListBucketIntelligentTieringConfigurationsOutput"),
    ("ListBucketInventoryConfigurations", "ListInventoryConfigurationsResult"),
    ("ListBucketMetricsConfigurations", "ListMetricsConfigurationsResult"),
];

/// `GetBucketReplication` and all others that read what is not there.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketReplication.html>
pub fn get(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    bucket(world, call, &target.bucket)?;
    let absent = ABSENT.iter().find(|(operation, ..)| *operation == call.operation());
    let (_, code, message) = absent.ok_or_else(|| AwsError::not_simulated(Service::S3, call.operation()))?;
    Err(AwsError::new(404, *code, *message).with_detail("BucketName", &target.bucket))
}

/// `ListBucketMetricsConfigurations` and all others that list what is not there.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBucketMetricsConfigurations.html>
pub fn list(world: &mut World, call: &Call<'_>, target: &Target) -> Result<Reply, AwsError> {
    bucket(world, call, &target.bucket)?;
    let listed = LISTS.iter().find(|(operation, _)| *operation == call.operation());
    let (_, root) = listed.ok_or_else(|| AwsError::not_simulated(Service::S3, call.operation()))?;
    Ok(Reply::xml(format!("<{root} xmlns=\"{NAMESPACE}\"><IsTruncated>false</IsTruncated></{root}>")))
}
