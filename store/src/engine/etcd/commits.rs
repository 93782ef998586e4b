use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use etcd_client::{Client, DeleteOptions, GetOptions, PutOptions, TxnOp};
use futures::channel::mpsc;
use parking_lot::Mutex;
use setpoint_core::env::{Env, Instant, Task};
use setpoint_core::kind::{KindId, Registry};
use setpoint_core::object::{Draft, Key, Object, ObjectRef, Revision};

use super::claims::{Claims, Dispute};
use super::codec::encode;
use super::compaction::compact;
use super::failure::EtcdError;
use super::follow::follow;
use super::keys::Layout;
use super::load::load;
use super::own::Noted;
use super::settings::{EtcdSettings, VALUE_BYTES_MAX};
use super::shared::{EtcdHealth, Inner, Shared, revision};
use super::transactions::{Refused, Request};
use crate::engine::memory::state::State;
use crate::engine::{Commit, CommitError, Committed, Engine, Expect, Expired, Feed, Route};
use crate::tables::{Index, Snapshot};

/// How many members of a batch are not waited for until they are shown.
const TAKEN_MAX: usize = 1_000;
/// How long it is before a request is sent again that was never sent.
pub(super) const RETRY_PAUSE: Duration = Duration::from_millis(50);
/// How long the watch has to show by itself what is there, before it is helped.
const PATIENCE: Duration = Duration::from_millis(100);

/// Keeps objects in etcd, and what is read in memory. Clones share.
///
/// [`Etcd::close`] ends it; so does dropping the last clone.
#[derive(Clone)]
pub struct Etcd {
    shared: Arc<Shared>,
    tasks: Arc<Mutex<Vec<Task<()>>>>,
}

impl Etcd {
    /// Reads everything, and follows what changes. To be called in a tokio runtime, with an environment of it.
    ///
    /// # Errors
    ///
    /// If no member can be reached, or none answers within some times the limit of a request; at once if etcd does not
    /// believe who asks ([`EtcdError::is_unauthenticated`]), or what is asked for is forbidden.
    pub async fn open(env: &Env, registry: &Registry, settings: EtcdSettings) -> Result<Self, EtcdError> {
        let until = env.now() + settings.request_timeout;
        let told = |error: EtcdError| error.at(&settings.endpoints);
        let client = insist(env, until, || connect(env, &settings)).await.map_err(told)?;
        let layout_version = registry.version();
        let layout = Layout::new(&settings.prefix, registry);
        let until = env.now() + settings.request_timeout;
        let (found, at) = insist(env, until, || load(env, &client, &settings)).await.map_err(told)?;
        let mut inner = Inner::new(State::new(at, settings.history), layout);
        found.iter().for_each(|found| inner.restore(found));
        drop(found);
        let (asker, asked) = mpsc::channel(1);
        let shared = Arc::new(Shared::new(env, client, registry, settings, inner, layout_version, asker));
        let tasks = vec![
            env.spawn("etcd-watch", follow(Arc::clone(&shared))),
            env.spawn("etcd-compaction", compact(Arc::clone(&shared), asked)),
        ];
        Ok(Self { shared, tasks: Arc::new(Mutex::new(tasks)) })
    }

    /// Ends all feeds and the connection. Later writes are refused; reads show what was last seen.
    pub async fn close(&self) {
        self.shared.closed.store(true, Ordering::Release);
        let tasks = std::mem::take(&mut *self.tasks.lock());
        for task in tasks {
            task.cancel();
            // Cancelled is how it ends.
            let _end = task.join().await;
        }
        let wakers = self.shared.inner.write().state.close_feeds();
        wakers.into_iter().for_each(std::task::Waker::wake);
    }

    /// How it is doing.
    pub fn health(&self) -> EtcdHealth {
        self.shared.health()
    }
}

/// Makes a client. Without a user nothing is sent yet.
async fn connect(env: &Env, settings: &EtcdSettings) -> Result<Client, EtcdError> {
    let connecting = "connecting to etcd";
    let client = Client::connect(&settings.endpoints, Some(settings.connect_options()));
    let client = env.timeout(settings.request_timeout, client).await;
    client
        .map_err(|elapsed| EtcdError::new(connecting, elapsed))?
        .map_err(|error| EtcdError::new(connecting, error))
}

/// Tries again what may succeed, as long as there is time.
async fn insist<T, F: Future<Output = Result<T, EtcdError>>>(
    env: &Env,
    until: Instant,
    mut attempt: impl FnMut() -> F,
) -> Result<T, EtcdError> {
    loop {
        match attempt().await {
            Ok(done) => return Ok(done),
            Err(error) if env.now() >= until || !error.is_passing() => return Err(error),
            Err(_) => env.sleep(RETRY_PAUSE).await,
        }
    }
}

