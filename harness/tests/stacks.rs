//! Several stacks in one app: templates beside each other, nested stacks, and what goes between them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rehearsal::backend::Embedded;
use rehearsal::diagnostic::{Diagnostics, Source};
use rehearsal::stack::{Integration, Stack};
use rehearsal::template::{Template, load_all};

/// Reads templates by file name and text; those beside them can be nested.
fn stack_of(name: &str, files: &[(&str, &str)], roots: usize, given: &[(&str, &str)]) -> Result<Stack, Diagnostics> {
    let folder = folder(name);
    for (file, text) in files {
        std::fs::write(folder.join(file), text).expect("the scratch folder can be written");
    }
    let template =
        |(file, text): &(&str, &str)| Template { source: Source::new(*file, *text), directory: Some(folder.clone()) };
    let templates: Vec<Template> = files[..roots].iter().map(template).collect();
    let given: BTreeMap<_, _> = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    load_all(&templates, &given.into(), &Embedded::naming("app"))
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("stacks").join(name);
    std::fs::create_dir_all(&folder).expect("the target folder can be written");
    folder
}

fn good(name: &str, files: &[(&str, &str)], roots: usize, given: &[(&str, &str)]) -> Stack {
    stack_of(name, files, roots, given).unwrap_or_else(|diagnostics| panic!("{}", diagnostics.render(false)))
}

fn messages(name: &str, files: &[(&str, &str)], roots: usize) -> String {
    stack_of(name, files, roots, &[]).expect_err("it is refused").render(false)
}

const EXPORTS: &str = "
Parameters: { Stage: { Type: String } }
Resources: { Orders: { Type: AWS::SQS::Queue } }
Outputs: { Arn: { Value: !GetAtt Orders.Arn, Export: { Name: !Sub '${Stage}-orders' } } }
";
const IMPORTS: &str = "
Parameters: { Stage: { Type: String } }
Resources:
  Store: { Type: AWS::Lambda::Function, Properties: { Handler: x } }
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties: { FunctionName: !Ref Store, EventSourceArn: !ImportValue { 'Fn::Sub': '${Stage}-orders' } }
";

#[test]
fn a_stack_imports_what_one_before_it_exports() {
    let files = [("api.yaml", EXPORTS), ("worker.yaml", IMPORTS)];
    let stack = good("imports", &files, 2, &[("Stage", "test")]);
    assert_eq!(stack.event_source_mappings[0].queue_arn, stack.queues[0].arn);
    assert_eq!(stack.queues[0].name, "app-api-Orders-rehearsal");
    assert_eq!(stack.functions[0].name, "app-worker-Store-rehearsal");

    let files = [("worker.yaml", IMPORTS), ("api.yaml", EXPORTS)];
    let refused = stack_of("imports-early", &files, 2, &[("Stage", "test")]).expect_err("too early").render(false);
    assert!(refused.contains("no template that is read before this one has this export"), "{refused}");
}

#[test]
fn a_parameter_belongs_to_at_least_one_of_the_templates() {
    let refused =
        stack_of("parameters", &[("api.yaml", EXPORTS)], 1, &[("Stage", "a"), ("Satge", "b")]).expect_err("a typo");
    assert!(refused.render(false).contains("did you mean `Stage`?"), "{}", refused.render(false));
}

#[test]
fn a_logical_id_that_several_stacks_have_is_called_with_its_stack() {
    let one = "Resources: { Orders: { Type: AWS::SQS::Queue }, Only: { Type: AWS::SQS::Queue } }\n";
    let two = "Resources:\n  Orders: { Type: AWS::SNS::Topic }\n";
    let stack = good("called", &[("a.yaml", one), ("b.yaml", two)], 2, &[]);
    let queues: Vec<_> = stack.queues.iter().map(|queue| (queue.logical_id.as_str(), queue.name.as_str())).collect();
    assert_eq!(queues, [("a/Orders", "app-a-Orders-rehearsal"), ("Only", "app-a-Only-rehearsal")]);
    assert_eq!(stack.topics[0].logical_id, "b/Orders");

    // The one template of an app has its ids for itself.
    let parent = "
Resources:
  Orders: { Type: AWS::SQS::Queue }
  Inner: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: b.yaml } }
