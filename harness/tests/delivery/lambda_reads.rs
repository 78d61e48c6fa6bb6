//! What Lambda tells handlers of functions and event source mappings, and what they can change.
//! <https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html>

use std::time::Duration;

use aws_sdk_lambda::Client;
use aws_sdk_lambda::error::ProvideErrorMetadata;
use aws_sdk_lambda::types::FunctionVersion;
use rstest::rstest;
use serde_json::{Value, json};

use crate::kit::{Answer, Played, Rig, State, seconds};

const TEMPLATE: &str = "
  Caller: { Type: AWS::Serverless::Function, Properties: { FunctionName: caller, Timeout: 900, Environment: { Variables: { JOBS: !Ref WorkerJobs } } } }
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: the-worker
      Timeout: 10
      MemorySize: 256
      AutoPublishAlias: live
      ReservedConcurrentExecutions: 5
      Environment: { Variables: { LEVEL: info } }
      DeadLetterQueue: { Type: SQS, TargetArn: !GetAtt Dead.Arn }
      EventInvokeConfig: { MaximumRetryAttempts: 1, DestinationConfig: { OnFailure: { Type: SQS, Destination: !GetAtt Dead.Arn } } }
      FunctionUrlConfig: { AuthType: NONE, Cors: { AllowOrigins: [\"*\"], MaxAge: 60 } }
      Events:
        Jobs: { Type: SQS, Properties: { Queue: !GetAtt Jobs.Arn, BatchSize: 4, ScalingConfig: { MaximumConcurrency: 2 } } }
        Clicks: { Type: Kinesis, Properties: { Stream: !GetAtt Clicks.Arn, StartingPosition: LATEST, FilterCriteria: { Filters: [{ Pattern: '{ \"data\": { \"n\": [1] } }' }] } } }
  Jobs: { Type: AWS::SQS::Queue, Properties: { QueueName: jobs } }
  Dead: { Type: AWS::SQS::Queue, Properties: { QueueName: dead } }
  Clicks: { Type: AWS::Kinesis::Stream, Properties: { Name: clicks, ShardCount: 1 } }
";
const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:the-worker";
const LIVE: &str = "arn:aws:lambda:us-east-1:123456789012:function:the-worker:live";

/// A rig whose `Caller` does something with a client of Lambda's, and fails if that fails.
fn calling<F>(calls: F) -> Rig
where
    F: AsyncFn(Client, Value) -> Answer + Send + Sync + 'static,
{
    let call = async move |state: &State, event: lambda_runtime::LambdaEvent<Value>| {
        let mut event = event.payload;
        event["jobs"] = state.variables["JOBS"].as_str().into();
        calls(Client::new(&state.config), event).await
    };
    Rig::new(TEMPLATE).function("Caller", call).ok("Worker")
}

/// Fails unless the caller returned this.
fn returned(rig: Rig, expected: &Value) {
    rig.play(&[&format!("invoke: {{ function: Caller, expect: {{ payload: {} }} }}", pattern(expected))]).passed();
}

/// A value as a pattern that only this value matches.
fn pattern(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), pattern(value))).collect(),
        other => json!([other]),
    }
}

fn refusal<T, E: ProvideErrorMetadata>(result: Result<T, E>) -> Value {
    result.err().map_or_else(|| "accepted".into(), |error| json!([error.code(), error.message()]))
}

#[test]
fn a_function_is_told_as_the_template_has_it() {
    let rig = calling(async |client, _| {
        let told = client.get_function().function_name("the-worker").send().await?;
        let function = told.configuration.ok_or("there is no configuration")?;
        let environment = function.environment.and_then(|environment| environment.variables).unwrap_or_default();
        Ok(json!({
            "arn": function.function_arn,
            "version": function.version,
            "timeout": function.timeout,
            "memory": function.memory_size,
            "state": function.state.map(|state| state.as_str().to_owned()),
            "level": environment.get("LEVEL"),
            "dead": function.dead_letter_config.and_then(|config| config.target_arn),
            "modified": function.last_modified,
            "reserved": told.concurrency.and_then(|reserved| reserved.reserved_concurrent_executions),
        }))
    });
    let expected = json!({
        "arn": FUNCTION, "version": "$$LATEST", "timeout": 10, "memory": 256, "state": "Active", "level": "info",
        "dead": "arn:aws:sqs:us-east-1:123456789012:dead", "modified": "2026-01-01T00:00:00.000+0000", "reserved": 5,
    });
    returned(rig, &expected);
}

