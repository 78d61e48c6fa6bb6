//! Rehearsal replays AWS serverless workflows on the developer's own machine.
//!
//! A *scenario* names a *template* and a list of stimuli. Rehearsal provisions the template's resources on a
//! *backend*, plays the stimuli, and is itself the Lambda service: it takes every event that the resources
//! produce, wraps it in exactly the payload that AWS would send, and calls the handler, an ordinary Rust
//! function in the same process. When nothing is left to do, it compares the tables with the committed
//! snapshot.
//!
//! A project binds its functions in an [`App`], its apps to templates in [`Apps`], and calls [`cli::main`];
//! its tests call [`assert_scenario!`]. The modules, in reading order:
//!
//! - the user's files: [`diagnostic`], [`yaml`], [`scenario`], [`template`], and what a template comes to, [`stack`] and
//!   [`findings`];
//! - the driver: [`backend`], `provision`, `call` (the layer around every AWS call), `invoke` (one
//!   invocation) and `logs`, `mapping` (event source mappings), `push` (asynchronous invocation), `api` (API Gateway),
//!   [`event`] (payloads), `pending` and [`settle`] (when is it at rest?); `shared` is what they have in common,
//!   `driver` puts them together, and `interrupt` is Ctrl-C;
//! - a run: `replay` (one replay), [`mod@run`] (one scenario to one [`outcome::Outcome`]), [`parity`] (two outcomes),
//!   [`state`] and [`snapshot`], [`trace`];
//! - [`serve`]: the embedded AWS on a port;
//! - what people see: [`report`] (in `words`), [`cli`], [`testing`].

mod api;
mod app;
pub mod backend;
mod call;
pub mod cli;
pub mod diagnostic;
mod driver;
pub mod event;
mod find;
pub mod findings;
mod function_url;
mod gateway;
mod interrupt;
mod invoke;
mod issuer;
mod json_schema;
mod lambda_api;
mod logs;
mod mapping;
mod matching;
pub mod outcome;
pub mod parity;
mod pending;
mod pipes;
mod provision;
mod push;
pub mod replay;
pub mod report;
pub mod run;
pub mod scenario;
mod send;
pub mod serve;
pub mod settle;
mod shape;
mod shared;
pub mod snapshot;
pub mod stack;
pub mod state;
pub mod stubs;
pub mod template;
pub mod testing;
pub mod trace;
mod words;
pub mod yaml;

pub use app::{App, Variables};
pub use run::Apps;
