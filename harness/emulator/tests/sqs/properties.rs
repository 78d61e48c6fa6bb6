//! Random operations on a queue through the SDK and on its [`Model`], compared after each. What differs shrinks
//! to the shortest sequence that shows it. The cases are the same in every run.

use std::fmt;
use std::time::Duration;

use aws_sdk_sqs::types::{QueueAttributeName, SendMessageBatchRequestEntry};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any};
use proptest::prop_oneof;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use tokio::time::advance;

use crate::model::{Depth, MAXIMUM_RECEIVES, Model, RETENTION};
use crate::setup::{Setup, arn, create, queue, redrive_policy};

/// One thing that is done to a queue. A `handle` is one of those that were given, by remainder.
#[derive(Clone, Debug)]
enum Operation {
    Send(Sending),
    SendBatch(Vec<Sending>),
    Receive {
        most: usize,
        visibility: u64,
    },
    Delete {
        handle: usize,
    },
    ChangeVisibility {
        handle: usize,
        seconds: u64,
    },
    Advance {
        seconds: u64,
    },
    Purge,
    Redrive,
    /// Of the queue; messages of a FIFO queue have no delay of their own.
    SetDelay {
        seconds: u64,
    },
}

#[derive(Clone, Debug)]
struct Sending {
    group: u8,
    id: u8,
    /// In a standard queue.
    delay: u64,
}

fn sending() -> impl Strategy<Value = Sending> {
    (0..3_u8, 0..6_u8, prop_oneof![3 => Just(0_u64), 1 => Just(5), 1 => Just(40)])
        .prop_map(|(group, id, delay)| Sending { group, id, delay })
}

fn operation() -> impl Strategy<Value = Operation> {
    let seconds = || prop_oneof![Just(0_u64), Just(5), Just(30), Just(60)];
    let passing = prop_oneof![Just(1_u64), Just(5), Just(29), Just(30), Just(61), Just(299), Just(300), Just(400)];
    prop_oneof![
        6 => sending().prop_map(Operation::Send),
        2 => vec(sending(), 1..=10).prop_map(Operation::SendBatch),
        8 => (1..=10_usize, seconds()).prop_map(|(most, visibility)| Operation::Receive { most, visibility }),
        4 => any::<usize>().prop_map(|handle| Operation::Delete { handle }),
        3 => (any::<usize>(), seconds())
            .prop_map(|(handle, seconds)| Operation::ChangeVisibility { handle, seconds }),
        5 => passing.prop_map(|seconds| Operation::Advance { seconds }),
        1 => Just(Operation::Purge),
        2 => Just(Operation::Redrive),
        1 => seconds().prop_map(|seconds| Operation::SetDelay { seconds }),
    ]
}

/// A queue and its model side by side.
struct Pair {
    setup: Setup,
    dead: String,
    model: Model,
    /// The receipt handles, in the order of the model's.
    handles: Vec<String>,
    /// The ids of messages, by their number in the model.
    ids: Vec<Option<String>>,
}

impl Pair {
    async fn new(fifo: bool, by_group: bool) -> Self {
        let retention = RETENTION.to_string();
        let ending = if fifo { ".fifo" } else { "" };
        let scope = if by_group { "messageGroup" } else { "queue" };
        let mut attributes = vec![("MessageRetentionPeriod", retention.as_str())];
        if fifo {
            attributes.extend([("FifoQueue", "true"), ("DeduplicationScope", scope)]);
        }
        let setup = queue(&format!("dead{ending}"), &attributes).await;
        let policy = redrive_policy(&format!("dead{ending}"), MAXIMUM_RECEIVES);
        attributes.push(("RedrivePolicy", &policy));
        let url = create(&setup.sqs, &format!("work{ending}"), &attributes).await;
        let dead = setup.url.clone();
        let model = Model::new(fifo, by_group);
        Self { setup: Setup { url, ..setup }, dead, model, handles: Vec::new(), ids: Vec::new() }
    }

    async fn play(&mut self, operation: &Operation) -> Result<(), TestCaseError> {
        match operation {
            Operation::Send(sending) => self.send(std::slice::from_ref(sending)).await?,
            Operation::SendBatch(sendings) => self.send(sendings).await?,
            Operation::Receive { most, visibility } => self.receive(*most, *visibility).await?,
            Operation::Delete { handle } => self.delete(*handle).await?,
            Operation::ChangeVisibility { handle, seconds } => self.change_visibility(*handle, *seconds).await?,
            Operation::Advance { seconds } => {
                advance(Duration::from_secs(*seconds)).await;
                self.model.advance(*seconds);
            }
            Operation::Purge => {
                let purged = self.setup.sqs.purge_queue().queue_url(&self.setup.url).send().await;
                same("the purge is accepted", &purged.is_ok(), &self.model.purge())?;
            }
            Operation::Redrive => self.redrive().await?,
            Operation::SetDelay { seconds } => self.set_delay(*seconds).await?,
        }
        let depths = self.setup.emulator.queues();
        let depth = |url: &str| -> Option<Depth> {
            let depth = depths.iter().find(|depth| depth.url == url)?;
            Some((depth.visible, depth.in_flight, depth.delayed))
        };
        let (work, dead) = self.model.depths();
        same("what stands in the queue", &depth(&self.setup.url), &Some(work))?;
        same("what stands in the dead-letter queue", &depth(&self.dead), &Some(dead))
    }