#[test]
fn a_function_is_told_by_the_qualifier_that_names_it() {
    let rig = calling(async |client, _| {
        let get = async |name: &str, qualifier: Option<&str>| -> Answer {
            let get = client.get_function_configuration().function_name(name);
            let told = get.set_qualifier(qualifier.map(str::to_owned)).send().await?;
            Ok(format!("{} {}", told.function_arn.unwrap_or_default(), told.version.unwrap_or_default()).into())
        };
        Ok(json!({ "alias": get("the-worker", Some("live")).await?, "version": get("the-worker:1", None).await? }))
    });
    returned(rig, &json!({ "alias": format!("{LIVE} 1"), "version": format!("{FUNCTION}:1 1") }));
}

#[test]
fn functions_versions_and_aliases_are_listed_page_by_page() {
    let rig = calling(async |client, _| {
        let first = client.list_functions().max_items(1).send().await?;
        let rest = client.list_functions().set_marker(first.next_marker.clone()).send().await?;
        let names: Vec<_> = first.functions().iter().chain(rest.functions()).map(|it| it.function_name()).collect();
        let versions = client.list_versions_by_function().function_name("the-worker").send().await?;
        let versions: Vec<_> = versions.versions().iter().map(|it| it.function_arn()).collect();
        let aliases = client.list_aliases().function_name("the-worker").send().await?;
        let aliases: Vec<_> = aliases.aliases().iter().map(|it| (it.alias_arn(), it.function_version())).collect();
        let alias = client.get_alias().function_name("the-worker").name("live").send().await?;
        Ok(json!([json!([names, rest.next_marker(), versions, aliases, alias.name()]).to_string()]))
    });
    let versions = [format!("{FUNCTION}:$$LATEST"), format!("{FUNCTION}:1")];
    let told = json!([["caller", "the-worker"], null, versions, [[LIVE, "1"]], "live"]);
    rig.play(&[&format!("invoke: {{ function: Caller, expect: {{ payload: [{}] }} }}", json!(told.to_string()))])
        .passed();
}

#[test]
fn all_versions_are_listed_where_they_are_asked_for() {
    let rig = calling(async |client, _| {
        let all = client.list_functions().function_version(FunctionVersion::All).send().await?;
        let arns: Vec<_> = all.functions().iter().filter_map(|function| function.function_arn()).collect();
        let aliases = client.list_aliases().function_name("the-worker").function_version("$LATEST").send().await?;
        Ok(json!({ "all": json!([arns, aliases.aliases().len()]).to_string() }))
    });
    let caller = "arn:aws:lambda:us-east-1:123456789012:function:caller:$LATEST";
    let all = json!([[caller, format!("{FUNCTION}:$LATEST"), format!("{FUNCTION}:1")], 0]).to_string();
    returned(rig, &json!({ "all": all.replace('$', "$$") }));
}

#[rstest]
#[case::too_few(0, "", "ValidationException")]
#[case::no_marker(1, "nowhere", "InvalidParameterValueException")]
fn a_page_that_makes_no_sense_is_refused(#[case] most: i32, #[case] marker: &'static str, #[case] code: &str) {
    let rig = calling(async move |client, _| {
        let list = client.list_functions().max_items(most);
        Ok(refusal(list.marker(marker).send().await)[0].take())
    });
    rig.play(&[&format!("invoke: {{ function: Caller, expect: {{ payload: [{code}] }} }}")]).passed();
}

#[test]
fn what_becomes_of_asynchronous_events_is_told_where_the_template_says() {
    let rig = calling(async |client, _| {
        let get = client.get_function_event_invoke_config().function_name("the-worker");
        let told = get.clone().qualifier("live").send().await?;
        let failure =
            told.destination_config().and_then(|config| config.on_failure()?.destination().map(str::to_owned));
        Ok(json!({
            "arn": told.function_arn(),
            "retries": told.maximum_retry_attempts(),
            "age": told.maximum_event_age_in_seconds(),
            "failure": failure,
            "none": refusal(get.send().await).to_string(),
        }))
    });
    let none = format!("The function {FUNCTION}:$$LATEST doesn't have an EventInvokeConfig");
    let expected = json!({
        "arn": LIVE, "retries": 1, "age": 21_600, "failure": "arn:aws:sqs:us-east-1:123456789012:dead",
        "none": json!(["ResourceNotFoundException", none]).to_string(),
    });
    returned(rig, &expected);
}

#[test]
fn a_functions_url_is_told_by_the_alias_that_it_is_for() {
    let rig = calling(async |client, _| {
        let get = client.get_function_url_config().function_name("the-worker");
        let url = get.clone().qualifier("live").send().await?;
        let cors = url.cors().ok_or("there is no CORS")?;
        Ok(json!({
            "arn": url.function_arn(),
            "secure": url.function_url().starts_with("https://") && url.function_url().ends_with(".on.aws/"),
            "auth": url.auth_type().as_str(),
            "age": cors.max_age(),
            "methods": cors.allow_methods.is_none(),
            "none": refusal(get.send().await).to_string(),
        }))
    });
    let none = r#"["ResourceNotFoundException","The resource you requested does not exist."]"#;
    returned(rig, &json!({ "arn": LIVE, "secure": true, "auth": "NONE", "age": 60, "methods": true, "none": none }));
}

