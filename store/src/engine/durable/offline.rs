//! What is done with a store that nobody has open: look at it, save it, make one of what was saved.
//!
//! All of it works on the files alone: kinds need not be known.

use std::collections::BTreeMap;

use jiff::Timestamp;
use setpoint_core::env::Env;
use setpoint_core::object::Revision;

use super::codec::{RawKey, RawObject};
use super::error::{Damage, StorageError};
use super::files::{Incarnation, snapshot_name};
use super::open::{lock, write_format, write_segment};
use super::replay::{Replayed, Sink, replay};
use super::snapshot::{SnapshotInfo, SnapshotWriter, snapshot_header};
use super::snapshots::{Content, write};
use super::storage::Storage;
use super::survey::Survey;

/// How far a restored store is ahead of what it was saved from, so that whatever was changed and told since then is
/// [`Expired`](crate::engine::Expired) and never taken for something else.
pub const REVISION_LEAP: u64 = 1_000_000_000;

/// What [`check`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckReport {
    /// Tells this store from others.
    pub incarnation: String,
    /// The newest revision.
    pub revision: Revision,
    /// The revision from which on every change is in the log.
    pub history_from: Revision,
    /// How many objects there are of each group-resource.
    pub objects: BTreeMap<String, usize>,
    /// The snapshots with their objects and bytes, oldest first. All of them were read.
    pub snapshots: Vec<(String, u64, u64)>,
    /// The pieces of the log, oldest first.
    pub segments: Vec<String>,
    /// How many records of the log were read.
    pub records: u64,
    /// When the last change was written, if the log has one.
    pub last_write: Option<Timestamp>,
    /// Whether it was closed; if not, the next opening makes its end durable anew.
    pub is_closed: bool,
    /// What is not as it should be and does no harm.
    pub notes: Vec<String>,
}

/// Reads a whole store and checks every byte; changes nothing.
///
/// # Errors
///
/// [`StorageError`]: if it is in use, or none, or damaged so that it cannot be opened; then file and offset are told.
pub fn check(storage: &dyn Storage) -> Result<CheckReport, StorageError> {
    let _lock = lock(storage)?;
    let survey = Survey::of(storage)?;
    let mut raw = Raw::default();
    let replayed = replay(storage, &survey, &mut raw)?;
    let mut notes = replayed.notes.clone();
    let mut snapshots = Vec::new();
    for info in &replayed.snapshots {
        match info.objects(storage, |_| {}) {
            Ok(()) => snapshots.push((info.name.clone(), info.digest.count, info.length)),
            Err(error) if error.is_damaged() => notes.push(error.to_string()),
            Err(error) => return Err(error),
        }
    }
    let mut objects = BTreeMap::<String, usize>::new();
    for (key, object) in &raw.objects {
        *objects.entry(key.kind.to_string()).or_default() += 1;
        if let Some(why) = object.json_fault() {
            notes.push(format!("{} {}/{} is no JSON: {why}", key.kind, key.namespace, key.name));
        }
    }
    Ok(CheckReport {
        incarnation: replayed.end.incarnation.to_string(),
        revision: replayed.end.revision,
        history_from: replayed.from.max(raw.floor),
        objects,
        snapshots,
        segments: survey.segments.into_iter().map(|(_, name)| name).collect(),
        records: replayed.records,
        last_write: (replayed.micros != 0)
            .then(|| Timestamp::from_microsecond(replayed.micros).ok())
            .flatten(),
        is_closed: replayed.is_closed,
        notes,
    })
}

/// Writes all objects of a store that nobody has open into one file of another folder; tells their revision.
///
/// # Errors
///
/// As [`check`]; and if the file is there already or cannot be written.
pub fn backup(from: &dyn Storage, to: &dyn Storage, name: &str) -> Result<Revision, StorageError> {
    let _lock = lock(from)?;
    let mut raw = Raw::default();
    let replayed = replay(from, &Survey::of(from)?, &mut raw)?;
    let Replayed { end, .. } = replayed;
    let io = |error| StorageError::io(format!("writing {name}"), error);
    let mut writer = begin(to, name, end.incarnation, end.revision, raw.floor)?;
    for object in raw.objects.values() {
        writer.raw_object(object).map_err(io)?;
    }
    writer.finish().map_err(io)?;
    verify(to, name)?;
    Ok(end.revision)
}

