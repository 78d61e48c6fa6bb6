//! The mail that AWS sends, kept where it would arrive: nothing leaves the process.
//!
//! What always holds: a mail is in the mailbox from the moment it is sent, in the order of sending.

use jiff::Timestamp;

/// A mail that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    pub at: Timestamp,
    /// The sender as mail programs show it: `AWS Notifications <no-reply@sns.amazonaws.com>`.
    pub from: String,
    /// The recipient's address.
    pub to: String,
    pub subject: String,
    /// The plain text.
    pub body: String,
    /// The id of the message that it carries, as the service that sent it calls it.
    pub message_id: String,
    /// The id of the request that it follows from; none for what a schedule started.
    pub origin: Option<String>,
}
