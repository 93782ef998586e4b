use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Duration;

use async_trait::async_trait;
use futures::channel::{mpsc, oneshot};
use parking_lot::{Mutex, RwLock};
use setpoint_core::env::{Env, Task};
use setpoint_core::kind::{KindId, Registry};
use setpoint_core::object::Revision;

use super::error::StorageError;
use super::files::Incarnation;
use super::log::TooLarge;
use super::open::{Birth, Open, open};
use super::settings::Settings;
use super::shared::{Health, Inner, Shared, SnapshotState, Unwritten};
use super::snapshot::SnapshotInfo;
use super::snapshots::make_snapshots;
use super::storage::Storage;
use super::writing::write_groups;
use crate::engine::{Commit, CommitError, Committed, Engine, Expired, Feed, Route};
use crate::tables::{Index, Snapshot};

/// Keeps objects in memory and in files. Clones share.
///
/// [`Durable::close`] ends it; when the last clone is dropped it ends as in a crash, with what was acknowledged on the
/// disk.
#[derive(Clone)]
pub struct Durable {
    shared: Arc<Shared>,
    tasks: Arc<Mutex<Vec<Task<()>>>>,
}

impl Durable {
    /// Opens a store, or makes one in an empty folder.
    ///
    /// # Errors
    ///
    /// [`StorageError`]: if it is in use, damaged, or none; what is wrong is named, and nothing was changed.
    pub async fn open(
        env: &Env,
        storage: impl Storage,
        registry: &Registry,
        settings: Settings,
    ) -> Result<Self, StorageError> {
        let storage: Arc<dyn Storage> = Arc::new(storage);
        let incarnation = Incarnation(*env.uuid().as_bytes());
        let micros = u64::try_from(env.wall().as_microsecond()).unwrap_or(1).max(1);
        let birth = Birth { incarnation, revision: Revision(micros) };
        let (opened, kinds, now) = (Arc::clone(&storage), registry.clone(), env.now());
        let work = env.blocking("store-open", move || open(&opened, &kinds, settings, birth, now));
        let open =
            work.await.map_err(|end| StorageError::io("opening the store", std::io::Error::other(end)))??;
        Ok(Self::start(env, storage, registry, settings, open))
    }

    fn start(
        env: &Env,
        storage: Arc<dyn Storage>,
        registry: &Registry,
        settings: Settings,
        open: Open,
    ) -> Self {
        let Open { state, parked, log, lock, replayed } = open;
        let (requests, requested) = mpsc::channel(1);
        let snapshots = SnapshotState {
            verified: replayed.snapshots.iter().map(SnapshotInfo::revision).collect(),
            bytes: replayed.snapshots.last().map_or(0, |info| info.length),
            failure: None,
        };
        let shared = Arc::new(Shared {
            env: env.clone(),
            registry: registry.clone(),
            storage,
            incarnation: replayed.end.incarnation,
            settings,
            has_parked: AtomicBool::new(!parked.is_empty()),
            inner: RwLock::new(Inner::new(state, parked)),
            work: futures::task::AtomicWaker::new(),
            log_bytes: AtomicU64::new(replayed.log_bytes),
            log_records: AtomicU64::new(0),
            snapshots: Mutex::new(snapshots),
            snapshot_requests: Mutex::new(requests),
            notes: replayed.notes,
        });
        let writer = env.spawn("store-writer", write_groups(Arc::clone(&shared), log));
        let snapshots = env.spawn("store-snapshots", make_snapshots(Arc::clone(&shared), requested, lock));
        shared.request_due_snapshot();
        Self { shared, tasks: Arc::new(Mutex::new(vec![writer, snapshots])) }
    }

    /// Writes what is waiting, ends all feeds, and lets go of the files. Later writes are refused; reads go on.
    pub async fn close(&self) {
        let mut tasks = std::mem::take(&mut *self.tasks.lock()).into_iter();
        self.shared.inner.write().close();
        self.shared.work.wake();
        if let Some(writer) = tasks.next() {
            // However it ended, nothing is written any more.
            let _end = writer.join().await;
        }
        self.shared.snapshot_requests.lock().close_channel();
        for task in tasks {
            let _end = task.join().await;
        }
        let wakers = self.shared.inner.write().state.close_feeds();
        wakers.into_iter().for_each(std::task::Waker::wake);
    }

    /// How it is doing.
    pub fn health(&self) -> Health {
        self.shared.health()
    }

    /// Makes a snapshot now and verifies it; tells its revision.
    ///
    /// # Errors
    ///
    /// If it cannot be written or read again. The store is as it was then.
    pub async fn make_snapshot(&self) -> Result<Revision, StorageError> {
        let (asker, answer) = oneshot::channel();
        let closed = || StorageError::io("making a snapshot", std::io::Error::other("the store is closed"));
        let mut requests = self.shared.snapshot_requests.lock().clone();
        futures::SinkExt::send(&mut requests, Some(asker)).await.map_err(|_| closed())?;
        drop(requests);
        answer.await.map_err(|_| closed())?
    }

