use std::io;

use setpoint_core::object::Revision;

use crate::engine::durable::files::{Incarnation, MARK, u32_at, u64_at};
use crate::engine::durable::storage::{Storage, StorageFile, read_all};

/// How far the log is known to be durable.
///
/// It is written after each sync and not synced itself: it may be missing or old, but what it says was true. With it
/// a log that has lost its end can be told from one whose end was never acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) incarnation: Incarnation,
    /// Counts the marks.
    pub(crate) count: u64,
    /// The place of the piece among the pieces.
    pub(crate) sequence: u64,
    /// How many bytes of that piece.
    pub(crate) synced: u64,
    /// The revision after them.
    pub(crate) revision: Revision,
}

/// The file with the last two marks, each in a page of its own.
pub(crate) struct MarkFile(Box<dyn StorageFile>);

const PAGE: u64 = 4096;
const LENGTH: usize = 52;

impl Mark {
    fn encode(&self) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        bytes[..16].copy_from_slice(&self.incarnation.0);
        let numbers = [self.count, self.sequence, self.synced, self.revision.0];
        for (chunk, number) in bytes[16..48].chunks_exact_mut(8).zip(numbers) {
            chunk.copy_from_slice(&number.to_le_bytes());
        }
        let sum = crc32c::crc32c(&bytes[..LENGTH - 4]);
        bytes[LENGTH - 4..].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.first_chunk::<LENGTH>()?;
        if u32_at(bytes, LENGTH - 4) != crc32c::crc32c(&bytes[..LENGTH - 4]) {
            return None;
        }
        let mut incarnation = [0; 16];
        incarnation.copy_from_slice(&bytes[..16]);
        Some(Self {
            incarnation: Incarnation(incarnation),
            count: u64_at(bytes, 16),
            sequence: u64_at(bytes, 24),
            synced: u64_at(bytes, 32),
            revision: Revision(u64_at(bytes, 40)),
        })
    }

    /// The newest mark of a store; `None` if there is none that can be read.
    pub(crate) fn read(storage: &dyn Storage, incarnation: Incarnation) -> io::Result<Option<Self>> {
        let bytes = match storage.open(MARK) {
            Ok(file) => read_all(&*file)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let marks = [0, PAGE as usize].into_iter().filter_map(|at| Self::decode(bytes.get(at..)?));
        Ok(marks.filter(|mark| mark.incarnation == incarnation).max_by_key(|mark| mark.count))
    }
}

impl MarkFile {
    /// Opens the file, or makes it.
    pub(crate) fn open(storage: &dyn Storage) -> io::Result<Self> {
        match storage.open(MARK) {
            Ok(file) => Ok(Self(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => storage.create(MARK).map(Self),
            Err(error) => Err(error),
        }
    }

    /// Writes a mark in the place of the one before the last.
    pub(crate) fn write(&mut self, mark: &Mark) -> io::Result<()> {
        self.0.write_at(mark.count % 2 * PAGE, &mark.encode())
    }
}
