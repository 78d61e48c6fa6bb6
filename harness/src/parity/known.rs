//! Differences between backends that are known, why each is there, and the page that decides who is right.

/// A field of payloads that one backend has and another has not, or has with another type.
#[derive(Debug, PartialEq, Eq)]
pub struct Known {
    /// The backend that differs from AWS, as `--backend` calls it.
    pub backend: &'static str,
    /// How the field begins: `Records[].attributes.`.
    pub field: &'static str,
    pub reason: &'static str,
    /// The page of AWS's documentation.
    pub page: &'static str,
}

/// All of them.
pub const KNOWN: &[Known] = &[];

impl Known {
    /// Whether a field's line is what this says, between two backends.
    pub fn covers(&self, line: &str, backends: [&str; 2]) -> bool {
        backends.contains(&self.backend) && line.starts_with(self.field)
    }
}
