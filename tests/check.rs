//! `rehearsal check` over templates: what it tells of each, of a folder, and how it ends.

mod common;

use common::{Project, rehearsal};
use serde_json::Value;

const QUEUE: &str = "
Parameters: { Name: { Type: String } }
Resources:
  Orders: { Type: AWS::SQS::Queue, Properties: { QueueName: !Ref Name } }
  Role: { Type: AWS::IAM::Role }
";
const USERS: &str = "
Resources:
  Users: { Type: AWS::Cognito::UserPool, Properties: { LambdaConfig: { PreSignUp: !GetAtt Store.Arn } } }
  Store: { Type: AWS::Lambda::Function, Properties: { Handler: x } }
  Orders: { Type: AWS::SQS::Queue }
  Mapping: { Type: AWS::Lambda::EventSourceMapping, Properties: { FunctionName: !Ref Store, EventSourceArn: !GetAtt Orders.Arn } }
";
const REFUSED: &str = "
Resources:
  Users: { Type: AWS::Cognito::UserPool }
  Orders: { Type: AWS::SQS::Queue, Properties: { QueueName: !Ref Users } }
";

fn project(name: &str) -> Project {
    Project::new(name).with("a/queue.yaml", QUEUE).with("b/users.yml", USERS)
}

#[test]
fn a_folder_is_told_template_by_template_and_summed_up() {
    let run = project("check-folder").rehearsal(&["check", "."]).with_code(0);
    assert_eq!(
        run.stdout,
        "     ok a/queue.yaml
        simulated  1 queue
        left out   AWS::IAM::Role
        made up    Name = name
in part b/users.yml
        simulated  1 function, 1 queue, 1 event source mapping
          Store  queue Orders
        missing    Users AWS::Cognito::UserPool (nothing comes from it to Store)

2 templates checked: 1 ok, 1 in part, 0 refused

most often missing, in so many templates:
      1  AWS::Cognito::UserPool
"
    );
}

const SOURCES: &str = "
Transform: AWS::Serverless-2016-10-31
Resources:
  Clicks: { Type: AWS::Kinesis::Stream, Properties: { ShardCount: 1 } }
  Orders: { Type: AWS::SQS::Queue }
  Count:
    Type: AWS::Serverless::Function
    Properties:
      Handler: x
      Runtime: provided.al2023
      FunctionUrlConfig: { AuthType: NONE }
      Events:
        Clicked: { Type: Kinesis, Properties: { Stream: !GetAtt Clicks.Arn, StartingPosition: LATEST } }
        Nightly: { Type: ScheduleV2, Properties: { ScheduleExpression: rate(1 day) } }
  Piped:
    Type: AWS::Pipes::Pipe
    Properties:
      RoleArn: arn:aws:iam::123456789012:role/pipes
      Source: !GetAtt Orders.Arn
      Target: !GetAtt Count.Arn
";

#[test]
fn a_function_is_told_with_all_that_invokes_it() {
    let run = Project::new("check-sources").with("t.yaml", SOURCES).rehearsal(&["check", "t.yaml"]).with_code(0);
    run.says(&[
        "simulated  1 function, 1 function URL, 1 queue, 1 Kinesis stream, 1 schedule, 1 event source mapping, 1 pipe\n",
        "Count  stream of Clicks, rate(1 day), its URL, pipe Piped from Orders\n",
    ]);
}

#[test]
fn a_refused_template_is_exit_code_2_with_the_place() {
    let project = project("check-refused").with("c.json", r#"{ "Resources": { "Q": { "Type": "AWS::SQS::Que" } } }"#);
    let run = project.with("d.template", REFUSED).rehearsal(&["check", "."]).with_code(2);
    run.says(&[
        "refused c.json\n",
        "error: there is no resource type `AWS::SQS::Que`",
        "refused d.template\n",
        " --> d.template:4:66\n",
        "4 templates checked: 1 ok, 1 in part, 2 refused\n",
        "most often refused, in so many templates:\n      1  AWS::Cognito::UserPool is not simulated, and something",
    ]);
}

#[test]
fn a_parameter_can_be_given_and_must_be_somebodys() {
    let project = project("check-parameter");
    let run = project.rehearsal(&["check", ".", "--parameter", "Name=orders"]).with_code(0);
    assert!(!run.stdout.contains("made up"), "{}", run.stdout);
    let run = project.rehearsal(&["check", ".", "--parameter", "Nmae=orders"]).with_code(2);
    assert!(run.stderr.contains("no template that is checked has a parameter `Nmae`"), "{}", run.stderr);
}

#[test]
fn the_report_for_programs_has_all_of_it() {
    let project = project("check-json").with("d.yaml", REFUSED);
    let run = project.rehearsal(&["check", ".", "--format", "json"]).with_code(2);
    let report: Value = serde_json::from_str(&run.stdout).expect("it is JSON");
    let verdicts: Vec<&Value> =
        report["templates"].as_array().into_iter().flatten().map(|template| &template["verdict"]).collect();
    assert_eq!(verdicts, ["ok", "in part", "refused"]);
    assert_eq!(report["templates"][1]["functions"][0]["invoked_by"][0], "queue Orders");
    assert_eq!(report["templates"][1]["not_simulated"][0]["delivers_to"][0], "Store");
    assert_eq!(report["templates"][2]["refused"][0]["line"], 4);
    assert_eq!(report["summary"]["refused"], 1);
}

#[test]
fn a_nested_template_is_told_with_its_parent() {
    let parent = "
Resources:
  Storage: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: a/queue.yaml, Parameters: { Name: orders } } }
  Store: { Type: AWS::Lambda::Function, Properties: { Handler: x } }