";
    let stack = good("called-nested", &[("parent.yaml", parent), ("b.yaml", two)], 1, &[]);
    assert_eq!((stack.queues[0].logical_id.as_str(), stack.topics[0].logical_id.as_str()), ("Orders", "Inner/Orders"));
}

#[test]
fn what_is_wrong_twice_in_one_template_is_told_at_its_place_once() {
    let parent = "
Resources:
  A: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: inner.yaml } }
  B: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: inner.yaml } }
";
    let inner = "Resources: { Orders: { Type: AWS::SQS::Queue, Properties: { Nonsense: 1 } } }\n";
    let refused = messages("wrong-twice", &[("parent.yaml", parent), ("inner.yaml", inner)], 1);
    assert!(refused.contains("inner.yaml:1:") && refused.matches("`Nonsense`").count() == 1, "{refused}");
}

#[test]
fn one_template_makes_several_stacks_each_with_its_own_names_and_parameters() {
    let parent = "
Resources:
  Orders: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: worker.yaml, Parameters: { Delay: 1 } } }
  Returns:
    Type: AWS::CloudFormation::Stack
    Properties: { TemplateURL: worker.yaml, Parameters: { Delay: 2, Source: !GetAtt Orders.Outputs.Name } }
";
    let worker = "
Transform: AWS::Serverless-2016-10-31
Parameters: { Delay: { Type: Number }, Source: { Type: String, Default: none } }
Resources:
  Jobs: { Type: AWS::SQS::Queue, Properties: { DelaySeconds: !Ref Delay } }
  Work:
    Type: AWS::Serverless::Function
    Properties:
      Environment: { Variables: { SOURCE: !Ref Source } }
      Events:
        Job: { Type: SQS, Properties: { Queue: !GetAtt Jobs.Arn } }
        Get: { Type: Api, Properties: { Path: /jobs, Method: get } }
        Put: { Type: HttpApi, Properties: { Path: /jobs, Method: put } }
Outputs: { Name: { Value: !GetAtt Jobs.QueueName } }
";
    let stack = good("twice", &[("parent.yaml", parent), ("worker.yaml", worker)], 1, &[]);
    let queues: Vec<_> = stack.queues.iter().map(|queue| (queue.logical_id.as_str(), queue.name.as_str())).collect();
    let expected = [("Orders/Jobs", "app-Orders-Jobs-rehearsal"), ("Returns/Jobs", "app-Returns-Jobs-rehearsal")];
    assert_eq!(queues, expected);
    let delays: Vec<_> = stack.queues.iter().map(|queue| queue.attributes["DelaySeconds"].as_str()).collect();
    assert_eq!(delays, ["1", "2"]);
    let mappings: Vec<_> = stack
        .event_source_mappings
        .iter()
        .map(|mapping| (mapping.logical_id.as_str(), mapping.queue_arn == stack.queues[0].arn))
        .collect();
    assert_eq!(mappings, [("Orders/WorkJob", true), ("Returns/WorkJob", false)]);
    let variables: Vec<_> = stack.functions.iter().map(|function| function.environment["SOURCE"].as_str()).collect();
    assert_eq!(variables, ["none", "app-Orders-Jobs-rehearsal"]);

    // Each stack has the APIs that SAM makes for it, with the routes of its own functions.
    let apis: Vec<_> = stack.apis.iter().map(|api| (api.logical_id.as_str(), api.routes.len())).collect();
    let expected = [
        ("Orders/ServerlessRestApi", 1),
        ("Orders/ServerlessHttpApi", 1),
        ("Returns/ServerlessRestApi", 1),
        ("Returns/ServerlessHttpApi", 1),
    ];
    assert_eq!(apis, expected);
    for (function, apis) in stack.functions.iter().zip(stack.apis.chunks(2)) {
        for api in apis {
            let Integration::Lambda(proxy) = &api.routes[0].integration else { panic!("{} invokes", api.logical_id) };
            assert_eq!(proxy.function_arn, function.arn, "{}", api.logical_id);
        }
    }
    let mut ids: Vec<_> = stack.apis.iter().map(|api| api.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 4, "each API has an id of its own");
}

