//! Which backend a run is made on, as the command line and the environment say it, and why one is not there.

use std::fmt;
use std::time::Duration;

/// The kinds of backend there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Kind {
    /// AWS in this process, under virtual time
    Embedded,
    /// LocalStack in a container that is started for the run
    #[value(name = "localstack")]
    LocalStack,
    /// Any AWS-compatible endpoint, named by --endpoint-url
    Endpoint,
    /// A real account, named by --account
    Aws,
}

impl Kind {
    /// What `--backend` calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::LocalStack => "localstack",
            Self::Endpoint => "endpoint",
            Self::Aws => "aws",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// What the backends other than the embedded one are told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Where the endpoint is: `http://localhost:4566`. In a real account, an endpoint instead of AWS's own.
    pub endpoint_url: Option<String>,
    /// The account that the caller's credentials must belong to.
    pub account: Option<String>,
    /// `us-east-1` where nothing is said, or in a real account what the AWS configuration says.
    pub region: Option<String>,
    /// LocalStack's image with its tag; [`super::DEFAULT_IMAGE`] where nothing is said.
    pub image: Option<String>,
    /// How long a settle may wait where time is real; [`DEFAULT_PATIENCE`] where nothing is said.
    pub patience: Option<Duration>,
}

/// How long a settle waits where time is real and nothing else is said.
pub const DEFAULT_PATIENCE: Duration = Duration::from_secs(30);

/// A backend that is not there, with all that a person needs to know: what was tried, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unavailable {
    pub message: String,
    pub help: String,
    /// Whether the command line, and not the world, is wrong.
    pub misused: bool,
}

impl Unavailable {
    pub(super) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into(), misused: false }
    }

    pub(super) fn misused(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { misused: true, ..Self::new(message, help) }
    }
}

impl fmt::Display for Unavailable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}\nhelp: {}", self.message, self.help)
    }
}

impl std::error::Error for Unavailable {}
