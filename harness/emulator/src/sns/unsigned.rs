//! What SNS does for requests that nobody has signed: who has a message's address to confirm or to unsubscribe, may.
//! The addresses in messages ask for the operation itself, those in mails for a page that has it done.
//! <https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.confirm.html>

use crate::protocol::query::{self, Form};
use crate::protocol::{AwsError, Reply, Request, xml};

/// The pages that mails lead to.
const PAGES: [(&str, &str); 2] = [("/confirmation.html", "ConfirmSubscription"), ("/unsubscribe.html", "Unsubscribe")];

/// The operation that an unsigned request asks for, where it can have it.
pub(crate) fn operation(request: &Request) -> Option<String> {
    let page = PAGES.iter().find(|(path, _)| *path == request.uri.path());
    let action = match page {
        Some((_, action)) => (*action).to_owned(),
        None => query::action(request)?,
    };
    PAGES.iter().any(|(_, known)| *known == action).then_some(action)
}

/// The region of a host that is SNS's.
pub(crate) fn region(host: &str) -> Option<&str> {
    host.strip_prefix("sns.")?.strip_suffix(".amazonaws.com").filter(|region| !region.contains('.'))
}

/// The parameters of a request. A page gets the address, too, that the mail went to.
pub(super) fn form(request: &Request) -> Form {
    let mut form = query::form(request);
    if is_page(request) {
        form.remove("Endpoint");
    }
    form
}

pub(super) fn is_page(request: &Request) -> bool {
    PAGES.iter().any(|(path, _)| *path == request.uri.path())
}

/// The page that tells what was done.
pub(super) fn page(operation: &str, subscription: &str) -> Reply {
    let done = if operation == "Unsubscribe" { "Subscription removed!" } else { "Subscription confirmed!" };
    let subscription = xml::escape(subscription);
    Reply::bytes("text/html", format!("<html><body><h1>{done}</h1><p>{subscription}</p></body></html>"))
}

/// The refusal of an unsigned request for anything else.
pub(super) fn refused() -> AwsError {
    AwsError::new(403, "MissingAuthenticationToken", "Request is missing Authentication Token")
}
