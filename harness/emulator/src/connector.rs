//! The SDK's HTTP client over the emulated world: the whole network between a client and AWS.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body_util::BodyExt;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::mailbox::Mail;
use crate::outbound::{HostAnswer, HostHandler, HostRequest, NoAnswer, Refused, Sender, Sending};
use crate::protocol::{AwsError, Identity, Reply, Request, Service, UnknownRequest, identify_for};
use crate::sqs::QueueDepth;
use crate::world::{Call, FunctionSink, Outstanding, World};
use crate::{Clock, DEFAULT_ACCOUNT, Ids, delivery, dynamodb, eventbridge, kinesis, s3, scheduler, sns, sqs, sts};

/// An emulated AWS. Clones share one world; several emulators in a process share nothing.
#[derive(Clone)]
pub struct Emulator {
    clock: Clock,
    world: Arc<Mutex<World>>,
    hosts: Option<HostHandler>,
    account: Arc<str>,
}

impl Emulator {
    /// An empty world, whose time is `clock`'s and whose ids come from `ids`.
    pub fn new(clock: Clock, ids: Ids) -> Self {
        let world = Arc::new(Mutex::new(World::new(clock, ids)));
        Self { clock, world, hosts: None, account: DEFAULT_ACCOUNT.into() }
    }

    /// The same world, with requests to hosts other than AWS's answered by `hosts`.
    pub fn with_hosts(mut self, hosts: HostHandler) -> Self {
        self.hosts = Some(hosts);
        self
    }

    /// The same world, where credentials without an account id in them belong to `account`.
    pub fn with_account(mut self, account: &str) -> Self {
        self.account = account.into();
        self
    }

    /// Makes the secret of an access key known, so that S3 verifies the signatures of its pre-signed URLs and
    /// forms. Those of other requests are not looked at.
    pub fn with_secret(self, access_key: &str, secret: &str) -> Self {
        self.lock().set_secret(access_key, secret);
        self
    }

    /// Sets who takes what S3, SNS and EventBridge deliver to functions.
    pub fn set_functions(&self, sink: FunctionSink) {
        self.lock().set_functions(sink);
    }

