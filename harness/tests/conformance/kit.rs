//! What a case is, the backends it is played on, and what it tells of an answer.

use std::env;
use std::pin::Pin;
use std::process;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::retry::RetryConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use aws_types::sdk_config::Builder;
use rehearsal_emulator::{Clock, Emulator, Ids};
use serde_json::{Value, json};

use crate::dynamodb;

/// The region of every case, unless it asks for another.
pub const REGION: &str = "us-east-1";

/// Where AWS's services are played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Embedded,
    LocalStack,
}

/// Calls, and what AWS documents that they come to.
pub struct Case {
    steps: Steps,
    expected: Value,
    /// How LocalStack is known to differ.
    known: Option<Known>,
}

type Steps = Box<dyn FnOnce(Aws) -> Pin<Box<dyn Future<Output = Value>>>>;

/// How LocalStack is known to differ from AWS in one case.
pub struct Known {
    /// What it gives, exactly.
    pub got: Value,
    pub reason: &'static str,
    /// Where AWS documents what it should give.
    pub page: &'static str,
}

/// A case with its steps, which tell what they saw.
pub fn case<F>(steps: impl FnOnce(Aws) -> F + 'static) -> Case
where
    F: Future<Output = Value> + 'static,
{
    Case { steps: Box::new(|aws| Box::pin(steps(aws))), expected: Value::Null, known: None }
}

impl Case {
    /// What AWS documents.
    pub fn gives(mut self, expected: Value) -> Self {
        self.expected = expected;
        self
    }

    /// How LocalStack is known to differ.
    pub fn localstack(mut self, known: Known) -> Self {
        self.known = Some(known);
        self
    }
}

/// Makes of each case, a function, a module with a test for every backend.
macro_rules! cases {
    ($($name:ident),* $(,)?) => { $(
        mod $name {
            use crate::kit::{Backend, check};

            #[test]
            fn embedded() {
                check(Backend::Embedded, super::$name(), module_path!());
            }

            #[test]
            fn localstack() {
                check(Backend::LocalStack, super::$name(), module_path!());
            }
        }
    )* };
}
pub(crate) use cases;

/// Plays a case on a backend and compares what it saw with what AWS documents, or with the known difference.
/// `module` tells the case's service.
#[track_caller]
pub fn check(backend: Backend, case: Case, module: &str) {
    let url = match backend {
        Backend::Embedded => None,
        Backend::LocalStack => match address(module) {
            Some(url) => Some(url),
            None => return,
        },
    };
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().start_paused(backend == Backend::Embedded).build().expect("a runtime starts");
    let got = runtime.block_on(on(url, case.steps));
    let is_localstack = backend == Backend::LocalStack && env::var(URL).is_err();
    let known = case.known.as_ref().filter(|_| is_localstack);
    let expected = known.map_or(&case.expected, |known| &known.got);
    if let Some(known) = known {
        assert_ne!(known.got, case.expected, "the known difference is none");
        assert_ne!(got, case.expected, "{backend:?} is right now: take its `Known` away ({})", known.reason);
    }
    let about = known.map(|known| format!(" ({}; {})", known.reason, known.page)).unwrap_or_default();
    assert!(got == *expected, "{backend:?} gives\n{got:#}\ninstead of{about}\n{expected:#}");
}

/// Names another emulator to play the cases on in LocalStack's place, which nothing is known of.
const URL: &str = "REHEARSAL_CONFORMANCE_URL";

/// Where a case is played that is not embedded; none where it is skipped.
fn address(module: &str) -> Option<String> {
    if let Ok(url) = env::var(URL) {
        return Some(url);
    }
    let url = rehearsal::testing::localstack()?.endpoint_url()?.to_owned();
    if module.contains("::dynamodb::") && !is_moto(&url) {
        println!("skipped: DynamoDB Local answers, and only moto's differences from AWS are listed");
        return None;
    }
    if module.contains("::kinesis::") && !has_kinesis(&url) {
        println!("skipped: LocalStack's Kinesis is a program of its own, which it could not install");
        return None;
    }
    Some(url)
}

/// Whether Kinesis answers, which LocalStack installs when it is used for the first time.
fn has_kinesis(url: &str) -> bool {
    static HAS_KINESIS: OnceLock<bool> = OnceLock::new();
    *HAS_KINESIS.get_or_init(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
        let kinesis = aws_sdk_kinesis::Client::new(&config(network(url), "199999999998"));
        runtime.block_on(async { kinesis.list_streams().send().await.is_ok() })
    })
}

/// Whether LocalStack's DynamoDB is moto, which takes a table's name of two letters, and not DynamoDB Local.
fn is_moto(url: &str) -> bool {
    static IS_MOTO: OnceLock<bool> = OnceLock::new();
    *IS_MOTO.get_or_init(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
        let config = config(network(url), "199999999999");
        runtime.block_on(dynamodb::takes_a_name_of_two_letters(&aws_sdk_dynamodb::Client::new(&config)))
    })
}

fn network(url: &str) -> Builder {
    SdkConfig::builder().endpoint_url(url).http_client(aws_smithy_http_client::Builder::new().build_http())
}

