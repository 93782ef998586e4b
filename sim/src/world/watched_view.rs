use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use async_trait::async_trait;
use futures::StreamExt;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use setpoint_core::kind::KindId;
use setpoint_core::object::{Key, ObjectRef, Revision};
use setpoint_store::engine::Change;
use setpoint_store::tables::{Index, Snapshot};
use setpoint_watch::{Changes, Notice, View};

use super::World;
use crate::checks::{Seen, Told};

/// A process's view, of which everything that it tells is looked at by the checks.
pub(crate) struct WatchedView {
    inner: Arc<dyn View>,
    world: Arc<World>,
    process: String,
    /// How far a server is whose cache lags, if this view is connected to one.
    behind: Option<Revision>,
    readers: Mutex<BTreeMap<KindId, Readers>>,
}

/// Those who read a kind.
#[derive(Default)]
struct Readers {
    /// Who has ended is gone.
    all: Vec<Weak<Mutex<Reader>>>,
    /// Whether the view has shown itself complete.
    complete: bool,
}

/// What one reader of a kind was told.
#[derive(Default)]
struct Reader {
    name: String,
    shown: FxHashMap<Key, ObjectRef>,
    /// What was told before it was said that everything follows anew, and has not followed yet.
    unconfirmed: FxHashMap<Key, ObjectRef>,
}

impl WatchedView {
    pub(crate) fn new(
        world: &Arc<World>,
        process: &str,
        behind: Option<Revision>,
        inner: Arc<dyn View>,
    ) -> Self {
        let (world, process) = (Arc::clone(world), process.to_owned());
        Self { inner, world, process, behind, readers: Mutex::default() }
    }

    /// Compares what is seen with what is true, at rest.
    pub(crate) fn check_at_rest(&self) {
        let (view, truth) = (self.inner.snapshot(), self.world.snapshot());
        for (kind, readers) in &*self.readers.lock() {
            if self.world.is_restless(*kind) {
                continue;
            }
            let readers = readers.all.iter().filter_map(Weak::upgrade);
            let told: Vec<_> = readers.map(|reader| reader.lock().all()).collect();
            for told in &told {
                let seen = Seen {
                    process: &self.process,
                    kind: *kind,
                    view: &view,
                    truth: &truth,
                    due: Revision(u64::MAX),
                    told: Some(told),
                };
                self.world.seen(&seen);
            }
        }
    }

    /// A view that calls itself complete.
    fn check_complete(&self, kind: KindId) {
        let was_complete = {
            let readers = &mut *self.readers.lock();
            std::mem::replace(&mut readers.entry(kind).or_default().complete, true)
        };
        if was_complete || self.world.is_restless(kind) {
            return;
        }
        let (view, truth) = (self.inner.snapshot(), self.world.snapshot());
        let due = self.world.due();
        let due = self.behind.map_or(due, |behind| due.min(behind));
        let seen = Seen { process: &self.process, kind, view: &view, truth: &truth, due, told: None };
        self.world.seen(&seen);
    }
}

impl Reader {
    fn hear(&mut self, change: &Change, world: &World) {
        let key = change.object().key();
        let (before, is_rereading) = match self.shown.remove(&key) {
            Some(before) => (Some(before), false),
            None => {
                let before = self.unconfirmed.remove(&key);
                let is_rereading = before.is_some();
                (before, is_rereading)
            }
        };
        let truth = world.snapshot();
        let told = Told { reader: &self.name, change, before: before.as_ref(), is_rereading, truth: &truth };
        world.told(&told);
        if let Some(now) = &change.new {
            self.shown.insert(key, Arc::clone(now));
        }
    }

    /// Everything will be told anew.
    fn reread(&mut self) {
        let shown = std::mem::take(&mut self.shown);
        self.unconfirmed.extend(shown);
    }

    fn all(&self) -> BTreeMap<Key, ObjectRef> {
        self.shown.iter().map(|(key, object)| (key.clone(), Arc::clone(object))).collect()
    }
}

#[async_trait]
impl View for WatchedView {
    fn snapshot(&self) -> Snapshot {
        self.inner.snapshot()
    }

    fn changes(&self, kind: KindId) -> Changes {
        let reader = {
            let readers = &mut *self.readers.lock();
            let readers = readers.entry(kind).or_default();
            let name = format!("reader {} in {}", readers.all.len() + 1, self.process);
            let reader = Arc::new(Mutex::new(Reader { name, ..Reader::default() }));
            readers.all.push(Arc::downgrade(&reader));
            reader
        };
        let world = Arc::clone(&self.world);
        let heard = move |notice: &Notice| {
            let reader = &mut *reader.lock();
            match notice {
                Notice::Change(change) => reader.hear(change, &world),
                Notice::Reread => reader.reread(),
            }
        };
        self.inner.changes(kind).inspect(heard).boxed()
    }

    async fn synced(&self, kind: KindId) -> bool {
        let is_synced = self.inner.synced(kind).await;
        if is_synced {
            self.check_complete(kind);
        }
        is_synced
    }

    async fn reached(&self, kind: KindId, revision: Revision) -> bool {
        self.inner.reached(kind, revision).await
    }

    fn is_current(&self) -> bool {
        self.inner.is_current()
    }

    fn add_index(&self, kind: KindId, index: Index) {
        self.inner.add_index(kind, index);
    }
}
