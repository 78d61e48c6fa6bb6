//! An AWS that replays are made in over a network. A place is opened once for a run and shared by all its
//! replays; each replay enters it as a [`Site`] with names, and where the place allows it an account, of its
//! own, so that replays run beside each other without touching.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_types::SdkConfig;
use aws_types::region::Region;
use rehearsal_emulator::Clock;
use rehearsal_emulator::ids::{unrepeatable, unrepeatable_account};

use super::client::network;
use super::container::Container;
use super::inventory::{Cleaned, clean};
use super::options::{DEFAULT_PATIENCE, Kind, Options, Unavailable};
use crate::template::Naming;
use crate::words::error_chain;

/// What every name in a shared AWS begins with.
pub const PREFIX: &str = "rehearsal-";
const DEFAULT_REGION: &str = "us-east-1";

/// An AWS over a network, shared by the replays of a run.
pub struct Place {
    kind: Kind,
    endpoint_url: Option<String>,
    region: String,
    /// The caller's; none where each replay gets an account of its own.
    credentials: Option<Credentials>,
    pace: Pace,
    /// What the names of this run's resources begin with.
    run: String,
    replays: AtomicU64,
    /// Removed when the place is dropped.
    _container: Option<Container>,
}

/// How the harness waits where time is real.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Between two looks at what stands there.
    pub tick: Duration,
    /// How long nothing may be left to do before it counts.
    pub rest: Duration,
    /// How long a receive waits at the server.
    pub long_poll: Duration,
    /// Between two looks at a stream that is empty.
    pub stream_poll: Duration,
    /// How long a batch that is not full waits for running functions.
    pub linger: Duration,
    /// How long a settle waits at the most.
    pub patience: Duration,
}

/// One replay's part of a place.
#[derive(Clone, Debug)]
pub struct Site {
    pub config: SdkConfig,
    pub clock: Clock,
    pub naming: Naming,
    pub pace: Pace,
    /// Whether what a replay leaves must be removed, and is not removed with the place.
    pub tears_down: bool,
}

impl Place {
    /// Opens a place: starts the container, or makes sure that the endpoint or account answers. Blocks, and must
    /// not be called within a Tokio runtime. `tell` is told what takes long.
    ///
    /// # Errors
    /// The backend is not there, or the options do not name it.
    pub fn open(kind: Kind, options: &Options, tell: &dyn Fn(&str)) -> Result<Self, Unavailable> {
        let place = match kind {
            Kind::Embedded => {
                return Err(Unavailable::misused("the embedded backend is no place", "it needs none"));
            }
            Kind::LocalStack => {
                let container = Container::start(options.image.as_deref(), tell)?;
                Self::new(kind, options, Some(container.url.clone()), None, Some(container))
            }
            Kind::Endpoint => {
                let url = options.endpoint_url.as_deref().ok_or_else(|| {
                    Unavailable::misused(
                        "--backend endpoint needs --endpoint-url",
                        "say where the endpoint is: --endpoint-url http://localhost:4566",
                    )
                })?;
                Self::new(kind, options, Some(by_address(url)?), None, None)
            }
            Kind::Aws => block_on(Self::account(options))?,
        };
        block_on(place.check(options))?;
        if kind == Kind::Aws {
            tell(&format!("the names of this run's resources begin with {}", place.run));
        }
        Ok(place)
    }

    fn new(
        kind: Kind,
        options: &Options,
        endpoint_url: Option<String>,
        credentials: Option<Credentials>,
        container: Option<Container>,
    ) -> Self {
        Self {
            kind,
            endpoint_url,
            region: options.region.clone().unwrap_or_else(|| DEFAULT_REGION.to_owned()),
            credentials,
            pace: Pace::of(kind, options),
            run: format!("{PREFIX}{}", unrepeatable(8)),
            replays: AtomicU64::new(0),
            _container: container,
        }
    }

