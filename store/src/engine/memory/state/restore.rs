//! What an engine that also keeps files needs of the state in memory: to see what is prepared, to take it back, and to
//! put together again what was there before a restart.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use setpoint_core::env::Instant;
use setpoint_core::object::{Key, ObjectRef, Revision};

use super::{PerKind, State};
use crate::engine::Change;

impl State {
    /// Changes that have a revision and may not be seen yet, oldest first.
    pub(in crate::engine) fn prepared(&self) -> &VecDeque<(Key, Arc<Change>)> {
        &self.prepared
    }

    /// Whether an object has a change that may not be seen yet.
    pub(in crate::engine) fn is_prepared(&self, key: &Key) -> bool {
        self.newest.contains_key(key)
    }

    /// The last revision given.
    pub(in crate::engine) fn last(&self) -> Revision {
        self.last
    }

    /// Takes all prepared changes back. Nobody has seen them or been told their revisions.
    pub(in crate::engine) fn discard_prepared(&mut self) {
        self.prepared.clear();
        self.newest.clear();
        self.last = self.published.revision;
    }

    /// Repeats a change that was made before, at its revision; the answer is the revision the object had before.
    pub(in crate::engine) fn repeat(
        &mut self,
        key: &Key,
        revision: Revision,
        new: Option<ObjectRef>,
        now: Instant,
    ) -> Option<Revision> {
        let old = self.published.get(key).cloned();
        let before = old.as_ref().map(|object| object.revision());
        let tables = Arc::make_mut(&mut self.published);
        tables.replace(key.kind, old.as_ref(), new.as_ref());
        if old.is_some() || new.is_some() {
            let limits = self.limits;
            let PerKind { history, .. } = self.kind_mut(key.kind);
            history.push(now, Arc::new(Change { revision, old, new }), &limits);
        }
        before
    }

    /// The newest revision that all of `age` has passed since, if any is known.
    pub(in crate::engine) fn older_than(&self, now: Instant, age: Duration) -> Option<Revision> {
        self.kinds.iter().filter_map(|kind| kind.history.older_than(now, age)).max()
    }

    /// The oldest revision that can be resumed from, for every kind.
    pub(in crate::engine) fn floor(&self) -> Revision {
        self.start
    }
}
