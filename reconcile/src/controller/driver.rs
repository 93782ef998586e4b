use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use setpoint_core::env::Task;
use setpoint_core::kind::KindId;
use setpoint_core::object::Key;
use setpoint_store::request::{ListQuery, Selection};
use setpoint_watch::{Changes, Notice};
use tracing::Instrument;

use super::later_kinds::LaterKinds;
use super::missed::Missed;
use super::{Controller, IsRoot, Relation, Settings, Verdict, Worker};
use crate::history::Cause;
use crate::queue::{Full, Lane, Queue, Run, Shutdown};
use crate::reconciler::Context;

/// Runs at once after a conflict, before a key backs off like after any failure.
const CONFLICTS_MAX: u32 = 5;
/// How long a controller that starts waits before it asks again how old its view is.
const FRESH_RETRY: Duration = Duration::from_secs(1);

/// About how many kinds it asks at a time then.
const LOOKS_MAX: usize = 8;

/// A controller at work. Dropping it cancels everything it does.
#[derive(Debug)]
#[must_use = "a controller is cancelled when it is dropped"]
pub struct Running {
    name: &'static str,
    queue: Queue<Key>,
    sources: Vec<Task<()>>,
    workers: Vec<Task<()>>,
    counters: Arc<Counters>,
}

/// How a controller is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// The controller.
    pub name: &'static str,
    /// Keys that wait or run.
    pub queued: usize,
    /// Runs that were started.
    pub runs: u64,
    /// Runs that failed.
    pub failures: u64,
    /// Runs that panicked.
    pub panics: u64,
    /// Runs that took too long and were cancelled.
    pub timeouts: u64,
}

#[derive(Debug, Default)]
struct Counters {
    runs: AtomicU64,
    failures: AtomicU64,
    panics: AtomicU64,
    timeouts: AtomicU64,
}

impl Controller {
    /// Starts watching and working.
    pub fn start(self) -> Running {
        let Self { name, context, worker, mut relations, of_kinds, settings } = self;
        let later = of_kinds.map(|of_kind| LaterKinds::new(context.store.registry(), of_kind));
        relations.extend(later.iter().flat_map(LaterKinds::relations_now));
        let queue = Queue::new(context.env.clone(), name, settings.queue.clone());
        let counters = Arc::new(Counters::default());
        for (kind, index) in relations.iter().flat_map(|relation| &relation.indices) {
            context.view.add_index(*kind, index.clone());
        }
        let mut kinds: Vec<KindId> = relations.iter().flat_map(Relation::kinds).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let roots = relations.iter().filter_map(|relation| Some((relation.kind, relation.roots?))).collect();
        let shared = Arc::new(Shared {
            name,
            context: context.clone(),
            worker,
            roots: Mutex::new(roots),
            settings: settings.clone(),
            counters: Arc::clone(&counters),
            conflicts: Mutex::default(),
            missed: Mutex::default(),
        });
        // All kinds are followed before the first key is worked on: what is seen then changes, and that must be told.
        let mut sources: Vec<Task<()>> = relations
            .into_iter()
            .map(|relation| {
                let changes = context.view.changes(relation.kind);
                let (shared, queue) = (Arc::clone(&shared), queue.clone());
                context.env.spawn(name, async move { shared.watch(&relation, changes, &queue).await })
            })
            .collect();
        if let Some(later) = later {
            let (shared, queue) = (Arc::clone(&shared), queue.clone());
            sources.push(context.env.spawn(name, async move { later.follow(&shared, &queue).await }));
        }
        // One looks for all: on a store that is elsewhere each look is a request.
        let is_complete = {
            let shared = Arc::clone(&shared);
            async move { shared.view_is_complete(&kinds).await }.boxed().shared()
        };
        let workers = (0..settings.workers.max(1))
            .map(|_| {
                let (shared, queue, is_complete) = (Arc::clone(&shared), queue.clone(), is_complete.clone());
                context.env.spawn(name, async move {
                    if is_complete.await {
                        shared.work(&queue).await;
                    }
                })
            })
            .collect();
        Running { name, queue, sources, workers, counters }
    }
}

impl Running {
    /// How it is doing.
    pub fn health(&self) -> Health {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Health {
            name: self.name,
            queued: self.queue.len(),
            runs: count(&self.counters.runs),
            failures: count(&self.counters.failures),
            panics: count(&self.counters.panics),
            timeouts: count(&self.counters.timeouts),
        }
    }

