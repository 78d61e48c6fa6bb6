//! Reports of what came of scenarios. They read outcomes, nothing else, and give text; writing it is the
//! command line's.

pub mod json;
pub mod text;
pub mod timeline;