    /// Does what AWS does by itself when its time comes: fires schedules, retries deliveries and sends requests to
    /// other hosts. Never returns; to be spawned beside whatever calls the emulator.
    pub async fn drive(&self) {
        let mut changes = self.lock().changes();
        let mut under_way = JoinSet::new();
        loop {
            let (due, requests) = {
                let mut world = self.lock();
                eventbridge::run_due(&mut world);
                sns::run_due(&mut world);
                s3::run_due(&mut world);
                dynamodb::run_due(&mut world);
                scheduler::run_due(&mut world);
                delivery::run_due(&mut world);
                sqs::run_due(&mut world);
                let due = [
                    eventbridge::next_due(&world),
                    sns::next_due(&world),
                    s3::next_due(&mut world),
                    dynamodb::next_due(&world),
                    scheduler::next_due(&world),
                    delivery::next_due(&world),
                    sqs::next_due(&world),
                ];
                (due.into_iter().flatten().min(), world.outgoing.take())
            };
            for sending in requests {
                under_way.spawn(self.clone().send(sending));
            }
            let clock = self.clock;
            let wait = async move {
                match due {
                    Some(due) => clock.sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                _ = changes.changed() => {}
                Some(_) = under_way.join_next(), if !under_way.is_empty() => {}
                () = wait => {}
            }
        }
    }

    /// Sends a service's request to another host and gives the service the outcome.
    async fn send(self, sending: Sending) {
        let answered = tokio::time::timeout(sending.timeout, self.ask_host(sending.request.clone())).await;
        let outcome = match answered {
            Ok(answered) => answered.map_err(|Refused(_)| NoAnswer::Refused),
            Err(_) => Err(NoAnswer::TimedOut),
        };
        sending.end(&mut self.lock(), outcome);
    }

    fn ask_host(&self, request: HostRequest) -> HostAnswer {
        let host = request.request.host().to_owned();
        self.hosts.as_ref().and_then(|hosts| hosts(request)).unwrap_or_else(|| {
            Box::pin(std::future::ready(Err(Refused(format!("nothing answers for the host `{host}`")))))
        })
    }

    /// What the emulated AWS is going to do by itself, soonest first. Queues are told by [`Self::queues`].
    pub fn outstanding(&self) -> Vec<Outstanding> {
        let mut world = self.lock();
        let mut all: Vec<_> = eventbridge::outstanding(&world).collect();
        all.extend(scheduler::outstanding(&world));
        all.extend(delivery::outstanding(&world));
        all.extend(sns::outstanding(&world));
        all.extend(s3::outstanding(&mut world));
        all.extend(world.outgoing.outstanding());
        all.extend(sqs::outstanding(&world));
        all.sort_by_key(|outstanding| outstanding.due);
        all
    }

    /// The HTTP requests of services that nothing has sent yet, because nothing drives. Their services take them for
    /// answered by a 200.
    pub fn take_requests(&self) -> Vec<Request> {
        let mut world = self.lock();
        let waiting = world.outgoing.take().into_iter().map(|sending| {
            let request = sending.request.request.clone();
            sending.end(&mut world, Ok(Reply::empty()));
            request
        });
        waiting.collect()
    }

    /// The mail that AWS sent, oldest first.
    pub fn mails(&self) -> Vec<Mail> {
        self.lock().mails().to_vec()
    }

    /// What stands in each queue now.
    pub fn queues(&self) -> Vec<QueueDepth> {
        let now = self.clock.now();
        self.lock().regions_mut().flat_map(|region| region.sqs.depths(now)).collect()
    }

    /// Returns as soon as a message in the queue with this URL can be received. What happens to other queues
    /// does not wake it.
    pub async fn message_ready(&self, queue_url: &str) {
        loop {
            let (next, mut changes) = sqs::readiness(&mut self.lock(), queue_url);
            if next.is_some_and(|next| next <= self.clock.now()) {
                return;
            }
            let wait = async {
                match next {
                    Some(next) => self.clock.sleep_until(next).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                _ = changes.changed() => {}
                () = wait => {}
            }
        }
    }

    /// The id of the request that a message follows from which S3, SNS or EventBridge put into a queue.
    pub fn origin_of(&self, message_id: &str) -> Option<String> {
        self.lock().origin_of(message_id).map(str::to_owned)
    }

    /// A view of the changes that somebody may wait for, from now on.
    pub fn changes(&self) -> tokio::sync::watch::Receiver<u64> {
        self.lock().changes()
    }

    /// Answers one request, as the SDK's connector does.
    pub async fn answer(&self, request: Request) -> Result<http::Response<Bytes>, ConnectorError> {
        match identify_for(&request, &self.account) {
            Ok(identity) => Ok(self.answer_as(&request, &identity).await),
            Err(unknown) => self.answer_host(&request, unknown).await,
        }
    }

    /// Answers a request whose sender and operation are known, signed or not.
    pub async fn answer_as(&self, request: &Request, identity: &Identity) -> http::Response<Bytes> {
        self.serve(request, identity).await.into_http()
    }

    async fn answer_host(
        &self,
        request: &Request,
        unknown: UnknownRequest,
    ) -> Result<http::Response<Bytes>, ConnectorError> {
        let asked = HostRequest { request: request.clone(), sender: Sender::Client };
        self.ask_host(asked).await.map(Reply::into_http).map_err(|Refused(reason)| {
            let message = format!("{unknown}, and {reason}");
            ConnectorError::io(std::io::Error::new(std::io::ErrorKind::ConnectionRefused, message).into())
        })
    }

    async fn serve(&self, request: &Request, identity: &Identity) -> Reply {
        if identity.service != Service::Sqs || !sqs::query::is_query(request) {
            return self.serve_in_time(request, identity).await;
        }
        let reply = match sqs::query::to_json(request, &identity.operation) {
            Ok(request) => self.serve_in_time(&request, identity).await,
            Err(error) => error.reply(Service::Sqs, ""),
        };
        sqs::query::to_xml(&identity.operation, reply)
    }

    /// Answers a request once it need not wait any longer.
    async fn serve_in_time(&self, request: &Request, identity: &Identity) -> Reply {
        let deadline = self.long_poll_deadline(request, identity);
        loop {
            if let Some((queue_url, deadline)) = &deadline {
                tokio::select! {
                    biased;
                    () = self.message_ready(queue_url) => {}
                    () = tokio::time::sleep_until(*deadline) => {}
                }
            }
            let reply = self.serve_now(request, identity);
            // What looked ready may have gone to another receiver or to the dead-letter queue: wait on.
            let over = deadline.as_ref().is_none_or(|(_, deadline)| self.clock.instant(self.clock.now()) >= *deadline);
            if over || !sqs::received_nothing(&reply) {
                return reply;
            }
        }
    }

    fn serve_now(&self, request: &Request, identity: &Identity) -> Reply {
        let mut world = self.lock();
        let (clock, ids) = (world.clock, world.ids.clone());
        let request_id = if identity.service == Service::S3 { ids.upper(16) } else { ids.uuid() };
        let call = Call { request, identity, request_id: &request_id, clock, ids: ids.clone() };
        world.origin = Some(request_id.clone());
        let answer = match identity.service {
            Service::S3 => s3::answer(&mut world, &call),
            Service::Sqs => sqs::answer(&mut world, &call),
            Service::Sns => sns::answer(&mut world, &call),
            Service::EventBridge => eventbridge::answer(&mut world, &call),
            Service::DynamoDb | Service::DynamoDbStreams => dynamodb::answer(&mut world, &call),
            Service::Kinesis => kinesis::answer(&mut world, &call),
            Service::Scheduler => scheduler::answer(&mut world, &call),
            Service::Sts => sts::answer(&call),
        };
        world.origin = None;
        let reply = answer.unwrap_or_else(|error: AwsError| error.reply(identity.service, &request_id));
        with_common_headers(reply, identity.service, &request_id, clock, &ids)
    }

    /// The queue of a `ReceiveMessage` that may wait, and until when.
    fn long_poll_deadline(&self, request: &Request, identity: &Identity) -> Option<(String, Instant)> {
        if identity.service != Service::Sqs || identity.operation != "ReceiveMessage" {
            return None;
        }
        let (queue_url, wait) = sqs::long_poll(&self.lock(), request)?;
        Some((queue_url, self.clock.instant(self.clock.now()) + wait))
    }

    /// Its clock.
    pub(crate) fn clock(&self) -> Clock {
        self.clock
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("the emulator does not panic while it holds the world")
    }
}

fn with_common_headers(reply: Reply, service: Service, request_id: &str, clock: Clock, ids: &Ids) -> Reply {
    let date = clock.now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let reply = reply.with_header("date", &date);
    match service {
        Service::S3 => {
            let extended = ids.base64(56);
            reply.with_header("x-amz-request-id", request_id).with_header("x-amz-id-2", &extended)
        }
        _ => reply.with_header("x-amzn-requestid", request_id),
    }
}

impl HttpConnector for Emulator {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let emulator = self.clone();
        HttpConnectorFuture::new(async move {
            let request = collect(request).await?;
            into_sdk(emulator.answer(request).await?)
        })
    }
}

impl HttpClient for Emulator {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// Reads an SDK request's whole body.
pub async fn collect(request: HttpRequest) -> Result<Request, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(ConnectorError::user)?.to_bytes();
    Ok(Request { method: parts.method, uri: parts.uri, headers: parts.headers, body })
}

/// Makes a request of the SDK's again, for a client that is to send it on.
pub fn request_into_sdk(request: &Request) -> Result<HttpRequest, ConnectorError> {
    let mut rebuilt = http::Request::new(SdkBody::from(request.body.clone()));
    *rebuilt.method_mut() = request.method.clone();
    *rebuilt.uri_mut() = request.uri.clone();
    *rebuilt.headers_mut() = request.headers.clone();
    HttpRequest::try_from(rebuilt).map_err(|error| ConnectorError::user(error.into()))
}

/// Reads an SDK response's whole body.
pub async fn collect_response(response: HttpResponse) -> Result<http::Response<Bytes>, ConnectorError> {
    let response = response.try_into_http1x().map_err(|error| ConnectorError::other(error.into(), None))?;
    let (parts, body) = response.into_parts();
    let body = body.collect().await.map_err(ConnectorError::io)?.to_bytes();
    Ok(http::Response::from_parts(parts, body))
}

/// Makes a response of the SDK's of one with its whole body.
pub fn into_sdk(response: http::Response<Bytes>) -> Result<HttpResponse, ConnectorError> {
    HttpResponse::try_from(response.map(SdkBody::from)).map_err(|error| ConnectorError::other(error.into(), None))
}

impl fmt::Debug for Emulator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Emulator").field("now", &self.clock.now()).finish_non_exhaustive()
    }
}
