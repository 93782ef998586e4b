use setpoint_core::object::Revision;

use crate::engine::durable::files::{u32_at, u64_at};

/// The length of what stands in front of every record's content.
pub(crate) const RECORD_HEADER: usize = 40;
/// Records begin at multiples of this.
const ALIGNMENT: usize = 8;
/// The longest content.
pub(crate) const RECORD_BYTES_MAX: usize = 256 << 20;

/// What a record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecordKind {
    /// An object as it is from this revision on.
    Put = 1,
    /// An object is gone from this revision on.
    Remove = 2,
    /// The history up to a revision is forgotten.
    Compact = 3,
    /// The store was closed, and nothing went wrong before.
    Closed = 4,
    /// The log goes on in the next piece.
    Ended = 5,
}

/// One record of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Record<'a> {
    pub(crate) kind: RecordKind,
    /// Its shared things are on empty shelves from here on.
    pub(crate) clears_shelves: bool,
    /// The revision after it.
    pub(crate) revision: Revision,
    /// How far the piece was known to be durable when this was written.
    pub(crate) synced: u64,
    /// When it was written, in microseconds of the time of day.
    pub(crate) micros: i64,
    pub(crate) content: &'a [u8],
}

/// Whether the shelves are cleared.
const CLEARS: u8 = 1;

impl Record<'_> {
    /// Appends it. `salt` is the checksum of the piece's header, `chain` that of the record before; the answer is this
    /// one's.
    pub(crate) fn encode(&self, salt: u32, chain: u32, into: &mut Vec<u8>) -> u32 {
        let start = into.len();
        into.extend_from_slice(&(self.content.len() as u32).to_le_bytes());
        into.extend_from_slice(&[0; 4]);
        into.extend_from_slice(&chain.to_le_bytes());
        into.push(self.kind as u8);
        into.push(if self.clears_shelves { CLEARS } else { 0 });
        into.extend_from_slice(&[0; 2]);
        into.extend_from_slice(&self.revision.0.to_le_bytes());
        into.extend_from_slice(&self.synced.to_le_bytes());
        into.extend_from_slice(&self.micros.to_le_bytes());
        into.extend_from_slice(self.content);
        into.resize(start + whole_length(self.content.len()), 0);
        let checksum = checksum(salt, &into[start..]);
        into[start + 4..start + 8].copy_from_slice(&checksum.to_le_bytes());
        checksum
    }

    /// How many bytes it takes.
    pub(crate) fn length(&self) -> usize {
        whole_length(self.content.len())
    }
}

/// A record at the beginning of `bytes`, with its checksum and that of the record before it; else what is wrong.
pub(crate) fn decode(salt: u32, bytes: &[u8]) -> Result<(Record<'_>, u32, u32), String> {
    let Some(header) = bytes.first_chunk::<RECORD_HEADER>() else {
        return Err(format!("only {} bytes are left for a record's header", bytes.len()));
    };
    let length = u32_at(header, 0) as usize;
    if length > RECORD_BYTES_MAX {
        return Err(format!("a record claims {length} bytes, more than there can be"));
    }
    let Some(whole) = bytes.get(..whole_length(length)) else {
        return Err(format!("a record claims {length} bytes, more than the file has"));
    };
    let sum = u32_at(header, 4);
    if sum != checksum(salt, whole) {
        return Err("the checksum of a record is wrong".to_owned());
    }
    let kind = match header[12] {
        1 => RecordKind::Put,
        2 => RecordKind::Remove,
        3 => RecordKind::Compact,
        4 => RecordKind::Closed,
        5 => RecordKind::Ended,
        other => return Err(format!("there is no record of sort {other}")),
    };
    let record = Record {
        kind,
        clears_shelves: header[13] & CLEARS != 0,
        revision: Revision(u64_at(header, 16)),
        synced: u64_at(header, 24),
        micros: u64_at(header, 32).cast_signed(),
        content: &whole[RECORD_HEADER..RECORD_HEADER + length],
    };
    Ok((record, sum, u32_at(header, 8)))
}

fn whole_length(content: usize) -> usize {
    (RECORD_HEADER + content).next_multiple_of(ALIGNMENT)
}

/// Of everything but the checksum itself, filled up to the alignment, beginning with the salt.
fn checksum(salt: u32, whole: &[u8]) -> u32 {
    let sum = crc32c::crc32c_append(salt, &whole[..4]);
    crc32c::crc32c_append(sum, &whole[8..])
}
