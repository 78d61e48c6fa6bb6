//! Rehearsal (module map to be written)
pub mod diagnostic;
pub mod stack;
pub mod template;
pub mod yaml;
