use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use etcd_client::Client;
use futures::channel::oneshot;
use parking_lot::{Mutex, RwLock};
use setpoint_core::env::{Env, Instant};
use setpoint_core::kind::Registry;
use setpoint_core::object::{Key, ObjectRef, Revision};

use super::codec::decode;
use super::events::EventLease;
use super::keys::{Layout, Place};
use super::own::OwnWrites;
use super::settings::EtcdSettings;
use super::unshown::{Undecodable, Unshown};
use crate::engine::memory::Wakers;
use crate::engine::memory::state::State;

/// What the handles of an engine and its tasks share.
pub(super) struct Shared {
    pub(super) env: Env,
    pub(super) client: Client,
    pub(super) registry: Registry,
    pub(super) settings: EtcdSettings,
    pub(super) inner: RwLock<Inner>,
    pub(super) own: OwnWrites,
    pub(super) lease: Mutex<Option<EventLease>>,
    /// The registry's version that the layout was made of.
    layout_version: AtomicU64,
    /// Asks for a compaction.
    pub(super) compact: Mutex<futures::channel::mpsc::Sender<Revision>>,
    pub(super) connected: AtomicBool,
    pub(super) closed: AtomicBool,
}

/// Everything under the one lock.
pub(super) struct Inner {
    pub(super) state: State,
    pub(super) layout: Arc<Layout>,
    pub(super) unshown: Unshown,
    /// Those who wait until a revision is shown.
    waiting: BTreeMap<(Revision, u64), oneshot::Sender<()>>,
    /// Those who wait until anything is shown.
    curious: Vec<oneshot::Sender<()>>,
    next: u64,
}

/// How an engine over etcd is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EtcdHealth {
    /// The revision up to which everything is shown.
    pub revision: Revision,
    /// Whether it hears of changes.
    pub is_connected: bool,
    /// Values that do not fit their kind.
    pub undecodable: Vec<Undecodable>,
    /// How many keys are of kinds that are not registered, or none of ours.
    pub unknown: usize,
}

/// One key as it is in etcd.
pub(super) struct Found {
    pub(super) path: Vec<u8>,
    pub(super) value: Vec<u8>,
    pub(super) revision: Revision,
}

/// One change of a key. Without a value it is gone.
pub(super) struct Event {
    pub(super) path: Vec<u8>,
    pub(super) value: Option<Vec<u8>>,
    pub(super) revision: Revision,
}

impl Inner {
    pub(super) fn new(state: State, layout: Layout) -> Self {
        Self {
            state,
            layout: Arc::new(layout),
            unshown: Unshown::default(),
            waiting: BTreeMap::new(),
            curious: Vec::new(),
            next: 0,
        }
    }

    /// Puts in what is there, before anybody looks.
    pub(super) fn restore(&mut self, found: &Found) {
        let layout = Arc::clone(&self.layout);
        if let Some((_, object)) = self.read(&layout, &found.path, &found.value, found.revision) {
            self.state.restore(&object);
        }
    }

    /// The object that a value is, where it is; or notes why it is none.
    fn read(
        &mut self,
        layout: &Layout,
        path: &[u8],
        value: &[u8],
        revision: Revision,
    ) -> Option<(Key, ObjectRef)> {
        match layout.place(path) {
            Place::Barrier | Place::Claim => None,
            Place::Unknown => {
                self.unshown.unknown(path, revision, value);
                None
            }
            Place::Object(kind, namespace, name) => match decode(kind, namespace, name, value, revision) {
                Ok(object) => Some((object.key(), object)),
                Err(reason) => {
                    self.unshown.undecodable(path, revision, reason);
                    None
                }
            },
        }
    }

    /// Shows one change.
    fn show(&mut self, own: &OwnWrites, event: &Event, now: Instant, wakers: &mut Wakers) {
        let layout = Arc::clone(&self.layout);
        let Event { path, value, revision } = event;
        self.unshown.forget(path);
        let new = value.as_ref().and_then(|value| match own.find(path, value, *revision) {
            Some(object) => Some((object.key(), object)),
            None => self.read(&layout, path, value, *revision),
        });
        match (new, layout.place(path)) {
            (Some((key, object)), _) => self.state.observe(&key, *revision, Some(object), now, wakers),
            // What cannot be shown any more is gone for those who look.
            (None, Place::Object(kind, namespace, name)) => {
                let namespace = (!namespace.is_empty()).then(|| namespace.into());
                let key = Key { kind: kind.id, namespace, name: name.into() };
                self.state.observe(&key, *revision, None, now, wakers);
            }
            // The object it belongs to was changed at the same revision, which is not shown before that is.
            (None, Place::Claim) => {}
            (None, Place::Barrier | Place::Unknown) => self.state.advance_to(*revision),
        }
    }

    /// Everything up to a revision is shown: those who wait for it go on.
    fn tell(&mut self) -> Vec<oneshot::Sender<()>> {
        let shown = self.state.revision();
        let mut told = std::mem::take(&mut self.curious);
        while let Some(entry) = self.waiting.first_entry() {
            if entry.key().0 > shown {
                break;
            }
            told.push(entry.remove());
        }
        told
    }

