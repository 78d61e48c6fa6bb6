//! An AWS behind an endpoint, under real time: LocalStack, another emulator, a real account.
//!
//! Functions are reached through [`Tap`]s, which are polled here. What stands in it is read from queue
//! attributes, and from the books of what is still on its way.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName;
use aws_smithy_types::error::display::DisplayErrorContext;
use aws_types::SdkConfig;
use bytes::Bytes;
use futures_util::future::{LocalBoxFuture, join_all};
use rehearsal_emulator::{Clock, FunctionEvent, HostHandler, Mail, Outstanding, QueueDepth, ToDestination};
use tokio::sync::{mpsc, watch};

use super::client::Network;
use super::place::{Pace, Site};
use super::tap::{Tap, Tapped};
use super::transit::Transit;
use super::under_way::CallsUnderWay;
use super::{Backend, Standing};
use crate::stack::{Queue, Rule, Stack};

/// One replay's view of an AWS behind an endpoint.
pub struct Remote {
    config: SdkConfig,
    sqs: aws_sdk_sqs::Client,
    clock: Clock,
    pace: Pace,
    taps: Vec<Tap>,
    stack: Stack,
    transit: Transit,
    function_events: Cell<u64>,
    /// Where the taps' events go; taken when the backend starts to be driven.
    sender: RefCell<Option<mpsc::UnboundedSender<FunctionEvent>>>,
    changes: watch::Sender<u64>,
    /// Why a tap or queue could not be read the last time.
    trouble: RefCell<Option<String>>,
}

impl Remote {
    /// A view of a site, for a stack as it is provisioned there. `hosts` answers for the template's APIs.
    pub fn new(site: &Site, tapped: Tapped, hosts: HostHandler) -> Self {
        let Tapped { stack, taps } = tapped;
        let transit = Transit::new(stack.clone());
        let aws = site.config.http_client().expect("a site has an HTTP client");
        let network = Network { aws, hosts, transit: transit.clone(), calls: CallsUnderWay::default() };
        let config = site.config.to_builder().http_client(network).build();
        Self {
            sqs: aws_sdk_sqs::Client::new(&config),
            config,
            clock: site.clock,
            pace: site.pace,
            taps,
            stack,
            transit,
            function_events: Cell::default(),
            sender: RefCell::default(),
            changes: watch::Sender::new(0),
            trouble: RefCell::default(),
        }
    }