#[test]
fn mappings_are_told_by_source_by_function_and_by_the_id_that_a_reference_gives() {
    let rig = calling(async |client, event| {
        let list = client.list_event_source_mappings();
        let of_queue = list.clone().event_source_arn("arn:aws:sqs:us-east-1:123456789012:jobs").send().await?;
        let of_alias = list.clone().function_name(LIVE).send().await?;
        let of_latest = list.function_name("the-worker").send().await?;
        let id = event["jobs"].as_str().unwrap_or_default();
        let jobs = client.get_event_source_mapping().uuid(id).send().await?;
        let clicks = of_alias.event_source_mappings().iter().find(|it| it.starting_position.is_some());
        let clicks = clicks.ok_or("the stream has no mapping")?;
        let pattern = clicks.filter_criteria().and_then(|all| all.filters().first()?.pattern().map(str::to_owned));
        Ok(json!({
            "counts": format!("{} {} {}", of_queue.event_source_mappings().len(), of_alias.event_source_mappings().len(), of_latest.event_source_mappings().len()),
            "same": of_queue.event_source_mappings()[0].uuid() == Some(id),
            "size": jobs.batch_size(),
            "state": jobs.state(),
            "function": jobs.function_arn(),
            "concurrency": jobs.scaling_config().and_then(|scaling| scaling.maximum_concurrency()),
            "retries": clicks.maximum_retry_attempts(),
            "position": clicks.starting_position().map(|position| position.as_str().to_owned()),
            "pattern": pattern,
        }))
    });
    let expected = json!({
        "counts": "1 2 0", "same": true, "size": 4, "state": "Enabled", "function": LIVE, "concurrency": 2,
        "retries": -1, "position": "LATEST", "pattern": r#"{"data":{"n":[1]}}"#,
    });
    returned(rig, &expected);
}

#[rstest]
#[case::function("GetFunction", &format!("Function not found: {FUNCTION}s"))]
#[case::list_of_mappings("ListEventSourceMappings", &format!("Function not found: {FUNCTION}s"))]
#[case::versions("ListVersionsByFunction", &format!("Function not found: {FUNCTION}s"))]
#[case::alias("GetAlias", &format!("Cannot find alias arn: {FUNCTION}:dead"))]
#[case::mapping("GetEventSourceMapping", "The resource you requested does not exist.")]
#[case::concurrency("GetFunctionConcurrency", &format!("Function not found: {FUNCTION}s"))]
fn what_is_not_there_is_told_in_lambda_s_words(#[case] operation: &'static str, #[case] message: &str) {
    let rig = calling(async move |client, _| {
        let name = "the-workers";
        Ok(match operation {
            "GetFunction" => refusal(client.get_function().function_name(name).send().await),
            "ListEventSourceMappings" => refusal(client.list_event_source_mappings().function_name(name).send().await),
            "ListVersionsByFunction" => refusal(client.list_versions_by_function().function_name(name).send().await),
            "GetAlias" => refusal(client.get_alias().function_name("the-worker").name("dead").send().await),
            "GetFunctionConcurrency" => refusal(client.get_function_concurrency().function_name(name).send().await),
            _ => refusal(client.get_event_source_mapping().uuid("an-id").send().await),
        }
        .to_string()
        .into())
    });
    let told = json!(["ResourceNotFoundException", message]).to_string();
    rig.play(&[&format!("invoke: {{ function: Caller, expect: {{ payload: [{}] }} }}", json!(told))]).passed();
}

/// A caller that turns the mapping of `Jobs`: `{ "on": true }`. Tells the state.
fn switching() -> Rig {
    calling(async |client, event| {
        let update = client.update_event_source_mapping().uuid(event["jobs"].as_str().unwrap_or_default());
        let update = update.function_name("the-worker:live").set_enabled(event["on"].as_bool());
        Ok(json!(update.send().await?.state()))
    })
}

fn turn(on: bool, state: &str) -> String {
    format!("invoke: {{ function: Caller, payload: {{ on: {on} }}, expect: {{ payload: [{state}] }} }}")
}

const SEND: &str = "sqs.send: { queue: Jobs, body: x }";

#[test]
fn a_queues_mapping_that_is_disabled_leaves_messages_until_it_is_enabled() {
    let off = [&*turn(false, "Disabling"), SEND, "settle: {}", "advance: 1h"];
    let left = switching().expect("queues: { Jobs: 1 }").play(&off).passed();
    assert_eq!(left.times("Worker"), seconds([]));
    let on = turn(true, "Enabling");
    let taken = switching().expect("queues: { Jobs: empty }").play(&[&off[..], &[&on]].concat()).passed();
    assert_eq!(taken.times("Worker"), seconds([3600]));
}