#[async_trait]
impl Engine for Etcd {
    fn snapshot(&self) -> Snapshot {
        self.shared.settle();
        self.shared.inner.read().state.snapshot()
    }

    async fn catch_up(&self) -> Result<(), CommitError> {
        self.shared.catch_up().await
    }

    fn reads_may_lag(&self) -> bool {
        true
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        self.shared.commit(commit).await
    }

    async fn commit_batch(&self, commits: Vec<Commit>) -> Vec<Result<Committed, CommitError>> {
        self.shared.commit_batch(commits).await
    }

    fn feed(&self, kind: KindId, route: Route, from: Revision) -> Result<Feed, Expired> {
        self.shared.settle();
        let shared = Arc::downgrade(&self.shared);
        let published = Arc::new(move || {
            shared.upgrade().map_or(Revision::ZERO, |shared| shared.inner.read().state.revision())
        });
        self.shared.inner.write().state.feed(kind, &route, from, published)
    }

    fn snapshot_at(&self, kind: KindId, revision: Revision) -> Result<Snapshot, Expired> {
        self.shared.settle();
        self.shared.inner.read().state.snapshot_at(kind, revision)
    }

    fn compact(&self, revision: Revision) {
        self.shared.inner.write().state.compact(revision);
        // If one is under way, the next comes by itself.
        let _asked = self.shared.compact.lock().try_send(revision);
    }

    fn add_index(&self, kind: KindId, index: Index) {
        self.shared.settle();
        self.shared.inner.write().state.add_index(kind, index);
    }
}

/// A change that etcd has made, and that is not answered before it is shown.
struct Taken<'a> {
    at: Revision,
    own: Option<Noted<'a>>,
    old: Option<ObjectRef>,
}

