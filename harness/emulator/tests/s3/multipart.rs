//! Multipart uploads.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html>

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::upload_part::UploadPartOutput;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    ChecksumAlgorithm, ChecksumMode, ChecksumType, CompletedMultipartUpload, CompletedPart, ObjectAttributes,
};

use super::{CSV_ETAG, body, client, failure, put};

/// The least size of a part that is not the last.
const MIN: usize = 5 * 1024 * 1024;

struct Upload {
    client: Client,
    id: String,
}

impl Upload {
    async fn new(client: &Client) -> Self {
        let create = client.create_multipart_upload().bucket("uploads").key("k").content_type("text/csv");
        let created = create.metadata("colour", "red").tagging("a=b").send().await.expect("the bucket is there");
        Self::of(client, created.upload_id())
    }

    async fn with_checksum(client: &Client, algorithm: ChecksumAlgorithm, kind: Option<ChecksumType>) -> Self {
        let create = client.create_multipart_upload().bucket("uploads").key("k").checksum_algorithm(algorithm);
        Self::of(client, create.set_checksum_type(kind).send().await.expect("they fit").upload_id())
    }

    fn of(client: &Client, id: Option<&str>) -> Self {
        Self { client: client.clone(), id: id.expect("an upload has an id").to_owned() }
    }

    async fn part(&self, number: i32, body: Vec<u8>) -> CompletedPart {
        let part = self.client.upload_part().bucket("uploads").key("k").upload_id(&self.id).part_number(number);
        completed(number, &part.body(ByteStream::from(body)).send().await.expect("the upload is there"))
    }

    async fn complete(&self, parts: &[CompletedPart]) -> Result<Option<String>, (String, u16)> {
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts.to_vec())).build();
        let complete = self.client.complete_multipart_upload().bucket("uploads").key("k").upload_id(&self.id);
        let answer = complete.multipart_upload(parts).send().await;
        if answer.is_err() { Err(failure(answer)) } else { Ok(answer.ok().and_then(|done| done.e_tag)) }
    }
}

fn completed(number: i32, part: &UploadPartOutput) -> CompletedPart {
    CompletedPart::builder()
        .part_number(number)
        .set_e_tag(part.e_tag.clone())
        .set_checksum_crc32(part.checksum_crc32.clone())
        .set_checksum_sha256(part.checksum_sha256.clone())
        .build()
}

fn refused(code: &str) -> Result<Option<String>, (String, u16)> {
    Err((code.to_owned(), 400))
}

#[tokio::test(start_paused = true)]
async fn parts_become_one_object() {
    let client = client().await;
    let upload = Upload::new(&client).await;
    // In any order, and the last one of a number counts.
    let last = upload.part(7, b"end".to_vec()).await;
    upload.part(2, b"replaced".to_vec()).await;
    let first = upload.part(2, vec![b'a'; MIN]).await;
    let etag = upload.complete(&[first, last]).await.expect("the parts are there").expect("an object has one");
    // The MD5 of the parts' MD5s.
    assert_eq!(etag, "\"cc8f6f16b44b75adde6349ab98aee432-2\"");
    let got = client.get_object().bucket("uploads").key("k").send().await.expect("it is complete");
    assert_eq!((got.content_type(), got.tag_count()), (Some("text/csv"), Some(1)));
    assert_eq!(got.metadata().and_then(|metadata| metadata.get("colour")).map(String::as_str), Some("red"));
    let whole = body(&client, "k", None).await;
    assert!(whole.len() == MIN + 3 && whole.ends_with(b"aend"));
    assert_eq!(upload.complete(&[]).await, Err(("NoSuchUpload".to_owned(), 404)));
}

