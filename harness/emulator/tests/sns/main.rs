//! SNS through the AWS SDK: topics and subscriptions ([`operations`]), what is published ([`publishing`]) and to whom it
//! goes ([`filtering`], [`delivery`], [`fifo`], [`mail`], [`http`]); who visits the addresses in it ([`unsigned`]).

#[path = "../common/mod.rs"]
mod common;
mod delivery;
mod fifo;
mod filtering;
mod http;
mod mail;
mod operations;
mod publishing;
mod setup;
mod unsigned;
