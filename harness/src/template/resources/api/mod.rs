//! API Gateway: SAM's APIs, and `AWS::ApiGateway` and `AWS::ApiGatewayV2` as CDK and plain templates write them.
//! Each resource is read to [`Parts`], which [`assemble`] puts together once all are read.

mod authorizers;
mod cors;
mod domains;
mod endpoint;
mod expressions;
mod http;
mod integration;
mod models;
mod openapi;
mod parts;
mod responses;
mod rest;
mod sam;
mod stage;
mod usage;

pub use parts::{Parts, assemble};
pub use sam::read_routes;

use super::Type;
use crate::template::property::Shape;

/// The shape of a property within which not everything is looked at, such as a certificate's ARN.
pub fn inner_shape(type_name: &str, property: &str) -> Option<&'static Shape> {
    match (type_name, property) {
        ("AWS::Serverless::Api" | "AWS::Serverless::HttpApi", "Domain") => Some(&domains::SAM),
        _ => None,
    }
}

/// Whether a property may name the issuers of tokens.
pub fn names_issuers(type_name: &str, property: &str) -> bool {
    match type_name {
        "AWS::ApiGateway::Authorizer" => property == "ProviderARNs",
        "AWS::ApiGatewayV2::Authorizer" => property == "JwtConfiguration",
        "AWS::ApiGateway::RestApi" | "AWS::ApiGatewayV2::Api" => property == "Body",
        "AWS::Serverless::Api" | "AWS::Serverless::HttpApi" => ["Auth", "DefinitionBody"].contains(&property),
        _ => false,
    }
}

pub const TYPES: &[Type] = &[
    Type { name: "AWS::Serverless::Api", shape: &sam::REST, read: sam::read_rest },
    Type { name: "AWS::Serverless::HttpApi", shape: &sam::HTTP, read: sam::read_http },
    Type { name: "AWS::ApiGateway::RestApi", shape: &rest::API, read: rest::read_api },
    Type { name: "AWS::ApiGateway::Resource", shape: &rest::RESOURCE, read: rest::read_resource },
    Type { name: "AWS::ApiGateway::Method", shape: &rest::METHOD, read: rest::read_method },
    Type { name: "AWS::ApiGateway::Deployment", shape: &stage::REST_DEPLOYMENT, read: stage::read_rest_deployment },
    Type { name: "AWS::ApiGateway::Stage", shape: &stage::REST, read: stage::read_rest },
    Type { name: "AWS::ApiGateway::GatewayResponse", shape: &responses::SHAPE, read: responses::read },
    Type { name: "AWS::ApiGateway::ApiKey", shape: &usage::KEY, read: usage::read_key },
    Type { name: "AWS::ApiGateway::UsagePlan", shape: &usage::PLAN, read: usage::read_plan },
    Type { name: "AWS::ApiGateway::UsagePlanKey", shape: &usage::PLAN_KEY, read: usage::read_plan_key },
    Type { name: "AWS::ApiGateway::Model", shape: &models::SHAPE, read: models::read },
    Type { name: "AWS::ApiGateway::RequestValidator", shape: &models::VALIDATOR, read: models::read_validator },
    Type { name: "AWS::ApiGateway::Authorizer", shape: &authorizers::REST, read: authorizers::read_rest },
    Type { name: "AWS::ApiGateway::DomainName", shape: &domains::REST, read: domains::read },
    Type { name: "AWS::ApiGateway::BasePathMapping", shape: &domains::BASE_PATH, read: domains::read_base_path },
    Type { name: "AWS::ApiGatewayV2::DomainName", shape: &domains::HTTP, read: domains::read },
    Type { name: "AWS::ApiGatewayV2::ApiMapping", shape: &domains::MAPPING, read: domains::read_mapping },
    Type { name: "AWS::ApiGatewayV2::Authorizer", shape: &authorizers::HTTP, read: authorizers::read_http },
    Type { name: "AWS::ApiGatewayV2::Api", shape: &http::API, read: http::read_api },
    Type { name: "AWS::ApiGatewayV2::Route", shape: &http::ROUTE, read: http::read_route },
    Type { name: "AWS::ApiGatewayV2::Integration", shape: &http::INTEGRATION, read: http::read_integration },
    Type { name: "AWS::ApiGatewayV2::Deployment", shape: &stage::HTTP_DEPLOYMENT, read: stage::read_http_deployment },
    Type { name: "AWS::ApiGatewayV2::Stage", shape: &stage::HTTP, read: stage::read_http },
];
