//! The default backend: AWS in this process, under virtual time.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use bytes::Bytes;
use futures_util::future::LocalBoxFuture;
use rehearsal_emulator::{Clock, DEFAULT_ACCOUNT, Emulator, FunctionEvent, HostHandler, Ids, Mail, ToDestination};
use tokio::sync::{mpsc, watch};

use super::{Backend, Standing};
use crate::template::Naming;

const REGION: &str = "us-east-1";
/// The secret of the one access key, which pre-signed URLs are verified by.
const SECRET: &str = "embedded";

/// An emulated AWS of its own for one replay. Lives on the replay's paused runtime.
pub struct Embedded {
    emulator: Emulator,
    account: String,
    clock: Clock,
    function_events: Arc<AtomicU64>,
    /// How many mails were taken.
    mail_taken: Cell<usize>,
}

impl Embedded {
    /// An empty AWS. `hosts` answers for hosts that are none of AWS's services.
    pub fn new(clock: Clock, ids: Ids, hosts: HostHandler) -> Self {
        let mut embedded = Self::of_account(DEFAULT_ACCOUNT, clock, ids, hosts);
        embedded.emulator = embedded.emulator.with_secret(DEFAULT_ACCOUNT, SECRET);
        embedded
    }

    /// An empty AWS with an account of one's own choice.
    pub fn of_account(account: &str, clock: Clock, ids: Ids, hosts: HostHandler) -> Self {
        let emulator = Emulator::new(clock, ids).with_account(account).with_hosts(hosts);
        Self {
            emulator,
            account: account.to_owned(),
            clock,
            function_events: Arc::default(),
            mail_taken: Cell::default(),
        }
    }

    /// The AWS itself, to be put behind something else than an SDK in this process.
    pub fn emulator(&self) -> &Emulator {
        &self.emulator
    }

    /// How a stack's resources are named. Names do not depend on the seed, so that replays can be compared.
    pub fn naming(stack_name: &str) -> Naming {
        Naming {
            account: DEFAULT_ACCOUNT.to_owned(),
            region: REGION.to_owned(),
            stack_name: stack_name.to_owned(),
            prefix: String::new(),
            suffix: "rehearsal".to_owned(),
            queue_url_base: format!("https://sqs.{REGION}.amazonaws.com"),
        }
    }
}

impl Backend for Embedded {
    fn clock(&self) -> Clock {
        self.clock
    }

    fn config(&self) -> SdkConfig {
        let credentials = Credentials::new(&self.account, SECRET, None, None, "rehearsal");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(REGION))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(self.emulator.clone())
            .time_source(self.clock)
            .sleep_impl(TokioSleep::new())
            // It measures throughput on a clock that stands still while bytes flow.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build()
    }

    fn function_events(&self) -> mpsc::UnboundedReceiver<FunctionEvent> {
        let (sender, receiver) = mpsc::unbounded_channel();
        let count = Arc::clone(&self.function_events);
        self.emulator.set_functions(Arc::new(move |event| {
            count.fetch_add(1, Ordering::Relaxed);
            // Nobody takes events any more once the replay is over.
            let _ = sender.send(event);
            Ok(())
        }));
        receiver
    }

    fn message_ready<'a>(&'a self, queue_url: &'a str) -> LocalBoxFuture<'a, ()> {
        Box::pin(self.emulator.message_ready(queue_url))
    }

    fn long_poll(&self) -> Duration {
        Duration::ZERO
    }

    fn writes(&self) -> u64 {
        *self.emulator.changes().borrow()
    }

    fn stream_changed(&self, since: u64) -> LocalBoxFuture<'_, ()> {
        let mut changes = self.emulator.changes();
        Box::pin(async move {
            // The emulator lives as long as this backend.
            let _ = changes.wait_for(|count| *count != since).await;
        })
    }

    fn linger(&self) -> Duration {
        Duration::ZERO
    }

    fn rest(&self) -> Duration {
        Duration::ZERO
    }

    fn patience(&self) -> Option<Duration> {
        None
    }

    fn origin_of(&self, message_id: &str) -> Option<String> {
        self.emulator.origin_of(message_id)
    }

    fn take_mail(&self) -> Vec<Mail> {
        let mut all = self.emulator.mails();
        let new = all.split_off(self.mail_taken.get());
        self.mail_taken.set(self.mail_taken.get() + new.len());
        new
    }

    fn take_posts(&self) -> Vec<String> {
        let bodies = self.emulator.take_requests().into_iter().map(|request| request.body);
        bodies.map(|body| String::from_utf8_lossy(&body).into_owned()).collect()
    }

    fn ask_destination(&self, to: ToDestination) -> LocalBoxFuture<'_, Result<Bytes, String>> {
        Box::pin(async move { self.emulator.ask_destination(to).await.map(|reply| reply.body) })
    }

    fn standing(&self) -> LocalBoxFuture<'_, Standing> {
        let standing = Standing {
            queues: self.emulator.queues(),
            outstanding: self.emulator.outstanding(),
            on_its_way: Vec::new(),
            function_events: self.function_events.load(Ordering::Relaxed),
        };
        Box::pin(std::future::ready(standing))
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.emulator.changes()
    }

    fn drive(&self) -> LocalBoxFuture<'_, ()> {
        Box::pin(self.emulator.drive())
    }
}
