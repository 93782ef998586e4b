use setpoint_core::object::Revision;

use super::record::{self, Record, RecordKind};
use crate::engine::durable::error::Damage;
use crate::engine::durable::files::{FileKind, HEADER, Header};

/// A piece of the log in memory, with a good header.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) file: String,
    pub(crate) header: Header,
    /// The checksum of the header.
    pub(crate) salt: u32,
    pub(crate) bytes: Vec<u8>,
}

/// Goes through the records of a piece, checking each.
#[derive(Debug)]
pub(crate) struct Records<'a> {
    segment: &'a Segment,
    /// Where the next record begins: everything before is good.
    pub(crate) offset: usize,
    /// The checksum of the last good record.
    pub(crate) chain: u32,
    /// The revision after the last good record.
    pub(crate) revision: Revision,
    /// The sort of the last good record.
    pub(crate) last: Option<RecordKind>,
}

impl Segment {
    /// Looks at the header; the records are looked at as they are read.
    pub(crate) fn new(file: &str, bytes: Vec<u8>) -> Result<Self, Damage> {
        let (header, salt) = Header::decode(FileKind::Segment, file, &bytes)?;
        Ok(Self { file: file.to_owned(), header, salt, bytes })
    }

    pub(crate) fn base(&self) -> Revision {
        Revision(self.header.number)
    }

    /// Its place among the pieces.
    pub(crate) fn sequence(&self) -> u64 {
        self.header.more
    }

    pub(crate) fn records(&self) -> Records<'_> {
        Records { segment: self, offset: HEADER, chain: self.salt, revision: self.base(), last: None }
    }

    pub(crate) fn damage(&self, offset: usize, what: impl Into<String>) -> Damage {
        Damage { file: self.file.clone(), offset: offset as u64, what: what.into() }
    }

    /// The first record after a bad place that was written when that place was known to be durable: it proves that
    /// what is bad now was good once.
    pub(crate) fn proof_of_loss(&self, bad: usize) -> Option<usize> {
        let mut at = bad.next_multiple_of(8);
        while at < self.bytes.len() {
            if let Ok((record, _, _)) = record::decode(self.salt, &self.bytes[at..]) {
                if record.synced > bad as u64 {
                    return Some(at);
                }
                at += record.length();
            } else {
                at += 8;
            }
        }
        None
    }
}

impl<'a> Records<'a> {
    /// The next record; `None` at the end of the piece.
    pub(crate) fn next(&mut self) -> Result<Option<Record<'a>>, Damage> {
        let rest = self.segment.bytes.get(self.offset..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(None);
        }
        let damage = |what: String| self.segment.damage(self.offset, what);
        let (record, sum, chain) = record::decode(self.segment.salt, rest).map_err(damage)?;
        if chain != self.chain {
            return Err(damage("a record does not follow the one before it".to_owned()));
        }
        let expected = match record.kind {
            RecordKind::Put | RecordKind::Remove => self.revision.next(),
            RecordKind::Compact | RecordKind::Closed | RecordKind::Ended => self.revision,
        };
        if record.revision != expected {
            return Err(damage(format!("a record has revision {} instead of {expected}", record.revision)));
        }
        self.offset += record.length();
        self.chain = sum;
        self.revision = record.revision;
        self.last = Some(record.kind);
        Ok(Some(record))
    }
}
