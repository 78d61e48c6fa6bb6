//! Functions, and how Lambda treats their events.

use std::collections::BTreeMap;
use std::time::Duration;

use super::api::Cors;

/// How many invocations an account runs at once in a region, unless AWS has raised its quota.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
pub const ACCOUNT_CONCURRENCY: u32 = 1000;
/// How many of them must be left to functions without reserved concurrency.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html>
pub const UNRESERVED_CONCURRENCY: u32 = 100;

/// The number of a function's only published version: a template has one code.
pub const PUBLISHED_VERSION: &str = "1";

/// A Lambda function.
#[derive(Clone, Debug)]
pub struct Function {
    pub logical_id: String,
    pub name: String,
    pub arn: String,
    pub handler: String,
    /// 3 seconds where the template does not say.
    pub timeout: Duration,
    /// In MB; 128 where the template does not say.
    pub memory_size: u32,
    pub environment: BTreeMap<String, String>,
    /// The queue's or topic's ARN that takes asynchronous events which failed for good.
    pub dead_letter_arn: Option<String>,
    pub event_invoke: EventInvokeConfig,
    /// How many invocations of it may run at once, where the template says: with 0, none.
    pub reserved_concurrency: Option<u32>,
    /// Whether it may lead to itself as often as it does. Otherwise Lambda stops the loop.
    pub allows_loops: bool,
    /// Its published versions and its aliases.
    pub qualifiers: Vec<Qualifier>,
}

impl Function {
    /// The version that has not been published, which an ARN without a qualifier means.
    pub const LATEST: &str = "$LATEST";

    /// Every ARN that it can be invoked by, what is invoked then, and how asynchronous events are treated.
    pub fn arns(&self) -> impl Iterator<Item = (String, &str, &EventInvokeConfig)> {
        let latest = [self.arn.clone(), format!("{}:{}", self.arn, Self::LATEST)];
        let latest = latest.into_iter().map(|arn| (arn, Self::LATEST, &self.event_invoke));
        latest.chain(
            self.qualifiers
                .iter()
                .map(|each| (format!("{}:{}", self.arn, each.name), each.version.as_str(), &each.event_invoke)),
        )
    }

    /// Whether an ARN is this function's, with or without a qualifier.
    pub fn is(&self, arn: &str) -> bool {
        arn.strip_prefix(&self.arn).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    }
}

/// The name of a function that is given by name, by part of its ARN or by ARN, and its qualifier.
/// <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_RequestSyntax>
pub fn function_name(given: &str) -> (&str, Option<&str>) {
    let rest = given.split_once(":function:").map_or(given, |(_, rest)| rest);
    match rest.split_once(':') {
        Some((name, qualifier)) => (name, Some(qualifier)),
        None => (rest, None),
    }
}

/// A published version of a function, or an alias for one. All have the same code: a template has one.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Qualifier {
    /// What stands at the end of the ARN: a version's number or an alias's name.
    pub name: String,
    /// The version that is invoked.
    pub version: String,
    pub event_invoke: EventInvokeConfig,
}

impl Qualifier {
    /// Whether it is an alias; otherwise it is a version's number.
    pub fn is_alias(&self) -> bool {
        self.name != self.version
    }
}

/// How Lambda treats a function's asynchronous events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventInvokeConfig {
    /// 0 to 2; 2 where the template does not say.
    pub maximum_retry_attempts: u32,
    /// 60 s to 6 h; 6 h where the template does not say.
    pub maximum_event_age: Duration,
    /// ARN of a queue, topic, bus or function.
    pub on_success: Option<String>,
    /// ARN of a queue, topic, bus, function or bucket.
    pub on_failure: Option<String>,
}

impl Default for EventInvokeConfig {
    fn default() -> Self {
        let maximum_event_age = Duration::from_secs(6 * 60 * 60);
        Self { maximum_retry_attempts: 2, maximum_event_age, on_success: None, on_failure: None }
    }
}

/// A function's own HTTPS endpoint.
/// <https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionUrl {
    pub logical_id: String,
    /// Of the function, or of the alias that the URL is for.
    pub function_arn: String,
    /// The first label of its host name.
    pub id: String,
    /// `https://{id}.lambda-url.{region}.on.aws`.
    pub endpoint: String,
    pub auth: UrlAuth,
    pub cors: Option<Cors>,
}

impl FunctionUrl {
    /// The host's name.
    pub fn host(&self) -> &str {
        self.endpoint.trim_start_matches("https://")
    }
}

/// Who may use a function URL. Nobody is turned away here: what tells them apart is the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlAuth {
    None,
    AwsIam,
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("worker", "worker", None)]
    #[case("worker:live", "worker", Some("live"))]
    #[case("123456789012:function:worker", "worker", None)]
    #[case("arn:aws:lambda:us-east-1:123456789012:function:worker", "worker", None)]
    #[case("arn:aws:lambda:us-east-1:123456789012:function:worker:$LATEST", "worker", Some("$LATEST"))]
    fn a_function_is_named_by_name_partial_arn_or_arn(
        #[case] given: &str,
        #[case] name: &str,
        #[case] qualifier: Option<&str>,
    ) {
        assert_eq!(function_name(given), (name, qualifier));
    }
}
