//! AWS in this process: S3, SQS, SNS, EventBridge, DynamoDB, Kinesis and STS behind the HTTP client trait of the
//! AWS SDK for Rust, on Tokio's clock and with every generated id from one seed.
//!
//! The emulator knows nothing of scenarios, templates or handlers. What it would hand to a Lambda
//! function goes to the [`FunctionSink`] that its owner gives it.
//!
//! The modules, in reading order:
//! - [`clock`]: the only place that reads a clock; [`ids`]: the only place that makes an id;
//! - [`mailbox`]: what a mail is that AWS sends;
//! - [`world`]: all mutable state in one place, and the hand-over of a message from one service to another;
//! - [`protocol`]: from an HTTP request to the operation it asks for, and from a result to what AWS answers;
//! - [`timetable`]: what is to be done later; [`delivery`]: deliveries of rules and schedules, their retries and dead
//!   letters;
//! - [`outbound`]: HTTP requests to hosts outside of AWS; [`ask_destination`]: those of pipes to API destinations;
//! - [`connector`]: the SDK's HTTP client over the world;
//! - [`validate`]: whether the services would take something, for those who ask before they call;
//! - one module per service.
//!
//! What always holds: one lock guards the whole world, no lock is held across an `await`, and nothing
//! iterates over a hash map. With a paused Tokio clock and one seed, the same calls give the same bytes.

mod arn;
mod ask_destination;
pub mod clock;
mod connector;
mod delivery;
mod dynamodb;
pub mod eventbridge;
mod hex;
pub mod ids;
mod kinesis;
mod mailbox;
mod outbound;
pub mod protocol;
pub mod s3;
mod scheduler;
pub mod sns;
pub mod sqs;
mod sts;
mod timetable;
pub mod validate;
mod world;

pub use ask_destination::ToDestination;
pub use clock::Clock;
pub use connector::{Emulator, collect, collect_response, into_sdk, request_into_sdk};
pub use ids::Ids;
pub use mailbox::Mail;
pub use outbound::{HostAnswer, HostHandler, HostRequest, Refused, Sender};
pub use sqs::QueueDepth;
pub use world::{FunctionEvent, FunctionRefusal, FunctionSink, FunctionSource, Outstanding};

/// The account that credentials without an account id in them belong to.
pub const DEFAULT_ACCOUNT: &str = "123456789012";
