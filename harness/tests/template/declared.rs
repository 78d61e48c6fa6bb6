//! What stands around properties, and what SAM and CDK mean by resources that do not look like it.

use crate::kit::{good, messages};

#[test]
fn a_resource_of_sam_can_do_without_globals() {
    let stack = good(
        "
Transform: AWS::Serverless-2016-10-31
Globals: { Function: { Timeout: 30, MemorySize: 512 } }
Resources:
  All: { Type: AWS::Serverless::Function, Properties: { Handler: x } }
  Some: { Type: AWS::Serverless::Function, IgnoreGlobals: [Timeout], Properties: { Handler: x } }
  None: { Type: AWS::Serverless::Function, IgnoreGlobals: '*', Properties: { Handler: x } }
",
        &[],
    );
    let settings: Vec<_> =
        stack.functions.iter().map(|function| (function.timeout.as_secs(), function.memory_size)).collect();
    assert_eq!(settings, [(30, 512), (3, 512), (3, 128)]);
}

#[test]
fn what_sam_shares_among_types_that_are_only_listed_and_its_connectors_are_listed() {
    let stack = good(
        "
Transform: AWS::Serverless-2016-10-31
Globals:
  CapacityProvider: { ScalingConfig: { MaxVCpuCount: 10 } }
  LayerVersion: { PublishLambdaVersion: false }
  StateMachine: { PropagateTags: true }
  WebSocketApi: { PropagateTags: true }
Conditions: { Never: !Equals [a, b] }
Resources:
  Store:
    Type: AWS::Serverless::Function
    Connectors: { Writes: { Properties: { Destination: { Id: Orders }, Permissions: [Write] } } }
    Properties: { Handler: x }
  Orders: { Type: AWS::SQS::Queue, Connectors: { Reads: { Properties: { Destination: { Id: Store } } } } }
  Absent: { Type: AWS::SQS::Queue, Condition: Never, Connectors: {} }
",
        &[],
    );
    let listed: Vec<_> =
        stack.not_simulated.iter().map(|each| (each.logical_id.as_str(), each.what.as_str(), each.harmless)).collect();
    assert_eq!(
        listed,
        [
            ("Store", "AWS::Serverless::Function.Connectors", true),
            ("Orders", "AWS::SQS::Queue.Connectors", true),
            ("CapacityProvider", "Globals", true),
            ("LayerVersion", "Globals", true),
            ("StateMachine", "Globals", true),
            ("WebSocketApi", "Globals", true),
        ]
    );
}

#[test]
fn a_condition_may_choose_between_all_properties_of_a_resource() {
    let template = "
Parameters: { Stage: { Type: String } }
Conditions: { IsTest: !Equals [!Ref Stage, test] }
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: !If [IsTest, { DelaySeconds: 5 }, !If [IsTest, {}, !Ref 'AWS::NoValue']]
  Configured: { Type: Custom::Thing, Version: '1.0', Properties: { ServiceToken: x } }
";
    let delay = |stage: &str| good(template, &[("Stage", stage)]).queues[0].attributes.get("DelaySeconds").cloned();
    assert_eq!((delay("test").as_deref(), delay("prod")), (Some("5"), None));
}

#[test]
fn a_schedule_of_sam_has_its_logical_id_for_a_name_unless_it_is_to_have_none() {
    let stack = good(
        "
Transform: AWS::Serverless-2016-10-31
Resources:
  Group: { Type: AWS::Scheduler::ScheduleGroup, Properties: { Name: nightly } }
  Run:
    Type: AWS::Serverless::Function
    Properties:
      Handler: x
      Events:
        Named: { Type: ScheduleV2, Properties: { ScheduleExpression: rate(1 day), GroupName: !Ref Group } }
        Unnamed: { Type: ScheduleV2, Properties: { ScheduleExpression: rate(1 day), OmitName: true } }
Outputs:
  Named: { Value: !GetAtt RunNamed.Arn }
  Unnamed: { Value: !GetAtt RunUnnamed.Arn }
",
        &[],
    );
    let arn = "arn:aws:scheduler:us-east-1:123456789012:schedule";
    assert_eq!(stack.outputs["Named"], format!("{arn}/nightly/RunNamed"));
    assert_eq!(stack.outputs["Unnamed"], format!("{arn}/default/shop-RunUnnamed-x1y2z3"));
    let names: Vec<_> = stack.schedules.iter().map(|schedule| schedule.name.as_str()).collect();
    assert_eq!(names, ["RunNamed", "shop-RunUnnamed-x1y2z3"]);
}

/// CDK's provider framework is a function that names the project's.
#[test]
fn functions_that_only_custom_resources_need_are_listed() {
    let stack = good(
        "
Resources:
  Jobs: { Type: AWS::SQS::Queue }
  Framework:
    Type: AWS::Lambda::Function
    Properties: { Handler: x, Environment: { Variables: { USER_ON_EVENT_FUNCTION_ARN: !GetAtt OnEvent.Arn } } }
  OnEvent: { Type: AWS::Lambda::Function, Properties: { Handler: x } }
  Both: { Type: AWS::Lambda::Function, Properties: { Handler: x } }
  Idle: { Type: AWS::Lambda::Function, Properties: { Handler: x } }
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties: { FunctionName: !Ref Both, EventSourceArn: !GetAtt Jobs.Arn }
  One: { Type: Custom::One, Properties: { ServiceToken: !GetAtt Framework.Arn, Idle: !Ref Idle } }
  Two: { Type: AWS::CloudFormation::CustomResource, Properties: { ServiceToken: !GetAtt Both.Arn } }
",
        &[],
    );
    let functions: Vec<_> = stack.functions.iter().map(|function| function.logical_id.as_str()).collect();
    assert_eq!(functions, ["Both", "Idle"]);
    let harmless = stack.not_simulated.iter().filter(|left_out| left_out.harmless);
    let harmless: Vec<_> = harmless.map(|left_out| left_out.logical_id.as_str()).collect();
    assert_eq!(harmless, ["Framework", "OnEvent"]);
}

#[test]
fn rules_hold_parameters_to_each_other_as_far_as_can_be_told() {
    let template = "
Parameters:
  Subnets: { Type: 'List<AWS::EC2::Subnet::Id>', Default: 'a,b' }
  Subnet: { Type: 'AWS::EC2::Subnet::Id', Default: c }
Rules:
  Known: { Assertions: [{ Assert: { 'Fn::EachMemberIn': [{ 'Fn::RefAll': 'AWS::EC2::Subnet::Id' }, [a, b, c]] } }] }
  Same: { Assertions: [{ Assert: { 'Fn::EachMemberEquals': [{ 'Fn::ValueOf': [Subnets, VpcId] }, x] } }] }
Resources: { Queue: { Type: AWS::SQS::Queue } }
";
    let listed = good(template, &[]).not_simulated;
    assert_eq!(listed.iter().map(|rule| rule.logical_id.as_str()).collect::<Vec<_>>(), ["Same"]);
    let refused = messages(template, &[("Subnet", "d")]);
    assert!(refused.contains("the rule `Known` does not hold"), "{refused}");
}
