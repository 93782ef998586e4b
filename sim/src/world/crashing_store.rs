use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use futures::future::{Either, select};
use parking_lot::Mutex;
use setpoint_core::env::Env;
use setpoint_core::kind::{KindId, Registry};
use setpoint_core::object::{Key, ObjectRef, Revision};
use setpoint_core::{Error, Reason, Result};
use setpoint_store::admission::Chain;
use setpoint_store::engine::durable::storage::{Crash, Faults, Lock, StorageFile};
use setpoint_store::engine::durable::{Durable, Faulty, Settings, Storage};
use setpoint_store::engine::{Expired, Feed, Route};
use setpoint_store::request::{
    DeleteOptions, ListQuery, ObjectList, ReadAt, RequestContext, Selection, WatchQuery, Write, Written,
};
use setpoint_store::tables::{Index, Snapshot};
use setpoint_store::{ObjectStore, Store, WatchStream};

use super::{Life, ProcessEnv, Rate};

/// Whether what a store's files are told to make durable is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Syncs {
    Honest,
    /// A bug of the suite: nothing is synced, and everything is acknowledged.
    #[cfg_attr(not(feature = "suite"), expect(dead_code, reason = "only the suite has bugs"))]
    Never,
}

/// A store in files that crashes, and is opened again with what the crash has left.
pub(crate) struct CrashingStore {
    env: Env,
    registry: Registry,
    syncs: Syncs,
    state: Mutex<State>,
}

struct State {
    storage: Faulty,
    up: Option<Up>,
    /// What could be seen last.
    last: Snapshot,
}

#[derive(Clone)]
struct Up {
    store: Store<Durable>,
    life: Arc<Life>,
}

impl CrashingStore {
    /// An empty one.
    ///
    /// # Errors
    ///
    /// What keeps it from being opened.
    pub(crate) async fn new(env: &Env, registry: Registry, syncs: Syncs) -> Result<Self, String> {
        let storage = Faulty::new();
        let up = open(env, &registry, &storage, syncs).await?;
        let last = up.store.snapshot().ok_or("a store in this process has snapshots")?;
        let state = Mutex::new(State { storage, up: Some(up), last });
        Ok(Self { env: env.clone(), registry, syncs, state })
    }

    /// It crashes in the `calls`-th use of its files from now on.
    pub(crate) fn strike_in(&self, calls: u64) {
        let faults = Faults { crash_at: Some(calls), ..Faults::default() };
        self.state.lock().storage.set_faults(faults);
    }

    /// Whether it has crashed, and nobody knows yet.
    pub(crate) fn is_struck(&self) -> bool {
        let state = self.state.lock();
        state.up.is_some() && state.storage.is_crashed()
    }

    /// Ends everything that it does. Gives what could be seen last.
    pub(crate) fn go_down(&self) -> Option<Snapshot> {
        let state = &mut *self.state.lock();
        let up = state.up.take()?;
        state.last = up.store.snapshot()?;
        up.life.end();
        Some(state.last.clone())
    }

    /// Is opened again, with what a crash like this has left.
    ///
    /// # Errors
    ///
    /// What keeps it from being opened.
    pub(crate) async fn come_back(&self, how: Crash, seed: u64) -> Result<(), String> {
        let storage = self.state.lock().storage.crash(how, seed);
        let up = open(&self.env, &self.registry, &storage, self.syncs).await?;
        let state = &mut *self.state.lock();
        state.storage = storage;
        state.up = Some(up);
        Ok(())
    }

    pub(crate) fn is_up(&self) -> bool {
        self.state.lock().up.is_some()
    }

    fn up(&self) -> Result<Up> {
        let up = self.state.lock().up.clone();
        up.ok_or_else(|| Error::new(Reason::ServiceUnavailable, "the store is down"))
    }
}

async fn open(env: &Env, registry: &Registry, storage: &Faulty, syncs: Syncs) -> Result<Up, String> {
    let life = Arc::<Life>::default();
    let env = ProcessEnv::around(env, &life, &Default::default(), Rate::EXACT);
    let settings = Settings::STANDARD
        .with_segment_bytes(8 << 10)
        .with_snapshots_after(32 << 10, 100)
        .with_reserve_bytes(0);
    let opened = match syncs {
        Syncs::Honest => Durable::open(&env, storage.clone(), registry, settings).await,
        Syncs::Never => Durable::open(&env, NeverSynced(storage.clone()), registry, settings).await,
    };
    let engine = opened.map_err(|error| error.to_string())?;
    Ok(Up { store: Store::new(&env, engine, registry.clone(), Chain::upstream()), life })
}

#[async_trait]
impl ObjectStore for CrashingStore {
    fn registry(&self) -> &Registry {
        &self.registry
    }

    fn honours_guards(&self) -> bool {
        true
    }

    async fn get(&self, context: &RequestContext, key: &Key, at: ReadAt) -> Result<ObjectRef> {
        self.up()?.store.get(context, key, at).await
    }

    async fn list(&self, context: &RequestContext, query: &ListQuery) -> Result<ObjectList> {
        self.up()?.store.list(context, query).await
    }

    async fn watch(&self, context: &RequestContext, query: &WatchQuery) -> Result<WatchStream> {
        self.up()?.store.watch(context, query).await
    }

    async fn write(&self, context: &RequestContext, write: Write) -> Result<Written> {
        let Up { store, life } = self.up()?;
        let (work, ended) = (std::pin::pin!(store.write(context, write)), std::pin::pin!(life.ended()));
        match select(work, ended).await {
            Either::Left((result, _)) => result,
            Either::Right(_) => Err(Error::outcome_unknown("the store has crashed")),
        }
    }

    async fn delete_collection(
        &self,
        context: &RequestContext,
        selection: &Selection,
        options: &DeleteOptions,
    ) -> Result<Vec<ObjectRef>> {
        self.up()?.store.delete_collection(context, selection, options).await
    }

    fn snapshot(&self) -> Option<Snapshot> {
        let state = self.state.lock();
        match &state.up {
            Some(up) => up.store.snapshot(),
            None => Some(state.last.clone()),
        }
    }

    fn feed(&self, kind: KindId, route: Route, from: Revision) -> Option<Result<Feed, Expired>> {
        match self.up() {
            Ok(up) => up.store.feed(kind, route, from),
            Err(_) => Some(Err(Expired { requested: from, floor: Revision(u64::MAX) })),
        }
    }

    fn add_index(&self, kind: KindId, index: Index) {
        if let Ok(up) = self.up() {
            up.store.add_index(kind, index);
        }
    }
}

/// Files whose syncs do nothing.
struct NeverSynced(Faulty);

struct NeverSyncedFile(Box<dyn StorageFile>);

impl Storage for NeverSynced {
    fn lock(&self) -> io::Result<Box<dyn Lock>> {
        self.0.lock()
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.0.list()
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn StorageFile>> {
        Ok(Box::new(NeverSyncedFile(self.0.open(name)?)))
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn StorageFile>> {
        Ok(Box::new(NeverSyncedFile(self.0.create(name)?)))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.0.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.0.remove(name)
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.0.sync_directory()
    }

    fn name(&self) -> String {
        self.0.name()
    }
}

impl StorageFile for NeverSyncedFile {
    fn length(&self) -> io::Result<u64> {
        self.0.length()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read_at(offset, buffer)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_at(offset, bytes)
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.0.truncate(length)
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}
