//! Opening: replay, then everything that must be so before the first write.

use std::io;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use setpoint_core::env::Instant;
use setpoint_core::kind::{Kind, Registry};
use setpoint_core::object::Revision;

use super::codec::{KindName, RawKey, RawObject};
use super::error::StorageError;
use super::files::{FORMAT, FileKind, Header, Incarnation, RESERVE, TORN, UNFINISHED, segment_name};
use super::log::{Log, LogLimits, RECORD_BYTES_MAX};
use super::parked::Parked;
use super::replay::{Replayed, Sink, replay};
use super::settings::Settings;
use super::storage::{Lock, Storage};
use super::survey::Survey;
use crate::engine::memory::HistoryLimits;
use crate::engine::memory::state::State;

/// What a new store begins with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Birth {
    pub(super) incarnation: Incarnation,
    pub(super) revision: Revision,
}

/// An open store.
pub(super) struct Open {
    pub(super) state: State,
    pub(super) parked: Parked,
    pub(super) log: Log,
    pub(super) lock: Arc<dyn Lock>,
    pub(super) replayed: Replayed,
}

/// Opens a store, or makes one in an empty folder.
pub(super) fn open(
    storage: &Arc<dyn Storage>,
    registry: &Registry,
    settings: Settings,
    birth: Birth,
    now: Instant,
) -> Result<Open, StorageError> {
    let lock = lock(&**storage)?;
    let mut survey = Survey::of(&**storage)?;
    if survey.is_new(&**storage)? {
        create(&**storage, &survey, birth).map_err(|error| StorageError::io("making a new store", error))?;
        survey = Survey::of(&**storage)?;
    }
    let mut sink = Typed::new(registry, settings.history, now);
    let replayed = replay(&**storage, &survey, &mut sink)?;
    sink.state.advance_to(replayed.end.revision);
    make_writable(&**storage, &survey, &replayed)
        .map_err(|error| StorageError::io("making the end of the log durable", error))?;
    let limits = LogLimits {
        segment_bytes_max: settings.segment_bytes,
        object_bytes_max: settings.object_bytes.min(RECORD_BYTES_MAX),
        reserve_bytes: settings.reserve_bytes,
    };
    let log = Log::at(Arc::clone(storage), Arc::clone(&lock), replayed.end, limits)
        .map_err(|error| StorageError::io("opening the log to write it", error))?;
    let Typed { state, parked, .. } = sink;
    Ok(Open { state, parked, log, lock, replayed })
}

