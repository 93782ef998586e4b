//! The names of a store's files, and what stands at their beginnings. See `docs/store-format.md`.

use setpoint_core::object::Revision;

use super::error::Damage;

/// The version of the format that is written, and the newest that is read.
pub(super) const VERSION: u32 = 1;
/// Bits of what a reader must know beyond the version; there is nothing yet.
pub(super) const FEATURES: u32 = 0;
/// The length of every header.
pub(super) const HEADER: usize = 64;

/// The file that says that this is a store, and which.
pub(super) const FORMAT: &str = "FORMAT";
/// The file that says how far the log is known to be durable.
pub(super) const MARK: &str = "MARK";
/// Room that is given up when there is no other.
pub(super) const RESERVE: &str = "RESERVE";
/// The ending of files that are not finished.
pub(super) const UNFINISHED: &str = ".tmp";
/// The ending of what was cut off the log.
pub(super) const TORN: &str = ".torn";

const FORMAT_MAGIC: [u8; 8] = *b"setpoint";
const SEGMENT_MAGIC: [u8; 8] = *b"sp-log\r\n";
const SNAPSHOT_MAGIC: [u8; 8] = *b"sp-snap\n";

/// Tells one store from all others, also from what it was before a restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Incarnation(pub(super) [u8; 16]);

impl std::fmt::Display for Incarnation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The sorts of files that begin with a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileKind {
    /// Says which store it is: `number` is the first revision, `more` the time it was made.
    Format,
    /// A piece of the log: `number` is the revision before its first, `more` its place among the pieces.
    Segment,
    /// All objects: `number` is the revision, `more` the oldest revision that can be resumed from.
    Snapshot,
}

/// The beginning of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: FileKind,
    pub(super) incarnation: Incarnation,
    pub(super) number: u64,
    pub(super) more: u64,
    /// The checksum that this file goes on from; 0 if from none.
    pub(super) chain: u32,
}

impl FileKind {
    fn magic(self) -> [u8; 8] {
        match self {
            Self::Format => FORMAT_MAGIC,
            Self::Segment => SEGMENT_MAGIC,
            Self::Snapshot => SNAPSHOT_MAGIC,
        }
    }
}

impl Header {
    /// Its bytes, and their checksum, with which what follows is chained.
    pub(super) fn encode(&self) -> ([u8; HEADER], u32) {
        let mut bytes = Vec::with_capacity(HEADER);
        bytes.extend_from_slice(&self.kind.magic());
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&FEATURES.to_le_bytes());
        bytes.extend_from_slice(&self.incarnation.0);
        bytes.extend_from_slice(&self.number.to_le_bytes());
        bytes.extend_from_slice(&self.more.to_le_bytes());
        bytes.extend_from_slice(&self.chain.to_le_bytes());
        bytes.resize(HEADER - 4, 0);
        let checksum = crc32c::crc32c(&bytes);
        bytes.extend_from_slice(&checksum.to_le_bytes());
        (bytes.try_into().expect("the parts are as long as a header"), checksum)
    }

    /// What a file begins with, and the checksum of that.
    pub(super) fn decode(kind: FileKind, file: &str, bytes: &[u8]) -> Result<(Self, u32), Damage> {
        let damage =
            |offset: usize, what: String| Damage { file: file.to_owned(), offset: offset as u64, what };
        let Some(bytes) = bytes.first_chunk::<HEADER>() else {
            return Err(damage(bytes.len(), format!("it ends within its header of {HEADER} bytes")));
        };
        if bytes[..8] != kind.magic() {
            return Err(damage(0, "it does not begin as such a file does".to_owned()));
        }
        let checksum = u32_at(bytes, HEADER - 4);
        if checksum != crc32c::crc32c(&bytes[..HEADER - 4]) {
            return Err(damage(0, "the checksum of the header is wrong".to_owned()));
        }
        let (version, features) = (u32_at(bytes, 8), u32_at(bytes, 12));
        if version != VERSION || features & !FEATURES != 0 {
            let what = format!(
                "it is of format {version} with features {features:#x}; this release reads {VERSION} with {FEATURES:#x}"
            );
            return Err(damage(8, what));
        }
        let mut incarnation = [0; 16];
        incarnation.copy_from_slice(&bytes[16..32]);
        let header = Self {
            kind,
            incarnation: Incarnation(incarnation),
            number: u64_at(bytes, 32),
            more: u64_at(bytes, 40),
            chain: u32_at(bytes, 48),
        };
        Ok((header, checksum))
    }
}

/// The name of the piece of the log that begins after a revision.
pub(super) fn segment_name(base: Revision) -> String {
    format!("wal-{:020}.log", base.0)
}

/// The name of the snapshot of a revision.
pub(super) fn snapshot_name(revision: Revision) -> String {
    format!("snap-{:020}.snap", revision.0)
}

/// The revision in the name of a piece of the log.
pub(super) fn segment_base(name: &str) -> Option<Revision> {
    number_between(name, "wal-", ".log")
}

/// The revision in the name of a snapshot.
pub(super) fn snapshot_revision(name: &str) -> Option<Revision> {
    number_between(name, "snap-", ".snap")
}

fn number_between(name: &str, before: &str, after: &str) -> Option<Revision> {
    let digits = name.strip_prefix(before)?.strip_suffix(after)?;
    let plain = digits.len() == 20 && digits.bytes().all(|digit| digit.is_ascii_digit());
    plain.then(|| digits.parse().ok().map(Revision)).flatten()
}

/// A number at a place that is within `bytes`.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |chunk| u32::from_le_bytes(*chunk))
}

/// A number at a place that is within `bytes`.
pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |chunk| u64::from_le_bytes(*chunk))
}
