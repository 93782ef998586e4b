//! From files to objects: the oldest snapshot that is good, and every change after it.
//!
//! Nothing is written here. What is read is checked to the last byte: checksums, the chain of records, revisions
//! without a gap, pieces without a gap, and at each later snapshot's revision that replay and snapshot agree.

use setpoint_core::object::Revision;

use super::codec::{RawKey, RawObject, Reader, Shelves, read_key, read_object};
use super::digest::Digest;
use super::error::{Damage, StorageError};
use super::files::Incarnation;
use super::log::{LogEnd, Mark, RecordKind, Records, Segment};
use super::snapshot::SnapshotInfo;
use super::storage::{Storage, read_all};
use super::survey::{Survey, require_same};

/// Who takes what is replayed.
pub(super) trait Sink {
    /// Forgets everything: what comes now is the state at a revision, before which no history is known.
    fn begin(&mut self, revision: Revision);

    /// An object of that state.
    fn object(&mut self, object: RawObject);

    /// An object as a change leaves it; the answer is the revision it had before.
    fn put(&mut self, object: RawObject) -> Option<Revision>;

    /// A change removes an object; the answer is the revision it had before.
    fn remove(&mut self, key: &RawKey, revision: Revision) -> Option<Revision>;

    /// The history up to a revision is forgotten.
    fn compact(&mut self, floor: Revision);
}

/// What was found.
#[derive(Debug)]
pub(super) struct Replayed {
    pub(super) end: LogEnd,
    /// Where the history begins.
    pub(super) from: Revision,
    /// Snapshots that can be read, oldest first.
    pub(super) snapshots: Vec<SnapshotInfo>,
    /// What is not as it should be and does no harm.
    pub(super) notes: Vec<String>,
    /// Whether it was closed, and nothing went wrong before.
    pub(super) is_closed: bool,
    /// The last piece, up to where it is good, and what follows that.
    pub(super) last: Vec<u8>,
    pub(super) torn: Vec<u8>,
    /// How many records were read.
    pub(super) records: u64,
    /// When the last record was written, in microseconds of the time of day; 0 if there is none.
    pub(super) micros: i64,
    /// How many bytes of log are newer than the newest snapshot.
    pub(super) log_bytes: u64,
}