/// Plays steps at an address, or on the emulator. What they saw is the same for every account and every name:
/// those are taken out of it.
async fn on(url: Option<String>, steps: Steps) -> Value {
    static CASES: AtomicU32 = AtomicU32::new(0);
    let (run, number) = (process::id(), CASES.fetch_add(1, Ordering::Relaxed));
    let account = format!("1{:08}{:03}", run % 100_000_000, number % 1000);
    let base = match url {
        None => {
            let start = "2026-01-01T00:00:00Z".parse().expect("it is a timestamp");
            SdkConfig::builder().http_client(Emulator::new(Clock::starting_at(start), Ids::seeded(1)))
        }
        Some(url) => network(&url),
    };
    let aws = Aws { config: config(base, &account), account, suffix: format!("-{run}-{number}") };
    let (account, suffix) = (aws.account.clone(), aws.suffix.clone());
    let seen = steps(aws).await;
    anonymous(seen, &|text| text.replace(&suffix, "").replace(&account, "ACCOUNT"))
}

fn config(base: Builder, account: &str) -> SdkConfig {
    base.behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(credentials(account))
        // An error is to be seen as it is, and at once.
        .retry_config(RetryConfig::disabled())
        .sleep_impl(TokioSleep::new())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .build()
}

/// On every backend here the access key's id is the account.
fn credentials(account: &str) -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(Credentials::new(account, "secret", None, None, "conformance"))
}

fn anonymous(value: Value, rename: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => rename(&text).into(),
        Value::Array(all) => all.into_iter().map(|value| anonymous(value, rename)).collect(),
        Value::Object(all) => all.into_iter().map(|(name, value)| (rename(&name), anonymous(value, rename))).collect(),
        value => value,
    }
}

/// One case's way to AWS: an account of its own, and names that no other case has.
#[derive(Clone)]
pub struct Aws {
    config: SdkConfig,
    account: String,
    suffix: String,
}

impl Aws {
    /// The name of a resource. In what a case tells, it is `base` again.
    pub fn name(&self, base: &str) -> String {
        format!("{base}{}", self.suffix)
    }

    /// The ARN of a resource with such a name.
    pub fn arn(&self, service: &str, base: &str) -> String {
        format!("arn:aws:{service}:{REGION}:{}:{}", self.account, self.name(base))
    }

    /// The same in another region.
    pub fn in_region(&self, region: &'static str) -> Self {
        let config = self.config.clone().into_builder().region(Region::new(region)).build();
        Self { config, ..self.clone() }
    }

    /// The same in another account.
    pub fn in_another_account(&self) -> Self {
        let account = self.account.replacen('1', "2", 1);
        let config = self.config.clone().into_builder().credentials_provider(credentials(&account)).build();
        Self { config, account, suffix: self.suffix.clone() }
    }

    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.config)
    }

    pub fn dynamodb_streams(&self) -> aws_sdk_dynamodbstreams::Client {
        aws_sdk_dynamodbstreams::Client::new(&self.config)
    }

    pub fn eventbridge(&self) -> aws_sdk_eventbridge::Client {
        aws_sdk_eventbridge::Client::new(&self.config)
    }

    pub fn kinesis(&self) -> aws_sdk_kinesis::Client {
        aws_sdk_kinesis::Client::new(&self.config)
    }

    pub fn scheduler(&self) -> aws_sdk_scheduler::Client {
        aws_sdk_scheduler::Client::new(&self.config)
    }

    /// A client that names the bucket in the path: a local address has no bucket in its host.
    pub fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::config::Builder::from(&self.config).force_path_style(true);
        aws_sdk_s3::Client::from_conf(config.build())
    }

    pub fn sns(&self) -> aws_sdk_sns::Client {
        aws_sdk_sns::Client::new(&self.config)
    }

    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&self.config)
    }
}

/// What a call came to that may fail: what `view` tells of its answer, or its error.
pub fn seen<T, E: ProvideErrorMetadata>(
    result: Result<T, SdkError<E, HttpResponse>>,
    view: impl FnOnce(T) -> Value,
) -> Value {
    match result {
        Ok(answer) => view(answer),
        Err(failure) => {
            let status = failure.raw_response().map(|response| response.status().as_u16());
            json!({ "status": status, "code": failure.code(), "message": failure.message() })
        }
    }
}

/// The error of a call that is to be refused: status, code and message.
pub fn refused<T, E: ProvideErrorMetadata>(result: Result<T, SdkError<E, HttpResponse>>) -> Value {
    seen(result, |_| "accepted".into())
}

/// The same without the message, for what AWS words nowhere.
pub fn refused_as<T, E: ProvideErrorMetadata>(result: Result<T, SdkError<E, HttpResponse>>) -> Value {
    let mut error = refused(result);
    if let Some(error) = error.as_object_mut() {
        error.shift_remove("message");
    }
    error
}

/// Whether a call succeeded, and its error otherwise.
pub fn done<T, E: ProvideErrorMetadata>(result: Result<T, SdkError<E, HttpResponse>>) -> Value {
    seen(result, |_| "done".into())
}

/// What [`refused`] is expected to tell.
pub fn error(status: u16, code: &str, message: &str) -> Value {
    json!({ "status": status, "code": code, "message": message })
}

/// What [`refused_as`] is expected to tell.
pub fn error_as(status: u16, code: &str) -> Value {
    json!({ "status": status, "code": code })
}