/// Becomes the only user of a store.
pub(super) fn lock(storage: &dyn Storage) -> Result<Arc<dyn Lock>, StorageError> {
    match storage.lock() {
        Ok(lock) => Ok(Arc::from(lock)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(StorageError::locked(storage.name())),
        Err(error) => Err(StorageError::io(format!("locking {}", storage.name()), error)),
    }
}

/// Makes an empty store. The file that says that it is one comes last, so that what a crash leaves is a store or the
/// beginnings of one that nobody has used.
fn create(storage: &dyn Storage, survey: &Survey, birth: Birth) -> io::Result<()> {
    for (_, name) in &survey.segments {
        storage.remove(name)?;
    }
    let Birth { incarnation, revision } = birth;
    write_segment(storage, incarnation, revision)?;
    write_format(storage, incarnation, revision)
}

/// Writes the first piece of a log, which is empty.
pub(super) fn write_segment(
    storage: &dyn Storage,
    incarnation: Incarnation,
    base: Revision,
) -> io::Result<()> {
    let header = Header { kind: FileKind::Segment, incarnation, number: base.0, more: 0, chain: 0 };
    write_whole(storage, &segment_name(base), &header.encode().0)
}

/// Says which store this is; `origin` is the revision at which it was empty, 0 if it never was.
pub(super) fn write_format(
    storage: &dyn Storage,
    incarnation: Incarnation,
    origin: Revision,
) -> io::Result<()> {
    let header = Header { kind: FileKind::Format, incarnation, number: origin.0, more: 0, chain: 0 };
    write_whole(storage, FORMAT, &header.encode().0)
}

/// Writes a file that is there as a whole or not at all.
fn write_whole(storage: &dyn Storage, name: &str, bytes: &[u8]) -> io::Result<()> {
    let unfinished = format!("{name}{UNFINISHED}");
    let mut file = storage.create(&unfinished)?;
    file.write_at(0, bytes)?;
    file.sync()?;
    storage.rename(&unfinished, name)?;
    storage.sync_directory()
}

/// Cuts off what was never acknowledged, and makes sure that what was read is on the disk: after a failed sync it may
/// have been in memory only.
fn make_writable(storage: &dyn Storage, survey: &Survey, replayed: &Replayed) -> io::Result<()> {
    let name = segment_name(replayed.end.base);
    if !replayed.torn.is_empty() {
        // For people to look at; the store is whole without it.
        let torn = format!("{name}.{}{TORN}", replayed.end.length);
        let _outcome = storage.create(&torn).and_then(|mut file| file.write_at(0, &replayed.torn));
    }
    for unfinished in &survey.unfinished {
        storage.remove(unfinished)?;
    }
    if replayed.is_closed {
        let mut file = storage.open(&name)?;
        file.truncate(replayed.end.length)?;
        return file.sync();
    }
    let mut rewritten = write_whole(storage, &name, &replayed.last);
    if matches!(&rewritten, Err(error) if error.kind() == io::ErrorKind::StorageFull) {
        let unfinished = format!("{name}{UNFINISHED}");
        // Whether it is there or not, what counts is that the second attempt succeeds.
        let _removed = (storage.remove(&unfinished), storage.remove(RESERVE));
        rewritten = write_whole(storage, &name, &replayed.last);
        if rewritten.is_err() {
            let _removed = storage.remove(&unfinished);
            rewritten = rewrite_in_place(storage, &name, &replayed.last);
        }
    }
    rewritten
}

/// Writes the same bytes where they are, which needs no room.
fn rewrite_in_place(storage: &dyn Storage, name: &str, bytes: &[u8]) -> io::Result<()> {
    let mut file = storage.open(name)?;
    file.write_at(0, bytes)?;
    file.truncate(bytes.len() as u64)?;
    file.sync()
}

/// Takes what is replayed as objects of registered kinds, and parks the rest.
struct Typed<'a> {
    registry: &'a Registry,
    limits: HistoryLimits,
    now: Instant,
    state: State,
    parked: Parked,
    kinds: FxHashMap<KindName, Option<Arc<Kind>>>,
}

impl<'a> Typed<'a> {
    fn new(registry: &'a Registry, limits: HistoryLimits, now: Instant) -> Self {
        Self {
            registry,
            limits,
            now,
            state: State::new(Revision::ZERO, limits),
            parked: Parked::default(),
            kinds: FxHashMap::default(),
        }
    }

    fn kind(&mut self, name: &KindName) -> Option<Arc<Kind>> {
        if let Some(known) = self.kinds.get(name) {
            return known.clone();
        }
        let same =
            |kind: &Arc<Kind>| kind.resource.group == *name.group && kind.resource.resource == *name.resource;
        let kind = self.registry.kinds().into_iter().find(same);
        self.kinds.insert(name.clone(), kind.clone());
        kind
    }

    fn change(&mut self, revision: Revision, key: &RawKey, new: Option<RawObject>) -> Option<Revision> {
        match self.kind(&key.kind) {
            Some(kind) => self.parked.repeat(&kind, revision, key, new, &mut self.state, self.now),
            None => self.parked.change(revision, key, new),
        }
    }
}

impl Sink for Typed<'_> {
    fn begin(&mut self, revision: Revision) {
        self.state = State::new(revision, self.limits);
        self.parked.clear();
    }

    fn object(&mut self, object: RawObject) {
        let Some(kind) = self.kind(&object.kind) else { return self.parked.initial(object) };
        match object.to_object(&kind) {
            Ok(object) => self.state.restore(&object),
            Err(why) => self.parked.quarantine(object, &why),
        }
    }

    fn put(&mut self, object: RawObject) -> Option<Revision> {
        self.change(object.revision, &object.key(), Some(object))
    }

    fn remove(&mut self, key: &RawKey, revision: Revision) -> Option<Revision> {
        self.change(revision, key, None)
    }

    fn compact(&mut self, floor: Revision) {
        self.state.advance_to(floor);
        self.state.compact(floor);
    }
}
