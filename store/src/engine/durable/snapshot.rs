//! All objects at one revision in a file: written beside the log without holding anybody up, read when a store opens.

use std::io;

use setpoint_core::object::{Object, Revision};

use super::codec::{RawObject, Reader, Shelf, Shelves, Writer, read_object, write_object, write_raw_object};
use super::digest::Digest;
use super::error::{Damage, StorageError};
use super::files::{FileKind, HEADER, Header, UNFINISHED, snapshot_name, u32_at, u64_at};
use super::storage::{Storage, StorageFile};

/// A block is written when it has this many bytes.
const BLOCK_BYTES: usize = 256 << 10;
/// The longest block: one object more than that.
const BLOCK_BYTES_MAX: usize = BLOCK_BYTES + super::log::RECORD_BYTES_MAX;
/// What stands in front of a block: its length and its checksum.
const BLOCK_HEADER: usize = 8;
/// What stands at the end of the file.
const TRAILER: usize = 40;
const TRAILER_MAGIC: [u8; 8] = *b"sp-end\r\n";

/// Writes a snapshot; it has no name until it is whole and durable.
pub(super) struct SnapshotWriter<'a> {
    storage: &'a dyn Storage,
    file: Box<dyn StorageFile>,
    name: String,
    offset: u64,
    chain: u32,
    shelf: Shelf,
    block: Writer,
    digest: Digest,
}

impl<'a> SnapshotWriter<'a> {
    pub(super) fn begin(storage: &'a dyn Storage, name: String, header: &Header) -> io::Result<Self> {
        let (bytes, chain) = header.encode();
        let mut file = storage.create(&format!("{name}{UNFINISHED}"))?;
        file.write_at(0, &bytes)?;
        Ok(Self {
            storage,
            file,
            name,
            offset: HEADER as u64,
            chain,
            shelf: Shelf::default(),
            block: Writer::default(),
            digest: Digest::default(),
        })
    }

    pub(super) fn object(&mut self, object: &Object) -> io::Result<()> {
        self.digest.add_object(object);
        self.block.number(object.revision().0);
        write_object(object, &mut self.block, &mut self.shelf);
        self.write_full_block()
    }

    pub(super) fn raw_object(&mut self, object: &RawObject) -> io::Result<()> {
        self.digest.add(&object.key(), object.revision);
        self.block.number(object.revision.0);
        write_raw_object(object, &mut self.block, &mut self.shelf);
        self.write_full_block()
    }

    /// Gives it its name, once all of it is durable; tells how many bytes it has.
    pub(super) fn finish(mut self) -> io::Result<u64> {
        self.write_block()?;
        let mut trailer = Vec::with_capacity(TRAILER);
        trailer.extend_from_slice(&TRAILER_MAGIC);
        trailer.extend_from_slice(&self.digest.count.to_le_bytes());
        trailer.extend_from_slice(&self.digest.sum.to_le_bytes());
        trailer.extend_from_slice(&self.offset.to_le_bytes());
        trailer.extend_from_slice(&self.chain.to_le_bytes());
        trailer.extend_from_slice(&crc32c::crc32c(&trailer).to_le_bytes());
        self.file.write_at(self.offset, &trailer)?;
        self.file.sync()?;
        self.storage.rename(&format!("{}{UNFINISHED}", self.name), &self.name)?;
        self.storage.sync_directory()?;
        Ok(self.offset + TRAILER as u64)
    }

    fn write_full_block(&mut self) -> io::Result<()> {
        if self.block.0.len() >= BLOCK_BYTES { self.write_block() } else { Ok(()) }
    }

    fn write_block(&mut self) -> io::Result<()> {
        if self.block.0.is_empty() {
            return Ok(());
        }
        if self.block.0.len() > BLOCK_BYTES_MAX {
            return Err(io::Error::other("an object is too large for a snapshot"));
        }
        let length = (self.block.0.len() as u32).to_le_bytes();
        let sum = crc32c::crc32c_append(self.chain, &length);
        let sum = crc32c::crc32c_append(sum, &self.block.0);
        let mut bytes = Vec::with_capacity(BLOCK_HEADER + self.block.0.len());
        bytes.extend_from_slice(&length);
        bytes.extend_from_slice(&sum.to_le_bytes());
        bytes.append(&mut self.block.0);
        self.file.write_at(self.offset, &bytes)?;
        self.offset += bytes.len() as u64;
        self.chain = sum;
        Ok(())
    }
}

/// A snapshot that is there, as far as its beginning and its end say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SnapshotInfo {
    pub(super) name: String,
    pub(super) header: Header,
    pub(super) digest: Digest,
    pub(super) length: u64,
    salt: u32,
    blocks_end: u64,
    chain: u32,
}

impl SnapshotInfo {
    pub(super) fn revision(&self) -> Revision {
        Revision(self.header.number)
    }

    /// The oldest revision that could be resumed from when it was written.
    pub(super) fn floor(&self) -> Revision {
        Revision(self.header.more)
    }

