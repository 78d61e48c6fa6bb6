//! The simulated operations, each with the parameters that it simulates. Any other parameter is refused by
//! name, so that nothing which would change S3's behaviour is silently ignored.

use super::{Target, buckets, list, notification, objects};
use crate::protocol::{AwsError, Reply, Service};
use crate::world::{Call, World};

/// An operation and the `x-amz-…`, `If-…` and `Range` headers and query parameters that it takes. A name
/// that ends in `*` stands for all that begin so.
pub struct Operation {
    pub name: &'static str,
    pub run: fn(&mut World, &Call<'_>, &Target) -> Result<Reply, AwsError>,
    headers: &'static [&'static str],
    query: &'static [&'static str],
}

/// All simulated operations.
pub const OPERATIONS: &[Operation] = &[
    Operation {
        name: "CreateBucket",
        run: buckets::create,
        headers: &["x-amz-acl", "x-amz-bucket-object-lock-enabled", "x-amz-object-ownership"],
        query: &[],
    },
    Operation { name: "DeleteBucket", run: buckets::delete, headers: &[], query: &[] },
    Operation { name: "HeadBucket", run: buckets::head, headers: &[], query: &[] },
    Operation {
        name: "ListBuckets",
        run: buckets::list,
        headers: &[],
        query: &["bucket-region", "continuation-token", "max-buckets", "prefix"],
    },
    Operation { name: "GetBucketLocation", run: buckets::location, headers: &[], query: &["location"] },
    Operation {
        name: "PutBucketNotificationConfiguration",
        run: notification::put,
        headers: &[
            "x-amz-checksum-*",
            "x-amz-decoded-content-length",
            "x-amz-sdk-checksum-algorithm",
            "x-amz-skip-destination-validation",
            "x-amz-trailer",
        ],
        query: &["notification"],
    },
    Operation {
        name: "GetBucketNotificationConfiguration",
        run: notification::get,
        headers: &[],
        query: &["notification"],
    },
    Operation { name: "PutObject", run: objects::put, headers: PUT_OBJECT_HEADERS, query: &[] },
    Operation { name: "CopyObject", run: objects::copy, headers: COPY_OBJECT_HEADERS, query: &[] },
    Operation { name: "GetObject", run: objects::get, headers: GET_OBJECT_HEADERS, query: GET_OBJECT_QUERY },
    Operation { name: "HeadObject", run: objects::head, headers: GET_OBJECT_HEADERS, query: GET_OBJECT_QUERY },
    Operation { name: "DeleteObject", run: objects::delete, headers: &["if-match"], query: &["versionId"] },
    Operation {
        name: "DeleteObjects",
        run: objects::delete_many,
        headers: &["x-amz-sdk-checksum-algorithm", "x-amz-checksum-*", "x-amz-trailer", "x-amz-decoded-content-length"],
        query: &["delete"],
    },
    Operation {
        name: "ListObjectsV2",
        run: list::objects,
        headers: &[],
        query: &[
            "continuation-token",
            "delimiter",
            "encoding-type",
            "fetch-owner",
            "list-type",
            "max-keys",
            "prefix",
            "start-after",
        ],
    },
];

const PUT_OBJECT_HEADERS: &[&str] = &[
    "if-match",
    "if-none-match",
    "x-amz-acl",
    "x-amz-checksum-crc32",
    "x-amz-checksum-crc32c",
    "x-amz-checksum-crc64nvme",
    "x-amz-checksum-sha1",
    "x-amz-checksum-sha256",
    "x-amz-decoded-content-length",
    "x-amz-meta-*",
    "x-amz-sdk-checksum-algorithm",
    "x-amz-server-side-encryption",
    "x-amz-storage-class",
    "x-amz-trailer",
];

const COPY_OBJECT_HEADERS: &[&str] = &[
    "if-match",
    "if-none-match",
    "x-amz-acl",
    "x-amz-checksum-algorithm",
    "x-amz-copy-source",
    "x-amz-copy-source-if-*",
    "x-amz-meta-*",
    "x-amz-metadata-directive",
    "x-amz-server-side-encryption",
    "x-amz-source-expected-bucket-owner",
    "x-amz-storage-class",
];

const GET_OBJECT_HEADERS: &[&str] =
    &["if-match", "if-modified-since", "if-none-match", "if-unmodified-since", "range", "x-amz-checksum-mode"];

const GET_OBJECT_QUERY: &[&str] = &[
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "versionId",
];

/// Headers and query parameters that say nothing about the operation itself.
const COMMON: &[&str] = &[
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-expected-bucket-owner",
    "x-amz-request-payer",
    "x-amz-security-token",
    "x-amz-user-agent",
    "x-id",
    "X-Amz-*",
];

/// Parameters of which only some values are simulated: those that say what S3 does anyway.
const VALUES: &[(&str, &[&str])] = &[
    ("versionId", &["null"]),
    ("x-amz-acl", &["private", "bucket-owner-full-control"]),
    ("x-amz-bucket-object-lock-enabled", &["false"]),
    ("x-amz-checksum-algorithm", &["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"]),
    ("x-amz-checksum-type", &["FULL_OBJECT"]),
    ("x-amz-metadata-directive", &["COPY", "REPLACE"]),
    ("x-amz-object-ownership", &["BucketOwnerEnforced"]),
    ("x-amz-server-side-encryption", &["AES256"]),
    ("x-amz-storage-class", &["STANDARD"]),
];

/// Refuses a request with a parameter that is not simulated, or that names another owner than the caller.
pub fn check(operation: &Operation, call: &Call<'_>) -> Result<(), AwsError> {
    for (name, value) in &call.request.headers {
        let name = name.as_str();
        if name.starts_with("x-amz-") || name.starts_with("if-") || name == "range" {
            check_parameter(operation, operation.headers, name, value.to_str().ok())?;
        }
    }
    for (name, value) in call.request.query() {
        check_parameter(operation, operation.query, &name, Some(&value))?;
    }
    let owners = ["x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner"];
    let is_caller = |name| call.request.header(name).is_none_or(|owner| owner == call.identity.account);
    if owners.into_iter().all(is_caller) { Ok(()) } else { Err(AwsError::new(403, "AccessDenied", "Access Denied")) }
}

fn check_parameter(operation: &Operation, accepted: &[&str], name: &str, value: Option<&str>) -> Result<(), AwsError> {
    let refused = |what: &str| Err(AwsError::parameter_not_simulated(Service::S3, operation.name, what));
    let fits = |pattern: &&str| pattern.strip_suffix('*').map_or(*pattern == name, |start| name.starts_with(start));
    if !accepted.iter().chain(COMMON).any(fits) {
        return refused(name);
    }
    match VALUES.iter().find(|(known, _)| *known == name) {
        Some((_, values)) if !value.is_some_and(|value| values.contains(&value)) => {
            refused(&format!("{name}: {}", value.unwrap_or_default()))
        }
        _ => Ok(()),
    }
}
