//! Message move tasks: from a dead-letter queue back to where its messages came from, or elsewhere.
//!
//! A task without a rate is done when it starts; one with a rate moves as many messages each second. It moves
//! what could be received when it started, and no more, so that it ends even where what it moves fails again.
//!
//! What always holds: a moved message counts as new (it gets another id, its retention and its receive count
//! start again); one that cannot be moved keeps its place.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html>

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::State;
use super::message::Message;
use crate::Ids;
use crate::arn::Arn;

const SECOND: SignedDuration = SignedDuration::from_secs(1);

pub(super) struct MoveTask {
    pub handle: String,
    pub source: String,
    /// Missing where each message goes back to the queue that it came from.
    pub destination: Option<String>,
    /// In messages a second.
    pub rate: Option<i64>,
    pub started: Timestamp,
    pub status: Status,
    pub moved: usize,
    pub to_move: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// The next messages are moved at this time.
    Running {
        next: Timestamp,
    },
    Completed,
    Cancelled,
    Failed {
        reason: &'static str,
    },
}

impl MoveTask {
    /// When the task goes on, while it does.
    pub fn due(&self) -> Option<Timestamp> {
        match self.status {
            Status::Running { next } => Some(next),
            _ => None,
        }
    }

    /// As `ListMessageMoveTasks` tells it.
    pub fn to_wire(&self) -> Value {
        let mut wire = json!({
            "Status": match self.status {
                Status::Running { .. } => "RUNNING",
                Status::Completed => "COMPLETED",
                Status::Cancelled => "CANCELLED",
                Status::Failed { .. } => "FAILED",
            },
            "SourceArn": self.source,
            "ApproximateNumberOfMessagesMoved": self.moved,
            "ApproximateNumberOfMessagesToMove": self.to_move,
            "StartedTimestamp": self.started.as_millisecond(),
        });
        let mut add = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                wire[name] = value;
            }
        };
        add("TaskHandle", self.due().map(|_| self.handle.clone().into()));
        add("DestinationArn", self.destination.clone().map(Value::from));
        add("MaxNumberOfMessagesPerSecond", self.rate.map(Value::from));
        if let Status::Failed { reason } = self.status {
            add("FailureReason", Some(reason.into()));
        }
        wire
    }
}

impl State {
    /// Does what the move tasks have to do by now.
    pub fn run_move_tasks(&mut self, now: Timestamp, ids: &Ids) {
        for index in 0..self.move_tasks.len() {
            while let Some(due) = self.move_tasks[index].due().filter(|due| *due <= now) {
                let step = self.move_some(index, due, ids);
                let task = &mut self.move_tasks[index];
                task.moved += step.moved;
                task.status = match step.ended {
                    Some(status) => status,
                    None if task.moved >= task.to_move => Status::Completed,
                    None => Status::Running { next: due + SECOND },
                };
            }
        }
    }

    /// When the next move task goes on.
    pub fn next_move(&self) -> Option<Timestamp> {
        self.move_tasks.iter().filter_map(MoveTask::due).min()
    }

    /// Moves as many messages of a task as its rate allows at once.
    fn move_some(&mut self, index: usize, now: Timestamp, ids: &Ids) -> Step {
        let task = &self.move_tasks[index];
        let (source, destination) = (task.source.clone(), task.destination.clone());
        let left = task.to_move - task.moved;
        let most = task.rate.and_then(|rate| usize::try_from(rate).ok()).map_or(left, |rate| rate.min(left));
        let name = Arn::parse(&source).map_or("", |arn| arn.resource).to_owned();
        let Some(queue) = self.queues.get_mut(&name) else {
            return Step {
                moved: 0,
                ended: Some(Status::Failed { reason: "AWS.SimpleQueueService.NonExistentQueue" }),
            };
        };
        queue.advance(now);
        let (mut moved, mut staying) = (0, Vec::new());
        while moved < most {
            let Some((number, message)) = self.queues.get_mut(&name).and_then(|queue| queue.take(None)) else { break };
            let target = destination.as_ref().or(message.dead_letter_source.as_ref());
            let target = target.and_then(|arn| Some(Arn::parse(arn)?.resource.to_owned()));
            match target.and_then(|target| self.queues.get_mut(&target)) {
                Some(target) => {
                    let new = Message::new(message.content, message.sender, now, SignedDuration::ZERO, ids);
                    target.put(new, now);
                    moved += 1;
                }
                None => staying.push((number, message)),
            }
        }
        let stays = !staying.is_empty();
        if let Some(queue) = self.queues.get_mut(&name) {
            staying.into_iter().for_each(|(number, message)| queue.give_back(number, message));
        }
        let ended = (moved < most).then_some(match stays {
            true => Status::Failed { reason: "CouldNotDetermineMessageSource" },
            false => Status::Completed,
        });
        Step { moved, ended }
    }
}

/// What came of a second's work.
struct Step {
    moved: usize,
    ended: Option<Status>,
}
