//! Engines: where objects are kept. An engine knows revisions, comparison and change feeds, and nothing of
//! what the objects mean; the [`Store`](crate::Store) over it does.
//!
//! Promises of every engine, tested by [`contract`]:
//!
//! 1. Each change of one object has a revision of its own, larger than all before (INV-ST-01).
//! 2. A commit is applied if and only if what it expects holds at its revision (INV-ST-05, INV-ST-07).
//! 3. A batch is an ordered series of commits; each succeeds or fails for itself (INV-ST-04).
//! 4. Nothing can be read or watched before it is as durable as the engine declares (INV-ST-03).
//! 5. A feed gives every change of its route after its start, once, in order; or it ends, or says
//!    [`Expired`]. Never is one skipped (INV-ST-08, INV-ST-09).

pub mod contract;
#[cfg(feature = "durable")]
pub mod durable;
#[cfg(feature = "etcd")]
pub mod etcd;
mod feed;
pub mod memory;

use async_trait::async_trait;
use setpoint_core::kind::KindId;
use setpoint_core::object::{Draft, Key, ObjectRef, Revision, Text};

use crate::tables::{Index, IndexValue, Snapshot};

#[cfg(feature = "durable")]
pub use self::durable::Durable;
#[cfg(feature = "etcd")]
pub use self::etcd::Etcd;
pub use self::feed::{Change, Feed, FeedEnd};
pub use self::memory::Memory;

/// Where objects are kept.
#[async_trait]
pub trait Engine: Send + Sync + 'static {
    /// Everything at the newest revision that may be seen.
    fn snapshot(&self) -> Snapshot;

    /// Waits until a snapshot shows everything that was acknowledged before, by whomever. That is so at once where all
    /// writers share one engine.
    ///
    /// # Errors
    ///
    /// [`CommitError::Unavailable`] if that cannot be found out now.
    async fn catch_up(&self) -> Result<(), CommitError> {
        Ok(())
    }

    /// Whether a snapshot may not show yet what another process has written and was told of.
    fn reads_may_lag(&self) -> bool {
        false
    }

    /// Applies one change.
    ///
    /// # Errors
    ///
    /// [`CommitError::Mismatch`] if something expected does not hold; nothing is changed then.
    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError>;

    /// Applies several changes, one after the other.
    async fn commit_batch(&self, commits: Vec<Commit>) -> Vec<Result<Committed, CommitError>> {
        let mut results = Vec::with_capacity(commits.len());
        for commit in commits {
            results.push(self.commit(commit).await);
        }
        results
    }

    /// The changes of a kind after `from`, and all that follow.
    ///
    /// # Errors
    ///
    /// [`Expired`] if changes after `from` are no longer kept. A `from` in the future is waited for.
    fn feed(&self, kind: KindId, route: Route, from: Revision) -> Result<Feed, Expired>;

    /// What a kind looked like at an earlier revision.
    ///
    /// # Errors
    ///
    /// [`Expired`] if that is no longer known.
    fn snapshot_at(&self, kind: KindId, revision: Revision) -> Result<Snapshot, Expired>;

    /// Forgets the history up to `revision`: feeds and snapshots from before answer [`Expired`].
    fn compact(&self, revision: Revision);

    /// Adds an index to a kind. One with the same name is kept.
    fn add_index(&self, kind: KindId, index: Index);
}

/// One change of one object.
#[derive(Debug, Clone)]
pub struct Commit {
    /// The object.
    pub key: Key,
    /// What is to be there before.
    pub expect: Expect,
    /// What is to be there after; nothing if it is to go.
    pub value: Option<Draft>,
    /// What is to hold for other objects at the same revision.
    pub compares: Vec<(Key, Expect)>,
}

/// What a commit expects of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// That it is not there.
    Absent,
    /// That it was last changed at this revision.
    At(Revision),
}

/// A change that was applied.
#[derive(Debug, Clone)]
pub struct Committed {
    /// Its revision.
    pub revision: Revision,
    /// The object as it is now; for a removal as it was, under the revision of the removal.
    pub object: ObjectRef,
}

/// Why a change was not applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError {
    /// Another version is there than was expected.
    #[error("{key} is at {found:?}, not {expected:?}")]
    Mismatch {
        /// The object.
        key: Key,
        /// What the commit expected.
        expected: Expect,
        /// Its revision, if it is there.
        found: Option<Revision>,
    },
    /// The engine cannot write now; nothing was changed.
    #[error("the engine does not accept writes: {0}")]
    Unavailable(String),
    /// The object is larger than the engine takes; nothing was changed.
    #[error("the request is too large: {bytes} bytes, at most {limit}")]
    TooLarge {
        /// What it takes in the engine.
        bytes: usize,
        /// What an object may take.
        limit: usize,
    },
    /// The engine cannot tell whether the change was applied.
    #[error("the outcome of the write is unknown: {0}")]
    Unknown(String),
}

/// A revision whose history is no longer kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too old resource version: {requested} ({floor})")]
pub struct Expired {
    /// What was asked for.
    pub requested: Revision,
    /// The oldest revision from which changes are known.
    pub floor: Revision,
}

/// Which changes of a kind a feed is woken for. Narrower routes cost less.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// All.
    Kind,
    /// Those in a namespace.
    Namespace(Text),
    /// Those of one object: namespace (empty for cluster-scoped kinds) and name.
    Place(Text, Text),
    /// Those of objects that an index lists under a value, before or after the change.
    Index(Text, IndexValue),
}

impl Expect {
    /// Whether this is what is there.
    pub(crate) fn holds(self, found: Option<Revision>) -> bool {
        match self {
            Self::Absent => found.is_none(),
            Self::At(revision) => found == Some(revision),
        }
    }
}
