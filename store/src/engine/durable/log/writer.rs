use std::io;
use std::sync::Arc;

use setpoint_core::object::Revision;

use super::mark::{Mark, MarkFile};
use super::record::{Record, RecordKind};
use crate::engine::Change;
use crate::engine::durable::codec::{Shelf, Writer, write_object, write_removal};
use crate::engine::durable::files::{
    FileKind, HEADER, Header, Incarnation, RESERVE, UNFINISHED, segment_name,
};
use crate::engine::durable::storage::{Lock, Storage, StorageFile};

/// The end of the log, to be written.
///
/// Only one group is written at a time, so that all before it is durable and a group that fails can be taken back.
pub(crate) struct Log {
    storage: Arc<dyn Storage>,
    file: Box<dyn StorageFile>,
    mark: MarkFile,
    marks: u64,
    incarnation: Incarnation,
    /// The place of the piece among the pieces.
    sequence: u64,
    /// The revision before the piece's first.
    base: Revision,
    /// The checksum of the piece's header.
    salt: u32,
    /// That of the last record.
    chain: u32,
    /// All of the piece up to here is durable.
    length: u64,
    revision: Revision,
    shelf: Shelf,
    /// The shelves of readers are not as this one.
    clears_shelves: bool,
    limits: LogLimits,
    has_reserve: bool,
    buffer: Vec<u8>,
    content: Writer,
    /// Nobody else opens the store while this lives.
    _lock: Arc<dyn Lock>,
}

/// How large files get.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogLimits {
    pub(crate) segment_bytes_max: u64,
    pub(crate) object_bytes_max: usize,
    pub(crate) reserve_bytes: usize,
}

/// Where a log ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogEnd {
    pub(crate) incarnation: Incarnation,
    pub(crate) sequence: u64,
    pub(crate) base: Revision,
    pub(crate) salt: u32,
    pub(crate) chain: u32,
    pub(crate) length: u64,
    pub(crate) revision: Revision,
    pub(crate) marks: u64,
}

/// Something to be written.
#[derive(Debug, Clone)]
pub(crate) enum Entry {
    /// An object changed.
    Change(Arc<Change>),
    /// The history up to a revision is forgotten.
    Compact(Revision),
    /// The store is closed.
    Closed,
}

/// Why a group was not written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WriteError {
    /// Nothing was changed, and the next group may succeed.
    #[error("{0}")]
    Refused(String),
    /// The same, for the sake of one change.
    #[error("{0}")]
    TooLarge(TooLarge),
    /// Nobody can tell what is durable now: nothing more may be written.
    #[error("{0}")]
    Unknown(String),
}

/// A change that is too large for the log. Those before it in its group are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the change of revision {revision} takes {bytes} bytes of at most {limit}")]
pub(crate) struct TooLarge {
    pub(crate) revision: Revision,
    pub(crate) bytes: usize,
    pub(crate) limit: usize,
}

impl Log {
    /// Goes on where a log ends.
    pub(crate) fn at(
        storage: Arc<dyn Storage>,
        lock: Arc<dyn Lock>,
        end: LogEnd,
        limits: LogLimits,
    ) -> io::Result<Self> {
        let mut log = Self {
            file: storage.open(&segment_name(end.base))?,
            mark: MarkFile::open(&*storage)?,
            marks: end.marks,
            incarnation: end.incarnation,
            sequence: end.sequence,
            base: end.base,
            salt: end.salt,
            chain: end.chain,
            length: end.length,
            revision: end.revision,
            shelf: Shelf::default(),
            clears_shelves: true,
            limits,
            has_reserve: false,
            buffer: Vec::new(),
            content: Writer::default(),
            storage,
            _lock: lock,
        };
        log.refill_reserve();
        Ok(log)
    }

    /// Writes a group and makes it durable; tells how many bytes that were.
    pub(crate) fn append(&mut self, group: &[Entry], micros: i64) -> Result<u64, WriteError> {
        if self.length >= self.limits.segment_bytes_max && self.revision > self.base {
            match self.begin_next() {
                // A piece may be longer than it should be.
                Ok(()) | Err(WriteError::Refused(_) | WriteError::TooLarge(_)) => {}
                Err(unknown @ WriteError::Unknown(_)) => return Err(unknown),
            }
        }
        self.buffer.clear();
        let written = self.encode(group, micros).and_then(|(chain, revision)| {
            self.write(group)?;
            Ok((chain, revision))
        });
        let (chain, revision) = match written {
            Ok(end) => end,
            Err(error) => {
                self.shelf.clear();
                self.clears_shelves = true;
                return Err(error);
            }
        };
        self.length += self.buffer.len() as u64;
        self.chain = chain;
        self.revision = revision;
        self.clears_shelves = false;
        // The end of a closed log is cut off when it is opened again.
        if !matches!(group, [Entry::Closed]) {
            self.write_mark();
        }
        if !self.has_reserve {
            self.refill_reserve();
        }
        Ok(self.buffer.len() as u64)
    }

