//! Execution environments: what they begin with, and how long they last.
//! <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rehearsal::trace::Environment::{Cold, Warm};
use rstest::rstest;
use serde_json::{Value, json};

use crate::kit::{Rig, State};

const WORKER: &str = "
  News: { Type: AWS::SNS::Topic }
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: the-worker
      MemorySize: 256
      AutoPublishAlias: live
      Environment: { Variables: { LEVEL: info, TZ: Europe/Vienna } }
      Events: { News: { Type: SNS, Properties: { Topic: !Ref News } } }
";
const PUBLISH: &str = "sns.publish: { topic: News, message: x }";

#[rstest]
#[case::handler("_HANDLER", "bootstrap")]
#[case::region("AWS_REGION", "us-east-1")]
#[case::default_region("AWS_DEFAULT_REGION", "us-east-1")]
#[case::name("AWS_LAMBDA_FUNCTION_NAME", "the-worker")]
#[case::memory("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")]
#[case::version("AWS_LAMBDA_FUNCTION_VERSION", "1")]
#[case::initialization("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")]
#[case::log_group("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/the-worker")]
#[case::task_root("LAMBDA_TASK_ROOT", "/var/task")]
#[case::language("LANG", "en_US.UTF-8")]
#[case::own("LEVEL", "info")]
#[case::own_goes_before_a_default("TZ", "Europe/Vienna")]
fn a_function_sees_the_variables_that_lambda_sets(#[case] name: &'static str, #[case] expected: &str) {
    let seen = Arc::new(Mutex::new(None));
    let noted = Arc::clone(&seen);
    let rig =
        Rig::new(WORKER).function("Worker", async move |state: &State, event: lambda_runtime::LambdaEvent<Value>| {
            assert_eq!(state.variables["AWS_LAMBDA_LOG_STREAM_NAME"], event.context.env_config.log_stream);
            *noted.lock().expect("nobody panics") = state.variables.get(name).cloned();
            Ok(Value::Null)
        });
    rig.play(&[PUBLISH]).passed();
    assert_eq!(seen.lock().expect("nobody panics").as_deref(), Some(expected));
}

#[test]
fn an_idle_environment_is_used_again_with_all_that_it_remembers() {
    let played =
        Rig::new(WORKER).ok("Worker").play(&[PUBLISH, "advance: 1h", PUBLISH, "advance: 1h", PUBLISH]).passed();
    assert_eq!(played.environments("Worker"), [Cold, Warm, Warm]);
    let served: Vec<u32> = played.seen.iter().map(|seen| seen.served).collect();
    assert_eq!(served, [1, 2, 3], "its state is made once and kept");
}

#[test]
fn two_events_at_once_get_an_environment_each() {
    let rig = Rig::new(WORKER).function("Worker", async |_: &State, _| {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(json!(null))
    });
    let played = rig.play(&[PUBLISH, PUBLISH, "advance: 1m", PUBLISH, PUBLISH]).passed();
    assert_eq!(played.environments("Worker"), [Cold, Cold, Warm, Warm]);
    let streams: Vec<&str> = played.seen.iter().map(|seen| seen.context.env_config.log_stream.as_str()).collect();
    assert_ne!(streams[0], streams[1], "each has a log stream of its own");
}
