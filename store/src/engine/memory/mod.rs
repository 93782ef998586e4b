//! The engine that keeps everything in memory, and nothing else.
//!
//! A write has two steps. *Prepare* checks what it expects against the newest prepared state and gives it
//! its revision; *publish* makes everything up to a revision visible to readers and feeds. Here the second
//! follows at once; an engine that makes writes durable in between uses the same two steps.

mod history;
mod routes;
pub(super) mod state;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::RwLock;
use setpoint_core::env::Env;
use setpoint_core::kind::KindId;
use setpoint_core::object::Revision;
use smallvec::SmallVec;

use self::state::State;
use super::{Commit, CommitError, Committed, Engine, Expired, Feed, Route};
use crate::tables::{Index, Snapshot};

/// Keeps objects in memory. Clones share.
#[derive(Clone)]
pub struct Memory {
    shared: Arc<Shared>,
}

struct Shared {
    env: Env,
    state: RwLock<State>,
}

/// How much history an engine in memory keeps for each kind (WATCH-10).
#[derive(Debug, Clone, Copy)]
pub struct HistoryLimits {
    /// Changes older than this are forgotten.
    pub age_max: Duration,
    /// Of more changes than this, the oldest are forgotten.
    pub changes_max: usize,
}

impl HistoryLimits {
    /// Five minutes and at most 102,400 changes, as upstream's.
    pub const UPSTREAM: Self = Self { age_max: Duration::from_secs(300), changes_max: 102_400 };
}

/// Wakers that are called once all locks are released.
pub(super) type Wakers = SmallVec<[std::task::Waker; 4]>;

impl Memory {
    /// An empty engine. Its revisions begin at the time of day in microseconds, so that a revision of an
    /// earlier one is answered [`Expired`].
    pub fn new(env: &Env) -> Self {
        Self::with_history(env, HistoryLimits::UPSTREAM)
    }

    /// The same with its own limits.
    pub fn with_history(env: &Env, limits: HistoryLimits) -> Self {
        let micros = u64::try_from(env.wall().as_microsecond()).unwrap_or(1).max(1);
        let state = State::new(Revision(micros), limits);
        Self { shared: Arc::new(Shared { env: env.clone(), state: RwLock::new(state) }) }
    }

    /// Ends all feeds, as a shutdown does.
    pub fn close_feeds(&self) {
        let wakers = self.shared.state.write().close_feeds();
        wakers.into_iter().for_each(std::task::Waker::wake);
    }

    fn write<R>(&self, change: impl FnOnce(&mut State, &mut Wakers) -> R) -> R {
        let mut wakers = Wakers::new();
        let result = change(&mut self.shared.state.write(), &mut wakers);
        wakers.into_iter().for_each(std::task::Waker::wake);
        result
    }
}

#[async_trait]
impl Engine for Memory {
    fn snapshot(&self) -> Snapshot {
        self.shared.state.read().snapshot()
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        let now = self.shared.env.now();
        self.write(|state, wakers| {
            let committed = state.prepare(commit)?;
            state.publish(committed.revision, now, wakers);
            Ok(committed)
        })
    }

    async fn commit_batch(&self, commits: Vec<Commit>) -> Vec<Result<Committed, CommitError>> {
        let now = self.shared.env.now();
        self.write(|state, wakers| {
            // One by one, since nothing has to happen between the two steps: nobody reads before the lock is free.
            let commits = commits.into_iter().map(|commit| {
                let committed = state.prepare(commit)?;
                state.publish(committed.revision, now, wakers);
                Ok(committed)
            });
            commits.collect()
        })
    }

    fn feed(&self, kind: KindId, route: Route, from: Revision) -> Result<Feed, Expired> {
        let shared = Arc::downgrade(&self.shared);
        let published = Arc::new(move || {
            shared.upgrade().map_or(Revision::ZERO, |shared| shared.state.read().revision())
        });
        self.shared.state.write().feed(kind, &route, from, published)
    }

    fn snapshot_at(&self, kind: KindId, revision: Revision) -> Result<Snapshot, Expired> {
        self.shared.state.read().snapshot_at(kind, revision)
    }

    fn compact(&self, revision: Revision) {
        self.shared.state.write().compact(revision);
    }

    fn add_index(&self, kind: KindId, index: Index) {
        self.shared.state.write().add_index(kind, index);
    }
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Memory(@{})", self.shared.state.read().revision())
    }
}

#[cfg(test)]
mod tests;