impl Shared {
    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        self.finish(self.take(commit).await?).await
    }

    /// Changes of one revision each cannot share a transaction, and etcd does not keep the order in which requests are sent;
    /// so each waits for etcd's answer to the one before. What is shown of them is waited for together.
    async fn commit_batch(&self, commits: Vec<Commit>) -> Vec<Result<Committed, CommitError>> {
        let mut results = Vec::with_capacity(commits.len());
        let (mut taken, mut concerned) = (Vec::new(), BTreeSet::new());
        let mut lost = None;
        for commit in commits {
            if let Some(why) = &lost {
                // It could come before that one, and be there without it.
                taken.push(Err(CommitError::Unavailable(format!(
                    "of the change before it in its batch {why}"
                ))));
                continue;
            }
            let is_concerned = {
                let mut keys = commit.compares.iter().map(|(key, _)| key).chain([&commit.key]);
                keys.any(|key| concerned.contains(key)) || self.has_unique(commit.key.kind)
            };
            if taken.len() >= TAKEN_MAX || is_concerned {
                // It is decided on what those before it leave.
                self.finish_all(&mut taken, &mut results).await;
                concerned.clear();
            }
            concerned.insert(commit.key.clone());
            let answer = self.take(commit).await;
            if let Err(CommitError::Unknown(why)) = &answer {
                lost = Some(why.clone());
            }
            taken.push(answer);
        }
        self.finish_all(&mut taken, &mut results).await;
        results
    }

    async fn finish_all(
        &self,
        taken: &mut Vec<Result<Taken<'_>, CommitError>>,
        results: &mut Vec<Result<Committed, CommitError>>,
    ) {
        for taken in taken.drain(..) {
            results.push(match taken {
                Ok(taken) => self.finish(taken).await,
                Err(error) => Err(error),
            });
        }
    }

    /// Has etcd make a change.
    async fn take(&self, commit: Commit) -> Result<Taken<'_>, CommitError> {
        let until = self.env.now() + self.settings.request_timeout;
        if self.closed.load(Ordering::Acquire) {
            return Err(CommitError::Unavailable("the engine is closed".to_owned()));
        }
        self.settle();
        let Commit { key, expect, value, compares } = commit;
        if let Expect::At(revision) = expect
            && revision > self.inner.read().state.revision()
        {
            // Another process may have told of it before the watch does.
            self.catch_up().await?;
        }
        let old = self.check(&key, expect, value.is_none())?;
        let path = self.path(&key)?;
        let mut claims = self.claims(&key, value.as_ref(), old.as_deref())?;
        let own = value.map(|draft: Draft| {
            let kind = Arc::clone(draft.kind());
            (kind, self.own.note(&path, encode(&draft), draft))
        });
        let then = match &own {
            Some((kind, noted)) => {
                let bytes = path.len() + noted.value().len();
                if bytes > VALUE_BYTES_MAX {
                    return Err(CommitError::TooLarge { bytes, limit: VALUE_BYTES_MAX });
                }
                let lease = self.lease_for(kind).await?;
                let options = lease.map(|lease| PutOptions::new().with_lease(lease));
                TxnOp::put(path, noted.value(), options)
            }
            None => TxnOp::delete(path, None::<DeleteOptions>),
        };
        let compared: Vec<(Key, Expect)> = compares.into_iter().chain([(key.clone(), expect)]).collect();
        let at = loop {
            let request = self.request(then.clone(), &compared, &claims)?;
            let answer = self.send(&request, until).await?;
            let at =
                answer.header().map(etcd_client::ResponseHeader::revision).map(revision).unwrap_or_default();
            if answer.succeeded() {
                break at;
            }
            match self.refused(&request, &answer, at, until).await {
                Refused::Mismatch(error) => return Err(error),
                Refused::Claimed(answers) => {
                    match self.settle_dispute(&mut claims, &key, answers, until).await {
                        Dispute::Held(error) => return Err(error),
                        Dispute::Settled => {}
                    }
                }
            }
        };
        Ok(Taken { at, own: own.map(|(_, noted)| noted), old })
    }

    /// Answers a change, once it is shown.
    async fn finish(&self, taken: Taken<'_>) -> Result<Committed, CommitError> {
        let Taken { at, own, old } = taken;
        self.shown(at, self.env.now() + self.settings.request_timeout).await?;
        let object = match (own, old) {
            (Some(noted), _) => noted.object(at),
            (None, Some(old)) => Arc::new(old.at_revision(at)),
            (None, None) => return Err(CommitError::Unknown("what was removed was not known".to_owned())),
        };
        Ok(Committed { revision: at, object })
    }

    /// What is known without asking: an object that has a later version than is expected, or none, has not the expected
    /// one. The answer is the object as it is, if a certain version of it is expected.
    fn check(&self, key: &Key, expected: Expect, removes: bool) -> Result<Option<ObjectRef>, CommitError> {
        let inner = self.inner.read();
        let found = inner.state.get(key);
        let mismatch = |expected, found: Option<&ObjectRef>| {
            let found = found.map(|object| object.revision());
            CommitError::Mismatch { key: key.clone(), expected, found }
        };
        match expected {
            Expect::Absent if removes => Err(mismatch(expected, found)),
            Expect::Absent => Ok(None),
            Expect::At(revision) if found.is_some_and(|found| found.revision() == revision) => {
                Ok(found.map(Arc::clone))
            }
            Expect::At(_) => Err(mismatch(expected, found)),
        }
    }

    fn has_unique(&self, kind: KindId) -> bool {
        self.inner.read().state.unique_indices(kind).next().is_some()
    }

    /// What of unique indices a change takes and releases; refused if what is shown says that it is another's.
    fn claims(&self, key: &Key, value: Option<&Draft>, old: Option<&Object>) -> Result<Claims, CommitError> {
        if !self.has_unique(key.kind) {
            return Ok(Claims::default());
        }
        let inner = self.inner.read();
        let new = value.map(|draft| Object::from_draft(draft.clone(), Revision::ZERO));
        if let Some(new) = &new {
            inner.state.check_unique(key, new, old)?;
        }
        Claims::of(&inner.state, &inner.layout, key, new.as_ref(), old)
    }

    pub(super) fn path(&self, key: &Key) -> Result<Vec<u8>, CommitError> {
        let layout = Arc::clone(&self.inner.read().layout);
        layout
            .path(key)
            .ok_or_else(|| CommitError::Unavailable(format!("the kind of {key} is not registered")))
    }

    /// Asks the majority how far it is, and waits until that is shown.
    pub(super) async fn catch_up(&self) -> Result<(), CommitError> {
        let until = self.env.now() + self.settings.request_timeout;
        let unavailable = |why: CommitError| match why {
            CommitError::Unknown(why) => CommitError::Unavailable(why),
            why => why,
        };
        let barrier = self.inner.read().layout.barrier();
        let read = Request::plain(TxnOp::get(barrier.clone(), Some(GetOptions::new().with_keys_only())));
        let answer = self.send(&read, until).await.map_err(unavailable)?;
        let at = answer.header().map(etcd_client::ResponseHeader::revision).map(revision).unwrap_or_default();
        let Some(told) = self.inner.write().wait_for(at) else { return Ok(()) };
        if let Ok(Ok(())) = self.env.timeout(PATIENCE.min(until - self.env.now()), told).await {
            return Ok(());
        }
        // What was written last may be none of ours, and so never be told: something that is comes after it.
        let write = Request::plain(TxnOp::put(barrier, "", None));
        let answer = self.send(&write, until).await.map_err(unavailable)?;
        let at = answer.header().map(etcd_client::ResponseHeader::revision).map(revision).unwrap_or_default();
        self.shown(at, until).await.map_err(unavailable)
    }
}

impl std::fmt::Debug for Etcd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Shared { settings, inner, .. } = &*self.shared;
        write!(f, "Etcd({:?} {} @{})", settings.endpoints, settings.prefix, inner.read().state.revision())
    }
}
