use super::log::RECORD_BYTES_MAX;
use crate::engine::memory::HistoryLimits;

/// How much a durable engine keeps, and in what pieces.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Settings {
    /// How much history is kept in memory for watches that resume.
    pub history: HistoryLimits,
    /// The log is cut into files of about this many bytes.
    pub segment_bytes: u64,
    /// A change that takes more bytes than this is refused, and nothing else with it; at most 256 MiB.
    pub object_bytes: usize,
    /// A snapshot is made when the log has grown by this many bytes, or by as many as the last snapshot has if that
    /// is more, so that opening takes no more than about three times what reading all objects takes.
    pub snapshot_bytes: u64,
    /// A snapshot is made when there were this many changes.
    pub snapshot_records: u64,
    /// Room that is held back on the disk, so that objects can still be deleted when it is full. 0 for none.
    pub reserve_bytes: usize,
}

impl Settings {
    /// Files of 16 MiB, a snapshot for every 64 MiB or 500,000 changes, 1 MiB held back, upstream's history.
    pub const STANDARD: Self = Self {
        history: HistoryLimits::UPSTREAM,
        segment_bytes: 16 << 20,
        object_bytes: RECORD_BYTES_MAX,
        snapshot_bytes: 64 << 20,
        snapshot_records: 500_000,
        reserve_bytes: 1 << 20,
    };

    /// The same with another history.
    #[must_use]
    pub const fn with_history(mut self, history: HistoryLimits) -> Self {
        self.history = history;
        self
    }

    /// The same with files of another size.
    #[must_use]
    pub const fn with_segment_bytes(mut self, bytes: u64) -> Self {
        self.segment_bytes = bytes;
        self
    }

    /// The same with another limit of a change.
    #[must_use]
    pub const fn with_object_bytes(mut self, bytes: usize) -> Self {
        self.object_bytes = bytes;
        self
    }

    /// The same with snapshots after another growth of the log.
    #[must_use]
    pub const fn with_snapshots_after(mut self, bytes: u64, records: u64) -> Self {
        self.snapshot_bytes = bytes;
        self.snapshot_records = records;
        self
    }

    /// The same with another room held back.
    #[must_use]
    pub const fn with_reserve_bytes(mut self, bytes: usize) -> Self {
        self.reserve_bytes = bytes;
        self
    }
}
