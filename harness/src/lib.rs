//! Rehearsal (module map to be written)
pub mod diagnostic;
pub mod scenario;
pub mod stack;
pub mod yaml;