    /// Writes all objects at the newest revision into one file of another folder, from which
    /// [`restore`](super::restore) makes a store. Writes go on meanwhile.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub async fn backup(&self, to: impl Storage, name: &str) -> Result<Revision, StorageError> {
        let content = self.shared.content();
        let name = name.to_owned();
        let work =
            self.shared.env.blocking("store-backup", move || super::offline::save(&content, &to, name));
        work.await.map_err(|end| StorageError::io("making a backup", std::io::Error::other(end)))?
    }

    /// Forgets the history that is older than `age`.
    pub fn compact_older_than(&self, age: Duration) {
        let now = self.shared.env.now();
        let older = self.shared.inner.read().state.older_than(now, age);
        if let Some(revision) = older {
            self.compact(revision);
        }
    }

    /// Prepares commits, and what to wait for. What depends on a change that is not durable waits as the change does.
    fn prepare(&self, commits: &[Commit]) -> Prepared {
        self.shared.unpark();
        let inner = &mut *self.shared.inner.write();
        if let Some(refusal) = inner.refusal() {
            return Prepared { results: commits.iter().map(|_| Err(refusal.clone())).collect(), wait: None };
        }
        let results: Vec<_> = commits.iter().map(|commit| prepare(inner, commit.clone())).collect();
        let published = inner.state.revision();
        let newest = |result: &Result<Committed, CommitError>| match result {
            Ok(committed) => Some(committed.revision),
            // Whether it holds in the end is known when the other change is durable.
            Err(CommitError::Mismatch { key, .. }) if inner.state.is_prepared(key) => {
                Some(inner.state.last())
            }
            Err(_) => None,
        };
        let last = results.iter().filter_map(newest).max().filter(|last| *last > published);
        Prepared { results, wait: last.map(|last| inner.wait_for(last)) }
    }
}

struct Prepared {
    results: Vec<Result<Committed, CommitError>>,
    wait: Option<oneshot::Receiver<Result<(), Unwritten>>>,
}

/// How often commits are prepared anew because another one was too large.
const TAKEN_BACK_MAX: usize = 64;

/// The results that stand after a change was refused and all after it were taken back: those of older changes, and the
/// refusal itself.
fn standing(
    mut results: Vec<Result<Committed, CommitError>>,
    refused: TooLarge,
) -> Vec<Result<Committed, CommitError>> {
    let stands = |result: &Result<Committed, CommitError>| {
        result.as_ref().is_ok_and(|committed| committed.revision <= refused.revision)
    };
    // What failed before one of them was decided on what is written.
    results.truncate(results.iter().rposition(stands).map_or(0, |last| last + 1));
    for result in &mut results {
        if result.as_ref().is_ok_and(|committed| committed.revision == refused.revision) {
            *result = Err(CommitError::TooLarge { bytes: refused.bytes, limit: refused.limit });
        }
    }
    results
}

fn prepare(inner: &mut Inner, commit: Commit) -> Result<Committed, CommitError> {
    if let Some(draft) = &commit.value
        && let Some(found) = inner.parked.quarantined_at(draft.kind(), &commit.key)
    {
        let Commit { key, expect, .. } = commit;
        return Err(CommitError::Mismatch { key, expected: expect, found: Some(found) });
    }
    inner.state.prepare(commit)
}

#[async_trait]
impl Engine for Durable {
    fn snapshot(&self) -> Snapshot {
        self.shared.unpark();
        self.shared.inner.read().state.snapshot()
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        let mut results = self.commit_batch(vec![commit]).await;
        results.pop().expect("one commit has one result")
    }

    async fn commit_batch(&self, mut commits: Vec<Commit>) -> Vec<Result<Committed, CommitError>> {
        let mut settled = Vec::with_capacity(commits.len());
        let failed = |count: usize, error: CommitError| (0..count).map(move |_| Err(error.clone()));
        for _ in 0..TAKEN_BACK_MAX {
            let Prepared { results, wait } = self.prepare(&commits);
            let Some(wait) = wait else {
                settled.extend(results);
                return settled;
            };
            self.shared.work.wake();
            let refused = match wait.await {
                Ok(Ok(())) => {
                    settled.extend(results);
                    return settled;
                }
                Ok(Err(Unwritten::TakenBack(refused))) => refused,
                Ok(Err(Unwritten::Failed(error))) => {
                    settled.extend(failed(results.len(), error));
                    return settled;
                }
                Err(_) => {
                    let error = CommitError::Unknown("the store was closed meanwhile".to_owned());
                    settled.extend(failed(results.len(), error));
                    return settled;
                }
            };
            let standing = standing(results, refused);
            commits.drain(..standing.len());
            settled.extend(standing);
        }
        let why = "others wrote what is too large, again and again".to_owned();
        settled.extend(failed(commits.len(), CommitError::Unavailable(why)));
        settled
    }

    fn feed(&self, kind: KindId, route: Route, from: Revision) -> Result<Feed, Expired> {
        self.shared.unpark();
        let shared = Arc::downgrade(&self.shared);
        let published = Arc::new(move || {
            shared.upgrade().map_or(Revision::ZERO, |shared| shared.inner.read().state.revision())
        });
        self.shared.inner.write().state.feed(kind, &route, from, published)
    }

    fn snapshot_at(&self, kind: KindId, revision: Revision) -> Result<Snapshot, Expired> {
        self.shared.unpark();
        self.shared.inner.read().state.snapshot_at(kind, revision)
    }

    fn compact(&self, revision: Revision) {
        self.shared.inner.write().request_compact(revision);
        self.shared.work.wake();
    }

    fn add_index(&self, kind: KindId, index: Index) {
        self.shared.unpark();
        self.shared.inner.write().state.add_index(kind, index);
    }
}

impl std::fmt::Debug for Durable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Durable({} @{})", self.shared.storage.name(), self.shared.inner.read().state.revision())
    }
}
