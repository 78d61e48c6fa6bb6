//! `expect.mail`: what must have arrived in mailboxes.

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::capture::substitute_in;
use super::listed::{Entry, Listed};
use super::matcher::{self, Matcher};

/// What must have arrived at an address.
pub type MailboxExpect = Listed<MailExpect>;

/// One mail; what is not named may be anything.
#[derive(Clone, Debug, Default, PartialEq, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MailExpect {
    /// The sender, such as `AWS Notifications <no-reply@sns.amazonaws.com>`.
    #[serde(default, deserialize_with = "matcher::leaf")]
    pub from: Option<Matcher>,
    #[serde(default, deserialize_with = "matcher::leaf")]
    pub subject: Option<Matcher>,
    /// The whole text.
    #[serde(default, deserialize_with = "matcher::leaf")]
    pub body: Option<Matcher>,
    /// The text without what SNS puts below it: a pattern for JSON, or a text or alternatives for text.
    pub message: Option<Matcher>,
}

substitute_in!(MailExpect: from, subject, body, message);

impl Entry for MailExpect {
    const EXPECTING: &'static str = "`empty`, a count or a list of mails";
    const SCHEMA: &'static str = "MailboxExpect";
    const DESCRIPTION: &'static str =
        "What must have arrived at an address: nothing, so many mails, or exactly these in any order";

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<Self>()
    }
}
