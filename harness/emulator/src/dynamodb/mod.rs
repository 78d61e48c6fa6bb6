//! DynamoDB and DynamoDB Streams: the engine `dynoxide`, in memory, behind the SDK's requests.
//!
//! The engine decides what every operation does. This module adds what a replay needs: nothing of an
//! answer comes from the wall clock or from a random id ([`translation`]), and a transaction's token ages
//! in virtual time ([`tokens`]), as do streams' records and iterators ([`records`]). Items whose time to live is over
//! stay readable for a while ([`expiry`]). Backups and what a table never has are told by [`settings`].
//!
//! What always holds: each account and region has one database, made when it is first used; an object's
//! members are answered in alphabetical order.

mod expiry;
mod records;
mod refusal;
mod settings;
mod tokens;
mod translation;

use std::borrow::Cow;
use std::sync::Arc;

use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub(crate) use self::expiry::{next_due, run_due};
use self::tokens::Tokens;
use self::translation::Translation;
use crate::protocol::{AwsError, Reply, json};
use crate::world::{Call, World};
use crate::{Clock, Ids};

/// The tables of one account in one region.
pub(crate) struct State {
    clock: Clock,
    ids: Ids,
    database: Option<Database>,
    translation: Translation,
    tokens: Tokens,
    expiry: expiry::Expiry,
    settings: settings::Settings,
}

impl State {
    pub fn new(clock: Clock, ids: Ids) -> Self {
        let (translation, tokens, expiry) = (Translation::default(), Tokens::default(), expiry::Expiry::default());
        let settings = settings::Settings::default();
        Self { clock, ids, database: None, translation, tokens, expiry, settings }
    }

    fn database(&mut self) -> Result<Database, DynoxideError> {
        if let Some(database) = &self.database {
            return Ok(database.clone());
        }
        let database = Database::memory_with_clock(Arc::new(EngineClock(self.clock)))?;
        Ok(self.database.insert(database).clone())
    }
}

/// Answers one request.
pub(crate) fn answer(world: &mut World, call: &Call<'_>) -> Result<Reply, AwsError> {
    let body = std::str::from_utf8(&call.request.body);
    let body = body.map_err(|error| AwsError::client("SerializationException", error.to_string()))?;
    refusal::check(call, body)?;
    let now = call.clock.now();
    records::check(call.operation(), body, now)?;
    let state = &mut call.region(world).dynamodb;
    if settings::OPERATIONS.contains(&call.operation()) {
        return state.tell_settings(call);
    }
    let (body, token) = state.prepare(call, body);
    let result = state.database().and_then(|database| match call.operation() {
        "GetRecords" => records::get(&body, now, |body| dispatch(&database, "GetRecords", body)),
        operation => dispatch(&database, operation, &body),
    });
    let reply = match result.transpose() {
        None => return Err(AwsError::not_simulated(call.identity.service, call.operation())),
        Some(Ok(mut output)) => {
            if let Some(token) = token {
                state.tokens.used(token, now);
            }
            match call.operation() {
                "GetShardIterator" => records::stamp(&mut output, "ShardIterator", now),
                "UpdateTimeToLive" => state.expiry.enabled(now),
                "DeleteTable" => {
                    state.settings.forget(output["TableDescription"]["TableName"].as_str().unwrap_or_default());
                }
                _ => {}
            }
            state.translation.output(call, &mut output);
            Reply::json(&output)
        }
        Some(Err(error)) => refusal::reply(call, error),
    };
    if !only_reads(call.operation()) {
        world.changed();
    }
    Ok(reply)
}

fn only_reads(operation: &str) -> bool {
    let reads = ["BatchGet", "Describe", "Get", "List", "Query", "Scan", "Search", "TransactGet"];
    reads.iter().any(|start| operation.starts_with(start))
}

impl State {
    /// Answers what is asked of a table's settings.
    fn tell_settings(&mut self, call: &Call<'_>) -> Result<Reply, AwsError> {
        let input: Value = json::input(call.request)?;
        let database = self.database().map_err(|error| AwsError::new(500, "InternalServerError", error.to_string()))?;
        let exists = |table: &str| {
            let table = serde_json::json!({ "TableName": table }).to_string();
            matches!(dispatch(&database, "DescribeTable", &table), Ok(Some(_)))
        };
        self.settings.answer(call, &input, exists).map(|output| Reply::json(&output))
    }

