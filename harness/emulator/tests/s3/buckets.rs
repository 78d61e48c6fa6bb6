//! Buckets: their life, names and places.

use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};

use super::common::emulator;
use super::{CSV, client, client_of, failure, put};

#[tokio::test(start_paused = true)]
async fn buckets_are_created_once_listed_and_deleted_when_empty() {
    let client = client().await;
    client.create_bucket().bucket("uploads").send().await.expect("in us-east-1 it can be created again");
    client.create_bucket().bucket("archive").send().await.expect("the name is free");
    let wrong = client.create_bucket().bucket("No_Bucket").send().await;
    assert_eq!(failure(wrong), ("InvalidBucketName".to_owned(), 400));
    let listed = client.list_buckets().send().await.expect("there are buckets");
    let names: Vec<_> = listed.buckets().iter().filter_map(|bucket| bucket.name()).collect();
    assert_eq!(names, ["archive", "uploads"]);
    put(&client, "k", CSV).await;
    let full = client.delete_bucket().bucket("uploads").send().await;
    assert_eq!(failure(full), ("BucketNotEmpty".to_owned(), 409));
    client.delete_bucket().bucket("archive").send().await.expect("it is empty");
    let gone = client.head_bucket().bucket("archive").send().await;
    assert_eq!(failure(gone).1, 404);
}

#[tokio::test(start_paused = true)]
async fn bucket_names_are_global_and_buckets_are_in_one_region() {
    let emulator = emulator();
    let virginia = client_of(&emulator, |config| config);
    let ireland = client_of(&emulator, |config| config.region(aws_types::region::Region::new("eu-west-1")));
    let unspecified = ireland.create_bucket().bucket("uploads").send().await;
    assert_eq!(failure(unspecified), ("IllegalLocationConstraintException".to_owned(), 400));
    let there = CreateBucketConfiguration::builder().location_constraint(BucketLocationConstraint::EuWest1).build();
    let create = || ireland.create_bucket().bucket("uploads").create_bucket_configuration(there.clone());
    create().send().await.expect("the name is free");
    assert_eq!(failure(create().send().await), ("BucketAlreadyOwnedByYou".to_owned(), 409));
    let location = ireland.get_bucket_location().bucket("uploads").send().await.expect("it is there");
    assert_eq!(location.location_constraint().map(|region| region.as_str()), Some("eu-west-1"));
    let location = virginia.get_bucket_location().bucket("uploads").send().await.expect("all regions tell of it");
    assert_eq!(location.location_constraint().map(|region| region.as_str()), Some("eu-west-1"));
    let elsewhere = virginia.list_objects_v2().bucket("uploads").send().await;
    // Clients of other languages follow this header.
    let answer = elsewhere.as_ref().expect_err("it is in another region").raw_response().expect("S3 answered");
    assert_eq!(answer.headers().get("x-amz-bucket-region"), Some("eu-west-1"));
    assert_eq!(failure(elsewhere), ("PermanentRedirect".to_owned(), 301));
    let again = virginia.create_bucket().bucket("uploads").send().await;
    assert_eq!(failure(again), ("BucketAlreadyOwnedByYou".to_owned(), 409));
}
