use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use futures::channel::oneshot;
use futures::task::AtomicWaker;
use parking_lot::Mutex;
use setpoint_core::kind::{Kind, KindId};
use setpoint_core::object::{ObjectRef, Revision};

use super::handle::InformerHealth;
use super::queue::Queue;
use crate::cache::Cache;
use crate::reflector::{Failure, Reflector, Trouble, Update};

/// What an informer's watch, its handles and its readers have in common.
pub(super) struct Shared {
    kind: KindId,
    resource: String,
    pending_max: usize,
    cache: Arc<Cache>,
    /// Held while a change is taken in and told, so that a reader who comes meanwhile gets it once.
    /// Locked before the cache and the queues.
    told: Mutex<Told>,
    asked: Asked,
}

/// Whether everything is to be read anew.
#[derive(Default)]
struct Asked {
    is_asked: AtomicBool,
    driver: AtomicWaker,
}

#[derive(Default)]
struct Told {
    /// Everything up to here is shown; nothing is before the first complete state.
    shown: Option<Revision>,
    trouble: Option<Trouble>,
    readers: Vec<Arc<Queue>>,
    /// Those who wait for a revision.
    waiters: Vec<(Revision, oneshot::Sender<()>)>,
    closed: bool,
}

impl Shared {
    pub(super) fn new(kind: &Kind, cache: Arc<Cache>, pending_max: usize) -> Self {
        let resource = kind.resource.to_string();
        Self { kind: kind.id, resource, pending_max, cache, told: Mutex::default(), asked: Asked::default() }
    }

    /// Asks for everything to be read anew.
    pub(super) fn ask_reread(&self) {
        self.asked.is_asked.store(true, Ordering::Release);
        self.asked.driver.wake();
    }

    /// Waits until everything is to be read anew.
    pub(super) fn poll_asked(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.asked.driver.register(cx.waker());
        if self.asked.is_asked.swap(false, Ordering::Acquire) { Poll::Ready(()) } else { Poll::Pending }
    }

    pub(super) fn kind(&self) -> KindId {
        self.kind
    }

    pub(super) fn cache(&self) -> &Cache {
        &self.cache
    }

    /// Takes in what the reflector has learned, and tells it.
    pub(super) fn update(&self, reflector: &Reflector, update: Option<Update>) {
        let mut wakers: Vec<Waker> = Vec::new();
        let told = &mut *self.told.lock();
        if told.trouble.as_ref() != reflector.trouble() {
            told.trouble = reflector.trouble().cloned();
            self.log(told.trouble.as_ref());
        }
        let (differences, revision) = match update {
            None => return,
            Some(Update::Replace { objects, revision }) => {
                (self.cache.replace(self.kind, objects, revision), revision)
            }
            Some(Update::Change(event)) => (self.cache.apply(self.kind, &event), event.revision()),
            Some(Update::Reached(revision)) => {
                self.cache.reached(self.kind, revision);
                (Vec::new(), revision)
            }
        };
        if !differences.is_empty() {
            told.readers.retain(|queue| queue.push(&differences, self.pending_max, &mut wakers));
        }
        told.shown = Some(revision);
        // Whoever does not wait any more is let go too.
        let (due, later) = std::mem::take(&mut told.waiters)
            .into_iter()
            .filter(|(_, waiter)| !waiter.is_canceled())
            .partition(|(awaited, _)| *awaited <= revision);
        told.waiters = later;
        for (_, waiter) in due {
            // Gone in between: nobody waits.
            let _gone = waiter.send(());
        }
        wakers.into_iter().for_each(Waker::wake);
    }

    fn log(&self, trouble: Option<&Trouble>) {
        let Some(Trouble { failure, error, failures }) = trouble else { return };
        let resource = &self.resource;
        match failure {
            Failure::Refused => tracing::warn!(resource, %error, failures, "the watch is refused"),
            Failure::Expired | Failure::Transient => {
                tracing::debug!(resource, %error, failures, "the watch failed, is tried again");
            }
        }
    }

    /// A new reader with what is there now; all that changes from here on is pushed to it.
    pub(super) fn subscribe(&self, queue: &Arc<Queue>) -> (Vec<ObjectRef>, Revision) {
        let told = &mut *self.told.lock();
        if told.closed {
            queue.close();
        } else {
            told.readers.push(Arc::clone(queue));
        }
        self.state(told)
    }

    /// What is there, for a reader that has missed changes; all that changes from here on is pushed to it.
    pub(super) fn resubscribe(&self, queue: &Queue) -> (Vec<ObjectRef>, Revision) {
        let told = &mut *self.told.lock();
        queue.restart();
        self.state(told)
    }

    fn state(&self, told: &Told) -> (Vec<ObjectRef>, Revision) {
        let snapshot = self.cache.snapshot();
        (snapshot.list(self.kind).cloned().collect(), told.shown.unwrap_or_default())
    }

    pub(super) fn has_synced(&self) -> bool {
        self.told.lock().shown.is_some()
    }

    /// Waits until everything up to a revision is shown; false if the informer ends before.
    pub(super) async fn reached(&self, revision: Revision) -> bool {
        let waiting = {
            let told = &mut *self.told.lock();
            if told.closed {
                return false;
            }
            if told.shown.is_some_and(|shown| shown >= revision) {
                return true;
            }
            let (sender, receiver) = oneshot::channel();
            told.waiters.retain(|(_, waiter)| !waiter.is_canceled());
            told.waiters.push((revision, sender));
            receiver
        };
        waiting.await.is_ok()
    }

    pub(super) fn health(&self) -> InformerHealth {
        let told = self.told.lock();
        InformerHealth {
            resource: self.resource.clone(),
            has_synced: told.shown.is_some(),
            revision: told.shown.unwrap_or_default(),
            trouble: told.trouble.clone(),
        }
    }

    /// Ends all readers' streams, and all waits.
    pub(super) fn close(&self) {
        let wakers: Vec<Waker> = {
            let told = &mut *self.told.lock();
            told.closed = true;
            told.waiters.clear();
            told.readers.drain(..).filter_map(|queue| queue.close()).collect()
        };
        wakers.into_iter().for_each(Waker::wake);
    }
}
