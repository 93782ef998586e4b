//! What an engine whose objects are also kept elsewhere needs of the state in memory: to put in what is there.

use std::sync::Arc;

use setpoint_core::object::{ObjectRef, Revision};

use super::State;
#[cfg(feature = "etcd")]
use super::{PerKind, Wakers};
#[cfg(feature = "etcd")]
use crate::engine::Change;

impl State {
    /// Puts an object where nothing is, as it was before the history begins.
    pub(in crate::engine) fn restore(&mut self, object: &ObjectRef) {
        let tables = Arc::make_mut(&mut self.published);
        tables.replace(object.kind().id, None, Some(object));
    }

    /// Everything up to a revision is there.
    pub(in crate::engine) fn advance_to(&mut self, revision: Revision) {
        let tables = Arc::make_mut(&mut self.published);
        tables.revision = tables.revision.max(revision);
        self.last = self.last.max(revision);
    }

    /// Makes a change visible that has happened elsewhere.
    #[cfg(feature = "etcd")]
    pub(in crate::engine) fn observe(
        &mut self,
        key: &setpoint_core::object::Key,
        revision: Revision,
        new: Option<ObjectRef>,
        now: setpoint_core::env::Instant,
        wakers: &mut Wakers,
    ) {
        let old = self.published.get(key).cloned();
        if old.is_some() || new.is_some() {
            let tables = Arc::make_mut(&mut self.published);
            tables.replace(key.kind, old.as_ref(), new.as_ref());
            let limits = self.limits;
            let change = Arc::new(Change { revision, old, new });
            let PerKind { history, routes } = self.kind_mut(key.kind);
            routes.tell(&change, wakers);
            history.push(now, change, &limits);
        }
        self.advance_to(revision);
    }

    /// An object as it is shown.
    #[cfg(feature = "etcd")]
    pub(in crate::engine) fn get(&self, key: &setpoint_core::object::Key) -> Option<&ObjectRef> {
        self.published.get(key)
    }

    /// Nothing is known of what has happened to objects of a kind before now.
    #[cfg(feature = "etcd")]
    pub(in crate::engine) fn begin_kind(&mut self, kind: setpoint_core::kind::KindId) {
        let now = self.published.revision;
        self.kind_mut(kind).history.compact(now);
    }
}
