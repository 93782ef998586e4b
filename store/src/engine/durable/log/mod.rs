//! The log: records, each chained to the one before it by its checksum, in pieces.

mod mark;
mod record;
mod segment;
mod writer;

pub(super) use self::mark::Mark;
pub(super) use self::record::{RECORD_BYTES_MAX, Record, RecordKind};
pub(super) use self::segment::{Records, Segment};
pub(super) use self::writer::{Entry, Log, LogEnd, LogLimits, TooLarge, WriteError};
