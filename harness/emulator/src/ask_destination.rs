//! API destinations that are asked by others than EventBridge's rules: by pipes, which wait for the answer.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-event-target.html>

use std::collections::BTreeMap;

use serde_json::Value;
use tokio::sync::oneshot;

use crate::connector::Emulator;
use crate::delivery::{HttpParameters, TIMEOUT};
use crate::eventbridge::{Asked, Ready, arn_of, prepare_request, store_token};
use crate::outbound::{NoAnswer, Outbound};
use crate::protocol::{Reply, Request};

/// An event for an API destination.
#[derive(Clone, Debug)]
pub struct ToDestination {
    pub account: String,
    pub region: String,
    /// The destination's name.
    pub name: String,
    /// The body of the request.
    pub payload: String,
    /// What parameters that are JSON paths look into.
    pub event: Value,
    /// What stands for the `*`s of the endpoint's path, in order.
    pub path: Vec<String>,
    pub headers: BTreeMap<String, String>,
    pub query: BTreeMap<String, String>,
    /// The id that the request follows from.
    pub origin: Option<String>,
}

impl Emulator {
    /// Asks an API destination once, with the authorization of its connection and no more often than it takes. Needs
    /// somebody who drives.
    ///
    /// # Errors
    /// Why there is no answer with a status below 300, in words.
    pub async fn ask_destination(&self, to: ToDestination) -> Result<Reply, String> {
        let arn = arn_of(&self.lock().region(&to.account, &to.region).eventbridge, &to.name);
        let arn = arn.ok_or_else(|| format!("there is no API destination `{}`", to.name))?;
        let parameters = HttpParameters {
            path_parameter_values: to.path.clone(),
            header_parameters: to.headers.clone(),
            query_string_parameters: to.query.clone(),
        };
        let (mut refused, mut renewed) = (None, false);
        loop {
            let refused_token = refused.is_some();
            let asked = Asked { arn: &arn, event: &to.event, payload: &to.payload, refused_token };
            let ready = prepare_request(&mut self.lock(), asked, &parameters);
            match ready.ok_or_else(|| format!("the connection of the API destination `{}` is gone", to.name))? {
                Ready::Later(due) => self.clock().sleep_until(due).await,
                Ready::Token { request, connection } => {
                    let reply = accepted(self.ask(&to, request).await?)?;
                    store_token(&mut self.lock(), &arn, &connection, &reply.body).map_err(|failure| failure.message)?;
                    renewed |= refused.take().is_some();
                }
                Ready::Request(request) => {
                    // There is no token that could be renewed.
                    if let Some(refused) = refused {
                        return accepted(refused);
                    }
                    let reply = self.ask(&to, request).await?;
                    if renewed || !matches!(reply.status, 401 | 407) {
                        return accepted(reply);
                    }
                    refused = Some(reply);
                }
            }
        }
    }

    async fn ask(&self, to: &ToDestination, request: Request) -> Result<Reply, String> {
        let (answer, answered) = oneshot::channel();
        let then = Box::new(move |_: &mut _, outcome| drop(answer.send(outcome)));
        {
            let mut world = self.lock();
            world.origin = to.origin.clone();
            world.send_http(Outbound { service: "Pipes", request, timeout: TIMEOUT, then });
            world.origin = None;
        }
        match answered.await {
            Ok(Ok(reply)) => Ok(reply),
            Ok(Err(NoAnswer::TimedOut)) => Err("the endpoint did not answer within 5 seconds".to_owned()),
            Ok(Err(NoAnswer::Refused)) | Err(_) => Err("the connection to the endpoint failed".to_owned()),
        }
    }
}

fn accepted(reply: Reply) -> Result<Reply, String> {
    match reply.status {
        ..300 => Ok(reply),
        status => Err(format!("the endpoint answered with the status code {status}")),
    }
}