/// Replays a store into a sink.
pub(super) fn replay(
    storage: &dyn Storage,
    survey: &Survey,
    sink: &mut dyn Sink,
) -> Result<Replayed, StorageError> {
    let format = survey.require_format(storage)?;
    let incarnation = format.incarnation;
    let mut notes: Vec<String> =
        survey.foreign.iter().map(|name| format!("{name} is no file of this store")).collect();
    let mut snapshots = Vec::new();
    let mut first_damage = None;
    for (revision, name) in &survey.snapshots {
        let info = SnapshotInfo::read(storage, name).and_then(|info| {
            require_same(incarnation, name, &info.header, *revision)?;
            Ok(info)
        });
        match info {
            Ok(info) => snapshots.push(info),
            Err(error) if error.is_damaged() => {
                notes.push(error.to_string());
                first_damage.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
    }
    let origin = Revision(format.number);
    let from = begin(storage, survey, origin, &mut snapshots, sink, &mut notes, first_damage)?;
    let mut replay = Replay {
        storage,
        incarnation,
        sink,
        digest: from.digest,
        position: from.revision,
        later: snapshots.iter().filter(|info| info.revision() > from.revision).cloned().collect(),
        records: 0,
        micros: 0,
        log_bytes: 0,
        newest: snapshots.last().map_or(Revision::ZERO, SnapshotInfo::revision),
    };
    let last = replay.segments(&survey.segments, &mut notes)?;
    let (records, micros, log_bytes) = (replay.records, replay.micros, replay.log_bytes);
    if let Some(ahead) = snapshots.iter().find(|info| info.revision() > last.end.revision) {
        let what = format!(
            "the log ends at revision {}, before {} of revision {}",
            last.end.revision,
            ahead.name,
            ahead.revision()
        );
        return Err(Damage { file: last.file, offset: last.end.length, what }.into());
    }
    Ok(Replayed {
        end: last.end,
        from: from.revision,
        snapshots,
        notes,
        is_closed: last.is_closed,
        last: last.good,
        torn: last.torn,
        records,
        micros,
        log_bytes,
    })
}

struct Begin {
    revision: Revision,
    digest: Digest,
}

/// Reads the oldest state from which the log goes on.
fn begin(
    storage: &dyn Storage,
    survey: &Survey,
    origin: Revision,
    snapshots: &mut Vec<SnapshotInfo>,
    sink: &mut dyn Sink,
    notes: &mut Vec<String>,
    mut first_damage: Option<StorageError>,
) -> Result<Begin, StorageError> {
    let Some((first_base, first_name)) = survey.segments.first() else {
        let what = "no piece of the log is there".to_owned();
        return Err(Damage { file: super::files::segment_name(origin), offset: 0, what }.into());
    };
    if *first_base == origin && !origin.is_zero() {
        sink.begin(origin);
        return Ok(Begin { revision: origin, digest: Digest::default() });
    }
    let mut at = 0;
    while let Some(info) = snapshots.get(at) {
        if info.revision() < *first_base {
            notes.push(format!("{} is older than the log", info.name));
            at += 1;
            continue;
        }
        sink.begin(info.revision());
        match info.objects(storage, |object| sink.object(object)) {
            Ok(()) => {
                sink.compact(info.floor());
                return Ok(Begin { revision: info.revision(), digest: info.digest });
            }
            Err(error) if error.is_damaged() => {
                notes.push(error.to_string());
                first_damage.get_or_insert(error);
                snapshots.remove(at);
            }
            Err(error) => return Err(error),
        }
    }
    Err(first_damage.unwrap_or_else(|| {
        let what = format!(
            "the log begins at revision {first_base}, and there is no snapshot from which it goes on"
        );
        Damage { file: first_name.clone(), offset: 0, what }.into()
    }))
}

struct Replay<'a> {
    storage: &'a dyn Storage,
    incarnation: Incarnation,
    sink: &'a mut dyn Sink,
    digest: Digest,
    /// The revision of what the sink has.
    position: Revision,
    /// Snapshots that replay has not come to.
    later: Vec<SnapshotInfo>,
    records: u64,
    micros: i64,
    log_bytes: u64,
    /// The revision of the newest snapshot.
    newest: Revision,
}

struct Last {
    file: String,
    end: LogEnd,
    is_closed: bool,
    good: Vec<u8>,
    torn: Vec<u8>,
}

impl Replay<'_> {
    fn segments(
        &mut self,
        names: &[(Revision, String)],
        notes: &mut Vec<String>,
    ) -> Result<Last, StorageError> {
        // The piece in which the next revision is.
        let first = names.iter().rposition(|(base, _)| *base <= self.position).unwrap_or(0);
        let mut segment = self.read(&names[first])?;
        for name in &names[first + 1..] {
            let next = self.read(name)?;
            self.inner_segment(&segment, &next)?;
            segment = next;
        }
        self.last_segment(segment, notes)
    }

    fn read(&self, (base, name): &(Revision, String)) -> Result<Segment, StorageError> {
        let file = self.storage.open(name).and_then(|file| read_all(&*file));
        let bytes = file.map_err(|error| StorageError::io(format!("reading {name}"), error))?;
        let segment = Segment::new(name, bytes)?;
        require_same(self.incarnation, name, &segment.header, *base)?;
        Ok(segment)
    }

    /// A piece that another one follows is good up to where that one goes on. What may be behind that was never part
    /// of the log.
    fn inner_segment(&mut self, segment: &Segment, next: &Segment) -> Result<(), StorageError> {
        let mut records = segment.records();
        let mut shelves = Shelves::default();
        let goes_on = |records: &Records<'_>| {
            records.chain == next.header.chain && records.revision == next.base() && records.last.is_some()
        };
        if next.sequence() != segment.sequence() + 1 {
            let what = format!(
                "it is piece {} of the log, and follows piece {}",
                next.sequence(),
                segment.sequence()
            );
            return Err(next.damage(0, what).into());
        }
        while !goes_on(&records) {
            let offset = records.offset;
            match records.next()? {
                Some(record) if record.kind != RecordKind::Ended => {
                    self.record(segment, offset, record, &mut shelves)?;
                }
                _ => {
                    let what = format!("it ends before {} goes on from it", next.file);
                    return Err(segment.damage(offset, what).into());
                }
            }
        }
        Ok(())
    }

    fn last_segment(&mut self, mut segment: Segment, notes: &mut Vec<String>) -> Result<Last, StorageError> {
        let mark = Mark::read(self.storage, self.incarnation)
            .map_err(|error| StorageError::io("reading the marks", error))?;
        let mut records = segment.records();
        let mut shelves = Shelves::default();
        let mut before_last = (records.offset, records.chain);
        let damage = loop {
            let offset = records.offset;
            before_last =
                if records.last == Some(RecordKind::Closed) { before_last } else { (offset, records.chain) };
            match records.next() {
                Ok(Some(record)) if record.kind == RecordKind::Ended => {
                    return Err(segment.damage(offset, "the log goes on in a piece that is missing").into());
                }
                Ok(Some(record)) => self.record(&segment, offset, record, &mut shelves)?,
                Ok(None) => break None,
                Err(damage) => break Some(damage),
            }
        };
        let mut end = LogEnd {
            incarnation: self.incarnation,
            sequence: segment.sequence(),
            base: segment.base(),
            salt: segment.salt,
            chain: records.chain,
            length: records.offset as u64,
            revision: records.revision,
            marks: mark.map_or(0, |mark| mark.count),
        };
        if let Some(damage) = &damage
            && let Some(proof) = segment.proof_of_loss(records.offset)
        {
            let what = format!("{}; the record at byte {proof} proves that it was good once", damage.what);
            return Err(segment.damage(records.offset, what).into());
        }
        if let Some(mark) = mark
            && (mark.sequence > end.sequence || mark.sequence == end.sequence && mark.synced > end.length)
        {
            let bad = damage.map_or_else(|| "the log ends here".to_owned(), |damage| damage.what);
            let what = format!(
                "{bad}, though it was durable up to byte {} of piece {} (revision {})",
                mark.synced, mark.sequence, mark.revision
            );
            return Err(segment.damage(records.offset, what).into());
        }
        let ends_closed = records.last == Some(RecordKind::Closed);
        let torn = segment.bytes.split_off(records.offset.min(segment.bytes.len()));
        if let Some(damage) = damage {
            notes.push(format!("{} bytes that were never acknowledged are dropped: {damage}", torn.len()));
        }
        let is_closed = ends_closed && torn.is_empty();
        if is_closed {
            // It says that all before it is on the disk; whether it is there itself, nothing says.
            end.length = before_last.0 as u64;
            end.chain = before_last.1;
            segment.bytes.truncate(before_last.0);
        }
        Ok(Last { file: segment.file, end, is_closed, good: segment.bytes, torn })
    }

    fn record(
        &mut self,
        segment: &Segment,
        offset: usize,
        record: super::log::Record<'_>,
        shelves: &mut Shelves,
    ) -> Result<(), StorageError> {
        if record.clears_shelves {
            shelves.clear();
        }
        self.records += 1;
        self.micros = record.micros;
        if record.revision > self.newest {
            self.log_bytes += record.length() as u64;
        }
        let mut from = Reader::new(record.content);
        let damage = |what: String| segment.damage(offset, what);
        let known = record.revision <= self.position;
        match record.kind {
            RecordKind::Put => {
                let object =
                    read_object(&mut from, shelves, record.revision).map_err(|error| damage(error.0))?;
                if !known {
                    let key = object.key();
                    if let Some(before) = self.sink.put(object) {
                        self.digest.remove(&key, before);
                    }
                    self.digest.add(&key, record.revision);
                }
            }
            RecordKind::Remove => {
                let key = read_key(&mut from, shelves).map_err(|error| damage(error.0))?;
                if !known {
                    let before = self.sink.remove(&key, record.revision);
                    let before = before.ok_or_else(|| {
                        damage(format!(
                            "{} {}/{} is removed without being there",
                            key.kind, key.namespace, key.name
                        ))
                    })?;
                    self.digest.remove(&key, before);
                }
            }
            RecordKind::Compact => {
                let floor = Revision(from.fixed().map_err(|error| damage(error.0))?);
                if floor <= record.revision {
                    self.sink.compact(floor);
                }
            }
            RecordKind::Closed | RecordKind::Ended => {}
        }
        if !known {
            self.position = record.revision;
        }
        self.compare_snapshot(record.revision)
    }

    /// At the revision of a snapshot, it and the replay are one (INV-ST-17).
    fn compare_snapshot(&mut self, revision: Revision) -> Result<(), StorageError> {
        let Some(at) = self.later.iter().position(|info| info.revision() == revision) else { return Ok(()) };
        let info = self.later.remove(at);
        if info.digest == self.digest {
            return Ok(());
        }
        let what = format!(
            "it has {} objects, the log at its revision {revision} has {}; or they are not the same",
            info.digest.count, self.digest.count
        );
        Err(Damage { file: info.name, offset: 0, what }.into())
    }
}
