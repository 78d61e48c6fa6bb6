//! Values: intrinsic functions, names, parameters and outputs.

use std::collections::BTreeMap;

use crate::kit::{everything, good, stack_of};

/// What an output of this value comes to.
fn evaluated(expression: &str, is_production: bool) -> String {
    let template = format!(
        r#"
Transform: AWS::LanguageExtensions
Parameters:
  Stage: {{ Type: String }}
  Names: {{ Type: CommaDelimitedList, Default: "a, b,c" }}
  Count: {{ Type: Number, Default: 7 }}
Mappings:
  Sizes: {{ test: {{ Small: 1, Names: [x, y] }}, production: {{ Small: 10, Names: [z] }} }}
Conditions:
  IsProduction: !Equals [!Ref Stage, production]
  Either: !Or [!Condition IsProduction, !Equals [a, b], {{ Condition: Neither }}]
  Neither: {{ "Fn::Not": [{{ Condition: IsProduction }}] }}
Resources:
  Queue: {{ Type: AWS::SQS::Queue }}
  Topic: {{ Type: AWS::SNS::Topic, Properties: {{ TopicName: !Sub "topic-${{Stage}}" }} }}
  Bucket: {{ Type: AWS::S3::Bucket }}
  Table: {{ Type: AWS::DynamoDB::Table, Properties: {{ BillingMode: PAY_PER_REQUEST,
    AttributeDefinitions: [{{ AttributeName: id, AttributeType: S }}], KeySchema: [{{ AttributeName: id, KeyType: HASH }}] }} }}
  Function: {{ Type: AWS::Lambda::Function, Properties: {{ Handler: bootstrap }} }}
  Bus: {{ Type: AWS::Events::EventBus, Properties: {{ Name: bus }} }}
  Rule: {{ Type: AWS::Events::Rule, Properties: {{ EventBusName: !GetAtt Bus.Arn, EventPattern: {{ source: [x] }} }} }}
  Default: {{ Type: AWS::Events::Rule, Properties: {{ ScheduleExpression: rate(1 day), Name: daily }} }}
  Role: {{ Type: AWS::IAM::Role }}
Outputs:
  Out: {{ Value: {expression} }}
"#
    );
    let stage = if is_production { "production" } else { "test" };
    good(&template, &[("Stage", stage)]).outputs.remove("Out").unwrap_or_default()
}