const CLICKS: &str = "
  Clicks: { Type: AWS::Kinesis::Stream, Properties: { ShardCount: 1 } }
  Switch: { Type: AWS::Serverless::Function, Properties: { Environment: { Variables: { CLICKS: !GetAtt WorkerClicks.Id } } } }
  Worker:
    Type: AWS::Serverless::Function
    Properties: { Events: { Clicks: { Type: Kinesis, Properties: { Stream: !GetAtt Clicks.Arn, StartingPosition: LATEST, Enabled: ENABLED } } } }
";

/// A function that turns the mapping of a stream, and steps.
fn clicks(enabled: bool, steps: &[&str]) -> Played {
    let rig = Rig::new(&CLICKS.replace("ENABLED", &enabled.to_string())).ok("Worker");
    let rig = rig.function("Switch", async |state: &State, event| {
        let update = Client::new(&state.config).update_event_source_mapping().uuid(&state.variables["CLICKS"]);
        update.set_enabled(event.payload["on"].as_bool()).send().await?;
        Ok(Value::Null)
    });
    rig.play(steps).passed()
}

const PUT: &str = "kinesis.put: { stream: Clicks, key: a, data: x }";
const OFF: &str = "invoke: { function: Switch, payload: { on: false } }";
const ON: &str = "invoke: { function: Switch, payload: { on: true } }";

#[test]
fn a_streams_mapping_goes_on_where_it_was_when_it_is_enabled_again() {
    let steps = [PUT, "settle: {}", OFF, PUT, "settle: {}", "advance: 1h", ON];
    assert_eq!(clicks(true, &steps).times("Worker"), seconds([0, 3600]));
}

#[test]
fn a_failing_batch_of_a_mapping_that_is_disabled_is_tried_again_once_it_is_enabled() {
    let fail = "fail: { function: Worker, times: 2 }";
    let steps = [fail, PUT, "advance: 2s", OFF, "settle: {}", "advance: 1h", ON];
    // Two attempts failed, and a third one was due after three seconds.
    assert_eq!(clicks(true, &steps).times("Worker"), seconds([0, 1, 3603]));
}

#[test]
fn a_streams_mapping_that_was_disabled_at_first_begins_when_it_is_enabled() {
    let steps = [PUT, "settle: {}", ON, "settle: {}", PUT];
    let played = clicks(false, &steps);
    assert_eq!(played.events("Worker").len(), 1);
}

#[test]
fn what_cannot_be_changed_of_a_mapping_is_refused_by_name() {
    let rig = calling(async |client, event| {
        let id = event["jobs"].as_str().unwrap_or_default().to_owned();
        let update = client.update_event_source_mapping().uuid(id).enabled(false).batch_size(5);
        Ok(refusal(update.send().await))
    });
    let told = ["NotImplemented", "BatchSize of Lambda's UpdateEventSourceMapping is not simulated"];
    let step = format!("invoke: {{ function: Caller, expect: {{ payload: [{}] }} }}", told[1]);
    rig.expect("queues: { Jobs: empty }").play(&[&step, SEND]).passed();
}

#[test]
fn reserved_concurrency_can_be_changed_while_functions_run() {
    let rig = calling(async |client, event| {
        let name = "the-worker";
        let told = async || -> Answer {
            Ok(json!(
                client.get_function_concurrency().function_name(name).send().await?.reserved_concurrent_executions
            ))
        };
        let before = told().await?;
        let put = client.put_function_concurrency().function_name(name);
        let too_much = refusal(put.clone().reserved_concurrent_executions(901).send().await);
        let qualified = refusal(client.get_function_concurrency().function_name("the-worker:live").send().await);
        if event["stop"] == true {
            put.reserved_concurrent_executions(0).send().await?;
        } else {
            client.delete_function_concurrency().function_name(name).send().await?;
        }
        Ok(json!([json!([before, told().await?, too_much[1], qualified[0]]).to_string()]))
    });
    let told = |after: Value| {
        let message = "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].";
        json!(json!([5, after, message, "InvalidParameterValueException"]).to_string())
    };
    let rig = rig.expect("queues: { Jobs: 1 }");
    let stop = format!(
        "invoke: {{ function: Caller, payload: {{ stop: true }}, expect: {{ payload: [{}] }} }}",
        told(json!(0))
    );
    let played = rig.play(&[&stop, "sqs.send: { queue: Jobs, body: x, delay: 1s }", "advance: 1s"]);
    assert_eq!(played.results("Worker")[0], "throttled");
    assert_eq!(played.invocations("Worker")[0].at, Duration::from_secs(1));
}
