//! Which calls may have changed a table, so that its stream must be looked at again.

use bytes::Bytes;
use rehearsal_emulator::protocol::{Identity, Service};

/// A server's error leaves it open whether the item was written, and a PartiQL statement may only read: what is
/// counted too often costs one look at an empty stream.
pub fn may_have_written(identity: &Identity, response: &http::Response<Bytes>) -> bool {
    const WRITES: [&str; 7] = ["Put", "Update", "Delete", "BatchWrite", "TransactWrite", "Execute", "BatchExecute"];
    let writes = WRITES.iter().any(|verb| identity.operation.starts_with(verb));
    identity.service == Service::DynamoDb && writes && !response.status().is_client_error()
}