    /// Brings up to date what grows with time in the queue's metrics, such as the age of the longest run. To
    /// be called before metrics are read, or now and then.
    pub fn sample_metrics(&self) {
        self.queue.sample_metrics();
    }

    /// Starts no key any more, and waits until those that run are done, at most for `drain`. Those that
    /// are not are cancelled at their next await.
    pub async fn shut_down(self, env: &setpoint_core::env::Env, drain: Duration) {
        let Self { queue, sources, workers, .. } = self;
        sources.iter().for_each(Task::cancel);
        queue.shut_down(Shutdown::Now);
        // Whoever does not make it in time is cancelled below.
        let _in_time = env.timeout(drain, queue.drained()).await;
        for task in sources.into_iter().chain(workers) {
            task.cancel();
            // Cancelled is how they end.
            let _end = task.join().await;
        }
    }
}

pub(super) struct Shared {
    name: &'static str,
    pub(super) context: Context,
    worker: Arc<dyn Worker>,
    /// The kinds of root objects, in the order of keys, and which of their objects are some.
    roots: Mutex<BTreeMap<KindId, IsRoot>>,
    settings: Settings,
    counters: Arc<Counters>,
    /// What found no room in the queue.
    missed: Mutex<Missed>,
    /// Conflicts in a row, for keys that have had one.
    conflicts: Mutex<FxHashMap<Key, u32>>,
}

impl Shared {
    /// Turns the changes of one relation into keys.
    pub(super) async fn watch(&self, relation: &Relation, mut changes: Changes, queue: &Queue<Key>) {
        let view = &self.context.view;
        while let Some(notice) = changes.next().await {
            match notice {
                Notice::Change(change) => (relation.wakes)(&change, &**view, &mut |wake| {
                    self.woken(&wake.key, || {
                        let object = change.object();
                        let removed = change.new.is_none();
                        let revision = if removed { change.revision } else { object.revision() };
                        Cause::Changed { object: object.key(), revision }
                    });
                    self.note(queue.add(wake.key, wake.lane));
                }),
                // Anything may have changed.
                Notice::Reread => {
                    if let Some(on_reread) = &relation.on_reread {
                        on_reread();
                    }
                    self.look_at_everything(queue);
                }
            }
        }
    }

    /// Objects of this relation's kind count as root objects from now on, if it says so.
    pub(super) fn add_roots(&self, relation: &Relation) {
        if let Some(is_root) = relation.roots {
            self.roots.lock().insert(relation.kind, is_root);
        }
    }

    fn woken(&self, key: &Key, cause: impl FnOnce() -> Cause) {
        self.context.history.woken(self.name, key, cause);
    }

    fn note(&self, added: Result<(), Full>) {
        let Err(full) = added else { return };
        if self.missed.lock().note() {
            tracing::warn!(controller = self.name, %full, "keys wait until there is room for them");
        }
    }

    pub(super) fn look_at_everything(&self, queue: &Queue<Key>) {
        self.missed.lock().note();
        self.look_on(queue);
    }

    /// Makes up for keys that found no room, once half of it is free.
    fn catch_up(&self, queue: &Queue<Key>) {
        if self.missed.lock().is_pending() && queue.len() <= self.settings.queue.keys_max as usize / 2 {
            self.look_on(queue);
        }
    }

    /// Looks at root objects from where there was no more room, as long as there is.
    fn look_on(&self, queue: &Queue<Key>) {
        let snapshot = self.context.view.snapshot();
        let mut missed = self.missed.lock();
        let roots = self.roots.lock().clone();
        let all = roots.iter().flat_map(|(kind, is_root)| {
            snapshot.list(*kind).filter(|object| is_root(object)).map(|object| object.key())
        });
        for key in all.filter(|key| missed.is_due(key)).collect::<Vec<_>>() {
            self.woken(&key, || Cause::Reread);
            if queue.add(key.clone(), Lane::Low).is_err() {
                missed.resume_at(key);
                return;
            }
        }
        missed.pass_ended();
    }

    /// Waits until the view shows these kinds as they are now, or later; false if it never will.
    async fn view_is_complete(&self, kinds: &[KindId]) -> bool {
        for kind in kinds {
            if !self.context.view.synced(*kind).await {
                tracing::warn!(controller = self.name, ?kind, "the view does not show a kind that is needed");
                return false;
            }
        }
        if !self.context.view.is_current() {
            let looks = futures::stream::iter(kinds);
            looks.for_each_concurrent(LOOKS_MAX, |kind| self.view_is_fresh(*kind)).await;
        }
        true
    }