    /// The request as the engine is to see it, and the transaction's token where there is one.
    fn prepare<'b>(&self, call: &Call<'_>, body: &'b str) -> (Cow<'b, str>, Option<tokens::Use>) {
        let mut token = None;
        let mut change = |input: &mut Value| match call.operation() {
            "CreateTable" => name_managed_key(input, &self.ids),
            "TransactWriteItems" | "ExecuteTransaction" => token = self.tokens.replace(call, input),
            "ListStreams" => translation::input(call, input),
            _ => {}
        };
        let changes = ["CreateTable", "TransactWriteItems", "ExecuteTransaction", "ListStreams"];
        if !changes.contains(&call.operation()) {
            return (body.into(), None);
        }
        // A body that is no JSON goes to the engine as it is, to be refused there.
        let Ok(mut input) = serde_json::from_str(body) else { return (body.into(), None) };
        change(&mut input);
        (input.to_string().into(), token)
    }
}

/// Gives a table that is encrypted with the key that AWS manages a key id of ours; the engine would draw
/// one at random.
fn name_managed_key(input: &mut Value, ids: &Ids) {
    let encryption = input.get_mut("SSESpecification").and_then(Value::as_object_mut);
    let Some(encryption) = encryption.filter(|encryption| encryption.get("Enabled") == Some(&Value::Bool(true))) else {
        return;
    };
    if encryption.get("KMSMasterKeyId").is_none_or(Value::is_null) {
        encryption.insert("KMSMasterKeyId".to_owned(), ids.uuid().into());
    }
}

/// Has the engine do an operation: `None` where it has no such operation.
fn dispatch(database: &Database, operation: &str, body: &str) -> Result<Option<Value>, DynoxideError> {
    macro_rules! operations {
        ($($name:literal => $method:ident),* $(,)?) => {
            match operation {
                $($name => run(operation, body, |input| database.$method(input)).map(Some),)*
                _ => Ok(None),
            }
        };
    }
    operations! {
        "BatchExecuteStatement" => batch_execute_statement,
        "BatchGetItem" => batch_get_item,
        "BatchWriteItem" => batch_write_item,
        "CreateTable" => create_table,
        "DeleteItem" => delete_item,
        "DeleteTable" => delete_table,
        "DescribeStream" => describe_stream,
        "DescribeTable" => describe_table,
        "DescribeTimeToLive" => describe_time_to_live,
        "ExecuteStatement" => execute_statement,
        "ExecuteTransaction" => execute_transaction,
        "GetItem" => get_item,
        "GetRecords" => get_records,
        "GetShardIterator" => get_shard_iterator,
        "ListStreams" => list_streams,
        "ListTables" => list_tables,
        "ListTagsOfResource" => list_tags_of_resource,
        "PutItem" => put_item,
        "Query" => query,
        "Scan" => scan,
        "SearchVectors" => search_vectors,
        "TagResource" => tag_resource,
        "TransactGetItems" => transact_get_items,
        "TransactWriteItems" => transact_write_items,
        "UntagResource" => untag_resource,
        "UpdateItem" => update_item,
        "UpdateTable" => update_table,
        "UpdateTimeToLive" => update_time_to_live,
    }
}

fn run<I: DeserializeOwned, O: Serialize>(
    name: &str,
    body: &str,
    operation: impl FnOnce(I) -> dynoxide::Result<O>,
) -> Result<Value, DynoxideError> {
    let input = serde_json::from_str(body).map_err(|error| refusal::unreadable(name, &error.to_string()))?;
    let output = operation(input)?;
    serde_json::to_value(output).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

/// The emulator's time, for the engine.
struct EngineClock(Clock);

impl dynoxide::storage_backend::Clock for EngineClock {
    fn now_unix_secs(&self) -> u64 {
        u64::try_from(self.0.now().as_second()).unwrap_or_default()
    }

    fn now_unix_secs_f64(&self) -> f64 {
        self.0.now().as_duration().as_secs_f64()
    }
}
