//! SQS's rules, one test each, through the AWS SDK.

mod batches;
#[path = "../common/mod.rs"]
mod common;
mod contents;
mod dead_letters;
mod fifo;
mod model;
mod move_tasks;
mod permissions;
mod properties;
mod query;
mod queues;
mod setup;
mod timing;
mod visibility;
