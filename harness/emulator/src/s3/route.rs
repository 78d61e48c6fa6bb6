//! From an HTTP request to the S3 operation, the bucket and the key that it names.
//!
//! Everything here needs nothing but the request, whichever backend it goes to, and knows all of S3's
//! common operations, so that one which is not simulated can be refused by its own name.

use http::Method;
use percent_encoding::percent_decode_str;

use super::control;
use crate::protocol::Request;

/// The S3 operation that a request asks for, such as `PutObject`; the empty text where S3 has none.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html>
pub fn operation_name(request: &Request) -> &'static str {
    if control::is_for(request) {
        return control::operation_name(request);
    }
    let query = Query(request.query());
    match bucket_and_key(request) {
        (Some(_), _) if request.method == Method::OPTIONS => "PreflightRequest",
        (None, _) => service_operation(&request.method, &query),
        (Some(bucket), None) if bucket == "WriteGetObjectResponse" => "WriteGetObjectResponse",
        (Some(_), None) => bucket_operation(&request.method, &query),
        (Some(_), Some(_)) => object_operation(request, &query),
    }
}

/// The bucket and the key (percent-decoded) that a request names, in the virtual-hosted style
/// (`bucket.s3.us-east-1.amazonaws.com/key`) or, for any other host, in the path style (`host/bucket/key`).
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html>
pub fn bucket_and_key(request: &Request) -> (Option<String>, Option<String>) {
    let path = request.uri.path();
    let path = path.strip_prefix('/').unwrap_or(path);
    let (bucket, key) = match bucket_of_host(request.host()) {
        Some(bucket) => (bucket.to_owned(), path),
        None => {
            let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
            (decode(bucket), key)
        }
    };
    let non_empty = |text: String| (!text.is_empty()).then_some(text);
    (non_empty(bucket), non_empty(decode(key)))
}

/// Whether a host is one of S3's own.
pub fn is_service_host(host: &str) -> bool {
    host.ends_with(".amazonaws.com") && (host.starts_with("s3.") || bucket_of_host(host).is_some())
}