    /// Looks at beginning and end.
    pub(super) fn read(storage: &dyn Storage, name: &str) -> Result<Self, StorageError> {
        let io = |error| StorageError::io(format!("reading {name}"), error);
        let file = storage.open(name).map_err(io)?;
        let length = file.length().map_err(io)?;
        let mut head = [0; HEADER];
        let read = file.read_at(0, &mut head).map_err(io)?;
        let (header, salt) = Header::decode(FileKind::Snapshot, name, &head[..read])?;
        let damage =
            |offset: u64, what: &str| Damage { file: name.to_owned(), offset, what: what.to_owned() };
        let Some(blocks_end) = length.checked_sub(TRAILER as u64).filter(|end| *end >= HEADER as u64) else {
            return Err(damage(length, "it ends too early").into());
        };
        let mut end = [0; TRAILER];
        file.read_at(blocks_end, &mut end).map_err(io)?;
        let whole = end[..8] == TRAILER_MAGIC && u32_at(&end, 36) == crc32c::crc32c(&end[..36]);
        if !whole || u64_at(&end, 24) != blocks_end {
            return Err(damage(blocks_end, "its end is missing or damaged").into());
        }
        let digest = Digest { count: u64_at(&end, 8), sum: u64_at(&end, 16) };
        let chain = u32_at(&end, 32);
        Ok(Self { name: name.to_owned(), header, digest, length, salt, blocks_end, chain })
    }

    /// Reads and checks all objects.
    pub(super) fn objects(
        &self,
        storage: &dyn Storage,
        mut each: impl FnMut(RawObject),
    ) -> Result<(), StorageError> {
        let mut digest = Digest::default();
        let mut shelves = Shelves::default();
        self.blocks(storage, |offset, block| {
            let mut from = Reader::new(block);
            while !from.is_empty() {
                let damage = |what: String| Damage {
                    file: self.name.clone(),
                    offset,
                    what: format!("in the block here: {what}"),
                };
                let revision = Revision(from.number().map_err(|error| damage(error.0))?);
                let object =
                    read_object(&mut from, &mut shelves, revision).map_err(|error| damage(error.0))?;
                digest.add(&object.key(), revision);
                each(object);
            }
            Ok(())
        })?;
        if digest == self.digest {
            return Ok(());
        }
        let what = format!(
            "it has {} objects of another digest than its end says ({})",
            digest.count, self.digest.count
        );
        Err(Damage { file: self.name.clone(), offset: self.blocks_end, what }.into())
    }

    /// Checks the whole file without looking into the objects.
    pub(super) fn verify(&self, storage: &dyn Storage) -> Result<(), StorageError> {
        self.blocks(storage, |_, _| Ok(()))
    }

    fn blocks(
        &self,
        storage: &dyn Storage,
        mut each: impl FnMut(u64, &[u8]) -> Result<(), Damage>,
    ) -> Result<(), StorageError> {
        let io = |error| StorageError::io(format!("reading {}", self.name), error);
        let file = storage.open(&self.name).map_err(io)?;
        let damage =
            |offset: u64, what: &str| Damage { file: self.name.clone(), offset, what: what.to_owned() };
        let (mut offset, mut chain) = (HEADER as u64, self.salt);
        let mut block = Vec::new();
        while offset < self.blocks_end {
            let mut head = [0; BLOCK_HEADER];
            file.read_at(offset, &mut head).map_err(io)?;
            let length = u32_at(&head, 0);
            let end = offset + BLOCK_HEADER as u64 + u64::from(length);
            if length as usize > BLOCK_BYTES_MAX || end > self.blocks_end {
                return Err(damage(offset, "a block claims more bytes than there are").into());
            }
            block.resize(length as usize, 0);
            let read = file.read_at(offset + BLOCK_HEADER as u64, &mut block).map_err(io)?;
            let sum = crc32c::crc32c_append(crc32c::crc32c_append(chain, &head[..4]), &block);
            if read < block.len() || sum != u32_at(&head, 4) {
                return Err(damage(offset, "the checksum of a block is wrong").into());
            }
            each(offset, &block)?;
            (offset, chain) = (end, sum);
        }
        if chain != self.chain {
            return Err(damage(offset, "the last block is not the one that its end follows").into());
        }
        Ok(())
    }
}

/// The header of a snapshot.
pub(super) fn snapshot_header(
    incarnation: super::files::Incarnation,
    revision: Revision,
    floor: Revision,
) -> Header {
    Header { kind: FileKind::Snapshot, incarnation, number: revision.0, more: floor.0, chain: 0 }
}

/// Begins the snapshot of a revision under its usual name.
pub(super) fn begin_snapshot<'a>(
    storage: &'a dyn Storage,
    header: &Header,
) -> io::Result<SnapshotWriter<'a>> {
    SnapshotWriter::begin(storage, snapshot_name(Revision(header.number)), header)
}