    async fn send(&mut self, sendings: &[Sending]) -> Result<(), TestCaseError> {
        let fifo = self.model.fifo;
        let mut numbers = Vec::new();
        let mut batch = self.setup.sqs.send_message_batch().queue_url(&self.setup.url);
        for (index, Sending { group, id, delay }) in sendings.iter().enumerate() {
            let entry = SendMessageBatchRequestEntry::builder().id(index.to_string());
            let entry = entry.message_body(self.model.next_body());
            let entry = match fifo {
                true => entry.message_group_id(group.to_string()).message_deduplication_id(id.to_string()),
                false => entry.delay_seconds(i32::try_from(*delay).expect("a short delay")),
            };
            batch = batch.entries(entry.build().expect("complete"));
            numbers.push(self.model.send(*group, *id, *delay));
        }
        let sent = batch.send().await.map_err(|error| failed(&format!("{error:?}")))?;
        same("how many were accepted", &sent.successful().len(), &sendings.len())?;
        for (sent, number) in sent.successful().iter().zip(numbers) {
            self.ids.resize(self.ids.len().max(number + 1), None);
            let id = self.ids[number].get_or_insert_with(|| sent.message_id().to_owned());
            same("the id of the message that is answered", &sent.message_id(), &id.as_str())?;
        }
        Ok(())
    }

    async fn receive(&mut self, most: usize, visibility: u64) -> Result<(), TestCaseError> {
        let receive = self.setup.sqs.receive_message().queue_url(&self.setup.url);
        let receive = receive.max_number_of_messages(i32::try_from(most).expect("ten at most"));
        let receive = receive.visibility_timeout(i32::try_from(visibility).expect("a minute at most"));
        let received = receive.send().await.map_err(|error| failed(&format!("{error:?}")))?;
        let bodies: Vec<&str> = received.messages().iter().filter_map(|message| message.body()).collect();
        let expected = self.model.receive(most, visibility);
        let expected: Vec<&str> = expected.iter().map(|message| message.body.as_str()).collect();
        same("what is received", &bodies, &expected)?;
        self.handles.extend(received.messages().iter().filter_map(|message| message.receipt_handle.clone()));
        Ok(())
    }

    /// One of the handles that were given.
    fn handle(&self, handle: usize) -> Option<(usize, &str)> {
        let index = handle.checked_rem(self.model.handles())?;
        Some((index, &self.handles[index]))
    }

    async fn delete(&mut self, handle: usize) -> Result<(), TestCaseError> {
        let Some((index, handle)) = self.handle(handle) else { return Ok(()) };
        let delete = self.setup.sqs.delete_message().queue_url(&self.setup.url).receipt_handle(handle).send().await;
        same("the deletion is accepted", &delete.is_ok(), &self.model.delete(index))
    }

    async fn change_visibility(&mut self, handle: usize, seconds: u64) -> Result<(), TestCaseError> {
        let Some((index, handle)) = self.handle(handle) else { return Ok(()) };
        let change = self.setup.sqs.change_message_visibility().queue_url(&self.setup.url).receipt_handle(handle);
        let change = change.visibility_timeout(i32::try_from(seconds).expect("a minute at most")).send().await;
        same("the change is accepted", &change.is_ok(), &self.model.change_visibility(index, seconds))
    }

    async fn set_delay(&mut self, seconds: u64) -> Result<(), TestCaseError> {
        let set = self.setup.sqs.set_queue_attributes().queue_url(&self.setup.url);
        let set = set.attributes(QueueAttributeName::DelaySeconds, seconds.to_string()).send().await;
        self.model.set_delay(seconds);
        set.map(drop).map_err(|error| failed(&format!("{error:?}")))
    }

    async fn redrive(&mut self) -> Result<(), TestCaseError> {
        let name = self.dead.rsplit('/').next().unwrap_or_default();
        let start = self.setup.sqs.start_message_move_task().source_arn(arn(name)).send().await;
        self.model.redrive();
        start.map(drop).map_err(|error| failed(&format!("{error:?}")))
    }
}

fn same<T: fmt::Debug + PartialEq>(what: &str, queue: &T, model: &T) -> Result<(), TestCaseError> {
    if queue == model {
        return Ok(());
    }
    Err(failed(&format!("{what}: {queue:?}, and by the model {model:?}")))
}

fn failed(reason: &str) -> TestCaseError {
    TestCaseError::fail(reason.to_owned())
}

/// Plays the operations from an empty queue on.
fn play(fifo: bool, by_group: bool, operations: &[Operation]) -> Result<(), TestCaseError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime needs nothing").block_on(async {
        let mut pair = Pair::new(fifo, by_group).await;
        for operation in operations {
            pair.play(operation).await?;
        }
        Ok(())
    })
}

/// The same cases in every run, and the shortest one that fails.
fn check(fifo: bool, by_group: bool) {
    let config = Config { cases: 96, failure_persistence: None, max_shrink_iters: 4096, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let result = runner.run(&vec(operation(), 1..60), |operations| play(fifo, by_group, &operations));
    if let Err(TestError::Fail(reason, operations)) = result {
        panic!("{reason}, after\n{operations:#?}");
    }
    result.expect("no case is given up");
}

#[test]
fn a_standard_queue_behaves_as_its_model() {
    check(false, false);
}

#[test]
fn a_fifo_queue_behaves_as_its_model() {
    check(true, false);
}

#[test]
fn a_fifo_queue_that_deduplicates_by_group_behaves_as_its_model() {
    check(true, true);
}
