//! The records that are left in a Kinesis stream.

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::types::ShardIteratorType;
use aws_smithy_types::error::display::DisplayErrorContext;
use aws_types::SdkConfig;

/// The records of a stream, shard by shard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamContent {
    /// Those of one shard are in their order.
    pub records: Vec<StreamRecord>,
    pub shards: usize,
}

/// A record as scenarios know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamRecord {
    pub key: String,
    pub data: String,
}

fn told(error: impl std::error::Error) -> String {
    DisplayErrorContext(error).to_string()
}

/// All that a stream holds.
pub async fn read(config: &SdkConfig, stream: &str) -> Result<StreamContent, String> {
    let client = Client::new(config);
    let (mut shards, mut token) = (Vec::new(), None);
    loop {
        // A page is asked for by its token alone.
        let list = match token {
            None => client.list_shards().stream_name(stream),
            Some(token) => client.list_shards().next_token(token),
        };
        let listed = list.send().await.map_err(told)?;
        shards.extend(listed.shards().iter().map(|shard| shard.shard_id().to_owned()));
        token = listed.next_token;
        if token.is_none() {
            break;
        }
    }
    let mut content = StreamContent { records: Vec::new(), shards: shards.len() };
    for shard in shards {
        read_shard(&client, stream, &shard, &mut content.records).await?;
    }
    Ok(content)
}

async fn read_shard(client: &Client, stream: &str, shard: &str, records: &mut Vec<StreamRecord>) -> Result<(), String> {
    let first = client.get_shard_iterator().stream_name(stream).shard_id(shard);
    let first = first.shard_iterator_type(ShardIteratorType::TrimHorizon).send().await.map_err(told)?;
    let mut iterator = first.shard_iterator;
    while let Some(next) = iterator {
        let page = client.get_records().shard_iterator(next).send().await.map_err(told)?;
        records.extend(page.records.iter().map(|record| StreamRecord {
            key: record.partition_key().unwrap_or_default().to_owned(),
            data: String::from_utf8_lossy(record.data().as_ref()).into_owned(),
        }));
        // A page may be empty before the end of the shard.
        iterator = page.next_shard_iterator.filter(|_| page.millis_behind_latest.unwrap_or_default() > 0);
    }
    Ok(())
}
