//! Listings of objects.

use aws_sdk_s3::primitives::DateTime;
use aws_sdk_s3::types::EncodingType;

use super::{CSV, CSV_ETAG, client, failure, put};

#[tokio::test(start_paused = true)]
async fn a_listing_comes_in_pages() {
    let client = client().await;
    let keys: Vec<String> = (0..7).map(|number| format!("k{number}")).collect();
    for key in &keys {
        put(&client, key, CSV).await;
    }
    let mut pages = client.list_objects_v2().bucket("uploads").max_keys(3).into_paginator().send();
    let (mut sizes, mut listed) = (Vec::new(), Vec::new());
    while let Some(page) = pages.next().await {
        let page = page.expect("the bucket is there");
        assert_eq!(page.key_count(), Some(page.contents().len() as i32));
        sizes.push(page.contents().len());
        listed.extend(page.contents().iter().filter_map(|object| object.key().map(str::to_owned)));
    }
    assert_eq!((sizes, listed), (vec![3, 3, 1], keys));
}

#[tokio::test(start_paused = true)]
async fn a_listing_rolls_up_common_prefixes() {
    let client = client().await;
    for key in ["a.csv", "in/1.csv", "in/2.csv", "in/deep/3.csv", "out/4.csv", "z.csv"] {
        put(&client, key, CSV).await;
    }
    let mut pages = client.list_objects_v2().bucket("uploads").delimiter("/").max_keys(1).into_paginator().send();
    let mut listed = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.expect("the bucket is there");
        let objects = page.contents().iter().filter_map(|object| object.key());
        listed.extend(
            objects.chain(page.common_prefixes().iter().filter_map(|common| common.prefix())).map(str::to_owned),
        );
    }
    assert_eq!(listed, ["a.csv", "in/", "out/", "z.csv"]);

    let inner = client.list_objects_v2().bucket("uploads").prefix("in/").delimiter("/").start_after("in/1.csv");
    let inner = inner.fetch_owner(true).send().await.expect("the bucket is there");
    assert_eq!(inner.contents().iter().filter_map(|object| object.key()).collect::<Vec<_>>(), ["in/2.csv"]);
    assert_eq!(inner.contents()[0].owner().and_then(|owner| owner.id()).map(str::len), Some(64));
    assert_eq!(inner.common_prefixes().iter().filter_map(|common| common.prefix()).collect::<Vec<_>>(), ["in/deep/"]);
    assert_eq!((inner.key_count(), inner.is_truncated()), (Some(2), Some(false)));
}

#[tokio::test(start_paused = true)]
async fn a_listing_tells_of_each_object_and_encodes_on_request() {
    let client = client().await;
    put(&client, "a b&<ü>.csv", CSV).await;
    let listed = client.list_objects_v2().bucket("uploads").send().await.expect("the bucket is there");
    let object = &listed.contents()[0];
    assert_eq!(object.key(), Some("a b&<ü>.csv"));
    assert_eq!((object.size(), object.e_tag()), (Some(14), Some(CSV_ETAG)));
    assert_eq!(object.last_modified().map(DateTime::secs), Some(1_767_225_600));
    assert_eq!(object.storage_class().map(|class| class.as_str()), Some("STANDARD"));
    let encoded = client.list_objects_v2().bucket("uploads").encoding_type(EncodingType::Url).send().await;
    let encoded = encoded.expect("the bucket is there");
    assert_eq!(encoded.contents()[0].key(), Some("a+b%26%3C%C3%BC%3E.csv"));
    let wrong = client.list_objects_v2().bucket("uploads").continuation_token("?").send().await;
    assert_eq!(failure(wrong), ("InvalidArgument".to_owned(), 400));
}
