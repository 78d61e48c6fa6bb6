//! API Gateway: APIs that an OpenAPI document in the template defines.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html>

use rstest::rstest;
use serde_json::json;

use crate::kit::{Rig, response};

const DOCUMENT: &str = "
        openapi: 3.0.1
        info: { title: orders, version: 1.0.0 }
        x-amazon-apigateway-binary-media-types: [image/png]
        x-amazon-apigateway-request-validators: { parameters: { validateRequestParameters: true, validateRequestBody: false } }
        x-amazon-apigateway-gateway-responses: { DEFAULT_4XX: { responseParameters: { gatewayresponse.header.x-from: \"'document'\" } } }
        components:
          securitySchemes:
            Guard:
              type: apiKey
              name: Authorization
              in: header
              x-amazon-apigateway-authtype: custom
              x-amazon-apigateway-authorizer:
                type: token
                authorizerUri: !Sub \"arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Guard.Arn}/invocations\"
        paths:
          /orders/{id}:
            get:
              x-amazon-apigateway-request-validator: parameters
              parameters: [{ name: page, in: query, required: true, schema: { type: string } }]
              responses: { \"200\": { description: an order } }
              x-amazon-apigateway-integration:
                type: aws_proxy
                httpMethod: POST
                uri: !Sub \"arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Worker.Arn}/invocations\"
            options:
              x-amazon-apigateway-integration:
                type: mock
                requestTemplates: { application/json: '{\"statusCode\": 200}' }
                responses: { default: { statusCode: \"200\", responseParameters: { method.response.header.Access-Control-Allow-Origin: \"'*'\" } } }
          /guarded:
            x-amazon-apigateway-any-method:
              security: [{ Guard: [] }]
              x-amazon-apigateway-integration:
                type: aws_proxy
                uri: !Sub \"arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Worker.Arn}/invocations\"
";
const FUNCTIONS: &str = "
  Guard: { Type: AWS::Serverless::Function }
  Worker: { Type: AWS::Serverless::Function }
";

fn play(api: &str) {
    let rig = Rig::new(&format!("{api}{FUNCTIONS}"))
        .answers("Guard", |_| {
            let statement = json!({ "Action": "*", "Effect": "Allow", "Resource": "*" });
            Ok(json!({ "principalId": "alice", "policyDocument": { "Statement": [statement] } }))
        })
        .answers("Worker", |event| Ok(response(200, &event["resource"].to_string())));
    let from = "headers: { x-from: [document] }";
    let played = rig
        .play(&[
            "http: { api: Api, method: GET, path: /orders/7, query: { page: 1 }, expect: { status: 200, body: \"/orders/{id}\" } }",
            &format!("http: {{ api: Api, method: GET, path: /orders/7, expect: {{ status: 400, {from} }} }}"),
            "http: { api: Api, method: OPTIONS, path: /orders/7, expect: { status: 200, headers: { access-control-allow-origin: [\"*\"] } } }",
            "http: { api: Api, method: PUT, path: /guarded, expect: { status: 401 } }",
            "http: { api: Api, method: PUT, path: /guarded, body: a, headers: { authorization: a, content-type: image/png }, expect: { status: 200 } }",
        ])
        .passed();
    assert_eq!(played.events("Worker")[1]["isBase64Encoded"], true);
}

#[test]
fn a_sam_api_is_defined_by_a_document() {
    play(&format!(
        "  Api:\n    Type: AWS::Serverless::Api\n    Properties:\n      StageName: prod\n      DefinitionBody:{DOCUMENT}"
    ));
}

#[test]
fn a_rest_api_is_defined_by_a_document() {
    let stage =
        "  Deployment: { Type: AWS::ApiGateway::Deployment, Properties: { RestApiId: !Ref Api, StageName: live } }\n";
    play(&format!("  Api:\n    Type: AWS::ApiGateway::RestApi\n    Properties:\n      Body:{DOCUMENT}{stage}"));
}

#[rstest]
#[case::sam("AWS::Serverless::HttpApi", "DefinitionBody", "")]
#[case::plain(
    "AWS::ApiGatewayV2::Api",
    "Body",
    "  Stage: { Type: AWS::ApiGatewayV2::Stage, Properties: { ApiId: !Ref Api, StageName: $default, AutoDeploy: true } }\n"
)]
fn an_http_api_is_defined_by_a_document(#[case] kind: &str, #[case] body: &str, #[case] stage: &str) {
    let document = "
        openapi: 3.0.1
        info: { title: orders }
        x-amazon-apigateway-cors: { allowOrigins: [\"*\"] }
        paths:
          /$default:
            x-amazon-apigateway-any-method:
              isDefaultRoute: true
              x-amazon-apigateway-integration:
                type: aws_proxy
                httpMethod: POST
                payloadFormatVersion: \"2.0\"
                uri: !GetAtt Worker.Arn
";
    let template = format!("  Api:\n    Type: {kind}\n    Properties:\n      {body}:{document}{stage}{FUNCTIONS}");
    let rig =
        Rig::new(&template).ok("Guard").answers("Worker", |event| Ok(response(200, &event["routeKey"].to_string())));
    rig.play(&["http: { api: Api, method: PUT, path: /a, headers: { origin: a }, expect: { body: $$default, headers: { access-control-allow-origin: [\"*\"] } } }"])
        .passed();
}

#[test]
fn what_a_document_has_that_is_not_simulated_is_refused_by_name() {
    let api = "  Api:\n    Type: AWS::Serverless::Api\n    Properties:\n      StageName: prod\n      DefinitionBody:";
    let document =
        DOCUMENT.replace("type: aws_proxy\n                httpMethod", "type: aws\n                httpMethod");
    let document = document.replace("info:", "x-amazon-apigateway-minimum-compression-size: 1\n        info:");
    let message = Rig::new(&format!("{api}{document}{FUNCTIONS}")).ok("Guard").ok("Worker").refused(&["settle: {}"]);
    assert!(message.contains("integrations of type `AWS` are not simulated"), "{message}");
    assert!(message.contains("`x-amazon-apigateway-minimum-compression-size` of"), "{message}");
}