    /// Takes what arrives in a tap and hands it over. A message is deleted only after that. Never returns
    /// before the replay is over.
    async fn poll(&self, tap: &Tap, sender: &mpsc::UnboundedSender<FunctionEvent>) {
        let receive = self.sqs.receive_message().queue_url(&tap.queue_url).max_number_of_messages(10);
        let receive = receive.wait_time_seconds(whole_seconds(self.pace.long_poll));
        loop {
            let received = match receive.clone().send().await {
                Ok(received) => received,
                Err(error) => {
                    self.trouble.replace(Some(DisplayErrorContext(error).to_string()));
                    tokio::time::sleep(self.pace.tick).await;
                    continue;
                }
            };
            for message in received.messages() {
                if let Some(event) = tap.event(message.body().unwrap_or_default()) {
                    self.function_events.set(self.function_events.get() + 1);
                    // Nobody takes events any more once the replay is over.
                    let _ = sender.send(event);
                }
                let handle = message.receipt_handle().unwrap_or_default();
                let deleted = self.sqs.delete_message().queue_url(&tap.queue_url).receipt_handle(handle).send().await;
                if let Err(error) = deleted {
                    self.trouble.replace(Some(DisplayErrorContext(error).to_string()));
                }
                self.changed();
            }
        }
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    async fn depth(&self, queue: &Queue) -> QueueDepth {
        use QueueAttributeName::{
            ApproximateNumberOfMessages as Visible, ApproximateNumberOfMessagesDelayed as Delayed,
            ApproximateNumberOfMessagesNotVisible as InFlight,
        };
        let names = [Visible, InFlight, Delayed];
        let get = self.sqs.get_queue_attributes().queue_url(&queue.url);
        let answer = get.set_attribute_names(Some(names.to_vec())).send().await;
        let answer = answer.inspect_err(|error| {
            self.trouble.replace(Some(DisplayErrorContext(error).to_string()));
        });
        let count = |name: &QueueAttributeName| {
            let attributes = answer.as_ref().ok().and_then(|answer| answer.attributes());
            // What cannot be read is not known to be empty.
            attributes.map_or(1, |all| all.get(name).and_then(|text| text.parse().ok()).unwrap_or_default())
        };
        let [visible, in_flight, delayed] = names.map(|name| count(&name));
        let (arn, url) = (queue.arn.clone(), queue.url.clone());
        QueueDepth { arn, url, visible, in_flight, delayed, next_visible: None }
    }

    /// The queues that anything can be waiting in: taps, sources of functions, and those that something came into.
    fn watched(&self) -> impl Iterator<Item = &Queue> {
        let used = self.transit.queues();
        let is_source = |queue: &Queue| {
            self.stack.event_source_mappings.iter().any(|each| each.queue_arn == queue.arn)
                || self.stack.pipes.iter().any(|pipe| pipe.source_arn() == queue.arn)
        };
        let queues = self.stack.queues.iter();
        queues.filter(move |queue| used.contains(&queue.name) || is_source(queue) || self.tap(&queue.name).is_some())
    }

    /// What is on its way to queues and functions, and what could not be read.
    fn on_its_way(&self, depths: &[QueueDepth]) -> Vec<String> {
        depths.iter().filter_map(|depth| self.on_its_way_to(depth)).chain(self.trouble.take()).collect()
    }

    fn on_its_way_to(&self, depth: &QueueDepth) -> Option<String> {
        let name = depth.url.rsplit('/').next().unwrap_or_default();
        let inside = depth.visible + depth.in_flight + depth.delayed;
        let messages = |count: u64| if count == 1 { "1 message".to_owned() } else { format!("{count} messages") };
        match (self.tap(name), self.transit.missing(name, inside as u64)) {
            (Some(tap), Some((count, cause))) => {
                Some(format!("{} to {} from {cause}", messages(count), tap.function()))
            }
            (Some(tap), None) if inside > 0 => Some(format!("{} to {}", messages(inside as u64), tap.function())),
            (None, Some((count, cause))) => Some(format!("{} to queue {name} from {cause}", messages(count))),
            (_, None) => None,
        }
    }

    fn tap(&self, queue: &str) -> Option<&Tap> {
        self.taps.iter().find(|tap| tap.queue_name == queue)
    }

    /// The schedules of the stack, as far as they can be told without the backend.
    fn schedules(&self) -> impl Iterator<Item = Outstanding> {
        let scheduled = |rule: &Rule| {
            let due = rehearsal_emulator::eventbridge::next_firing(rule.schedule.as_ref()?, self.clock.now())?;
            Some(Outstanding { what: format!("the next firing of rule {}", rule.name), due, recurring: true })
        };
        self.stack.rules.iter().filter(|rule| rule.enabled).filter_map(scheduled)
    }
}

/// As `WaitTimeSeconds` takes it.
pub fn whole_seconds(wait: Duration) -> i32 {
    i32::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(20).min(20)
}

impl Backend for Remote {
    fn clock(&self) -> Clock {
        self.clock
    }

    fn config(&self) -> SdkConfig {
        self.config.clone()
    }

    fn function_events(&self) -> mpsc::UnboundedReceiver<FunctionEvent> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.sender.replace(Some(sender));
        receiver
    }

    fn message_ready<'a>(&'a self, _: &'a str) -> LocalBoxFuture<'a, ()> {
        Box::pin(std::future::ready(()))
    }

    fn long_poll(&self) -> Duration {
        self.pace.long_poll
    }

    fn writes(&self) -> u64 {
        self.transit.table_writes()
    }

    fn stream_changed(&self, _: u64) -> LocalBoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(self.pace.stream_poll))
    }

    fn linger(&self) -> Duration {
        self.pace.linger
    }

    fn origin_of(&self, _: &str) -> Option<String> {
        None
    }

    fn take_mail(&self) -> Vec<Mail> {
        Vec::new()
    }

    fn take_posts(&self) -> Vec<String> {
        Vec::new()
    }

    fn ask_destination(&self, to: ToDestination) -> LocalBoxFuture<'_, Result<Bytes, String>> {
        let refused = format!("the API destination `{}` is there on the embedded backend only", to.name);
        Box::pin(std::future::ready(Err(refused)))
    }

    fn standing(&self) -> LocalBoxFuture<'_, Standing> {
        Box::pin(async move {
            let queues = join_all(self.watched().map(|queue| self.depth(queue))).await;
            let (on_its_way, outstanding) = (self.on_its_way(&queues), self.schedules().collect());
            Standing { queues, outstanding, on_its_way, function_events: self.function_events.get() }
        })
    }

    fn rest(&self) -> Duration {
        self.pace.rest
    }

    fn patience(&self) -> Option<Duration> {
        Some(self.pace.patience)
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn drive(&self) -> LocalBoxFuture<'_, ()> {
        Box::pin(async move {
            let sender = self.sender.take().unwrap_or_else(|| mpsc::unbounded_channel().0);
            let polls = join_all(self.taps.iter().map(|tap| self.poll(tap, &sender)));
            let ticks = async {
                loop {
                    tokio::time::sleep(self.pace.tick).await;
                    self.changed();
                }
            };
            tokio::join!(polls, ticks);
        })
    }
}
