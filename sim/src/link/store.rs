use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;
use parking_lot::Mutex;
use setpoint_core::env::Environment;
use setpoint_core::kind::{KindId, Registry};
use setpoint_core::object::{Key, ObjectRef, Revision};
use setpoint_core::{Error, Reason, Result};
use setpoint_store::engine::{Expired, Feed, Route};
use setpoint_store::request::{
    DeleteOptions, ListQuery, ObjectList, ReadAt, RequestContext, Selection, WatchFrom, WatchQuery, Write,
    Written,
};
use setpoint_store::tables::{Index, Snapshot};
use setpoint_store::{ObjectStore, WatchStream};

use super::stale::stale_watch;
use super::watch::LinkWatch;
use crate::choices::Site;
use crate::world::{Life, Origin, Process, Restart, World};

/// How long a request is waited for that never arrives.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a process that crashed at a write is away.
const CRASH: Duration = Duration::from_secs(1);
/// How far behind it may come back, and for how long.
const BEHIND: (usize, Duration) = (6, Duration::from_secs(60));
/// How late a request arrives that was given up.
const LATE: [Duration; 3] = [Duration::from_millis(500), Duration::from_secs(3), Duration::from_secs(20)];
/// How long a slow request takes.
const SLOW: [Duration; 3] = [Duration::from_millis(20), Duration::from_millis(700), Duration::from_secs(4)];

/// The store as one life of a process reaches it.
pub(crate) struct Link {
    shared: Arc<Shared>,
    direct: bool,
    sites: Sites,
}

/// What a link and its watches have in common.
pub(super) struct Shared {
    pub(super) world: Arc<World>,
    pub(super) process: Arc<Process>,
    pub(super) life: Arc<Life>,
    /// How far the process has seen each kind.
    seen: Mutex<BTreeMap<KindId, Revision>>,
}

struct Sites {
    write: Site,
    /// Writes that nothing depends on.
    tell: Site,
    read: Site,
    watch: Site,
    resume: Site,
    delay: Site,
}

/// What becomes of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Plain,
    CrashBefore,
    CrashAfter,
    CrashBehind,
    Refused,
    Unanswered,
    Lost,
    Late,
    Conflict,
    Slow,
}

impl Fate {
    fn of(value: usize) -> Self {
        use Fate::{Conflict, CrashAfter, CrashBefore, CrashBehind, Late, Lost, Refused, Slow, Unanswered};
        let fates = [CrashBefore, CrashAfter, CrashBehind, Refused, Unanswered, Lost, Late, Conflict, Slow];
        value.checked_sub(1).and_then(|index| fates.get(index)).copied().unwrap_or(Self::Plain)
    }

    /// What histories say.
    fn told(self) -> &'static str {
        match self {
            Self::Plain => "goes well",
            Self::CrashBefore => "the process crashes before it",
            Self::CrashAfter => "the process crashes after it",
            Self::CrashBehind => "the process crashes after it, and comes back to a server whose cache lags",
            Self::Refused => "is refused",
            Self::Unanswered => "is applied and not answered",
            Self::Lost => "is lost",
            Self::Late => "is given up and arrives late",
            Self::Conflict => "is answered with a conflict",
            Self::Slow => "is slow",
        }
    }
}

impl Link {
    pub(crate) fn new(world: &Arc<World>, process: &Arc<Process>, life: &Arc<Life>, direct: bool) -> Self {
        let site = |what: &str| world.choices.site(&format!("{what}/{}", process.name()));
        let sites = Sites {
            write: site("write"),
            tell: site("tell"),
            read: site("read"),
            watch: site("watch"),
            resume: site("resume"),
            delay: site("delay"),
        };
        let shared = Shared {
            world: Arc::clone(world),
            process: Arc::clone(process),
            life: Arc::clone(life),
            seen: Mutex::default(),
        };
        Self { shared: Arc::new(shared), direct, sites }
    }

    fn chance(&self, site: Site, chance: u32) -> bool {
        self.shared.world.is_faulty() && self.shared.world.choices.weighted(site, &[chance]) > 0
    }

