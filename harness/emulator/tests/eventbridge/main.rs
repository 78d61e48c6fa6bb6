//! EventBridge through the AWS SDK: buses, rules, targets and events ([`operations`]); patterns ([`patterns`]);
//! policies, tags and updates ([`buses`]); schedules, and delivery with retries ([`delivery`]).

mod api_destinations;
mod buses;
mod carrying;
#[path = "../common/mod.rs"]
mod common;
mod delivery;
mod operations;
mod patterns;
mod setup;