#[tokio::test(start_paused = true)]
async fn a_part_is_read_by_its_number() {
    let client = client().await;
    let upload = Upload::new(&client).await;
    let parts = [upload.part(2, vec![b'a'; MIN]).await, upload.part(7, b"end".to_vec()).await];
    upload.complete(&parts).await.expect("the parts are there");
    let get = |number| client.get_object().bucket("uploads").key("k").part_number(number);
    let part = get(7).send().await.expect("the part is there");
    assert_eq!(part.content_range(), Some(format!("bytes {MIN}-{}/{}", MIN + 2, MIN + 3).as_str()));
    assert_eq!(part.parts_count(), Some(2));
    assert_eq!(part.body.collect().await.expect("a whole body").to_vec(), b"end");
    assert_eq!(failure(get(1).send().await), ("InvalidPartNumber".to_owned(), 416));
    assert_eq!(failure(get(7).range("bytes=0-1").send().await), ("InvalidRequest".to_owned(), 400));
    put(&client, "whole", b"hello").await;
    let whole =
        client.head_object().bucket("uploads").key("whole").part_number(1).send().await.expect("it is one part");
    assert_eq!((whole.content_length(), whole.parts_count()), (Some(5), None));
}

#[tokio::test(start_paused = true)]
async fn parts_that_do_not_fit_are_refused() {
    let client = client().await;
    let upload = Upload::new(&client).await;
    let (small, end) = (upload.part(1, b"small".to_vec()).await, upload.part(2, b"end".to_vec()).await);
    let wrong = CompletedPart::builder().part_number(1).e_tag(CSV_ETAG).build();
    let missing = CompletedPart::builder().part_number(3).e_tag(CSV_ETAG).build();
    for (parts, code) in [
        (vec![small.clone(), end.clone()], "EntityTooSmall"),
        (vec![end.clone(), small.clone()], "InvalidPartOrder"),
        (vec![small.clone(), small.clone()], "InvalidPartOrder"),
        (vec![wrong], "InvalidPart"),
        (vec![missing], "InvalidPart"),
        (vec![], "MalformedXML"),
    ] {
        assert_eq!(upload.complete(&parts).await, refused(code));
    }
    upload.complete(&[small]).await.expect("the last part may be small");
    for number in [0, 10_001] {
        let part = client.upload_part().bucket("uploads").key("k").upload_id("x").part_number(number).send().await;
        assert_eq!(failure(part), ("InvalidArgument".to_owned(), 400));
    }
}

#[tokio::test(start_paused = true)]
async fn an_upload_has_the_checksum_that_was_asked_for() {
    let client = client().await;
    let composite = Upload::with_checksum(&client, ChecksumAlgorithm::Sha256, None).await;
    let part = client.upload_part().bucket("uploads").key("k").upload_id(&composite.id).part_number(1);
    let part = part.checksum_algorithm(ChecksumAlgorithm::Sha256).body(ByteStream::from_static(b"hello"));
    let part = completed(1, &part.send().await.expect("the upload is there"));
    let bare = CompletedPart::builder().part_number(1).set_e_tag(part.e_tag.clone()).build();
    assert_eq!(composite.complete(&[bare]).await, refused("InvalidRequest"));
    composite.complete(&[part]).await.expect("the part is there");
    let head = || client.head_object().bucket("uploads").key("k").checksum_mode(ChecksumMode::Enabled).send();
    let object = head().await.expect("it is complete");
    assert_eq!(object.checksum_type(), Some(&ChecksumType::Composite));
    // SHA256 of the SHA256 of "hello", and the number of parts.
    assert_eq!(object.checksum_sha256(), Some("lZXJ35AHUUjrBoYDZd8zWEt1v/eCpRDGzUiDpBmDPVA=-1"));

    let full = Upload::with_checksum(&client, ChecksumAlgorithm::Crc32, Some(ChecksumType::FullObject)).await;
    let part = full.part(1, b"hello".to_vec()).await;
    full.complete(&[part]).await.expect("the part is there");
    let object = head().await.expect("it is complete");
    assert_eq!((object.checksum_crc32(), object.checksum_type()), (Some("NhCmhg=="), Some(&ChecksumType::FullObject)));

    let other = client.upload_part().bucket("uploads").key("k").part_number(1);
    let upload = Upload::with_checksum(&client, ChecksumAlgorithm::Sha1, None).await;
    let other = other.upload_id(&upload.id).checksum_algorithm(ChecksumAlgorithm::Crc32).send().await;
    assert_eq!(failure(other), ("InvalidRequest".to_owned(), 400));
    for (algorithm, kind) in
        [(ChecksumAlgorithm::Sha256, ChecksumType::FullObject), (ChecksumAlgorithm::Crc64Nvme, ChecksumType::Composite)]
    {
        let create = client.create_multipart_upload().bucket("uploads").key("k").checksum_algorithm(algorithm);
        assert_eq!(failure(create.checksum_type(kind).send().await), ("InvalidRequest".to_owned(), 400));
    }
}