";
    let run = Project::new("check-nested")
        .with("a/queue.yaml", QUEUE)
        .with("parent.yaml", parent)
        .rehearsal(&["check", "."])
        .with_code(0);
    run.says(&["     ok parent.yaml\n        simulated  1 function, 1 queue\n", "1 template checked: 1 ok"]);
}

#[test]
fn a_template_that_a_scenario_names_is_checked_with_its_parameters() {
    let run = rehearsal(&["check", "scenarios/csv"]).with_code(0);
    assert!(!run.stdout.contains("template"), "{}", run.stdout);
}

/// Nothing is known against it but what the service answers.
const UNTRIED: &str = "
Resources:
  Orders:
    Type: AWS::SQS::Queue
    Properties: { RedriveAllowPolicy: { redrivePermission: allowAll, sourceQueueArns: [] } }
";

#[test]
fn what_only_aws_would_refuse_is_told_at_the_resource() {
    let run = Project::new("check-tried").with("t.yaml", UNTRIED).rehearsal(&["check", "t.yaml"]).with_code(2);
    run.says(&[
        "refused t.yaml\n",
        "error: `Orders` could not be created: ",
        "sourceQueueArns is allowed only when redrivePermission is byQueue.",
        " --> t.yaml:3:3\n",
        "3 |   Orders:\n",
    ]);
}

const OPEN: &str = "
Parameters:
  TopicArn: { Type: String }
  Schedule: { Type: String }
  Stage: { Type: String }
Rules:
  Stages: { Assertions: [{ Assert: !Contains [[dev, prod], !Ref Stage] }] }
Mappings: { Sizes: { dev: { Delay: 1 }, prod: { Delay: 2 } } }
Resources:
  Orders: { Type: AWS::SQS::Queue, Properties: { DelaySeconds: !FindInMap [Sizes, !Ref Stage, Delay] } }
  Subscription:
    Type: AWS::SNS::Subscription
    Properties: { TopicArn: !Ref TopicArn, Protocol: sqs, Endpoint: !GetAtt Orders.Arn }
  Nightly:
    Type: AWS::Events::Rule
    Properties: { ScheduleExpression: !Sub '${Schedule}', Targets: [{ Id: a, Arn: !GetAtt Orders.Arn }] }
";

#[test]
fn nothing_is_said_against_a_made_up_value_and_all_against_one_that_is_given() {
    let project = Project::new("check-open").with("t.yaml", OPEN);
    project.rehearsal(&["check", "t.yaml"]).with_code(0).says(&[
        "     ok t.yaml\n        simulated  1 queue, 1 subscription, 1 rule\n",
        "        left out   Rules\n",
        "        made up    TopicArn = topicarn, Schedule = schedule, Stage = stage\n",
    ]);
    let given =
        ["check", "t.yaml", "--parameter", "TopicArn=x", "--parameter", "Schedule=daily", "--parameter", "Stage=x"];
    project.rehearsal(&given).with_code(2).says(&[
        "the rule `Stages` does not hold",
        "there is no `x` in `Mappings`",
        "the ARN of a topic is needed here, not `x`",
        "`daily` is not a schedule",
    ]);
}

#[test]
fn a_folder_of_cdk_is_one_app_and_each_stage_another() {
    let run = rehearsal(&["check", "harness/tests/cdk/cdk.out"]).with_code(0);
    run.says(&[
        "     ok harness/tests/cdk/cdk.out\n        simulated  7 functions, 1 function URL, 2 APIs, 6 queues,",
        "          ShipC2EE6D16 ",
        "     ok harness/tests/cdk/cdk.out/assembly-Beta\n        simulated  1 function,",
        "\n2 templates checked: 2 ok, 0 in part, 0 refused\n",
    ]);
}
