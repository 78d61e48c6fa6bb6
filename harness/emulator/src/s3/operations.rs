//! The simulated operations, each with the parameters that it simulates.

use super::{
    Target, acl, attributes, buckets, complete, configurations, copy, cors, delete, list, multipart, notification,
    objects, post, tagging, unused, versions,
};
use crate::protocol::{AwsError, Reply};
use crate::world::{Call, World};

/// An operation and the `x-amz-…`, `If-…` and `Range` headers and query parameters that it takes. A name
/// that ends in `*` stands for all that begin so.
pub struct Operation {
    pub name: &'static str,
    pub run: Run,
    pub headers: &'static [&'static [&'static str]],
    pub query: &'static [&'static str],
}

type Run = fn(&mut World, &Call<'_>, &Target) -> Result<Reply, AwsError>;
type Headers = &'static [&'static [&'static str]];

const fn op(name: &'static str, run: Run, headers: Headers, query: &'static [&'static str]) -> Operation {
    Operation { name, run, headers, query }
}

/// All simulated operations.
pub const OPERATIONS: &[Operation] = &[
    op("CreateBucket", buckets::create, &[CREATE_BUCKET], &[]),
    op("DeleteBucket", buckets::delete, &[], &[]),
    op("HeadBucket", buckets::head, &[], &[]),
    op("ListBuckets", buckets::list, &[], &["bucket-region", "continuation-token", "max-buckets", "prefix"]),
    op("GetBucketLocation", buckets::location, &[], &["location"]),
    op("PutBucketNotificationConfiguration", notification::put, &[BODY, SKIP], &["notification"]),
    op("GetBucketNotificationConfiguration", notification::get, &[], &["notification"]),
    op("PutBucketVersioning", versions::put, &[BODY], &["versioning"]),
    op("GetBucketVersioning", versions::get, &[], &["versioning"]),
    op("PutBucketTagging", tagging::put_of_bucket, &[BODY], &["tagging"]),
    op("GetBucketTagging", tagging::get_of_bucket, &[], &["tagging"]),
    op("DeleteBucketTagging", tagging::delete_of_bucket, &[], &["tagging"]),
    op("PutBucketAcl", acl::put_of_bucket, &[BODY, ACL], &["acl"]),
    op("GetBucketAcl", acl::get_of_bucket, &[], &["acl"]),
    op("PutBucketPolicy", configurations::put_policy, &[BODY], &["policy"]),
    op("GetBucketPolicy", configurations::get_policy, &[], &["policy"]),
    op("DeleteBucketPolicy", configurations::delete_policy, &[], &["policy"]),
    op("PutBucketCors", configurations::put, &[BODY], &["cors"]),
    op("GetBucketCors", configurations::get, &[], &["cors"]),
    op("DeleteBucketCors", configurations::delete, &[], &["cors"]),
    op("PutBucketLifecycleConfiguration", configurations::put, &[BODY, LIFECYCLE], &["lifecycle"]),
    op("GetBucketLifecycleConfiguration", configurations::get, &[], &["lifecycle"]),
    op("DeleteBucketLifecycle", configurations::delete, &[], &["lifecycle"]),
    op("PutBucketEncryption", configurations::put, &[BODY], &["encryption"]),
    op("GetBucketEncryption", configurations::get, &[], &["encryption"]),
    op("DeleteBucketEncryption", configurations::delete, &[], &["encryption"]),
    op("PutBucketOwnershipControls", configurations::put, &[BODY], &["ownershipControls"]),
    op("GetBucketOwnershipControls", configurations::get, &[], &["ownershipControls"]),
    op("DeleteBucketOwnershipControls", configurations::delete, &[], &["ownershipControls"]),
    op("PutPublicAccessBlock", configurations::put, &[BODY], &["publicAccessBlock"]),
    op("GetPublicAccessBlock", configurations::get, &[], &["publicAccessBlock"]),
    op("DeletePublicAccessBlock", configurations::delete, &[], &["publicAccessBlock"]),
    op("PutBucketWebsite", configurations::put, &[BODY], &["website"]),
    op("GetBucketWebsite", configurations::get, &[], &["website"]),
    op("DeleteBucketWebsite", configurations::delete, &[], &["website"]),
    op("PutBucketLogging", configurations::put, &[BODY], &["logging"]),
    op("GetBucketLogging", configurations::get, &[], &["logging"]),
    op("PutBucketRequestPayment", configurations::put, &[BODY], &["requestPayment"]),
    op("GetBucketRequestPayment", configurations::get, &[], &["requestPayment"]),
    op("PutBucketAccelerateConfiguration", configurations::put, &[BODY], &["accelerate"]),
    op("GetBucketAccelerateConfiguration", configurations::get, &[], &["accelerate"]),
    op("GetBucketPolicyStatus", configurations::get_policy_status, &[], &["policyStatus"]),
    op("GetObjectLockConfiguration", unused::get, &[], &["object-lock"]),
    op("GetBucketReplication", unused::get, &[], &["replication"]),
    op("GetBucketAnalyticsConfiguration", unused::get, &[], &["analytics", "id"]),
    op("GetBucketIntelligentTieringConfiguration", unused::get, &[], &["intelligent-tiering", "id"]),
    op("GetBucketInventoryConfiguration", unused::get, &[], &["inventory", "id"]),
    op("GetBucketMetricsConfiguration", unused::get, &[], &["metrics", "id"]),
    op("ListBucketAnalyticsConfigurations", unused::list, &[], &["analytics", "continuation-token"]),
    op("ListBucketIntelligentTieringConfigurations", unused::list, &[], &["intelligent-tiering", "continuation-token"]),
    op("ListBucketInventoryConfigurations", unused::list, &[], &["inventory", "continuation-token"]),
    op("ListBucketMetricsConfigurations", unused::list, &[], &["metrics", "continuation-token"]),
    op("PutObject", objects::put, &[BODY, WRITE, IF_WRITE], &[]),
    op("PostObject", post::post, &[], &[]),
    op("PreflightRequest", cors::preflight, &[], &["*"]),
    op("CopyObject", copy::object, &[COPY, WRITE, IF_WRITE, COPY_ONLY], &[]),
    op("GetObject", objects::get, &[READ], READ_QUERY),
    op("HeadObject", objects::head, &[READ], READ_QUERY),
    op("GetObjectAttributes", attributes::get, &[ATTRIBUTES], &["attributes", "versionId"]),
    op("DeleteObject", delete::one, &[&["if-match"]], &["versionId"]),
    op("DeleteObjects", delete::many, &[BODY], &["delete"]),
    op("PutObjectTagging", tagging::put_of_object, &[BODY], &["tagging", "versionId"]),
    op("GetObjectTagging", tagging::get_of_object, &[], &["tagging", "versionId"]),
    op("DeleteObjectTagging", tagging::delete_of_object, &[], &["tagging", "versionId"]),
    op("PutObjectAcl", acl::put_of_object, &[BODY, ACL], &["acl", "versionId"]),
    op("GetObjectAcl", acl::get_of_object, &[], &["acl", "versionId"]),
    op("CreateMultipartUpload", multipart::create, &[WRITE, CREATE_UPLOAD], &["uploads"]),
    op("UploadPart", multipart::upload_part, &[BODY], &["partNumber", "uploadId"]),
    op("UploadPartCopy", multipart::upload_part_copy, &[COPY, COPY_RANGE], &["partNumber", "uploadId"]),
    op("CompleteMultipartUpload", complete::complete, &[BODY, IF_WRITE, COMPLETE], &["uploadId"]),
    op("AbortMultipartUpload", multipart::abort, &[], &["uploadId"]),
    op("ListParts", list::parts, &[], &["uploadId", "max-parts", "part-number-marker"]),
    op(
        "ListMultipartUploads",
        list::uploads,
        &[],
        &["uploads", "delimiter", "encoding-type", "key-marker", "max-uploads", "prefix", "upload-id-marker"],
    ),
    op("ListObjects", list::objects_v1, &[], &["delimiter", "encoding-type", "marker", "max-keys", "prefix"]),
    op(
        "ListObjectsV2",
        list::objects,
        &[],
        &[
            "continuation-token",
            "delimiter",
            "encoding-type",
            "fetch-owner",
            "list-type",
            "max-keys",
            "prefix",
            "start-after",
        ],
    ),
    op(
        "ListObjectVersions",
        list::versions,
        &[],
        &["versions", "delimiter", "encoding-type", "key-marker", "max-keys", "prefix", "version-id-marker"],
    ),
];

const CREATE_BUCKET: &[&str] = &["x-amz-acl", "x-amz-bucket-object-lock-enabled", "x-amz-object-ownership"];
const SKIP: &[&str] = &["x-amz-skip-destination-validation"];
const ACL: &[&str] = &["x-amz-acl"];
const LIFECYCLE: &[&str] = &["x-amz-transition-default-minimum-object-size"];

/// What tells of a body and its checksums.
const BODY: &[&str] = &[
    "x-amz-checksum-crc32",
    "x-amz-checksum-crc32c",
    "x-amz-checksum-crc64nvme",
    "x-amz-checksum-sha1",
    "x-amz-checksum-sha256",
    "x-amz-decoded-content-length",
    "x-amz-sdk-checksum-algorithm",
    "x-amz-trailer",
];

/// What is stored with an object.
const WRITE: &[&str] =
    &["x-amz-acl", "x-amz-meta-*", "x-amz-server-side-encryption", "x-amz-storage-class", "x-amz-tagging"];
const IF_WRITE: &[&str] = &["if-match", "if-none-match"];
const CREATE_UPLOAD: &[&str] = &["x-amz-checksum-algorithm", "x-amz-checksum-type"];
const COMPLETE: &[&str] = &["x-amz-checksum-type", "x-amz-mp-object-size"];

const COPY: &[&str] = &["x-amz-copy-source", "x-amz-copy-source-if-*", "x-amz-source-expected-bucket-owner"];
const COPY_ONLY: &[&str] = &["x-amz-checksum-algorithm", "x-amz-metadata-directive", "x-amz-tagging-directive"];
const COPY_RANGE: &[&str] = &["x-amz-copy-source-range"];

const READ: &[&str] =
    &["if-match", "if-modified-since", "if-none-match", "if-unmodified-since", "range", "x-amz-checksum-mode"];
const READ_QUERY: &[&str] = &[
    "partNumber",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "versionId",
];
const ATTRIBUTES: &[&str] = &["x-amz-max-parts", "x-amz-object-attributes", "x-amz-part-number-marker"];
