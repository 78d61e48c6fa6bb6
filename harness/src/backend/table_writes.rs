//! Which calls may have changed a table or a Kinesis stream, so that streams must be looked at again.

use bytes::Bytes;
use rehearsal_emulator::protocol::{Identity, Service};

/// A server's error leaves it open whether the item was written, and a PartiQL statement may only read: what is
/// counted too often costs one look at an empty stream.
pub fn may_have_written(identity: &Identity, response: &http::Response<Bytes>) -> bool {
    const WRITES: [&str; 9] =
        ["Put", "Update", "Delete", "BatchWrite", "TransactWrite", "Execute", "BatchExecute", "Split", "Merge"];
    let writes = WRITES.iter().any(|verb| identity.operation.starts_with(verb));
    let has_streams = matches!(identity.service, Service::DynamoDb | Service::Kinesis);
    has_streams && writes && !response.status().is_client_error()
}
