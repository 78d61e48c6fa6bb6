//! What is listed and what is refused, with the exact messages of the files under `bad`.

use std::collections::BTreeMap;

use rehearsal::diagnostic::Source;
use rehearsal::template::load;

use crate::kit::{everything, folder, good, naming, read, stack_of};

#[test]
fn what_cannot_change_deliveries_is_listed_once() {
    let listed: Vec<_> =
        everything().not_simulated.into_iter().map(|each| format!("{}: {}", each.logical_id, each.what)).collect();
    assert_eq!(
        listed,
        [
            "ReadCsvLogs: AWS::Logs::LogGroup",
            "StoreRecordRecords: SQS event.MetricsConfig",
            "Uploads: AWS::S3::Bucket.PublicAccessBlockConfiguration",
            "Products: AWS::DynamoDB::Table.PointInTimeRecoverySpecification",
            "ReadCsv: AWS::Serverless::Function.Policies",
            "ReadCsv: AWS::Serverless::Function.Tracing",
            "StoreRecord: AWS::Serverless::Function.Tracing",
        ]
    );
}

#[test]
fn a_refused_property_or_resource_is_refused_where_its_condition_holds() {
    let text = read(&folder().join("everything.yaml"));
    let diagnostics = stack_of(&text, &[("Stage", "production")]).expect_err("a refusal");
    let messages: Vec<_> = diagnostics.iter().map(|each| each.message.as_str()).collect();
    assert_eq!(messages, ["`ObjectLockEnabled` of AWS::S3::Bucket is not simulated"]);
}

#[test]
fn a_type_that_is_not_simulated_is_listed_with_what_it_does_not_reach() {
    let stack = good(
        "
Transform: AWS::Serverless-2016-10-31
Resources:
  Handler:
    Type: AWS::Serverless::Function
    Properties: { Events: { SignUp: { Type: Cognito, Properties: { UserPool: !Ref Users, Trigger: PreSignUp } } } }
  Users: { Type: AWS::Cognito::UserPool, DependsOn: Handler }
  Things:
    Type: AWS::IoT::TopicRule
    Properties: { TopicRulePayload: { Actions: [{ Lambda: { FunctionArn: !GetAtt Handler.Arn } }, { X: !Ref Users }] } }
  Machine: { Type: AWS::Serverless::StateMachine, Properties: { Definition: !Sub 'x ${Handler.Arn} y ${Users}' } }
  Special: { Type: Custom::Special, Properties: { ServiceToken: !GetAtt Handler.Arn } }
Outputs:
  Pool: { Value: !Ref Users }
",
        &[],
    );
    let listed: Vec<_> = stack
        .not_simulated
        .iter()
        .map(|each| (each.logical_id.as_str(), each.what.as_str(), each.delivers_to.join(" ")))
        .collect();
    let handler = || "Handler".to_owned();
    assert_eq!(
        listed,
        [
            ("Users", "AWS::Cognito::UserPool", String::new()),
            ("Things", "AWS::IoT::TopicRule", handler()),
            ("Machine", "AWS::Serverless::StateMachine", handler()),
            ("Special", "Custom::Special", handler()),
            ("HandlerSignUp", "Cognito event", handler()),
            ("Pool", "Outputs", String::new()),
        ]
    );
    assert!(stack.outputs.is_empty());
}

/// Every file of the folder is refused with exactly the message beside it; `REHEARSAL_BLESS=1` writes it.
#[test]
fn a_bad_template_gets_exactly_the_committed_message() {
    let mut files: Vec<_> = std::fs::read_dir(folder().join("bad"))
        .expect("the folder of bad templates")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension != "stderr"))
        .collect();
    files.sort();
    assert!(files.len() > 20, "bad templates are missing");
    for path in files {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let result = load(&Source::new(name.clone(), read(&path)), &BTreeMap::new(), &naming());
        let message = result.expect_err(&name).render(false) + "\n";
        let expected = path.with_extension("stderr");
        if std::env::var_os("REHEARSAL_BLESS").is_some() {
            std::fs::write(&expected, &message).expect("the message can be written");
        }
        assert_eq!(message, read(&expected), "{name}");
    }
}