#[test]
fn intrinsic_functions_give_what_cloudformation_documents() {
    let cases = [
        ("!Ref Stage", "test"),
        ("{ Ref: Count }", "7"),
        ("!Ref AWS::Region", "us-east-1"),
        ("!Ref AWS::AccountId", "123456789012"),
        ("!Ref AWS::StackName", "shop"),
        ("!Ref AWS::StackId", "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/x1y2z3"),
        ("!Ref AWS::Partition", "aws"),
        ("!Ref AWS::URLSuffix", "amazonaws.com"),
        ("!Ref Queue", "https://sqs.us-east-1.amazonaws.com/123456789012/shop-Queue-x1y2z3"),
        ("!GetAtt Queue.Arn", "arn:aws:sqs:us-east-1:123456789012:shop-Queue-x1y2z3"),
        ("!GetAtt Queue.QueueName", "shop-Queue-x1y2z3"),
        ("{ 'Fn::GetAtt': [Queue, QueueUrl] }", "https://sqs.us-east-1.amazonaws.com/123456789012/shop-Queue-x1y2z3"),
        ("!Ref Topic", "arn:aws:sns:us-east-1:123456789012:topic-test"),
        ("!GetAtt Topic.TopicName", "topic-test"),
        ("!GetAtt Topic.TopicArn", "arn:aws:sns:us-east-1:123456789012:topic-test"),
        ("!Ref Bucket", "shop-bucket-x1y2z3"),
        ("!GetAtt Bucket.Arn", "arn:aws:s3:::shop-bucket-x1y2z3"),
        ("!GetAtt Bucket.DomainName", "shop-bucket-x1y2z3.s3.amazonaws.com"),
        ("!GetAtt Bucket.RegionalDomainName", "shop-bucket-x1y2z3.s3.us-east-1.amazonaws.com"),
        ("!Ref Table", "shop-Table-x1y2z3"),
        ("!GetAtt Table.Arn", "arn:aws:dynamodb:us-east-1:123456789012:table/shop-Table-x1y2z3"),
        ("!Ref Function", "shop-Function-x1y2z3"),
        ("!GetAtt Function.Arn", "arn:aws:lambda:us-east-1:123456789012:function:shop-Function-x1y2z3"),
        ("!Ref Bus", "bus"),
        ("!GetAtt Bus.Name", "bus"),
        ("!Ref Rule", "bus|shop-Rule-x1y2z3"),
        ("!GetAtt Rule.Arn", "arn:aws:events:us-east-1:123456789012:rule/bus/shop-Rule-x1y2z3"),
        ("!Ref Default", "daily"),
        ("!GetAtt Default.Arn", "arn:aws:events:us-east-1:123456789012:rule/daily"),
        ("!GetAtt Role.Arn", "arn:aws:iam::123456789012:role/shop-Role-x1y2z3"),
        (r#"!Sub "${Stage}-${AWS::Region}-${Queue.QueueName}""#, "test-us-east-1-shop-Queue-x1y2z3"),
        (r#"!Sub ["${A}-${Stage}", { A: !Select [1, !Ref Names] }]"#, "b-test"),
        (r#"!Sub "${!Stage} $ {x} $${Stage} ${Stage""#, "${Stage} $ {x} $test ${Stage"),
        ("{ 'Fn::Sub': 'x' }", "x"),
        ("!Join ['/', [a, !Ref Stage, !Ref AWS::NoValue, 1]]", "a/test/1"),
        ("!Join ['+', !Ref Names]", "a+b+c"),
        ("!Join ['+', !FindInMap [Sizes, !Ref Stage, Names]]", "x+y"),
        ("!Select [2, !Split ['|', 'a|b|c']]", "c"),
        ("!Select ['0', [!Ref Stage, b]]", "test"),
        ("!Join ['', !Split [', ', 'a, b']]", "ab"),
        ("!FindInMap [Sizes, production, Small]", "10"),
        ("{ 'Fn::FindInMap': [Sizes, { Ref: Stage }, Small] }", "1"),
        ("!If [IsProduction, yes, no]", "no"),
        ("!If [Either, yes, no]", "yes"),
        ("!If [Neither, !If [IsProduction, a, b], c]", "b"),
        ("!Base64 hello", "aGVsbG8="),
        ("{ 'Fn::Base64': !Sub '${Stage}' }", "dGVzdA=="),
        ("!Select [1, !GetAZs '']", "us-east-1b"),
        ("!Join [',', !GetAZs eu-west-1]", "eu-west-1a,eu-west-1b,eu-west-1c"),
        ("!Select [2, !Cidr [10.0.0.0/16, 3, 8]]", "10.0.2.0/24"),
        ("!Length [a, !Ref Stage, !Ref AWS::NoValue]", "2"),
        ("!Length { Ref: Names }", "3"),
        ("!ToJsonString { Stage: !Ref Stage, List: [1, true, !Ref Count] }", r#"{"Stage":"test","List":[1,true,"7"]}"#),
        ("!ToJsonString [!GetAtt Bus.Name, null]", r#"["bus",null]"#),
        ("!FindInMap [Sizes, !Ref Stage, Large, { DefaultValue: none }]", "none"),
        ("!FindInMap [Sizes, elsewhere, Small, { DefaultValue: !Ref Stage }]", "test"),
        ("!FindInMap [Sizes, test, Small, { DefaultValue: none }]", "1"),
        ("{ Ref: !Join ['', [Sta, ge]] }", "test"),
        ("!GetAtt [!Join ['', [Que, ue]], QueueName]", "shop-Queue-x1y2z3"),
        ("true", "true"),
        ("1.50", "1.50"),
    ];
    for (expression, expected) in cases {
        assert_eq!(evaluated(expression, false), expected, "{expression}");
    }
    assert_eq!(evaluated("!If [IsProduction, yes, no]", true), "yes");
    assert_eq!(evaluated("!FindInMap [Sizes, !Ref Stage, Small]", true), "10");
}

#[test]
fn a_generated_name_is_cut_to_what_the_service_allows_and_stays_unique() {
    let id = "A".repeat(70);
    let template = format!("Resources: {{ {id}B: {{ Type: AWS::S3::Bucket }}, {id}C: {{ Type: AWS::S3::Bucket }} }}");
    let buckets = good(&template, &[]).buckets;
    assert!(buckets.iter().all(|bucket| bucket.name.len() == 63 && bucket.name.ends_with("-x1y2z3")), "{buckets:?}");
    assert_ne!(buckets[0].name, buckets[1].name);
}

#[test]
fn outputs_are_final_and_follow_their_condition() {
    let outputs = everything().outputs;
    let expected = BTreeMap::from([
        ("QueueUrl".to_owned(), "https://sqs.us-east-1.amazonaws.com/123456789012/shop-Records-x1y2z3".to_owned()),
        ("Role".to_owned(), "arn:aws:iam::123456789012:role/shop-ReadCsvRole-x1y2z3".to_owned()),
    ]);
    assert_eq!(outputs, expected);
}

#[test]
fn what_functions_make_is_limited() {
    let mut value = "x".to_owned();
    for _ in 0..40 {
        value = format!("!Sub ['${{a}}${{a}}', {{ a: {value} }}]");
    }
    let text = format!("Resources: {{ Q: {{ Type: AWS::SQS::Queue }} }}\nOutputs: {{ O: {{ Value: {value} }} }}");
    let messages = stack_of(&text, &[]).expect_err("2^40 bytes").render(false);
    assert!(messages.contains("the values of this template come to more than 16 MB"), "{messages}");
}

/// Where nothing looks at it, it is no fault.
#[test]
fn a_dynamic_reference_is_refused_where_its_value_is_looked_at() {
    let template = |name: &str| {
        format!(
            "
Parameters: {{ Secret: {{ Type: String }} }}
Mappings: {{ Names: {{ a: {{ b: '{{{{resolve:ssm:/mapped}}}}' }} }} }}
Resources:
  Role: {{ Type: AWS::IAM::Role, Properties: {{ RoleName: !Ref Secret }} }}
  Orders: {{ Type: AWS::SQS::Queue, Properties: {{ QueueName: {name} }} }}
Outputs:
  Secret: {{ Value: !Sub 'x-${{Secret}}' }}
"
        )
    };
    let given = [("Secret", "{{resolve:secretsmanager:given}}")];
    let stack = good(&template("orders"), &given);
    let listed: Vec<_> =
        stack.not_simulated.iter().map(|each| (each.logical_id.as_str(), each.what.as_str())).collect();
    assert_eq!(listed, [("Role", "AWS::IAM::Role"), ("Secret", "Outputs")]);
    assert!(stack.outputs.is_empty());
    for name in [
        "!Ref Secret",
        "!Sub 'a-${Secret}'",
        "!Sub '{{resolve:ssm:/${AWS::Region}}}'",
        "!Sub ['${A}', { A: !Ref Secret }]",
        "!Join ['', ['{{', 'resolve:ssm:/joined}}']]",
        "!FindInMap [Names, a, b]",
        "!Select [0, ['{{resolve:ssm:/selected}}']]",
    ] {
        let refused = stack_of(&template(name), &given).expect_err(name);
        let messages: Vec<_> = refused.iter().map(|each| each.message.as_str()).collect();
        assert_eq!(messages, ["dynamic references are not simulated"], "{name}");
    }
}

#[test]
fn a_parameter_that_the_template_lacks_is_refused() {
    let text = "Parameters: { Stage: { Type: String } }\nResources: { Q: { Type: AWS::SQS::Queue } }";
    let diagnostics = stack_of(text, &[("Stag", "x"), ("Stage", "y")]).expect_err("one parameter too many");
    let found: Vec<_> = diagnostics.iter().map(|each| (each.message.as_str(), each.help.as_deref())).collect();
    assert_eq!(found, [("the template has no parameter `Stag`", Some("did you mean `Stage`?"))]);
}