    /// Waits for ever if the process is dead, and fails if it is cut off.
    async fn reach(&self) -> Result<()> {
        let Shared { world, life, .. } = &*self.shared;
        if life.is_dead() {
            futures::future::pending::<()>().await;
        }
        if life.is_partitioned() {
            world.env.sleep(REQUEST_TIMEOUT).await;
            return Err(timeout());
        }
        Ok(())
    }

    async fn read(&self) -> Result<()> {
        self.reach().await?;
        if self.chance(self.sites.read, self.shared.world.faults.read_refused) {
            self.shared.world.note_fault(self.shared.process.name(), "has a read refused".to_owned());
            return Err(Error::new(Reason::ServiceUnavailable, "the connection was refused"));
        }
        Ok(())
    }

    fn fate(&self, write: &Write) -> Fate {
        let world = &self.shared.world;
        if !world.is_faulty() {
            return Fate::Plain;
        }
        let fate = |site| Fate::of(world.choices.weighted(site, &world.faults.write.chances()));
        if is_told(write) { fate(self.sites.tell) } else { fate(self.sites.write) }
    }

    fn delay(&self, delays: &[Duration]) -> Duration {
        delays[self.shared.world.choices.below(self.sites.delay, delays.len())]
    }

    fn origin(&self, write: &Write, late: bool) -> Origin<'_> {
        let kind = crate::world::describe(write).1.map(|key| key.kind);
        let seen = kind.and_then(|kind| self.shared.seen.lock().get(&kind).copied());
        Origin { process: self.shared.process.name(), seen: seen.filter(|_| !self.direct), late }
    }

    /// Crashes at a write: nothing of the process runs after this.
    async fn crash(&self, restart: Restart) -> ! {
        self.shared.process.crash(restart);
        futures::future::pending().await
    }

    /// The request goes on by itself and arrives when nobody waits for it any more.
    fn arrive_late(&self, context: &RequestContext, write: Write, after: Duration) {
        let Shared { world, process, .. } = &*self.shared;
        let (world, context, process) = (Arc::clone(world), context.clone(), Arc::clone(process));
        let env = world.env.clone();
        let task = async move {
            world.env.sleep(after).await;
            let origin = Origin { process: process.name(), seen: None, late: true };
            // Nobody is told.
            let _unheard = world.apply(&context, write, origin).await;
        };
        Environment::spawn(&env, "late request", task.boxed());
    }

    async fn apply(&self, context: &RequestContext, write: Write) -> Result<Written> {
        let origin = self.origin(&write, false);
        self.shared.world.apply(context, write, origin).await
    }
}

/// Events and leases: nothing is decided on them.
fn is_told(write: &Write) -> bool {
    match write {
        Write::Create(draft) | Write::Update(draft, _) => {
            matches!(&*draft.kind().names.kind, "Event" | "Lease")
        }
        _ => false,
    }
}

/// Whether a write can be beaten by another one.
fn names_a_version(write: &Write) -> bool {
    match write {
        Write::Update(draft, _) => draft.revision.is_some(),
        Write::Delete(_, options) => options.preconditions.revision.is_some(),
        _ => false,
    }
}

fn timeout() -> Error {
    Error::new(Reason::Timeout, "the request was not answered in time")
}

impl Shared {
    pub(super) fn saw(&self, kind: KindId, revision: Revision) {
        let seen = &mut *self.seen.lock();
        let seen = seen.entry(kind).or_default();
        *seen = revision.max(*seen);
    }
}

#[async_trait]
impl ObjectStore for Link {
    fn registry(&self) -> &Registry {
        self.shared.world.store.registry()
    }

    async fn get(&self, context: &RequestContext, key: &Key, at: ReadAt) -> Result<ObjectRef> {
        self.read().await?;
        self.shared.world.store.get(context, key, at).await
    }

    async fn list(&self, context: &RequestContext, query: &ListQuery) -> Result<ObjectList> {
        self.read().await?;
        let list = self.shared.world.store.list(context, query).await?;
        if query.limit != Some(1) {
            self.shared.saw(query.selection.kind, list.revision);
        }
        Ok(list)
    }

