//! API Gateway: validation of parameters and bodies, in resources, SAM's events and OpenAPI documents.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html>

use rstest::rstest;
use serde_json::json;

use crate::kit::{Rig, response};

/// A REST API of plain resources with a method whose bodies are held against a model that refers to another.
const RESOURCES: &str = "
  Api: { Type: AWS::ApiGateway::RestApi, Properties: { Name: orders } }
  Orders: { Type: AWS::ApiGateway::Resource, Properties: { ParentId: !GetAtt Api.RootResourceId, PathPart: orders, RestApiId: !Ref Api } }
  Item: { Type: AWS::ApiGateway::Model, Properties: { RestApiId: !Ref Api, Name: Item, ContentType: application/json, Schema: { type: object, required: [sku], properties: { sku: { type: string, minLength: 2 } } } } }
  Order:
    Type: AWS::ApiGateway::Model
    Properties:
      RestApiId: !Ref Api
      ContentType: application/json
      Schema: !Sub '{ \"$schema\": \"http://json-schema.org/draft-04/schema#\", \"type\": \"object\", \"required\": [\"items\"], \"properties\": { \"items\": { \"type\": \"array\", \"minItems\": 1, \"items\": { \"$ref\": \"https://apigateway.amazonaws.com/restapis/${Api}/models/${Item}\" } } } }'
  Validator: { Type: AWS::ApiGateway::RequestValidator, Properties: { RestApiId: !Ref Api, ValidateRequestBody: true, ValidateRequestParameters: true } }
  Post:
    Type: AWS::ApiGateway::Method
    Properties:
      AuthorizationType: NONE
      HttpMethod: POST
      ResourceId: !Ref Orders
      RestApiId: !Ref Api
      RequestValidatorId: !Ref Validator
      RequestParameters: { method.request.header.x-tenant: true, method.request.querystring.page: false }
      RequestModels: { application/json: !Ref Order }
      Integration: { Type: AWS_PROXY, IntegrationHttpMethod: POST, Uri: !Sub \"arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Worker.Arn}/invocations\" }
  Deployment: { Type: AWS::ApiGateway::Deployment, DependsOn: Post, Properties: { RestApiId: !Ref Api } }
  Stage: { Type: AWS::ApiGateway::Stage, Properties: { DeploymentId: !Ref Deployment, RestApiId: !Ref Api, StageName: live } }
  Worker: { Type: AWS::Serverless::Function }
";

fn rig(template: &str) -> Rig {
    Rig::new(template).answers("Worker", |_| Ok(response(200, "")))
}

fn post(content: &str, expect: &str) -> String {
    format!(
        "http: {{ api: Api, method: POST, path: /orders, headers: {{ x-tenant: a{content}, expect: {{ {expect} }} }}"
    )
}

const INVALID: &str =
    "status: 400, headers: { x-amzn-errortype: [BadRequestException] }, body: { message: [Invalid request body] }";

#[rstest]
#[case::valid(" }, json: { items: [{ sku: ab }] }", "status: 200")]
#[case::missing(" }, json: {}", INVALID)]
#[case::of_the_other_model(" }, json: { items: [{ sku: a }] }", INVALID)]
#[case::not_json(" }, body: \"{\"", INVALID)]
#[case::empty(" }", INVALID)]
#[case::with_a_charset(", content-type: \"application/json; charset=utf-8\" }, body: \"[]\"", INVALID)]
#[case::of_another_type(", content-type: text/plain }, body: \"[]\"", "status: 200")]
fn a_body_is_held_against_the_model_of_its_content_type(#[case] content: &str, #[case] expect: &str) {
    rig(RESOURCES).play(&[&post(content, expect)]).passed();
}

#[test]
fn a_model_may_be_for_all_other_content_types() {
    let template = RESOURCES.replace("RequestModels: { application/json", "RequestModels: { $default");
    rig(&template).play(&[&post(", content-type: text/plain }, body: \"[]\"", INVALID)]).passed();
}

#[test]
fn parameters_are_looked_at_before_the_body() {
    let step = "http: { api: Api, method: POST, path: /orders, json: {}, expect: { status: 400, body: { message: [\"Missing required request parameters: [x-tenant]\"] } } }";
    rig(RESOURCES).expect("invocations: { Worker: 0 }").play(&[step]).passed();
}

#[test]
fn without_a_validator_of_bodies_a_model_only_describes() {
    let template = RESOURCES.replace("ValidateRequestBody: true", "ValidateRequestBody: false");
    rig(&template).play(&[&post(" }, json: {}", "status: 200")]).passed();
}

#[test]
fn a_gateway_response_tells_what_is_wrong_with_a_body() {
    let worded = "
  BadBody:
    Type: AWS::ApiGateway::GatewayResponse
    Properties:
      RestApiId: !Ref Api
      ResponseType: BAD_REQUEST_BODY
      StatusCode: \"422\"
      ResponseTemplates: { application/json: '{\"message\": $context.error.messageString, \"errors\": \"$context.error.validationErrorString\"}' }
";
    let expect = "status: 422, body: { message: [Invalid request body], errors: ['[object has missing required properties ([\"sku\"])]'] }";
    rig(&format!("{RESOURCES}{worded}")).play(&[&post(" }, json: { items: [{}] }", expect)]).passed();
}

#[test]
fn a_gateway_response_tells_of_the_request() {
    let worded = "
  Missing:
    Type: AWS::ApiGateway::GatewayResponse
    Properties:
      RestApiId: !Ref Api
      ResponseType: BAD_REQUEST_PARAMETERS
      ResponseParameters: { gatewayresponse.header.Access-Control-Allow-Origin: method.request.header.Origin, gatewayresponse.header.x-stage: context.stage }
      ResponseTemplates: { application/json: '{\"missing\": \"$context.error.validationErrorString\", \"path\": \"$context.resourcePath\", \"tag\": \"$method.request.querystring.tag\", \"none\": \"$context.nothing\"}' }
";
    let expect = "status: 400, headers: { access-control-allow-origin: [\"https://shop.example\"], x-stage: [live] }, body: { missing: [\"[x-tenant]\"], path: [/orders], tag: [a], none: [\"\"] }";
    let step = format!(
        "http: {{ api: Api, method: POST, path: /orders, query: {{ tag: a }}, headers: {{ origin: \"https://shop.example\" }}, json: {{}}, expect: {{ {expect} }} }}"
    );
    rig(&format!("{RESOURCES}{worded}")).play(&[&step]).passed();
}

#[test]
fn sams_request_model_is_validated_where_it_says_so() {
    let event = |model: &str| {
        format!(
            "
  Api: {{ Type: AWS::Serverless::Api, Properties: {{ StageName: prod, Models: {{ Order: {{ type: object, required: [items] }} }} }} }}
  Worker: {{ Type: AWS::Serverless::Function, Properties: {{ Events: {{ Post: {{ Type: Api, Properties: {{ RestApiId: !Ref Api, Path: /orders, Method: POST, RequestModel: {{ Model: Order{model} }}, RequestParameters: [method.request.header.x-a, {{ method.request.querystring.page: {{ Required: true }} }}] }} }} }} }} }}
"
        )
    };
    let (body, parameters) = (event(", ValidateBody: true"), event(", ValidateParameters: true, Required: true"));
    rig(&event("")).play(&[&post(" }, json: {}", "status: 200")]).passed();
    rig(&body).play(&[&post(" }, json: {}", INVALID)]).passed();
    let missing = "status: 400, body: { message: [\"Missing required request parameters: [page]\"] }";
    rig(&parameters).play(&[&post(" }, json: {}", missing)]).passed();
}

/// A document whose operation has a model of its own and one of the document.
fn document(version: &str, operation: &str) -> String {
    format!(
        "
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      DefinitionBody:
        {version}
        x-amazon-apigateway-request-validators: {{ all: {{ validateRequestBody: true, validateRequestParameters: true }} }}
        x-amazon-apigateway-request-validator: all
        paths:
          /orders:
            parameters: [{{ name: x-tenant, in: header, required: true, schema: {{ type: string }} }}]
            post:
              {operation}
              x-amazon-apigateway-integration: {{ type: aws_proxy, httpMethod: POST, uri: !Sub \"arn:aws:apigateway:${{AWS::Region}}:lambda:path/2015-03-31/functions/${{Worker.Arn}}/invocations\" }}
  Worker: {{ Type: AWS::Serverless::Function }}
"
    )
}

const SCHEMAS: &str = "{ Order: { type: object, required: [items], properties: { items: { type: array, items: { $ref: \"#/WHERE/Item\" } } } }, Item: { type: object, required: [sku] } }";

#[rstest]
#[case::openapi_3(
    &format!("components: {{ schemas: {} }}", SCHEMAS.replace("WHERE", "components/schemas")),
    "requestBody: { content: { application/json: { schema: { $ref: \"#/components/schemas/Order\" } } } }"
)]
#[case::swagger_2(
    &format!("definitions: {}", SCHEMAS.replace("WHERE", "definitions")),
    "parameters: [{ name: order, in: body, required: true, schema: { $ref: \"#/definitions/Order\" } }]"
)]
#[case::in_the_operation(
    "openapi: 3.0.1",
    "requestBody: { content: { application/json: { schema: { type: object, required: [items], properties: { items: { items: { required: [sku] } } } } } } }"
)]
fn a_document_may_have_validators_and_models(#[case] version: &str, #[case] operation: &str) {
    rig(&document(version, operation))
        .play(&[
            &post(" }, json: { items: [{ sku: a }] }", "status: 200"),
            &post(" }, json: { items: [{}] }", INVALID),
            "http: { api: Api, method: POST, path: /orders, json: { items: [] }, expect: { status: 400, body: { message: [{ wildcard: \"Missing*x-tenant*\" }] } } }",
        ])
        .passed();
}

#[rstest]
#[case::keyword("minLength: 2", "const: a", "`const` of `/properties/sku` is not a keyword of draft 4")]
#[case::reference("models/${Item}", "models/Nothing", "leads to no schema of this template")]
#[case::json("{ \"$schema\"", "{ $schema\"", "the schema is not JSON")]
#[case::model("application/json: !Ref Order", "application/json: Ordr", "`Api` has no model `Ordr`")]
fn a_model_that_is_not_simulated_is_refused_by_name(#[case] from: &str, #[case] to: &str, #[case] message: &str) {
    let refused = rig(&RESOURCES.replace(from, to)).refused(&["settle: {}"]);
    assert!(refused.contains(message), "{refused}");
}

#[test]
fn a_method_may_use_the_models_that_every_api_has() {
    let template = RESOURCES.replace("application/json: !Ref Order", "application/json: Error");
    let played = rig(&template)
        .play(&[&post(" }, json: { message: 7 }", INVALID), &post(" }, json: { message: a }", "status: 200")])
        .passed();
    assert_eq!(played.event("Worker")["body"], json!("{\"message\":\"a\"}"));
}