/// What stands before the label `s3` or `s3-…` of a host name, or before `localhost`, where clients that are given
/// `http://localhost` as their endpoint put it.
fn bucket_of_host(host: &str) -> Option<&str> {
    if let Some(bucket) = host.strip_suffix(".localhost") {
        return (bucket != "s3").then_some(bucket);
    }
    let is_service = |label: &str| label == "s3" || label.starts_with("s3-");
    let ends = host.rmatch_indices('.').map(|(dot, _)| dot);
    ends.into_iter().find(|&dot| host[dot + 1..].split('.').next().is_some_and(is_service)).map(|dot| &host[..dot])
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

struct Query(Vec<(String, String)>);

impl Query {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The operation whose subresource is in the query, from a table of both.
    fn pick(&self, table: &[(&str, &'static str)]) -> Option<&'static str> {
        table.iter().find(|(name, _)| self.has(name)).map(|(_, operation)| *operation)
    }
}

fn service_operation(method: &Method, query: &Query) -> &'static str {
    match *method {
        Method::GET if query.get("x-id") == Some("ListDirectoryBuckets") => "ListDirectoryBuckets",
        Method::GET => "ListBuckets",
        _ => "",
    }
}

fn bucket_operation(method: &Method, query: &Query) -> &'static str {
    match *method {
        Method::HEAD => "HeadBucket",
        Method::GET if query.has("id") => query.pick(GET_BUCKET_BY_ID).unwrap_or("ListObjects"),
        Method::GET if query.get("list-type") == Some("2") => "ListObjectsV2",
        Method::GET => query.pick(GET_BUCKET).unwrap_or("ListObjects"),
        Method::PUT => query.pick(PUT_BUCKET).unwrap_or("CreateBucket"),
        Method::DELETE => query.pick(DELETE_BUCKET).unwrap_or("DeleteBucket"),
        Method::POST => query.pick(POST_BUCKET).unwrap_or("PostObject"),
        _ => "",
    }
}

fn object_operation(request: &Request, query: &Query) -> &'static str {
    let copies = request.headers.contains_key("x-amz-copy-source");
    match request.method {
        Method::HEAD => "HeadObject",
        Method::GET => query.pick(GET_OBJECT).unwrap_or("GetObject"),
        Method::PUT if query.has("uploadId") && copies => "UploadPartCopy",
        Method::PUT => query.pick(PUT_OBJECT).unwrap_or(if copies { "CopyObject" } else { "PutObject" }),
        Method::DELETE => query.pick(DELETE_OBJECT).unwrap_or("DeleteObject"),
        Method::POST => query.pick(POST_OBJECT).unwrap_or_default(),
        _ => "",
    }
}

const GET_BUCKET_BY_ID: &[(&str, &str)] = &[
    ("analytics", "GetBucketAnalyticsConfiguration"),
    ("intelligent-tiering", "GetBucketIntelligentTieringConfiguration"),
    ("inventory", "GetBucketInventoryConfiguration"),
    ("metrics", "GetBucketMetricsConfiguration"),
];

const GET_BUCKET: &[(&str, &str)] = &[
    ("abac", "GetBucketAbac"),
    ("accelerate", "GetBucketAccelerateConfiguration"),
    ("acl", "GetBucketAcl"),
    ("analytics", "ListBucketAnalyticsConfigurations"),
    ("cors", "GetBucketCors"),
    ("encryption", "GetBucketEncryption"),
    ("intelligent-tiering", "ListBucketIntelligentTieringConfigurations"),
    ("inventory", "ListBucketInventoryConfigurations"),
    ("lifecycle", "GetBucketLifecycleConfiguration"),
    ("location", "GetBucketLocation"),
    ("logging", "GetBucketLogging"),
    ("metadataConfiguration", "GetBucketMetadataConfiguration"),
    ("metadataTable", "GetBucketMetadataTableConfiguration"),
    ("metrics", "ListBucketMetricsConfigurations"),
    ("notification", "GetBucketNotificationConfiguration"),
    ("object-lock", "GetObjectLockConfiguration"),
    ("ownershipControls", "GetBucketOwnershipControls"),
    ("policy", "GetBucketPolicy"),
    ("policyStatus", "GetBucketPolicyStatus"),
    ("publicAccessBlock", "GetPublicAccessBlock"),
    ("replication", "GetBucketReplication"),
    ("requestPayment", "GetBucketRequestPayment"),
    ("session", "CreateSession"),
    ("tagging", "GetBucketTagging"),
    ("uploads", "ListMultipartUploads"),
    ("versioning", "GetBucketVersioning"),
    ("versions", "ListObjectVersions"),
    ("website", "GetBucketWebsite"),
];

const PUT_BUCKET: &[(&str, &str)] = &[
    ("abac", "PutBucketAbac"),
    ("accelerate", "PutBucketAccelerateConfiguration"),
    ("acl", "PutBucketAcl"),
    ("analytics", "PutBucketAnalyticsConfiguration"),
    ("cors", "PutBucketCors"),
    ("encryption", "PutBucketEncryption"),
    ("intelligent-tiering", "PutBucketIntelligentTieringConfiguration"),
    ("inventory", "PutBucketInventoryConfiguration"),
    ("lifecycle", "PutBucketLifecycleConfiguration"),
    ("logging", "PutBucketLogging"),
    ("metadataInventoryTable", "UpdateBucketMetadataInventoryTableConfiguration"),
    ("metadataJournalTable", "UpdateBucketMetadataJournalTableConfiguration"),
    ("metrics", "PutBucketMetricsConfiguration"),
    ("notification", "PutBucketNotificationConfiguration"),
    ("object-lock", "PutObjectLockConfiguration"),
    ("ownershipControls", "PutBucketOwnershipControls"),
    ("policy", "PutBucketPolicy"),
    ("publicAccessBlock", "PutPublicAccessBlock"),
    ("replication", "PutBucketReplication"),
    ("requestPayment", "PutBucketRequestPayment"),
    ("tagging", "PutBucketTagging"),
    ("versioning", "PutBucketVersioning"),
    ("website", "PutBucketWebsite"),
];

const DELETE_BUCKET: &[(&str, &str)] = &[
    ("analytics", "DeleteBucketAnalyticsConfiguration"),
    ("cors", "DeleteBucketCors"),
    ("encryption", "DeleteBucketEncryption"),
    ("intelligent-tiering", "DeleteBucketIntelligentTieringConfiguration"),
    ("inventory", "DeleteBucketInventoryConfiguration"),
    ("lifecycle", "DeleteBucketLifecycle"),
    ("metadataConfiguration", "DeleteBucketMetadataConfiguration"),
    ("metadataTable", "DeleteBucketMetadataTableConfiguration"),
    ("metrics", "DeleteBucketMetricsConfiguration"),
    ("ownershipControls", "DeleteBucketOwnershipControls"),
    ("policy", "DeleteBucketPolicy"),
    ("publicAccessBlock", "DeletePublicAccessBlock"),
    ("replication", "DeleteBucketReplication"),
    ("tagging", "DeleteBucketTagging"),
    ("website", "DeleteBucketWebsite"),
];

const POST_BUCKET: &[(&str, &str)] = &[
    ("delete", "DeleteObjects"),
    ("metadataConfiguration", "CreateBucketMetadataConfiguration"),
    ("metadataTable", "CreateBucketMetadataTableConfiguration"),
];

const GET_OBJECT: &[(&str, &str)] = &[
    ("acl", "GetObjectAcl"),
    ("attributes", "GetObjectAttributes"),
    ("legal-hold", "GetObjectLegalHold"),
    ("retention", "GetObjectRetention"),
    ("tagging", "GetObjectTagging"),
    ("torrent", "GetObjectTorrent"),
    ("uploadId", "ListParts"),
];

const PUT_OBJECT: &[(&str, &str)] = &[
    ("acl", "PutObjectAcl"),
    ("encryption", "UpdateObjectEncryption"),
    ("legal-hold", "PutObjectLegalHold"),
    ("renameObject", "RenameObject"),
    ("retention", "PutObjectRetention"),
    ("tagging", "PutObjectTagging"),
    ("uploadId", "UploadPart"),
];

const DELETE_OBJECT: &[(&str, &str)] = &[("tagging", "DeleteObjectTagging"), ("uploadId", "AbortMultipartUpload")];

const POST_OBJECT: &[(&str, &str)] = &[
    ("restore", "RestoreObject"),
    ("select", "SelectObjectContent"),
    ("uploadId", "CompleteMultipartUpload"),
    ("uploads", "CreateMultipartUpload"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http::HeaderMap;

    fn request(line: &str) -> Request {
        let (method, uri) = line.split_once(' ').expect("a method and a URI");
        Request {
            method: method.parse().expect("a method"),
            uri: uri.parse().expect("a URI"),
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }

    #[test]
    fn operations_are_told_by_method_path_and_query() {
        for (line, expected) in [
            ("GET https://s3.us-east-1.amazonaws.com/?x-id=ListBuckets", "ListBuckets"),
            ("PUT https://b.s3.us-east-1.amazonaws.com/", "CreateBucket"),
            ("PUT https://s3.us-east-1.amazonaws.com/b", "CreateBucket"),
            ("HEAD https://b.s3.amazonaws.com/", "HeadBucket"),
            ("GET https://b.s3.amazonaws.com/?location", "GetBucketLocation"),
            ("PUT https://b.s3.amazonaws.com/?notification", "PutBucketNotificationConfiguration"),
            ("GET https://b.s3.amazonaws.com/?metrics&id=1", "GetBucketMetricsConfiguration"),
            ("GET https://b.s3.amazonaws.com/?metrics", "ListBucketMetricsConfigurations"),
            ("GET https://b.s3.amazonaws.com/?list-type=2&prefix=a", "ListObjectsV2"),
            ("GET https://b.s3.amazonaws.com/?prefix=a", "ListObjects"),
            ("POST https://b.s3.amazonaws.com/?delete", "DeleteObjects"),
            ("PUT https://b.s3.amazonaws.com/k?x-id=PutObject", "PutObject"),
            ("PUT https://b.s3.amazonaws.com/k?partNumber=1&uploadId=u", "UploadPart"),
            ("POST https://b.s3.amazonaws.com/k?uploads", "CreateMultipartUpload"),
            ("POST https://b.s3.amazonaws.com/k?uploadId=u", "CompleteMultipartUpload"),
            ("DELETE https://b.s3.amazonaws.com/k?uploadId=u", "AbortMultipartUpload"),
            ("DELETE https://b.s3.amazonaws.com/k", "DeleteObject"),
            ("GET https://b.s3.amazonaws.com/k?tagging", "GetObjectTagging"),
            ("PATCH https://b.s3.amazonaws.com/k", ""),
        ] {
            assert_eq!(operation_name(&request(line)), expected, "{line}");
        }
    }

    #[test]
    fn a_copy_is_told_by_its_header() {
        let mut copy = request("PUT https://b.s3.amazonaws.com/k");
        copy.headers.insert("x-amz-copy-source", "a/k".parse().expect("a header value"));
        assert_eq!(operation_name(&copy), "CopyObject");
    }

    #[test]
    fn bucket_and_key_are_read_in_both_styles() {
        for (uri, bucket, key) in [
            ("https://b.s3.us-east-1.amazonaws.com/a%20b/c", Some("b"), Some("a b/c")),
            ("https://b.s3.amazonaws.com/", Some("b"), None),
            ("https://my.b.s3.dualstack.us-east-1.amazonaws.com/k", Some("my.b"), Some("k")),
            ("https://s3.b.s3-eu-west-1.amazonaws.com/k", Some("s3.b"), Some("k")),
            ("https://s3.us-east-1.amazonaws.com/b/%2Fk//x", Some("b"), Some("/k//x")),
            ("https://s3.us-east-1.amazonaws.com/", None, None),
            ("http://localhost:4566/b/k%2Bplus", Some("b"), Some("k+plus")),
            ("http://127.0.0.1/b", Some("b"), None),
            ("http://b.s3.localhost.localstack.cloud:4566/k", Some("b"), Some("k")),
        ] {
            let found = bucket_and_key(&request(&format!("GET {uri}")));
            assert_eq!(found, (bucket.map(str::to_owned), key.map(str::to_owned)), "{uri}");
        }
    }
}
