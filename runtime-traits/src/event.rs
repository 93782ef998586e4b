use std::fmt;

use futures::StreamExt;
use futures::channel::mpsc;
use jiff::Timestamp;
use parking_lot::Mutex;

use crate::{ContainerId, ErrorKind, EventStream, RuntimeError, SandboxId, SandboxMetadata};

/// Something happened to a container (RUNTIME-10).
///
/// It carries keys, not statuses: the reader looks at what *is*, since events may be lost or late.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContainerEvent {
    /// What happened.
    pub kind: ContainerEventKind,
    /// To which container.
    pub container_id: ContainerId,
    /// In which sandbox.
    pub sandbox_id: SandboxId,
    /// Of which pod.
    pub pod: SandboxMetadata,
    /// When.
    pub at: Timestamp,
}

impl ContainerEvent {
    /// An event.
    pub fn new(
        kind: ContainerEventKind,
        container_id: ContainerId,
        sandbox_id: SandboxId,
        pod: SandboxMetadata,
        at: Timestamp,
    ) -> Self {
        Self { kind, container_id, sandbox_id, pod, at }
    }
}

/// What happened to a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContainerEventKind {
    /// It was made.
    Created,
    /// It was started.
    Started,
    /// It ended, by itself or not.
    Stopped,
    /// It was removed.
    Deleted,
}

/// How many events wait for one slow subscriber before its stream is ended.
pub const EVENTS_QUEUED_MAX: usize = 4096;

/// Gives every subscriber every event from its subscription on, for use inside back ends.
///
/// A subscriber that lags by [`EVENTS_QUEUED_MAX`] gets what is queued, then an `OutOfResources` error, then
/// the end: it subscribes again and lists.
#[derive(Default)]
pub struct EventFeed {
    subscribers: Mutex<Vec<Subscriber>>,
}

struct Subscriber {
    sender: mpsc::Sender<ContainerEvent>,
    /// Tells the other end that it lost events; dropped untold when the feed ends.
    overrun: Option<futures::channel::oneshot::Sender<()>>,
}

impl EventFeed {
    /// A feed nobody listens to.
    pub fn new() -> Self {
        Self::default()
    }

    /// Everything published from now on. The stream ends when the feed is dropped.
    pub fn subscribe(&self) -> EventStream<ContainerEvent> {
        // A channel has one more place for each of its senders, of which there is one.
        let (sender, receiver) = mpsc::channel(EVENTS_QUEUED_MAX - 1);
        let (overrun, told) = futures::channel::oneshot::channel();
        let mut subscribers = self.subscribers.lock();
        subscribers.retain(|subscriber| !subscriber.sender.is_closed());
        subscribers.push(Subscriber { sender, overrun: Some(overrun) });
        let end = futures::stream::once(told).filter_map(|told| async move {
            let lost = || RuntimeError::new(ErrorKind::OutOfResources, "the subscriber was too slow");
            told.ok().map(|()| Err(lost()))
        });
        receiver.map(Ok).chain(end).boxed()
    }

    /// Hands `event` to every subscriber. Never waits.
    pub fn publish(&self, event: &ContainerEvent) {
        self.subscribers.lock().retain_mut(|subscriber| {
            let Err(refused) = subscriber.sender.try_send(event.clone()) else { return true };
            if let (true, Some(overrun)) = (refused.is_full(), subscriber.overrun.take()) {
                // The other end may be gone in this very moment; then nobody needs to be told.
                let _ = overrun.send(());
            }
            false
        });
    }

    /// How many subscribers have not gone or been ended, as far as is known.
    pub fn subscribers(&self) -> usize {
        self.subscribers.lock().len()
    }
}

impl fmt::Debug for EventFeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventFeed").field("subscribers", &self.subscribers()).finish()
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    fn event(number: usize) -> ContainerEvent {
        ContainerEvent::new(
            ContainerEventKind::Created,
            ContainerId::new(number.to_string()),
            SandboxId::from("s"),
            SandboxMetadata::new("pod", "ns", "uid"),
            Timestamp::UNIX_EPOCH,
        )
    }

    fn drain(stream: EventStream<ContainerEvent>) -> Vec<Result<String, ErrorKind>> {
        stream
            .map(|item| item.map(|event| event.container_id.to_string()).map_err(|error| error.kind))
            .collect::<Vec<_>>()
            .now_or_never()
            .expect("the stream has ended")
    }

    #[test]
    fn every_subscriber_gets_everything_since_it_subscribed() {
        let feed = EventFeed::new();
        let first = feed.subscribe();
        feed.publish(&event(1));
        let second = feed.subscribe();
        feed.publish(&event(2));
        drop(feed);
        assert_eq!(drain(first), [Ok("1".to_owned()), Ok("2".to_owned())]);
        assert_eq!(drain(second), [Ok("2".to_owned())]);
    }

    #[test]
    fn a_slow_subscriber_is_ended_at_the_limit_and_not_before() {
        let feed = EventFeed::new();
        let slow = feed.subscribe();
        (0..EVENTS_QUEUED_MAX).for_each(|number| feed.publish(&event(number)));
        assert_eq!(feed.subscribers(), 1);
        feed.publish(&event(EVENTS_QUEUED_MAX));
        assert_eq!(feed.subscribers(), 0);
        let seen = drain(slow);
        assert_eq!(seen.len(), EVENTS_QUEUED_MAX + 1);
        assert_eq!(seen.last(), Some(&Err(ErrorKind::OutOfResources)));
    }

    #[test]
    fn those_who_left_are_forgotten() {
        let feed = EventFeed::new();
        drop(feed.subscribe());
        feed.publish(&event(1));
        assert_eq!(feed.subscribers(), 0);
    }
}
