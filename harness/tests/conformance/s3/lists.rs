//! Listings of objects and of buckets.

use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::types::EncodingType;
use serde_json::{Value, json};

use super::Bucket;
use crate::kit::{Aws, Case, Known, case, cases, error, refused, refused_as, seen};

cases![
    keys_come_in_the_order_of_their_bytes,
    keys_that_share_a_beginning_are_one_prefix,
    a_listing_comes_page_by_page,
    a_listing_begins_behind_a_key,
    a_token_that_s3_did_not_give_is_refused,
    a_page_of_no_number_is_refused,
    buckets_are_listed_by_name,
    names_are_encoded_where_that_is_asked_for,
    a_page_of_none_is_empty,
    a_page_may_end_with_a_prefix,
];

async fn bucket_with(aws: &Aws, keys: &[&str]) -> Bucket {
    let bucket = Bucket::new(aws).await;
    for key in keys {
        bucket.put(key, "hello").await;
    }
    bucket
}

fn keys(list: &ListObjectsV2Output) -> Value {
    list.contents().iter().map(|object| json!(object.key())).collect()
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
fn keys_come_in_the_order_of_their_bytes() -> Case {
    case(async |aws| {
        let bucket = bucket_with(&aws, &["b", "a", "B", "a/1", "é"]).await;
        let listed = bucket.s3.list_objects_v2().bucket(&bucket.name).send().await;
        seen(listed, |list| {
            let first = list.contents().first().expect("there are objects");
            json!({
                "keys": keys(&list),
                "count": list.key_count(),
                "max": list.max_keys(),
                "more": list.is_truncated(),
                "size": first.size(),
                "etag": first.e_tag(),
                "class": first.storage_class().map(|class| class.as_str()),
            })
        })
    })
    .gives(json!({
        "keys": ["B", "a", "a/1", "b", "é"],
        "count": 5,
        "max": 1000,
        "more": false,
        "size": 5,
        "etag": "\"5d41402abc4b2a76b9719d911017c592\"",
        "class": "STANDARD",
    }))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-prefixes.html>
fn keys_that_share_a_beginning_are_one_prefix() -> Case {
    case(async |aws| {
        let bucket = bucket_with(&aws, &["photos/1", "photos/2/a", "photos/2/b", "photos/3/a", "videos/1"]).await;
        let list = bucket.s3.list_objects_v2().bucket(&bucket.name).prefix("photos/").delimiter("/").send().await;
        seen(list, |list| {
            let prefixes: Vec<_> = list.common_prefixes().iter().map(|prefix| prefix.prefix()).collect();
            json!({ "keys": keys(&list), "prefixes": prefixes, "count": list.key_count() })
        })
    })
    .gives(json!({ "keys": ["photos/1"], "prefixes": ["photos/2/", "photos/3/"], "count": 3 }))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
fn a_listing_comes_page_by_page() -> Case {
    case(async |aws| {
        let bucket = bucket_with(&aws, &["a", "b", "c"]).await;
        let list = bucket.s3.list_objects_v2().bucket(&bucket.name).max_keys(2);
        let first = list.clone().send().await.expect("valid");
        let second = list.set_continuation_token(first.next_continuation_token.clone()).send().await.expect("valid");
        json!([
            [keys(&first), first.is_truncated(), first.next_continuation_token().is_some()],
            [keys(&second), second.is_truncated(), second.next_continuation_token().is_some()],
        ])
    })
    .gives(json!([[["a", "b"], true, true], [["c"], false, false]]))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
fn a_listing_begins_behind_a_key() -> Case {
    case(async |aws| {
        let bucket = bucket_with(&aws, &["a", "b", "c"]).await;
        let listed = bucket.s3.list_objects_v2().bucket(&bucket.name).start_after("a").send().await;
        seen(listed, |list| json!([keys(&list), list.start_after()]))
    })
    .gives(json!([["b", "c"], "a"]))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
fn a_token_that_s3_did_not_give_is_refused() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        refused(bucket.s3.list_objects_v2().bucket(&bucket.name).continuation_token("").send().await)
    })
    .gives(error(400, "InvalidArgument", "The continuation token provided is incorrect"))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
fn a_page_of_no_number_is_refused() -> Case {
    case(async |aws| {
        let bucket = Bucket::new(&aws).await;
        refused_as(bucket.s3.list_objects_v2().bucket(&bucket.name).max_keys(-1).send().await)
    })
    .gives(json!({ "status": 400, "code": "InvalidArgument" }))
    .localstack(Known {
        got: json!("accepted"),
        reason: "LocalStack takes every number",
        page: "https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html",
    })
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html>
fn buckets_are_listed_by_name() -> Case {
    case(async |aws| {
        let s3 = aws.s3();
        for name in ["b", "a"] {
            s3.create_bucket().bucket(aws.name(&format!("pictures-{name}"))).send().await.expect("valid");
        }
        let names = |buckets: &[aws_sdk_s3::types::Bucket]| -> Value {
            buckets.iter().map(|bucket| json!([bucket.name(), bucket.bucket_region()])).collect()
        };
        let first = s3.list_buckets().prefix("pictures-").max_buckets(1).send().await.expect("valid");
        let rest = s3.list_buckets().prefix("pictures-").set_continuation_token(first.continuation_token.clone());
        json!([names(first.buckets()), seen(rest.send().await, |rest| names(rest.buckets()))])
    })
    .gives(json!([[["pictures-a", "us-east-1"]], [["pictures-b", "us-east-1"]]]))
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
fn names_are_encoded_where_that_is_asked_for() -> Case {
    case(async |aws| {
        let bucket = bucket_with(&aws, &["a b/é+1", "c"]).await;
        let list = bucket.s3.list_objects_v2().bucket(&bucket.name).prefix("a b");
        seen(list.encoding_type(EncodingType::Url).send().await, |list| json!([keys(&list), list.prefix()]))
    })
    .gives(json!([["a+b/%C3%A9%2B1"], "a+b"]))
    .localstack(Known {
        got: json!([["a%20b/%C3%A9%2B1"], "a%20b"]),
        reason: "LocalStack encodes a space as %20",
        page: "https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html",
    })
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
fn a_page_of_none_is_empty() -> Case {
    case(async |aws| {
        let bucket = bucket_with(&aws, &["a"]).await;
        let listed = bucket.s3.list_objects_v2().bucket(&bucket.name).max_keys(0).send().await;
        seen(listed, |list| json!([keys(&list), list.is_truncated(), list.key_count(), list.max_keys()]))
    })
    .gives(json!([[], false, 0, 0]))
    .localstack(Known {
        got: json!([["a"], false, 1, 1000]),
        reason: "LocalStack takes a page of none for a page without a limit",
        page: "https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html",
    })
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
fn a_page_may_end_with_a_prefix() -> Case {
    case(async |aws| {
        let bucket = bucket_with(&aws, &["a/1", "a/2", "b", "c/1"]).await;
        let (mut pages, mut token) = (Vec::new(), None);
        loop {
            let list = bucket.s3.list_objects_v2().bucket(&bucket.name).delimiter("/").max_keys(1);
            let page = list.set_continuation_token(token).send().await.expect("valid");
            let prefixes: Vec<_> = page.common_prefixes().iter().map(|prefix| prefix.prefix()).collect();
            pages.push(json!([keys(&page), prefixes]));
            token = page.next_continuation_token;
            if token.is_none() {
                break Value::from(pages);
            }
        }
    })
    .gives(json!([[[], ["a/"]], [["b"], []], [[], ["c/"]]]))
}
