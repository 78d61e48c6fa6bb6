//! The context that a handler gets.
//! <https://docs.aws.amazon.com/lambda/latest/dg/rust-context.html>

use std::sync::Arc;

use lambda_runtime::{Config, Context};

use super::{Function, Lambda};

/// The context of one invocation: request id, ARN, deadline on the replay's clock, and the function's own data.
pub(super) fn build(lambda: &Lambda, function: &Function, log_stream: &str, request_id: &str) -> Context {
    let settings = &function.settings;
    let now = lambda.clock.now();
    let timeout = u64::try_from(settings.timeout.as_millis()).unwrap_or(u64::MAX);
    let mut context = Context::default();
    context.request_id = request_id.to_owned();
    context.deadline = u64::try_from(now.as_millisecond()).unwrap_or_default().saturating_add(timeout);
    context.invoked_function_arn = function.arn.clone();
    context.xray_trace_id = Some(format!("Root=1-{:08x}-{};Sampled=0", now.as_second(), lambda.ids.hex(24)));
    context.env_config = Arc::new(Config {
        function_name: settings.name.clone(),
        memory: i32::try_from(settings.memory_size).unwrap_or(i32::MAX),
        version: function.version.clone(),
        log_stream: log_stream.to_owned(),
        log_group: format!("/aws/lambda/{}", settings.name),
    });
    context
}