    /// Waits until a revision is shown; nothing if it is.
    pub(super) fn wait_for(&mut self, revision: Revision) -> Option<oneshot::Receiver<()>> {
        if self.state.revision() >= revision {
            return None;
        }
        let (teller, told) = oneshot::channel();
        self.next += 1;
        self.waiting.insert((revision, self.next), teller);
        Some(told)
    }

    /// Waits until anything is shown.
    pub(super) fn wait(&mut self) -> oneshot::Receiver<()> {
        let (teller, told) = oneshot::channel();
        self.curious.retain(|teller| !teller.is_canceled());
        self.curious.push(teller);
        told
    }
}

impl Shared {
    pub(super) fn new(
        env: &Env,
        client: Client,
        registry: &Registry,
        settings: EtcdSettings,
        inner: Inner,
        layout_version: u64,
        compact: futures::channel::mpsc::Sender<Revision>,
    ) -> Self {
        Self {
            env: env.clone(),
            client,
            registry: registry.clone(),
            settings,
            inner: RwLock::new(inner),
            own: OwnWrites::default(),
            lease: Mutex::default(),
            layout_version: AtomicU64::new(layout_version),
            compact: Mutex::new(compact),
            connected: AtomicBool::new(true),
            closed: AtomicBool::new(false),
        }
    }

    /// Changes the state, and wakes whom it concerns once the lock is released.
    fn change<R>(&self, change: impl FnOnce(&mut Inner, &mut Wakers) -> R) -> R {
        let mut wakers = Wakers::new();
        let (result, told) = {
            let inner = &mut *self.inner.write();
            let result = change(inner, &mut wakers);
            (result, inner.tell())
        };
        wakers.into_iter().for_each(std::task::Waker::wake);
        for teller in told {
            // Whoever waited may have given up.
            let _told = teller.send(());
        }
        result
    }

    /// Shows changes, oldest first.
    pub(super) fn show(&self, events: &[Event]) {
        let now = self.env.now();
        self.settle();
        self.change(|inner, wakers| {
            for event in events {
                inner.show(&self.own, event, now, wakers);
            }
        });
    }

    /// Nothing else has happened up to a revision.
    pub(super) fn advance_to(&self, revision: Revision) {
        self.change(|inner, _| inner.state.advance_to(revision));
    }

    /// Shows what was read anew at a revision, when changes in between are not known: all feeds end, and the history
    /// begins there.
    pub(super) fn begin_anew(&self, found: &[Found], revision: Revision) {
        let now = self.env.now();
        let feeds = self.change(|inner, wakers| {
            let feeds = inner.state.close_feeds();
            inner.unshown.clear();
            let layout = Arc::clone(&inner.layout);
            let mut left: BTreeMap<Vec<u8>, Key> = BTreeMap::new();
            let snapshot = inner.state.snapshot();
            for kind in self.registry.kinds() {
                let keys = snapshot.list(kind.id).map(|object| object.key());
                left.extend(keys.filter_map(|key| Some((layout.path(&key)?, key))));
            }
            for Found { path, value, revision } in found {
                let before = left.remove(path).and_then(|key| snapshot.get(&key));
                if before.is_some_and(|before| before.revision() == *revision) {
                    continue;
                }
                let event = Event { path: path.clone(), value: Some(value.clone()), revision: *revision };
                inner.show(&self.own, &event, now, wakers);
            }
            for key in left.values() {
                inner.state.observe(key, revision, None, now, wakers);
            }
            inner.state.advance_to(revision);
            inner.state.compact(revision);
            feeds
        });
        feeds.into_iter().for_each(std::task::Waker::wake);
    }

    /// Shows the objects of kinds that were registered since it was last called.
    pub(super) fn settle(&self) {
        let version = self.registry.version();
        if self.layout_version.load(Ordering::Acquire) == version {
            return;
        }
        let inner = &mut *self.inner.write();
        inner.layout = Arc::new(Layout::new(&self.settings.prefix, &self.registry));
        let layout = Arc::clone(&inner.layout);
        let mut begun = Vec::new();
        for (path, (revision, value)) in inner.unshown.take_unknown() {
            if let Some((key, object)) = inner.read(&layout, &path, &value, revision) {
                inner.state.restore(&object);
                begun.push(key.kind);
            }
        }
        begun.sort_unstable();
        begun.dedup();
        begun.into_iter().for_each(|kind| inner.state.begin_kind(kind));
        self.layout_version.store(version, Ordering::Release);
    }

    pub(super) fn health(&self) -> EtcdHealth {
        let inner = self.inner.read();
        EtcdHealth {
            revision: inner.state.revision(),
            is_connected: self.connected.load(Ordering::Relaxed),
            undecodable: inner.unshown.all_undecodable(),
            unknown: inner.unshown.unknown_count(),
        }
    }
}

/// etcd counts in signed numbers, all of which are positive.
pub(super) fn revision(number: i64) -> Revision {
    Revision(u64::try_from(number).unwrap_or_default())
}

/// The same the other way.
pub(super) fn number(revision: Revision) -> i64 {
    i64::try_from(revision.0).unwrap_or(i64::MAX)
}