    /// A real account: region and credentials as the AWS CLI finds them.
    async fn account(options: &Options) -> Result<Self, Unavailable> {
        let Some(account) = &options.account else {
            return Err(Unavailable::misused(
                "--backend aws needs --account",
                "name the account that the resources are to be made in: --account 123456789012",
            ));
        };
        if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
            let message = format!("--account {account}: an account's id is twelve digits");
            return Err(Unavailable::misused(message, "`aws sts get-caller-identity` tells it"));
        }
        let http = network(options.endpoint_url.as_deref());
        let loaded = aws_config::defaults(BehaviorVersion::latest()).http_client(http).load().await;
        let region = options.region.clone().or_else(|| loaded.region().map(ToString::to_string));
        let region = region.ok_or_else(|| {
            Unavailable::new("no AWS region is configured", "set AWS_REGION, or name it: --region eu-central-1")
        })?;
        let provider = loaded.credentials_provider().ok_or_else(no_credentials)?;
        let credentials = provider.provide_credentials().await.map_err(|error| Unavailable {
            message: format!("{}: {}", no_credentials().message, error_chain(&error)),
            ..no_credentials()
        })?;
        let endpoint = options.endpoint_url.clone().or_else(|| loaded.endpoint_url().map(str::to_owned));
        let endpoint = endpoint.as_deref().map(by_address).transpose()?;
        let options = Options { region: Some(region), ..options.clone() };
        Ok(Self::new(Kind::Aws, &options, endpoint, Some(credentials), None))
    }

    /// Whether it answers, and in a real account whether it is the one that was named.
    async fn check(&self, options: &Options) -> Result<(), Unavailable> {
        let caller = self.caller(&self.config(self.credentials())).await?;
        match &options.account {
            Some(named) if self.kind == Kind::Aws && *named != caller => Err(Unavailable::misused(
                format!("the credentials belong to the account {caller}, and --account names {named}"),
                "nothing was created or removed; choose the profile of the account that you named, or name the other one",
            )),
            _ => Ok(()),
        }
    }

    /// The account that a configuration's calls are made in.
    async fn caller(&self, config: &SdkConfig) -> Result<String, Unavailable> {
        let answer = aws_sdk_sts::Client::new(config).get_caller_identity().send().await;
        let answer = answer.map_err(|error| {
            let place = self.endpoint_url.as_deref().unwrap_or("AWS");
            let message = format!("{place} does not answer GetCallerIdentity: {}", error_chain(&error));
            let help = match self.kind {
                Kind::Endpoint => "start it, for example with `docker compose up --wait`, or check --endpoint-url",
                _ => "check the network and the credentials: `aws sts get-caller-identity`",
            };
            Unavailable::new(message, help)
        })?;
        let account = answer.account().map(str::to_owned);
        account.ok_or_else(|| Unavailable::new("GetCallerIdentity names no account", "is this an AWS endpoint?"))
    }

    /// Enters the place for one replay. Within the replay's runtime.
    ///
    /// # Errors
    /// It does not answer any more.
    pub async fn enter(&self) -> Result<Site, Unavailable> {
        let config = self.config(self.credentials());
        let account = self.caller(&config).await?;
        let stack_name = format!("{}-{}", self.run, self.replays.fetch_add(1, Ordering::Relaxed) + 1);
        let queue_url_base = match &self.endpoint_url {
            Some(url) => url.clone(),
            None => format!("https://sqs.{}.amazonaws.com", self.region),
        };
        let naming = Naming {
            account,
            region: self.region.clone(),
            prefix: format!("{stack_name}-"),
            stack_name,
            suffix: "r".to_owned(),
            queue_url_base,
        };
        let tears_down = self.kind != Kind::LocalStack;
        Ok(Site { config, clock: Clock::wall(), naming, pace: self.pace, tears_down })
    }

    /// Removes what earlier runs left, by the prefix of its names. Blocks, and must not be called within a Tokio
    /// runtime.
    ///
    /// # Errors
    /// The prefix could be somebody else's.
    pub fn clean(&self, prefix: &str) -> Result<Cleaned, String> {
        block_on(async { clean(&self.config(self.credentials()), prefix, true).await })
    }

    /// Where it is, where that is not AWS itself.
    pub fn endpoint_url(&self) -> Option<&str> {
        self.endpoint_url.as_deref()
    }

    /// What kind of backend it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// How the harness waits here.
    pub fn pace(&self) -> Pace {
        self.pace
    }

    /// LocalStack and its like take the access key's twelve digits for the account.
    /// <https://docs.localstack.cloud/aws/capabilities/config/multi-account-setups/>
    fn credentials(&self) -> Credentials {
        self.credentials
            .clone()
            .unwrap_or_else(|| Credentials::new(unrepeatable_account(), "rehearsal", None, None, "rehearsal"))
    }

    /// A client configuration, to be used within one runtime.
    pub(super) fn config(&self, credentials: Credentials) -> SdkConfig {
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(network(self.endpoint_url.as_deref()))
            .time_source(Clock::wall())
            .sleep_impl(TokioSleep::new());
        match &self.endpoint_url {
            Some(url) => config.endpoint_url(url).build(),
            None => config.build(),
        }
    }
}

impl Pace {
    fn of(kind: Kind, options: &Options) -> Self {
        let patience = options.patience.unwrap_or(DEFAULT_PATIENCE);
        let millis = Duration::from_millis;
        match kind {
            // The counts of a real queue are approximate for a while.
            // <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html>
            Kind::Aws => Self {
                tick: millis(500),
                rest: millis(5_000),
                long_poll: millis(20_000),
                stream_poll: millis(1_000),
                linger: millis(5_000),
                patience,
            },
            _ => Self {
                tick: millis(20),
                rest: millis(60),
                long_poll: millis(2_000),
                stream_poll: millis(200),
                linger: millis(5_000),
                patience,
            },
        }
    }
}

fn no_credentials() -> Unavailable {
    Unavailable::new(
        "no AWS credentials were found",
        "sign in: `aws sso login` or `aws configure`, or set AWS_PROFILE or AWS_ACCESS_KEY_ID",
    )
}

/// The URL with an address for the name `localhost`, since S3 clients put the bucket's name before a name.
fn by_address(url: &str) -> Result<String, Unavailable> {
    let parsed: Result<http::Uri, _> = url.parse();
    let help = "give it as http://localhost:4566";
    let parsed = parsed.map_err(|error| Unavailable::misused(format!("--endpoint-url {url}: {error}"), help))?;
    let (Some(scheme), Some(authority)) = (parsed.scheme_str(), parsed.authority()) else {
        return Err(Unavailable::misused(format!("--endpoint-url {url}: it needs a scheme and a host"), help));
    };
    Ok(format!("{scheme}://{}", authority.as_str().replace("localhost", "127.0.0.1")))
}

/// Runs something of a place outside any replay.
pub(super) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("the system has a runtime for one thread").block_on(future)
}
