use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;

use parking_lot::Mutex;
use setpoint_store::engine::Change;

/// Changes that wait for one reader.
#[derive(Default)]
pub(super) struct Queue(Mutex<Pending>);

#[derive(Default)]
struct Pending {
    changes: VecDeque<Arc<Change>>,
    /// Changes were dropped: what is there is to be told anew.
    overflowed: bool,
    /// No more will come.
    closed: bool,
    /// Nobody reads any more.
    dropped: bool,
    waker: Option<Waker>,
}

/// What a reader finds.
pub(super) enum Found {
    Change(Arc<Change>),
    /// Changes were dropped.
    Overflow,
    Closed,
    Nothing,
}

impl Queue {
    /// Adds changes that were made together; if there is no room for all of them, none are kept.
    ///
    /// False if nobody reads any more. The waker is to be called after all locks are released.
    pub(super) fn push(&self, changes: &[Arc<Change>], max: usize, wakers: &mut Vec<Waker>) -> bool {
        let pending = &mut *self.0.lock();
        if pending.dropped {
            return false;
        }
        if !pending.overflowed {
            if pending.changes.len() + changes.len() > max {
                pending.changes = VecDeque::new();
                pending.overflowed = true;
            } else {
                pending.changes.extend(changes.iter().cloned());
            }
        }
        wakers.extend(pending.waker.take());
        true
    }

    /// Whether changes were dropped.
    pub(super) fn has_overflowed(&self) -> bool {
        self.0.lock().overflowed
    }

    /// Takes the next change; without one, `waker` is called when that has changed.
    pub(super) fn take(&self, waker: &Waker) -> Found {
        let pending = &mut *self.0.lock();
        if pending.closed {
            return Found::Closed;
        }
        if pending.overflowed {
            return Found::Overflow;
        }
        match pending.changes.pop_front() {
            Some(change) => Found::Change(change),
            None => {
                pending.waker = Some(waker.clone());
                Found::Nothing
            }
        }
    }

    /// Begins anew, after an overflow. Nothing may be pushed meanwhile.
    pub(super) fn restart(&self) {
        let pending = &mut *self.0.lock();
        pending.changes = VecDeque::new();
        pending.overflowed = false;
    }

    /// Nothing more will come.
    pub(super) fn close(&self) -> Option<Waker> {
        let pending = &mut *self.0.lock();
        pending.closed = true;
        pending.changes = VecDeque::new();
        pending.waker.take()
    }

    /// Nobody reads any more.
    pub(super) fn abandon(&self) {
        let pending = &mut *self.0.lock();
        pending.dropped = true;
        pending.changes = VecDeque::new();
        pending.waker = None;
    }
}
