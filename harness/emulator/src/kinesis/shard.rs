//! A shard: a range of hash keys, and its records in the order of their sequence numbers.
//! <https://docs.aws.amazon.com/streams/latest/dev/key-concepts.html>

use std::collections::VecDeque;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use jiff::Timestamp;
use md5::{Digest, Md5};
use serde_json::{Value, json};

use super::seconds;

#[derive(Clone, Debug)]
pub(super) struct Shard {
    pub id: String,
    pub parents: Vec<String>,
    /// The first and the last hash key.
    pub range: (u128, u128),
    /// The sequence number that it was opened with.
    pub starts: String,
    /// The one that it was closed with, and when.
    pub closed: Option<(String, Timestamp)>,
    pub records: VecDeque<Record>,
}

#[derive(Clone, Debug)]
pub(super) struct Record {
    pub sequence: String,
    pub arrival: Timestamp,
    pub key: String,
    pub data: Bytes,
}

impl Shard {
    pub fn is_open(&self) -> bool {
        self.closed.is_none()
    }

    pub fn has(&self, hash: u128) -> bool {
        (self.range.0..=self.range.1).contains(&hash)
    }

    /// As `ListShards` and `DescribeStream` tell it.
    pub fn described(&self) -> Value {
        let mut numbers = json!({ "StartingSequenceNumber": self.starts });
        if let Some((ends, _)) = &self.closed {
            numbers["EndingSequenceNumber"] = ends.as_str().into();
        }
        let mut shard = json!({
            "ShardId": self.id,
            "HashKeyRange": self.hash_key_range(),
            "SequenceNumberRange": numbers,
        });
        for (name, parent) in ["ParentShardId", "AdjacentParentShardId"].into_iter().zip(&self.parents) {
            shard[name] = parent.as_str().into();
        }
        shard
    }

    /// As `GetRecords` tells it at the end of its parent.
    pub fn as_child(&self) -> Value {
        json!({ "ShardId": self.id, "ParentShards": self.parents, "HashKeyRange": self.hash_key_range() })
    }

    fn hash_key_range(&self) -> Value {
        json!({ "StartingHashKey": self.range.0.to_string(), "EndingHashKey": self.range.1.to_string() })
    }
}

impl Record {
    /// As `GetRecords` gives it.
    pub fn given(&self) -> Value {
        json!({
            "SequenceNumber": self.sequence,
            "ApproximateArrivalTimestamp": seconds(self.arrival),
            "Data": STANDARD.encode(&self.data),
            "PartitionKey": self.key,
        })
    }
}

/// Where a partition key is among the hash keys.
pub(super) fn hash_key(partition_key: &str) -> u128 {
    u128::from_be_bytes(Md5::digest(partition_key.as_bytes()).into())
}
