//! Every delivery rule through the whole harness: template, scenario, driver, emulated AWS. One test per
//! rule, named after it, one file per topic; [`kit`] plays a scenario over functions that note what they get.

mod api;
mod api_authorizers;
mod api_limits;
mod api_openapi;
mod api_stages;
mod asynchronous;
mod concurrency;
mod content;
mod destinations;
mod events;
mod filters;
mod function_urls;
mod http;
mod invocation;
mod kinesis;
mod kit;
mod lambda_api;
mod objects;
mod payloads;
mod pipes;
mod recursion;
mod redrive;
mod settling;
mod sqs;
mod sqs_fifo;
mod stream_options;
mod stream_payloads;
mod streams;
mod stubs;
mod taps;
mod topics;
mod tracing;
mod urls;
mod versions;
