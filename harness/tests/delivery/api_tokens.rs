//! API Gateway: JWT authorizers of HTTP APIs, and user pools of REST APIs.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html>
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-integrate-with-cognito.html>

use rstest::rstest;
use serde_json::{Value, json};

use crate::kit::{Rig, response};

/// An HTTP API whose routes take tokens; that of `/scoped` with one of two scopes.
const JWT: &str = "
  Api: { Type: AWS::ApiGatewayV2::Api, Properties: { Name: a, ProtocolType: HTTP } }
  Stage: { Type: AWS::ApiGatewayV2::Stage, Properties: { ApiId: !Ref Api, StageName: $default, AutoDeploy: true } }
  Authorizer:
    Type: AWS::ApiGatewayV2::Authorizer
    Properties:
      ApiId: !Ref Api
      Name: login
      AuthorizerType: JWT
      IdentitySource: [\"$request.header.Authorization\"]
      JwtConfiguration: { Issuer: https://login.example.com/, Audience: [orders, billing] }
  Orders: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref Api, RouteKey: GET /orders, AuthorizationType: JWT, AuthorizerId: !Ref Authorizer, Target: !Sub \"integrations/${Integration}\" } }
  Scoped: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref Api, RouteKey: GET /scoped, AuthorizationType: JWT, AuthorizerId: !Ref Authorizer, AuthorizationScopes: [orders/read, orders/write], Target: !Sub \"integrations/${Integration}\" } }
  Integration: { Type: AWS::ApiGatewayV2::Integration, Properties: { ApiId: !Ref Api, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt Worker.Arn, PayloadFormatVersion: \"2.0\" } }
  Worker: { Type: AWS::Serverless::Function }
";

fn rig(template: &str) -> Rig {
    Rig::new(template).answers("Worker", |_| Ok(response(200, "")))
}

fn get(path: &str, rest: &str, expect: &str) -> String {
    format!("http: {{ api: Api, method: GET, path: {path}{rest}, expect: {{ {expect} }} }}")
}

/// A 401 with what its challenge says.
fn refused(why: &str) -> String {
    let challenge = format!("Bearer scope=\"\" error=\"invalid_token\" error_description=\"{why}\"");
    format!("status: 401, headers: {{ www-authenticate: ['{challenge}'] }}, body: {{ message: [Unauthorized] }}")
}

#[test]
fn an_http_apis_jwt_authorizer_tells_the_function_the_claims_as_texts() {
    let claims = ", token: { sub: alice, groups: [a, b], admin: true, exp: 1767229200 }";
    let played = rig(JWT).play(&[&get("/orders", claims, "status: 200")]).passed();
    let authorizer = &played.event("Worker")["requestContext"]["authorizer"];
    let claims = json!({
        "sub": "alice", "groups": "[a b]", "admin": "true", "exp": "1767229200",
        "iss": "https://login.example.com/", "aud": "orders", "iat": "1767225600",
    });
    assert_eq!(authorizer, &json!({ "jwt": { "claims": claims, "scopes": null } }));
}

#[rstest]
#[case::none("", "status: 401, headers: { www-authenticate: [Bearer] }, body: { message: [Unauthorized] }")]
#[case::no_token(", headers: { authorization: Basic }", &refused("the token is not a signed JSON Web Token"))]
#[case::no_signature(", headers: { authorization: a.b.c }", &refused("the token is not a signed JSON Web Token"))]
#[case::audience(", token: { aud: [other] }", &refused("the token does not have a valid audience"))]
#[case::client(", token: { aud: other, client_id: orders }", &refused("the token does not have a valid audience"))]
#[case::issuer(", token: { iss: \"https://other.example.com\" }", &refused("the token does not have a valid issuer"))]
#[case::expired(", token: { exp: 1767225600 }", &refused("the token has expired"))]
#[case::early(", token: { nbf: 1767225601 }", &refused("the token is not valid yet"))]
#[case::issued_later(", token: { iat: 1767225601 }", &refused("the token was issued in the future"))]
fn a_jwt_authorizer_refuses_what_is_no_valid_token(#[case] rest: &str, #[case] expect: &str) {
    rig(JWT).expect("invocations: { Worker: 0 }").play(&[&get("/orders", rest, expect)]).passed();
}

#[rstest]
#[case::second_audience(", token: { aud: [other, billing] }")]
#[case::client_without_audience(", token: { client_id: billing }")]
#[case::ends_later(", token: { exp: 1767225601, nbf: 1767225600 }")]
fn a_jwt_authorizer_takes_a_token_for_one_of_its_audiences_while_it_is_valid(#[case] rest: &str) {
    rig(JWT).play(&[&get("/orders", rest, "status: 200")]).passed();
}

#[test]
fn a_token_expires_by_the_virtual_clock() {
    let bearer = "token: { sub: a, exp: 1767225660 }";
    let step = |expect: &str| get("/orders", &format!(", {bearer}"), expect);
    rig(JWT).play(&[&step("status: 200"), "advance: 1m", &step(&refused("the token has expired"))]).passed();
}

#[rstest]
#[case::text(", token: { scope: openid orders/write }", 200)]
#[case::list(", token: { scp: [orders/read] }", 200)]
#[case::another(", token: { scope: orders/delete }", 403)]
#[case::none(", token: {}", 403)]
fn a_route_with_scopes_asks_for_one_of_them(#[case] rest: &str, #[case] status: u16) {
    let challenge = "headers: { www-authenticate: [{ prefix: 'Bearer scope=\"orders/read orders/write\" error=\"insufficient_scope\"' }] }, body: { message: [Forbidden] }";
    let expect = if status == 200 { "status: 200".to_owned() } else { format!("status: 403, {challenge}") };
    let played = rig(JWT).play(&[&get("/scoped", rest, &expect)]).passed();
    if status == 200 {
        let scopes = &played.event("Worker")["requestContext"]["authorizer"]["jwt"]["scopes"];
        assert_eq!(scopes, &json!(["orders/read", "orders/write"]));
    }
}

/// A stub of the issuer, with a key that is not the one that signs.
const STUB: &str = "stubs: { \"https://login.example.com\": [{ path: /.well-known/openid-configuration, respond: { json: { jwks_uri: \"https://login.example.com/keys\" } } }, { path: /keys, respond: { json: { keys: [{ kty: RSA, kid: rehearsal, n: 3q2-7w, e: AQAB }] } } }] }";

#[test]
fn an_issuers_keys_are_kept_for_two_hours() {
    let step =
        get("/orders", ", token: {}", &refused("the token's signature is not valid").replace("token's", "token''s"));
    let asked = "requests: { \"https://login.example.com\": [{ path: /.well-known/openid-configuration }, { path: /keys }, { path: /.well-known/openid-configuration }, { path: /keys }] }";
    rig(JWT).given(STUB).expect(asked).play(&[&step, "advance: 7199s", &step, "advance: 1s", &step]).passed();
}

#[test]
fn without_an_issuers_keys_no_token_is_taken() {
    let down = "stubs: { \"https://login.example.com\": [{ respond: { status: 500 } }] }";
    let expect = refused("OIDC discovery endpoint communication error");
    rig(JWT).given(down).play(&[&get("/orders", ", token: {}", &expect)]).passed();
}

#[test]
fn sams_jwt_authorizer_is_every_routes_unless_an_event_says_otherwise() {
    let route = |name: &str, auth: &str| {
        format!(
            "        {name}: {{ Type: HttpApi, Properties: {{ ApiId: !Ref Api, Path: /{name}, Method: GET{auth} }} }}\n"
        )
    };
    let template = format!(
        "
  Api: {{ Type: AWS::Serverless::HttpApi, Properties: {{ Auth: {{ DefaultAuthorizer: Login, Authorizers: {{ Login: {{ AuthorizationScopes: [all], IdentitySource: $request.header.Authorization, JwtConfiguration: {{ issuer: https://login.example.com, audience: [orders] }} }} }} }} }} }}
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Events:
{}{}{}",
        route("open", ", Auth: { Authorizer: NONE }"),
        route("all", ""),
        route("one", ", PayloadFormatVersion: \"1.0\", Auth: { AuthorizationScopes: [one] }")
    );
    let played = rig(&template)
        .play(&[
            &get("/open", "", "status: 200"),
            &get("/all", "", "status: 401"),
            &get("/all", ", token: { scope: one }", "status: 403"),
            &get("/all", ", token: { scope: all }", "status: 200"),
            &get("/one", ", token: { scope: one }", "status: 200"),
        ])
        .passed();
    let of_format_1 = &played.events("Worker")[2]["requestContext"]["authorizer"];
    assert_eq!((&of_format_1["claims"]["scope"], &of_format_1["scopes"]), (&json!("one"), &json!(["one"])));
}

#[test]
fn a_document_may_have_a_jwt_authorizer() {
    let template = "
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      Domain: { DomainName: api.example.com, CertificateArn: none }
      DefinitionBody:
        openapi: 3.0.1
        components: { securitySchemes: { Login: { type: oauth2, x-amazon-apigateway-authorizer: { type: jwt, identitySource: $request.header.Authorization, jwtConfiguration: { issuer: https://login.example.com, audience: [orders] } } } } }
        paths:
          /orders:
            get:
              security: [{ Login: [orders/read] }]
              x-amazon-apigateway-integration: { type: aws_proxy, httpMethod: POST, payloadFormatVersion: \"2.0\", uri: !GetAtt Worker.Arn }
  Worker: { Type: AWS::Serverless::Function }
";
    rig(template)
        .play(&[
            &get("/orders", "", "status: 401"),
            &get("/orders", ", token: { scope: other }", "status: 403"),
            &get("/orders", ", token: { scope: orders/read }", "status: 200"),
            "http: { method: GET, url: \"https://api.example.com/orders\", token: { scope: orders/read }, expect: { status: 200 } }",
        ])
        .passed();
}

/// A REST API before a user pool; `/scoped` asks for a scope.
fn pool(authorizer: &str) -> String {
    let route = |name: &str, auth: &str| {
        format!(
            "        {name}: {{ Type: Api, Properties: {{ RestApiId: !Ref Api, Path: /{name}, Method: GET{auth} }} }}\n"
        )
    };
    format!(
        "
  Api: {{ Type: AWS::Serverless::Api, Properties: {{ StageName: prod, Auth: {{ DefaultAuthorizer: Users, Authorizers: {{ Users: {{ UserPoolArn: \"arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_Pool1\"{authorizer} }} }} }} }} }}
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Events:
{}{}",
        route("users", ""),
        route("scoped", ", Auth: { AuthorizationScopes: [orders/read] }")
    )
}

#[test]
fn a_rest_apis_user_pool_tells_the_function_the_claims() {
    let token = ", token: { sub: u-1, \"cognito:groups\": [admin, sales], email_verified: true }";
    let played = rig(&pool("")).play(&[&get("/users", token, "status: 200")]).passed();
    let claims = &played.event("Worker")["requestContext"]["authorizer"]["claims"];
    let claim = |name: &str| claims[name].as_str().unwrap_or_default().to_owned();
    assert_eq!(
        ["sub", "cognito:groups", "email_verified", "token_use", "iss", "iat", "exp"].map(claim),
        [
            "u-1",
            "admin,sales",
            "true",
            "id",
            "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Pool1",
            "Thu Jan 01 00:00:00 UTC 2026",
            "Thu Jan 01 01:00:00 UTC 2026",
        ]
    );
}

#[rstest]
#[case::none("/users", "", 401, "Unauthorized")]
#[case::no_token("/users", ", headers: { authorization: a }", 401, "Unauthorized")]
#[case::expired("/users", ", token: { exp: 1 }", 401, "The incoming token has expired")]
#[case::for_access("/users", ", token: { scope: orders/read }", 401, "Unauthorized")]
#[case::of_somebody("/scoped", ", token: { sub: u-1 }", 401, "Unauthorized")]
#[case::scope("/scoped", ", token: { scope: orders/write }", 403, "User is not authorized to access this resource")]
fn a_rest_apis_user_pool_refuses_other_tokens(
    #[case] path: &str,
    #[case] token: &str,
    #[case] status: u16,
    #[case] message: &str,
) {
    let expect = format!("status: {status}, body: {{ message: [{message}] }}");
    rig(&pool("")).expect("invocations: { Worker: 0 }").play(&[&get(path, token, &expect)]).passed();
}

#[test]
fn with_scopes_a_rest_api_takes_tokens_for_access() {
    let token = ", token: { scope: \"openid orders/read\", client_id: app }";
    rig(&pool("")).play(&[&get("/scoped", token, "status: 200")]).passed();
}

#[test]
fn a_user_pools_validation_expression_is_for_the_audience() {
    let template = pool(", Identity: { ValidationExpression: \"app-[0-9]+\" }");
    rig(&template)
        .play(&[
            &get("/users", ", token: { aud: app-7 }", "status: 200"),
            &get("/users", ", token: { aud: other }", "status: 401"),
        ])
        .passed();
}

#[rstest]
#[case::nobody_takes_it(
    &JWT.replace("AuthorizerType: JWT", "AuthorizerType: JWS"),
    ", token: {}",
    "authorizers of type `JWS` are not simulated"
)]
#[case::several(
    &format!("{JWT}{}", "  Other: { Type: AWS::ApiGatewayV2::Authorizer, Properties: { ApiId: !Ref Api, Name: b, AuthorizerType: JWT, IdentitySource: [$request.header.Authorization], JwtConfiguration: { Issuer: https://b.example.com, Audience: [b] } } }\n"),
    ", token: {}",
    "there are several issuers"
)]
#[case::claims(JWT, ", token: alice", "the claims of a token are a mapping")]
#[case::iam(
    &JWT.replacen("AuthorizationType: JWT", "AuthorizationType: AWS_IAM", 1),
    "",
    "authorization of type `AWS_IAM` is not simulated"
)]
#[case::pool(&pool("").replace(":userpool/", ":pool/"), "", "is not the ARN of a user pool")]
#[case::sams_iam(&pool("").replace("DefaultAuthorizer: Users", "DefaultAuthorizer: AWS_IAM"), "", "authorization by IAM is not simulated")]
fn a_token_or_authorizer_that_is_not_simulated_is_refused_by_name(
    #[case] template: &str,
    #[case] rest: &str,
    #[case] message: &str,
) {
    let refused = rig(template).refused(&[&get("/orders", rest, "status: 200")]);
    assert!(refused.contains(message), "{refused}");
}

#[test]
fn a_token_is_for_an_api_that_takes_tokens() {
    let template = "
  Api: { Type: AWS::Serverless::HttpApi }
  Worker: { Type: AWS::Serverless::Function, Properties: { Events: { All: { Type: HttpApi, Properties: { ApiId: !Ref Api } } } } }
";
    let refused = rig(template).refused(&[&get("/orders", ", token: {}", "status: 200")]);
    assert!(refused.contains("nothing here takes tokens"), "{refused}");
    let open: Value = json!(rig(template).play(&[&get("/orders", "", "status: 200")]).passed().events("Worker").len());
    assert_eq!(open, 1);
}
