//! S3. (to be written)
use crate::protocol::{AwsError, Reply, Request, Service};
use crate::world::{Call, World};

#[derive(Default)]
pub(crate) struct State;

/// The S3 operation that a request asks for, such as `PutObject`.
pub fn operation_name(_request: &Request) -> &'static str {
    ""
}

pub(crate) fn answer(_world: &mut World, call: &Call<'_>) -> Result<Reply, AwsError> {
    Err(AwsError::not_simulated(Service::S3, call.operation()))
}

/// The bucket and the key that a request names.
pub fn bucket_and_key(_request: &Request) -> (Option<String>, Option<String>) { (None, None) }
