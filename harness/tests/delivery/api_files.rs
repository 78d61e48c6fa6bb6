//! API Gateway: documents in files of their own, and user pools of the template as issuers of tokens.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-include.html>

use rstest::rstest;

use crate::kit::{Rig, response};

/// A document with one route to a function that it names by `uri`.
fn document(uri: &str) -> String {
    format!(
        "openapi: 3.0.1
info: {{ title: orders }}
paths:
  /orders:
    get:
      x-amazon-apigateway-integration: {{ type: aws_proxy, httpMethod: POST, payloadFormatVersion: \"2.0\", uri: {uri} }}
"
    )
}

const FINAL: &str = "\"arn:aws:lambda:us-east-1:123456789012:function:worker\"";
const EVALUATED: &str = "{ \"Fn::GetAtt\": [Worker, Arn] }";
const WORKER: &str = "  Worker: { Type: AWS::Serverless::Function, Properties: { FunctionName: worker } }\n";
const GET: &str = "http: { api: Api, method: GET, path: /orders, expect: { status: 200 } }";

fn rig(properties: &str, uri: &str) -> Rig {
    let template = format!("  Api: {{ Type: AWS::Serverless::HttpApi, Properties: {{ {properties} }} }}\n{WORKER}");
    Rig::new(&template).answers("Worker", |_| Ok(response(200, ""))).file("api.yaml", document(uri))
}

#[test]
fn a_definition_may_be_a_file_beside_the_template() {
    rig("DefinitionUri: api.yaml", FINAL).play(&[GET]).passed();
}

#[rstest]
#[case::whole("DefinitionBody: { Fn::Transform: { Name: AWS::Include, Parameters: { Location: api.yaml } } }")]
#[case::short("DefinitionBody: !Transform { Name: AWS::Include, Parameters: { Location: ./api.yaml } }")]
#[case::beside(
    "DefinitionBody: { x-amazon-apigateway-cors: { allowOrigins: [a] }, Fn::Transform: { Name: AWS::Include, Parameters: { Location: api.yaml } } }"
)]
fn a_template_may_include_a_file_whose_functions_are_evaluated(#[case] properties: &str) {
    rig(properties, EVALUATED).play(&[GET]).passed();
}

#[rstest]
#[case::evaluated("DefinitionUri: api.yaml", "functions are not evaluated in the file of a `DefinitionUri`")]
#[case::missing("DefinitionUri: apis.yaml", "the file `apis.yaml` cannot be read")]
#[case::in_a_bucket(
    "DefinitionUri: \"s3://code/api.yaml\"",
    "`DefinitionUri` of AWS::Serverless::HttpApi is not simulated"
)]
#[case::included_from_a_bucket(
    "DefinitionBody: { Fn::Transform: { Name: AWS::Include, Parameters: { Location: \"s3://code/api.yaml\" } } }",
    "the macro `AWS::Include` is not simulated"
)]
fn a_file_that_is_not_here_or_would_be_evaluated_is_a_mistake(#[case] properties: &str, #[case] message: &str) {
    let refused = rig(properties, EVALUATED).refused(&[GET]);
    assert!(refused.contains(message), "{refused}");
}

/// A user pool and a client of the template, and an API that takes their tokens.
const POOL: &str = "
  Users: { Type: AWS::Cognito::UserPool, Properties: { UserPoolName: users } }
  Client: { Type: AWS::Cognito::UserPoolClient, Properties: { UserPoolId: !Ref Users } }
";

#[rstest]
#[case::jwt(
    "Type: AWS::Serverless::HttpApi, Properties: { Auth: { DefaultAuthorizer: Users, Authorizers: { Users: { JwtConfiguration: { issuer: !Sub \"https://cognito-idp.${AWS::Region}.amazonaws.com/${Users}\", audience: [!Ref Client] } } } } }",
    "HttpApi"
)]
#[case::rest(
    "Type: AWS::Serverless::Api, Properties: { StageName: prod, Auth: { DefaultAuthorizer: Users, Authorizers: { Users: { UserPoolArn: !GetAtt Users.Arn } } } }",
    "Api"
)]
fn a_user_pool_of_the_template_is_an_issuer_of_tokens(#[case] api: &str, #[case] event: &str) {
    let id = if event == "Api" { "RestApiId" } else { "ApiId" };
    let template = format!(
        "{POOL}  Api: {{ {api} }}\n  Worker: {{ Type: AWS::Serverless::Function, Properties: {{ Events: {{ Get: {{ Type: {event}, Properties: {{ {id}: !Ref Api, Path: /orders, Method: GET }} }} }} }} }}\n"
    );
    let get = |rest: &str, status: u16| {
        format!("http: {{ api: Api, method: GET, path: /orders{rest}, expect: {{ status: {status} }} }}")
    };
    let rig = Rig::new(&template).answers("Worker", |_| Ok(response(200, "")));
    rig.play(&[&get("", 401), &get(", token: { sub: u-1 }", 200)]).passed();
}

#[test]
fn nothing_else_may_depend_on_a_user_pool() {
    let template = format!(
        "{POOL}  Worker: {{ Type: AWS::Serverless::Function, Properties: {{ Environment: {{ Variables: {{ POOL: !Ref Users }} }} }} }}\n"
    );
    let refused = Rig::new(&template).ok("Worker").refused(&["invoke: { function: Worker }"]);
    assert!(
        refused.contains("AWS::Cognito::UserPool is not simulated, and something that is depends on it"),
        "{refused}"
    );
}