#[test]
fn values_go_into_nested_stacks_and_out_of_them() {
    let parent = "
Resources:
  Consumer:
    Type: AWS::CloudFormation::Stack
    Properties: { TemplateURL: consumer.yaml, Parameters: { Queue: !GetAtt Storage.Outputs.Arn, Users: !Ref Users } }
  Storage:
    Type: AWS::CloudFormation::Stack
    Properties: { TemplateURL: https://s3.amazonaws.com/x/y.json, Parameters: { Name: !Sub '${AWS::StackName}-orders' } }
    Metadata: { 'aws:asset:path': storage.nested.template.json }
  Users: { Type: AWS::Cognito::UserPool }
  Elsewhere: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: https://s3.amazonaws.com/x/z.json } }
Outputs: { Queue: { Value: !Sub '${Storage.Outputs.Arn}' } }
";
    let storage = r#"{ "Parameters": { "Name": { "Type": "String" } },
        "Resources": { "Orders": { "Type": "AWS::SQS::Queue", "Properties": { "QueueName": { "Ref": "Name" } } } },
        "Outputs": { "Arn": { "Value": { "Fn::GetAtt": ["Orders", "Arn"] } } } }"#;
    let consumer = "
Parameters: { Queue: { Type: String }, Users: { Type: String } }
Resources:
  Store: { Type: AWS::Lambda::Function, Properties: { Handler: x, Role: !Ref Users } }
  Mapping: { Type: AWS::Lambda::EventSourceMapping, Properties: { FunctionName: !Ref Store, EventSourceArn: !Ref Queue } }
";
    let files = [("parent.yaml", parent), ("storage.nested.template.json", storage), ("consumer.yaml", consumer)];
    let stack = good("nested", &files, 1, &[]);
    assert_eq!(stack.queues[0].name, "app-orders");
    assert_eq!(stack.event_source_mappings[0].queue_arn, stack.queues[0].arn);
    assert_eq!(stack.functions[0].name, "app-Consumer-Store-rehearsal");
    assert_eq!(stack.outputs["Queue"], stack.queues[0].arn);
    let listed: Vec<&str> = stack.not_simulated.iter().map(|left| left.logical_id.as_str()).collect();
    assert!(listed.contains(&"Elsewhere") && listed.contains(&"Users"), "{listed:?}");
}

#[test]
fn what_is_wrong_in_a_nested_template_is_told_at_its_place() {
    let parent = "
Resources:
  Inner:
    Type: AWS::CloudFormation::Stack
    Properties: { TemplateURL: inner.yaml, Parameters: { Nmae: x, Users: !Ref Users } }
  Gone: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: gone.yaml } }
  Itself: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: loop.yaml } }
  Users: { Type: AWS::Cognito::UserPool }
  Outer: { Type: AWS::SQS::Queue, Properties: { QueueName: !GetAtt Inner.Outputs.Nam } }
";
    let inner = "
Parameters: { Name: { Type: String, Default: x }, Users: { Type: String } }
Resources: { Orders: { Type: AWS::SQS::Queue, Properties: { QueueName: !Ref Users, Nonsense: 1 } } }
Outputs: { Name: { Value: !Ref Name } }
";
    let itself = "Resources: { Again: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: loop.yaml } } }\n";
    let refused = messages("nested-wrong", &[("parent.yaml", parent), ("inner.yaml", inner), ("loop.yaml", itself)], 1);
    for expected in [
        "inner.yaml:3:",
        "the stack is given a value that is not simulated, and something that is depends on it",
        "the nested template has no parameter `Nmae`",
        "did you mean `Name`?",
        "the template `gone.yaml` cannot be read",
        "the template `loop.yaml` nests itself",
        "the stack `Inner` has no output `Nam`, or none that is simulated",
    ] {
        assert!(refused.contains(expected), "{expected}:\n{refused}");
    }
}

#[test]
fn nested_stacks_that_need_each_other_are_refused() {
    let parent = "
Resources:
  A: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: a.yaml, Parameters: { In: !GetAtt B.Outputs.Out } } }
  B: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: b.yaml, Parameters: { In: !GetAtt A.Outputs.Out } } }
";
    let child = |id: &str| {
        format!(
            "Parameters: {{ In: {{ Type: String }} }}\nResources: {{ {id}: {{ Type: AWS::SQS::Queue }} }}\n\
             Outputs: {{ Out: {{ Value: !Ref In }} }}\n"
        )
    };
    let (a, b) = (child("Left"), child("Right"));
    let refused = messages("circle", &[("parent.yaml", parent), ("a.yaml", &a), ("b.yaml", &b)], 1);
    assert!(refused.contains("depends on itself"), "{refused}");
}