    fn encode(&mut self, group: &[Entry], micros: i64) -> Result<(u32, Revision), WriteError> {
        let (mut chain, mut revision) = (self.chain, self.revision);
        let mut clears_shelves = self.clears_shelves;
        for entry in group {
            self.content.0.clear();
            let kind = match entry {
                Entry::Change(change) => {
                    revision = change.revision;
                    match (&change.new, &change.old) {
                        (Some(new), _) => {
                            write_object(new, &mut self.content, &mut self.shelf);
                            RecordKind::Put
                        }
                        (None, Some(old)) => {
                            write_removal(old, &mut self.content, &mut self.shelf);
                            RecordKind::Remove
                        }
                        (None, None) => continue,
                    }
                }
                Entry::Compact(floor) => {
                    self.content.fixed(floor.0);
                    RecordKind::Compact
                }
                Entry::Closed => RecordKind::Closed,
            };
            let (bytes, limit) = (self.content.0.len(), self.limits.object_bytes_max);
            if bytes > limit {
                return Err(WriteError::TooLarge(TooLarge { revision, bytes, limit }));
            }
            let content = &self.content.0;
            let record = Record { kind, clears_shelves, revision, synced: self.length, micros, content };
            chain = record.encode(self.salt, chain, &mut self.buffer);
            clears_shelves = false;
        }
        Ok((chain, revision))
    }

    /// Writes and syncs the buffer at the end, or leaves the end as it was.
    fn write(&mut self, group: &[Entry]) -> Result<(), WriteError> {
        let mut written = self.file.write_at(self.length, &self.buffer);
        if let Err(error) = &written
            && error.kind() == io::ErrorKind::StorageFull
            && self.has_reserve
            && group.iter().all(frees)
            && self.storage.remove(RESERVE).is_ok()
        {
            self.has_reserve = false;
            written = self.file.write_at(self.length, &self.buffer);
        }
        if let Err(error) = written {
            let undone = self.file.truncate(self.length).and_then(|()| self.file.sync());
            return Err(match undone {
                Ok(()) => WriteError::Refused(format!("the log cannot be written: {error}")),
                Err(undo) => WriteError::Unknown(format!(
                    "the log cannot be written ({error}), nor what was written be taken back ({undo})"
                )),
            });
        }
        self.file
            .sync()
            .map_err(|error| WriteError::Unknown(format!("the log could not be made durable: {error}")))
    }

    /// Begins the next piece of the log.
    fn begin_next(&mut self) -> Result<(), WriteError> {
        let header = Header {
            kind: FileKind::Segment,
            incarnation: self.incarnation,
            number: self.revision.0,
            more: self.sequence + 1,
            chain: self.chain,
        };
        let name = segment_name(self.revision);
        let (bytes, salt) = header.encode();
        let unfinished = format!("{name}{UNFINISHED}");
        let refused =
            |error: io::Error| WriteError::Refused(format!("{unfinished} cannot be written: {error}"));
        let mut file = self.storage.create(&unfinished).map_err(refused)?;
        file.write_at(0, &bytes).map_err(refused)?;
        let unknown =
            |error: io::Error| WriteError::Unknown(format!("{name} could not be made durable: {error}"));
        file.sync().map_err(unknown)?;
        self.storage.rename(&unfinished, &name).map_err(unknown)?;
        self.storage.sync_directory().map_err(unknown)?;
        self.end_piece();
        (self.file, self.salt, self.chain, self.length) = (file, salt, salt, HEADER as u64);
        self.sequence += 1;
        self.base = self.revision;
        self.shelf.clear();
        self.clears_shelves = false;
        Ok(())
    }

    /// Says at the end of the piece that another follows. It is known without, so nothing depends on it.
    fn end_piece(&mut self) {
        let record = Record {
            kind: RecordKind::Ended,
            clears_shelves: false,
            revision: self.revision,
            synced: self.length,
            micros: 0,
            content: &[],
        };
        let mut bytes = Vec::new();
        record.encode(self.salt, self.chain, &mut bytes);
        // Readers take what does not belong to a piece that another one follows for what it is.
        let _outcome = self.file.write_at(self.length, &bytes).and_then(|()| self.file.sync());
    }

    fn write_mark(&mut self) {
        self.marks += 1;
        let mark = Mark {
            incarnation: self.incarnation,
            count: self.marks,
            sequence: self.sequence,
            synced: self.length,
            revision: self.revision,
        };
        // It is a witness, not a condition: without it less can be proved.
        let _outcome = self.mark.write(&mark);
    }

    /// Takes the room that deletions get when there is no other.
    fn refill_reserve(&mut self) {
        let bytes = self.limits.reserve_bytes;
        if bytes == 0 {
            return;
        }
        let there = self.storage.open(RESERVE).and_then(|file| file.length());
        if there.is_ok_and(|length| length == bytes as u64) {
            self.has_reserve = true;
            return;
        }
        let filled = self.storage.create(RESERVE).and_then(|mut file| {
            file.write_at(0, &vec![0; bytes])?;
            file.sync()
        });
        self.has_reserve = filled.is_ok();
        if !self.has_reserve {
            // What of it was written is in the way of others.
            let _outcome = self.storage.remove(RESERVE);
        }
    }
}

impl Entry {
    /// The revision after it, if it is a change.
    pub(crate) fn revision(&self) -> Option<Revision> {
        match self {
            Self::Change(change) => Some(change.revision),
            Self::Compact(_) | Self::Closed => None,
        }
    }
}

/// Whether it makes the next snapshot smaller.
fn frees(entry: &Entry) -> bool {
    match entry {
        Entry::Change(change) => change.new.is_none(),
        Entry::Compact(_) | Entry::Closed => true,
    }
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Log")
            .field("revision", &self.revision)
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}