    async fn watch(&self, context: &RequestContext, query: &WatchQuery) -> Result<WatchStream> {
        self.reach().await?;
        let Shared { world, process, .. } = &*self.shared;
        if self.chance(self.sites.watch, world.faults.watch_refused) {
            world.note_fault(process.name(), "has a watch refused".to_owned());
            return Err(Error::new(Reason::ServiceUnavailable, "the connection was refused"));
        }
        let resumed = matches!(query.from, WatchFrom::After(_));
        if resumed && self.chance(self.sites.resume, world.faults.watch_expired) {
            world.note_fault(process.name(), "is told that its watch has expired".to_owned());
            return Err(Error::expired("too old resource version"));
        }
        let stale = match (query.from, process.behind()) {
            (WatchFrom::InitialEvents(_), Some((revision, until))) => {
                stale_watch(world, context, query, revision, until).await
            }
            _ => None,
        };
        let stream = match stale {
            Some(stream) => stream,
            None => world.store.watch(context, query).await?,
        };
        Ok(Box::pin(LinkWatch::new(&self.shared, query, stream)))
    }

    async fn write(&self, context: &RequestContext, write: Write) -> Result<Written> {
        self.reach().await?;
        let Shared { world, process, .. } = &*self.shared;
        let fate = self.fate(&write);
        if fate != Fate::Plain && fate != Fate::Slow {
            let (verb, key) = crate::world::describe(&write);
            let place = key.map(|key| world.place(&key)).unwrap_or_default();
            world.note_fault(process.name(), format!("{verb} {place}: {}", fate.told()));
        }
        let plainly = Restart { after: CRASH, behind: None };
        match fate {
            Fate::Plain => self.apply(context, write).await,
            Fate::CrashBefore => self.crash(plainly).await,
            Fate::CrashAfter | Fate::CrashBehind => {
                let behind = (fate == Fate::CrashBehind).then_some(BEHIND);
                // The process dies before it can read the answer.
                let _unread = self.apply(context, write).await;
                self.crash(Restart { behind, ..plainly }).await
            }
            Fate::Refused => Err(Error::new(Reason::ServiceUnavailable, "the connection was refused")),
            Fate::Unanswered => {
                let _unread = self.apply(context, write).await;
                world.env.sleep(REQUEST_TIMEOUT).await;
                Err(timeout())
            }
            Fate::Lost => {
                world.env.sleep(REQUEST_TIMEOUT).await;
                Err(timeout())
            }
            Fate::Late => {
                self.arrive_late(context, write, REQUEST_TIMEOUT + self.delay(&LATE));
                world.env.sleep(REQUEST_TIMEOUT).await;
                Err(timeout())
            }
            Fate::Conflict if names_a_version(&write) => {
                Err(Error::new(Reason::Conflict, "the object has been modified"))
            }
            Fate::Conflict => self.apply(context, write).await,
            Fate::Slow => {
                world.env.sleep(self.delay(&SLOW)).await;
                self.apply(context, write).await
            }
        }
    }

    async fn delete_collection(
        &self,
        context: &RequestContext,
        selection: &Selection,
        options: &DeleteOptions,
    ) -> Result<Vec<ObjectRef>> {
        let list = self.list(context, &ListQuery::new(selection.clone())).await?;
        let mut deleted = Vec::new();
        for object in list.items {
            match self.write(context, Write::Delete(object.key(), options.clone())).await {
                Ok(written) => deleted.push(written.object),
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(deleted)
    }

    fn honours_guards(&self) -> bool {
        self.shared.world.store.honours_guards()
    }

    fn snapshot(&self) -> Option<Snapshot> {
        self.direct.then(|| self.shared.world.snapshot())
    }

    fn feed(&self, kind: KindId, route: Route, from: Revision) -> Option<Result<Feed, Expired>> {
        if !self.direct {
            return None;
        }
        self.shared.world.store.feed(kind, route, from)
    }

    fn add_index(&self, kind: KindId, index: Index) {
        if self.direct {
            self.shared.world.store.add_index(kind, index);
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("process", &self.shared.process).finish_non_exhaustive()
    }
}
