//! The environment variables of an execution environment: the function's own, and those that Lambda sets.
//! <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime>

use aws_types::SdkConfig;

use super::Function;
use crate::app::Variables;

/// The variables that a function sees. Those with credentials and the runtime's address are left out: an SDK gets both
/// by its configuration.
pub(super) fn variables(function: &Function, config: &SdkConfig, log_stream: &str) -> Variables {
    let settings = &function.settings;
    let region = config.region().map(ToString::to_string).unwrap_or_default();
    let own = [
        ("_HANDLER", settings.handler.clone()),
        ("AWS_DEFAULT_REGION", region.clone()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", settings.memory_size.to_string()),
        ("AWS_LAMBDA_FUNCTION_NAME", settings.name.clone()),
        ("AWS_LAMBDA_FUNCTION_VERSION", function.version.clone()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", settings.name)),
        ("AWS_LAMBDA_LOG_STREAM_NAME", log_stream.to_owned()),
        ("AWS_REGION", region),
        ("LAMBDA_RUNTIME_DIR", "/var/runtime".to_owned()),
        ("LAMBDA_TASK_ROOT", "/var/task".to_owned()),
    ];
    // What may be set by the function too.
    let defaults = [("LANG", "en_US.UTF-8".to_owned()), ("TZ", ":UTC".to_owned())];
    let named = |(name, value): (&str, String)| (name.to_owned(), value);
    let mut variables: Variables = defaults.into_iter().map(named).collect();
    variables.extend(settings.environment.clone());
    variables.extend(own.into_iter().map(named));
    variables
}