    /// Waits until the view shows a kind not older than a read of now.
    ///
    /// A complete view can be one of the past: a server's cache may lag behind what the controller before this
    /// one has seen and done (INV-IN-07).
    async fn view_is_fresh(&self, kind: KindId) {
        let query = ListQuery { limit: Some(1), ..ListQuery::new(Selection::all(kind)) };
        loop {
            let list = self.context.store.list(&self.context.request, &query).await;
            match list {
                Ok(list) if self.context.view.reached(kind, list.revision).await => return,
                Ok(_) => tracing::warn!(controller = self.name, ?kind, "the view is old, is waited for"),
                Err(error) => tracing::debug!(controller = self.name, ?kind, %error, "cannot be read yet"),
            }
            self.context.env.sleep(FRESH_RETRY).await;
        }
    }

    async fn work(&self, queue: &Queue<Key>) {
        while let Some(run) = queue.next().await {
            let key = run.key().clone();
            let verdict = self.run(&run).await;
            self.follow(queue, &key, verdict);
            drop(run);
            self.catch_up(queue);
            // Others are to have their turn even if nothing here ever waits.
            yield_now().await;
        }
    }

    /// One run, within its time, and with panics caught.
    async fn run(&self, run: &Run<Key>) -> Verdict {
        let key = run.key();
        let attempt = run.queue().retries(key);
        self.counters.runs.fetch_add(1, Ordering::Relaxed);
        let span = tracing::debug_span!("reconcile", controller = self.name, key = %key, attempt);
        let Context { env, view, history, .. } = &self.context;
        let id = history.begin(self.name, key, env.now(), || view.snapshot().revision());
        let work = AssertUnwindSafe(self.worker.run(key, attempt, id).instrument(span)).catch_unwind();
        let verdict = match self.context.env.timeout(self.settings.timeout, work).await {
            Ok(Ok(verdict)) => verdict,
            Ok(Err(panic)) => {
                self.counters.panics.fetch_add(1, Ordering::Relaxed);
                let text = panic
                    .downcast_ref::<&str>()
                    .map(|text| (*text).to_owned())
                    .or_else(|| panic.downcast_ref::<String>().cloned());
                Verdict::Retry(format!("panicked: {}", text.unwrap_or_default()))
            }
            Err(elapsed) => {
                self.counters.timeouts.fetch_add(1, Ordering::Relaxed);
                Verdict::Retry(elapsed.to_string())
            }
        };
        history.end(id, || format!("{verdict:?}"));
        verdict
    }

    /// Does what a verdict asks for.
    fn follow(&self, queue: &Queue<Key>, key: &Key, verdict: Verdict) {
        if verdict != Verdict::Conflict && !self.conflicts.lock().is_empty() {
            self.conflicts.lock().remove(key);
        }
        match verdict {
            Verdict::Done => queue.forget(key),
            Verdict::After(delay) => {
                queue.forget(key);
                self.woken(key, || Cause::Asked);
                self.note(queue.add_after(key.clone(), delay));
            }
            Verdict::UntilChanged(error) => {
                self.counters.failures.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(controller = self.name, %key, error, "failed until something changes");
                queue.forget(key);
            }
            Verdict::Conflict => {
                let conflicts = {
                    let mut conflicts = self.conflicts.lock();
                    let count = conflicts.entry(key.clone()).or_default();
                    *count += 1;
                    *count
                };
                if conflicts <= CONFLICTS_MAX {
                    self.woken(key, || Cause::Failed("conflict".to_owned()));
                    self.note(queue.add(key.clone(), Lane::Normal));
                } else {
                    self.retry(queue, key, "conflicts without end");
                }
            }
            Verdict::Retry(error) => self.retry(queue, key, &error),
        }
    }

    fn retry(&self, queue: &Queue<Key>, key: &Key, error: &str) {
        self.counters.failures.fetch_add(1, Ordering::Relaxed);
        if self.settings.retries_max.is_some_and(|max| queue.retries(key) >= max) {
            tracing::warn!(controller = self.name, %key, error, "failed too often, left until something changes");
            queue.forget(key);
        } else {
            tracing::debug!(controller = self.name, %key, error, "failed, is tried again");
            self.woken(key, || Cause::Failed(error.to_owned()));
            self.note(queue.add_rate_limited(key.clone()));
        }
    }
}

/// Gives way to other tasks once.
async fn yield_now() {
    let mut yielded = false;
    std::future::poll_fn(move |cx| {
        if std::mem::replace(&mut yielded, true) {
            return std::task::Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}
