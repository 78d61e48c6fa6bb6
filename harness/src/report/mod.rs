//! Reports of what came of scenarios. They read outcomes and findings, nothing else, and give text; writing it is the
//! command line's.

pub mod findings;
pub mod json;
pub mod text;
pub mod timeline;
