//! Rehearsal
mod api;
mod app;
pub mod backend;
mod call;
pub mod diagnostic;
mod driver;
pub mod event;
mod invoke;
mod mapping;
mod pending;
mod provision;
mod push;
pub mod settle;
pub mod snapshot;
pub mod stack;
pub mod state;
pub mod template;
pub mod trace;
pub mod yaml;

pub use app::App;
