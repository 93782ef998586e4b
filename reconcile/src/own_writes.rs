//! What a controller has written and its view may not show yet.
//!
//! A run decides on a view; if that does not show what the run before has written, it decides wrongly: a
//! child that was just created is created again (INV-IN-06). [`OwnWrites`] knows for each key what was written,
//! and makes the next run wait for it, for a bounded time. A write whose outcome nobody knows counts as written
//! by the time of a fresh read. Over a view that is never behind, all of this costs nothing.

mod recording;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use setpoint_core::kind::KindId;
use setpoint_core::object::{Key, Revision};
use setpoint_core::{Error, Reason, Result};
use setpoint_store::ObjectStore;
use setpoint_store::request::{ListQuery, RequestContext, Selection, Write};
use setpoint_watch::View;

pub(crate) use self::recording::{Noted, Recording};

/// What the keys of one controller have written and the view may not show yet.
///
/// A key is listed from its write on until its next run; so there are at most as many as there are keys.
pub(crate) struct OwnWrites {
    store: Arc<dyn ObjectStore>,
    view: Arc<dyn View>,
    context: RequestContext,
    behind: Mutex<FxHashMap<Key, Behind>>,
}

#[derive(Debug, Clone, Default)]
struct Behind {
    /// The newest revision written of each kind.
    written: BTreeMap<KindId, Revision>,
    /// Writes of each kind of which nobody knows what became of them.
    unknown: BTreeMap<KindId, usize>,
}

impl OwnWrites {
    pub(crate) fn new(store: Arc<dyn ObjectStore>, view: Arc<dyn View>, context: RequestContext) -> Self {
        Self { store, view, context, behind: Mutex::default() }
    }

    /// Whether the view can be behind at all.
    pub(crate) fn is_needed(&self) -> bool {
        !self.view.is_current()
    }

    /// A key is about to write: until it is answered, nobody knows what becomes of it.
    pub(crate) fn begin(&self, key: &Key, kind: KindId) {
        if self.is_needed() {
            let behind = &mut *self.behind.lock();
            *behind.entry(key.clone()).or_default().unknown.entry(kind).or_default() += 1;
        }
    }

    /// A write was answered.
    pub(crate) fn end(&self, key: &Key, kind: KindId, answer: Result<Revision, &Error>) {
        if !self.is_needed() || answer.is_err_and(is_unknown) {
            return;
        }
        let behind = &mut *self.behind.lock();
        let behind = behind.entry(key.clone()).or_default();
        if let Some(unknown) = behind.unknown.get_mut(&kind) {
            *unknown = unknown.saturating_sub(1);
        }
        if let Ok(revision) = answer {
            let written = behind.written.entry(kind).or_default();
            *written = revision.max(*written);
        }
    }

    /// Waits until the view shows all that a key has written.
    ///
    /// # Errors
    ///
    /// `Timeout` if it does not in good time, and what the store answers if it has to be asked. The key is
    /// not to run then; it can be asked again.
    pub(crate) async fn shown(&self, key: &Key) -> Result<()> {
        if !self.is_needed() {
            return Ok(());
        }
        let Some(Behind { mut written, unknown }) = self.behind.lock().get(key).cloned() else {
            return Ok(());
        };
        for (kind, _) in unknown.into_iter().filter(|(_, count)| *count > 0) {
            // Whatever became of the write: what is read now is not older.
            let query = ListQuery { limit: Some(1), ..ListQuery::new(Selection::all(kind)) };
            let list = self.store.list(&self.context, &query).await?;
            let awaited = written.entry(kind).or_default();
            *awaited = list.revision.max(*awaited);
        }
        for (kind, revision) in written {
            if !self.view.reached(kind, revision).await {
                let message =
                    format!("the view does not show revision {revision} yet, which {key} has written");
                return Err(Error::new(Reason::Timeout, message));
            }
        }
        self.behind.lock().remove(key);
        Ok(())
    }
}

/// The kind of the object that a write is about.
pub(crate) fn kind_written(write: &Write) -> Option<KindId> {
    match write {
        Write::Create(draft) | Write::Update(draft, _) => Some(draft.kind().id),
        Write::Patch(key, ..) | Write::Delete(key, _) => Some(key.kind),
        Write::Bind(binding) => Some(binding.pod.kind),
        Write::Evict(eviction) => Some(eviction.pod.kind),
        _ => None,
    }
}

/// Whether a failed write may have been applied.
fn is_unknown(error: &Error) -> bool {
    error.is_retryable() && error.reason() != Reason::TooManyRequests
}

impl fmt::Debug for OwnWrites {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnWrites").field("behind", &self.behind.lock()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
