//! The payloads that AWS sends to functions, one file per source. Pure: data in, JSON out.

pub mod apigateway;
pub mod dynamodb;
pub mod kinesis;
pub mod sns;
pub mod sqs;
