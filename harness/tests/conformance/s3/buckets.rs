//! Buckets: their life, names and places.

use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use serde_json::{Value, json};

use super::Bucket;
use crate::kit::{Case, Known, case, cases, done, error, refused, refused_as, seen};

cases![
    a_bucket_is_found_by_its_name,
    ones_own_bucket_can_be_created_again_in_us_east_1,
    ones_own_bucket_cannot_be_created_again_elsewhere,
    a_bucket_of_another_account_cannot_be_created,
    a_bucket_of_another_account_is_forbidden,
    a_bucket_has_a_name_of_lower_case,
    a_bucket_outside_us_east_1_names_its_region,
    a_bucket_that_is_not_there_has_no_head,
    a_bucket_that_is_not_there_has_no_objects,
    a_bucket_with_objects_is_not_deleted,
    an_empty_bucket_is_deleted,
];

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html>
fn a_bucket_is_found_by_its_name() -> Case {
    case(async |aws| {
        let (s3, name) = (aws.s3(), aws.name("pictures"));
        let created = s3.create_bucket().bucket(&name).send().await;
        let head = s3.head_bucket().bucket(&name).send().await;
        let location = s3.get_bucket_location().bucket(&name).send().await;
        json!({
            "created": seen(created, |created| json!(created.location())),
            "region": seen(head, |head| json!(head.bucket_region())),
            "constraint": seen(location, |location| json!(location.location_constraint().map(|place| place.as_str()))),
        })
    })
    // us-east-1 is the location that has no name.
    .gives(json!({ "created": "/pictures", "region": "us-east-1", "constraint": "" }))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html>
fn ones_own_bucket_can_be_created_again_in_us_east_1() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        done(bucket.s3.create_bucket().bucket(&bucket.name).send().await)
    })
    .gives(json!("done"))
}

fn ireland() -> CreateBucketConfiguration {
    CreateBucketConfiguration::builder().location_constraint(BucketLocationConstraint::EuWest1).build()
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html>
fn ones_own_bucket_cannot_be_created_again_elsewhere() -> Case {
    case(async |aws| {
        let create = aws.in_region("eu-west-1").s3().create_bucket().bucket(aws.name("pictures"));
        let create = create.create_bucket_configuration(ireland());
        json!([done(create.clone().send().await), refused(create.send().await)])
    })
    .gives(json!([
        "done",
        error(
            409,
            "BucketAlreadyOwnedByYou",
            "Your previous request to create the named bucket succeeded and you already own it.",
        ),
    ]))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
fn a_bucket_of_another_account_cannot_be_created() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        refused(aws.in_another_account().s3().create_bucket().bucket(&bucket.name).send().await)
    })
    .gives(error(
        409,
        "BucketAlreadyExists",
        "The requested bucket name is not available. The bucket namespace is shared by all users of the system. \
         Please select a different name and try again.",
    ))
    .localstack(Known {
        got: error(409, "BucketAlreadyExists", ""),
        reason: "LocalStack answers without a message",
        page: "https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html",
    })
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
fn a_bucket_of_another_account_is_forbidden() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        refused(aws.in_another_account().s3().list_objects_v2().bucket(&bucket.name).send().await)
    })
    .gives(error(403, "AccessDenied", "Access Denied"))
    .localstack(Known {
        got: json!("accepted"),
        reason: "LocalStack does not check permissions",
        page: "https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html",
    })
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>
fn a_bucket_has_a_name_of_lower_case() -> Case {
    case(async |aws| refused(aws.s3().create_bucket().bucket(aws.name("Pictures")).send().await)).gives(error(
        400,
        "InvalidBucketName",
        "The specified bucket is not valid.",
    ))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
fn a_bucket_outside_us_east_1_names_its_region() -> Case {
    case(async |aws| {
        let create = aws.in_region("eu-west-1").s3().create_bucket().bucket(aws.name("pictures"));
        refused(create.send().await)
    })
    .gives(error(
        400,
        "IllegalLocationConstraintException",
        "The unspecified location constraint is incompatible for the region specific endpoint this request was sent \
         to.",
    ))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html>
fn a_bucket_that_is_not_there_has_no_head() -> Case {
    case(async |aws| refused(aws.s3().head_bucket().bucket(aws.name("absent")).send().await))
        .gives(json!({ "status": 404, "code": "NotFound", "message": null }))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
fn a_bucket_that_is_not_there_has_no_objects() -> Case {
    case(async |aws| {
        let (s3, name) = (aws.s3(), aws.name("absent"));
        json!([
            refused(s3.list_objects_v2().bucket(&name).send().await),
            refused(s3.get_object().bucket(&name).key("a").send().await),
            refused(s3.put_object().bucket(&name).key("a").send().await),
            refused(s3.delete_bucket().bucket(&name).send().await),
        ])
    })
    .gives(Value::from(vec![error(404, "NoSuchBucket", "The specified bucket does not exist"); 4]))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html>
fn a_bucket_with_objects_is_not_deleted() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        bucket.put("a", "a").await;
        refused(bucket.s3.delete_bucket().bucket(&bucket.name).send().await)
    })
    .gives(error(409, "BucketNotEmpty", "The bucket you tried to delete is not empty"))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html>
fn an_empty_bucket_is_deleted() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        let deleted = bucket.s3.delete_bucket().bucket(&bucket.name).send().await;
        json!([done(deleted), refused_as(bucket.s3.head_bucket().bucket(&bucket.name).send().await)])
    })
    .gives(json!(["done", { "status": 404, "code": "NotFound" }]))
}
