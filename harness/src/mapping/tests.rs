//! What the embedded backend never does to a stream, and AWS does: shards close and others open, and iterators
//! expire. The stream here is a script behind the SDK's HTTP client; all else is the embedded backend.
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html>

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_types::SdkConfig;
use lambda_runtime::{Error, LambdaEvent};
use rehearsal_emulator::{Clock, Ids};
use serde_json::{Value, json};
use tokio::task::LocalSet;

use super::{StreamMapping, TableStream};
use crate::app::{App, Variables};
use crate::backend::{Backend, Embedded};
use crate::diagnostic::Source;
use crate::provision::provision;
use crate::shared::Shared;
use crate::trace::Recorder;

const TEMPLATE: &str = "
Transform: AWS::Serverless-2016-10-31
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
      KeySchema: [{ AttributeName: id, KeyType: HASH }]
      StreamSpecification: { StreamViewType: KEYS_ONLY }
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Handler: bootstrap
      Events: { E: { Type: DynamoDB, Properties: { Stream: !GetAtt Orders.StreamArn, StartingPosition: LATEST } } }
";

/// What each shard gives, by iterator: the iterator of its kind first, and then by name.
#[derive(Clone, Debug, Default)]
struct Script(Arc<Mutex<Asked>>);

#[derive(Debug, Default)]
struct Asked {
    /// The iterators that were asked for and used, in order.
    log: Vec<String>,
    parent_is_closed: bool,
}

impl Script {
    fn log(&self) -> Vec<String> {
        self.0.lock().expect("scripts do not panic").log.clone()
    }

    fn answer(&self, operation: &str, input: &Value) -> (u16, Value) {
        let mut asked = self.0.lock().expect("scripts do not panic");
        let text = |name: &str| input[name].as_str().unwrap_or_default().to_owned();
        match operation {
            "DescribeStream" => (200, described(asked.parent_is_closed)),
            "GetShardIterator" => {
                let iterator = [text("ShardId"), text("ShardIteratorType"), text("SequenceNumber")].join(" ");
                asked.log.push(format!("get {}", iterator.trim_end()));
                (200, json!({ "ShardIterator": iterator.trim_end() }))
            }
            _ => {
                let iterator = text("ShardIterator");
                asked.log.push(format!("use {iterator}"));
                asked.parent_is_closed |= iterator == "parent AFTER_SEQUENCE_NUMBER 1";
                read(&iterator)
            }
        }
    }
}

/// The child is told first: it must wait all the same.
fn described(parent_is_closed: bool) -> Value {
    let shard = |id: &str, parent: Option<&str>| json!({ "ShardId": id, "ParentShardId": parent });
    let shards = match parent_is_closed {
        false => vec![shard("parent", None)],
        true => vec![shard("a child", Some("parent")), shard("a grandchild", Some("a child")), shard("parent", None)],
    };
    json!({ "StreamDescription": { "Shards": shards } })
}

fn read(iterator: &str) -> (u16, Value) {
    let record = |number: &str| json!({ "eventID": number, "dynamodb": { "SequenceNumber": number } });
    let (records, next) = match iterator {
        "parent LATEST" => (vec![record("1")], Some("too late")),
        "too late" => return (400, json!({ "__type": "ExpiredIteratorException", "message": "too late" })),
        "parent AFTER_SEQUENCE_NUMBER 1" => (vec![record("2")], None),
        "a child TRIM_HORIZON" => (vec![record("3")], None),
        "a grandchild TRIM_HORIZON" => (vec![record("4")], Some("the end")),
        _ => (Vec::new(), Some("the end")),
    };
    (200, json!({ "Records": records, "NextShardIterator": next }))
}

impl HttpClient for Script {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Script {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default().to_owned();
        let input = serde_json::from_slice(request.body().bytes().unwrap_or_default()).unwrap_or_default();
        let (status, output) = self.answer(target.rsplit('.').next().unwrap_or_default(), &input);
        let status = status.try_into().expect("it is a status");
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(output.to_string()))))
    }
}

/// The sequence numbers that a function is given.
fn noting(seen: &Arc<Mutex<Vec<String>>>) -> App {
    let seen = Arc::clone(seen);
    let new = |_: &SdkConfig, _: &Variables| Ok::<_, Error>(());
    App::new().function("Worker", new, async move |(): &(), event: LambdaEvent<Value>| {
        let records = event.payload["Records"].as_array().cloned().unwrap_or_default();
        let number = |record: &Value| record["dynamodb"]["SequenceNumber"].as_str().unwrap_or_default().to_owned();
        seen.lock().expect("noting does not panic").extend(records.iter().map(number));
        Ok::<_, Error>(Value::Null)
    })
}

async fn mapping(app: &App, script: &Script) -> Rc<StreamMapping> {
    let clock = Clock::starting_at("2026-01-01T00:00:00Z".parse().expect("it is a time"));
    let backend = Embedded::new(clock, Ids::seeded(1), Arc::new(|_| None));
    let source = Source::new("template.yaml", TEMPLATE);
    let stack = crate::template::load(&source, &BTreeMap::new(), &Embedded::naming("app")).expect("it is sound");
    provision(&stack, &backend.config(), None).await.expect("it is provisioned");
    let (settings, table) = (stack.stream_mappings[0].clone(), stack.tables[0].clone());
    let recorder = Recorder::new(clock, stack.logical_ids());
    let shared = Shared::new(Rc::new(backend), stack, app, Ids::seeded(2), recorder);
    let function = Rc::clone(shared.lambda.function(&settings.function_arn).expect("it is bound"));
    let config = shared.service_config().to_builder().http_client(script.clone()).build();
    let client = aws_sdk_dynamodbstreams::Client::new(&config);
    let source = Box::new(TableStream::new(table, Rc::clone(&shared), client));
    Rc::new(StreamMapping::new(settings, source, function, shared))
}

/// What the function was given, what the stream was asked, and what went wrong.
fn play() -> (Vec<String>, Vec<String>, Vec<String>) {
    let (seen, script) = (Arc::default(), Script::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    LocalSet::new().block_on(&runtime.expect("the system has a runtime"), async {
        let mapping = mapping(&noting(&seen), &script).await;
        mapping.prepare().await;
        let work = tokio::task::spawn_local(Rc::clone(&mapping).run());
        let mut changes = mapping.shared.pending.changes();
        while !mapping.caught_up() {
            changes.changed().await.expect("the mapping is there");
        }
        work.abort();
        let seen = seen.lock().expect("noting does not panic").clone();
        (seen, script.log(), mapping.shared.problems())
    })
}

#[test]
fn shards_that_open_are_read_from_their_beginning_once_their_parents_are_closed() {
    let (seen, _, problems) = play();
    assert_eq!((seen, problems), (["1", "2", "3", "4"].map(str::to_owned).to_vec(), Vec::new()));
}

#[test]
fn an_iterator_that_has_expired_is_replaced_by_one_after_the_last_record() {
    let (_, log, _) = play();
    let place = |line: &str| log.iter().position(|logged| logged == line).unwrap_or_else(|| panic!("{line}: {log:?}"));
    let order = ["use parent LATEST", "use too late", "get parent AFTER_SEQUENCE_NUMBER 1"].map(place);
    assert!(order.is_sorted(), "{log:?}");
    assert_eq!(log[0], "get parent LATEST");
}
