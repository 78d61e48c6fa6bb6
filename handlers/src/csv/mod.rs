//! Workflow 1, asynchronous file processing: a CSV file of airports is uploaded, [`read_csv`] sends one
//! message per row, [`store_record`] stores the rows.
//!
//! What always holds: a row is identified by its file's key and ETag and its line, an airport by its IATA
//! code; so the same file or the same message a second time changes nothing.

mod airport;
mod file;
pub mod read_csv;
mod rejects;
pub mod store_record;

pub use airport::{Airport, Row};
pub use file::{ParsedFile, Reject, parse};

use serde::{Deserialize, Serialize};

/// One good row on its way from [`read_csv`] to [`store_record`]: the body of a queue message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordMessage {
    pub import: Import,
    /// Line of the file on which the row starts, from 1.
    pub line: u64,
    pub airport: Airport,
}

/// Which upload a row came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Import {
    /// The object's key, decoded.
    pub object_key: String,
    /// Without quotes.
    pub etag: String,
    /// When the object was uploaded, as S3's event says.
    pub imported_at: String,
}