#[tokio::test(start_paused = true)]
async fn a_part_can_be_a_range_of_another_object() {
    let client = client().await;
    put(&client, "source", b"0123456789").await;
    let upload = Upload::new(&client).await;
    let copy = |range: &str| {
        let copy = client.upload_part_copy().bucket("uploads").key("k").upload_id(&upload.id).part_number(1);
        copy.copy_source("uploads/source").copy_source_range(range).send()
    };
    for range in ["bytes=3-", "bytes=9-3", "3-5", "bytes=3-10"] {
        assert_eq!(failure(copy(range).await), ("InvalidArgument".to_owned(), 400), "{range}");
    }
    let copied = copy("bytes=3-5").await.expect("the range is there");
    let result = copied.copy_part_result().expect("a result");
    let part = CompletedPart::builder().part_number(1).set_e_tag(result.e_tag.clone());
    upload.complete(&[part.set_checksum_crc32(result.checksum_crc32.clone()).build()]).await.expect("it is there");
    assert_eq!(body(&client, "k", None).await, b"345");
}

#[tokio::test(start_paused = true)]
async fn uploads_and_their_parts_are_listed_until_they_end() {
    let client = client().await;
    let (first, second) = (Upload::new(&client).await, Upload::new(&client).await);
    for number in [1, 2, 9] {
        first.part(number, b"part".to_vec()).await;
    }
    let list = client.list_parts().bucket("uploads").key("k").upload_id(&first.id).max_parts(2);
    let page = list.clone().send().await.expect("the upload is there");
    let numbers =
        |parts: &[aws_sdk_s3::types::Part]| parts.iter().filter_map(|part| part.part_number()).collect::<Vec<_>>();
    assert_eq!((numbers(page.parts()), page.is_truncated()), (vec![1, 2], Some(true)));
    let next = page.next_part_number_marker().expect("there is more").to_owned();
    let rest = list.part_number_marker(next).send().await.expect("the upload is there");
    assert_eq!((numbers(rest.parts()), rest.is_truncated()), (vec![9], Some(false)));

    let list = client.list_multipart_uploads().bucket("uploads").max_uploads(1);
    let page = list.clone().send().await.expect("the bucket is there");
    let rest = list.key_marker(page.next_key_marker().unwrap_or_default());
    let rest = rest.upload_id_marker(page.next_upload_id_marker().unwrap_or_default()).send().await;
    let rest = rest.expect("the bucket is there");
    let mut ids: Vec<_> = [&page, &rest].iter().flat_map(|page| page.uploads()).filter_map(|u| u.upload_id()).collect();
    ids.sort_unstable();
    let mut expected = [first.id.as_str(), second.id.as_str()];
    expected.sort_unstable();
    assert_eq!(ids, expected);

    let abort = || client.abort_multipart_upload().bucket("uploads").key("k").upload_id(&first.id).send();
    abort().await.expect("the upload is there");
    assert_eq!(failure(abort().await), ("NoSuchUpload".to_owned(), 404));
    let left = client.list_multipart_uploads().bucket("uploads").send().await.expect("the bucket is there");
    assert_eq!(left.uploads().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_upload_is_completed_on_conditions_too() {
    let client = client().await;
    let upload = Upload::new(&client).await;
    let part = upload.part(1, b"part".to_vec()).await;
    put(&client, "k", b"in between").await;
    let parts = CompletedMultipartUpload::builder().parts(part).build();
    let complete = client.complete_multipart_upload().bucket("uploads").key("k").upload_id(&upload.id);
    let complete = complete.multipart_upload(parts);
    let there = complete.clone().if_none_match("*").send().await;
    assert_eq!(failure(there), ("PreconditionFailed".to_owned(), 412));
    let other = complete.clone().if_match(CSV_ETAG).send().await;
    assert_eq!(failure(other), ("PreconditionFailed".to_owned(), 412));
    complete.send().await.expect("the upload is still there");
}

#[tokio::test(start_paused = true)]
async fn attributes_tell_of_parts_and_checksums() {
    let client = client().await;
    let upload = Upload::with_checksum(&client, ChecksumAlgorithm::Crc32, None).await;
    let parts = [upload.part(1, vec![b'a'; MIN]).await, upload.part(2, b"end".to_vec()).await];
    upload.complete(&parts).await.expect("the parts are there");
    let get = client.get_object_attributes().bucket("uploads").key("k").max_parts(1);
    let get = get.object_attributes(ObjectAttributes::Etag).object_attributes(ObjectAttributes::ObjectParts);
    let get = get.object_attributes(ObjectAttributes::ObjectSize).object_attributes(ObjectAttributes::Checksum);
    let got = get.send().await.expect("it is complete");
    assert_eq!(got.object_size(), Some(MIN as i64 + 3));
    assert!(got.e_tag().is_some_and(|etag| etag.ends_with("-2") && !etag.contains('"')));
    assert_eq!(got.checksum().and_then(|checksum| checksum.checksum_type()), Some(&ChecksumType::Composite));
    let listed = got.object_parts().expect("it has parts");
    assert_eq!((listed.total_parts_count(), listed.is_truncated()), (Some(2), Some(true)));
    assert_eq!(listed.parts()[0].size(), Some(MIN as i64));
    assert!(listed.parts()[0].checksum_crc32().is_some());
    assert!(got.storage_class().is_none(), "it was not asked for");

    // A copy is an object of one part again.
    let copy = client.copy_object().bucket("uploads").key("copy").copy_source("uploads/k").send().await;
    let copied = copy.expect("the source is there").copy_object_result.expect("a result");
    assert!(copied.e_tag().is_some_and(|etag| !etag.contains('-')));
    assert_eq!(copied.checksum_type(), Some(&ChecksumType::FullObject));
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html>
#[tokio::test(start_paused = true)]
async fn an_upload_that_is_completed_again_with_the_same_parts_is_answered_as_before() {
    let client = client().await;
    let upload = Upload::new(&client).await;
    let (first, last) = (upload.part(1, vec![b'a'; MIN]).await, upload.part(2, b"end".to_vec()).await);
    let once = upload.complete(&[first.clone(), last.clone()]).await;
    let modified = client.head_object().bucket("uploads").key("k").send().await.expect("it is there").last_modified;
    tokio::time::advance(std::time::Duration::from_secs(60)).await;
    assert_eq!(upload.complete(&[first.clone(), last.clone()]).await, once);
    let head = client.head_object().bucket("uploads").key("k").send().await.expect("it is there");
    assert_eq!(head.last_modified, modified, "nothing was written again");
    let gone = Err(("NoSuchUpload".to_owned(), 404));
    assert_eq!(upload.complete(std::slice::from_ref(&last)).await, gone);
    put(&client, "k", b"another").await;
    assert_eq!(upload.complete(&[first, last]).await, gone);
}