/// Writes what an open store has.
pub(super) fn save(content: &Content, to: &dyn Storage, name: String) -> Result<Revision, StorageError> {
    let revision = content.objects.revision();
    let writer = begin(to, &name, content.incarnation, revision, content.floor)?;
    write(content, writer).map_err(|error| StorageError::io(format!("writing {name}"), error))?;
    verify(to, &name)?;
    Ok(revision)
}

fn begin<'a>(
    to: &'a dyn Storage,
    name: &str,
    incarnation: Incarnation,
    revision: Revision,
    floor: Revision,
) -> Result<SnapshotWriter<'a>, StorageError> {
    let names = to.list().map_err(|error| StorageError::io("listing the folder of the backup", error))?;
    if names.iter().any(|other| other == name) {
        return Err(StorageError::exists(name.to_owned()));
    }
    let header = snapshot_header(incarnation, revision, floor);
    SnapshotWriter::begin(to, name.to_owned(), &header)
        .map_err(|error| StorageError::io(format!("writing {name}"), error))
}

fn verify(to: &dyn Storage, name: &str) -> Result<(), StorageError> {
    SnapshotInfo::read(to, name)?.objects(to, |_| {})
}

/// Makes a store of a backup, in an empty folder. Its objects have the revisions they had; the store's own is
/// [`REVISION_LEAP`] after the backup's, or after the time in microseconds if that is more, and nothing before that can be
/// resumed from. So no two stores that are made of one backup give the same revisions. It is another incarnation:
/// files of the store that was saved do not fit.
///
/// # Errors
///
/// If the backup is damaged, or the folder is not empty, or cannot be written.
pub fn restore(
    env: &Env,
    from: &dyn Storage,
    name: &str,
    to: &dyn Storage,
) -> Result<Revision, StorageError> {
    let _lock = lock(to)?;
    let there = to.list().map_err(|error| StorageError::io("listing the folder", error))?;
    if let Some(file) = there.first() {
        return Err(StorageError::exists(format!("{}: {file}", to.name())));
    }
    let info = SnapshotInfo::read(from, name)?;
    // New stores begin at that time too, and none makes as many revisions as microseconds go by.
    let now = u64::try_from(env.wall().as_microsecond()).unwrap_or(0);
    let leap = info.revision().0.max(now).checked_add(REVISION_LEAP).map(Revision);
    let revision = leap.ok_or_else(|| {
        let what = "its revision is too large to be a store's".to_owned();
        Damage { file: name.to_owned(), offset: 32, what }
    })?;
    let incarnation = Incarnation(*env.uuid().as_bytes());
    let io = |error| StorageError::io("writing the restored store", error);
    let header = snapshot_header(incarnation, revision, revision);
    let mut writer = SnapshotWriter::begin(to, snapshot_name(revision), &header).map_err(io)?;
    let mut failure = None;
    info.objects(from, |object| {
        if failure.is_none() {
            failure = writer.raw_object(&object).err();
        }
    })?;
    if let Some(error) = failure {
        return Err(io(error));
    }
    writer.finish().map_err(io)?;
    verify(to, &snapshot_name(revision))?;
    write_segment(to, incarnation, revision).map_err(io)?;
    // Zero: there never was a time at which it was empty.
    write_format(to, incarnation, Revision::ZERO).map_err(io)?;
    Ok(revision)
}

/// Takes what is replayed as it is.
#[derive(Default)]
pub(super) struct Raw {
    pub(super) objects: BTreeMap<RawKey, RawObject>,
    pub(super) floor: Revision,
}

impl Sink for Raw {
    fn begin(&mut self, revision: Revision) {
        self.objects.clear();
        self.floor = revision;
    }

    fn object(&mut self, object: RawObject) {
        self.objects.insert(object.key(), object);
    }

    fn put(&mut self, object: RawObject) -> Option<Revision> {
        self.objects.insert(object.key(), object).map(|old| old.revision)
    }

    fn remove(&mut self, key: &RawKey, _revision: Revision) -> Option<Revision> {
        self.objects.remove(key).map(|old| old.revision)
    }

    fn compact(&mut self, floor: Revision) {
        self.floor = self.floor.max(floor);
    }
}
