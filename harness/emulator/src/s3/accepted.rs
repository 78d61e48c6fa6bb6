//! Which parameters of a request are simulated. Any other is refused by name, so that nothing which would
//! change S3's behaviour is silently ignored.

use super::operations::{OPERATIONS, Operation};
use super::presigned_v2;
use crate::protocol::{AwsError, Service};
use crate::world::Call;

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
    ("x-amz-bucket-object-lock-enabled", &["false"]),
    ("x-amz-checksum-algorithm", &["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"]),
    ("x-amz-checksum-type", &["COMPOSITE", "FULL_OBJECT"]),
    ("x-amz-metadata-directive", &["COPY", "REPLACE"]),
    ("x-amz-object-ownership", &["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"]),
    ("x-amz-server-side-encryption", &["AES256"]),
    ("x-amz-storage-class", &["STANDARD"]),
    ("x-amz-tagging-directive", &["COPY", "REPLACE"]),
    ("x-amz-transition-default-minimum-object-size", &["all_storage_classes_128K", "varies_by_storage_class"]),
];

/// The operation with a name, unless it is not simulated.
pub fn operation(name: &str) -> Result<&'static Operation, AwsError> {
    let operation = OPERATIONS.iter().find(|operation| operation.name == name);
    operation.ok_or_else(|| AwsError::not_simulated(Service::S3, name))
}

/// Refuses a request with a parameter that is not simulated, or that names another owner than the caller.
pub fn check(operation: &Operation, call: &Call<'_>) -> Result<(), AwsError> {
    check_headers(operation.name, call)?;
    let is_v2 = presigned_v2::is_presigned(call.request);
    let is_signature = |name: &str| is_v2 && presigned_v2::PARAMETERS.contains(&name);
    for (name, value) in call.request.query().into_iter().filter(|(name, _)| !is_signature(name)) {
        // Some SDKs move a pre-signed request's headers into its query.
        let is_header = name.starts_with("x-amz-");
        let accepted = if is_header { operation.headers } else { &[operation.query] };
        check_parameter(operation, accepted, &name, Some(&value))?;
    }
    let owners = ["x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner"];
    let is_caller = |name| call.request.header(name).is_none_or(|owner| owner == call.identity.account);
    if owners.into_iter().all(is_caller) { Ok(()) } else { Err(AwsError::new(403, "AccessDenied", "Access Denied")) }
}

/// Refuses a request with a header that an operation does not simulate.
pub fn check_headers(name: &str, call: &Call<'_>) -> Result<(), AwsError> {
    let operation = operation(name)?;
    for (name, value) in &call.request.headers {
        let name = name.as_str();
        if name.starts_with("x-amz-") || name.starts_with("if-") || name == "range" {
            check_parameter(operation, operation.headers, name, value.to_str().ok())?;
        }
    }
    Ok(())
}

fn check_parameter(
    operation: &Operation,
    accepted: &[&[&str]],
    name: &str,
    value: Option<&str>,
) -> Result<(), AwsError> {
    let refused = |what: &str| Err(AwsError::parameter_not_simulated(Service::S3, operation.name, what));
    let fits = |pattern: &&str| pattern.strip_suffix('*').map_or(*pattern == name, |start| name.starts_with(start));
    if !accepted.iter().copied().flatten().chain(COMMON).any(fits) {
        return refused(name);
    }
    match VALUES.iter().find(|(known, _)| *known == name) {
        Some((_, values)) if !value.is_some_and(|value| values.contains(&value)) => {
            refused(&format!("{name}: {}", value.unwrap_or_default()))
        }
        _ => Ok(()),
    }
}
