use std::time::Duration;

/// How often what goes wrong. Chances are in thousandths; a chance of 1000 is certainty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Faults {
    /// A read fails.
    pub read_refused: u32,
    /// A write fails, and is not applied.
    pub write_refused: u32,
    /// A write is applied, and its writer is told that it took too long.
    pub write_unanswered: u32,
    /// A list of the newest state shows an earlier one, against LIST-01, as servers with a stale cache have done.
    pub list_stale: u32,
    /// A watch or a list is told that its revision is no longer kept.
    pub expired: u32,
    /// An event is not delivered: the watch ends cleanly before it.
    pub watch_cut: u32,
    /// A watch goes silent for good at an event.
    pub watch_stalled: u32,
    /// An event is late, and those after it too.
    pub watch_late: u32,
    /// How late at the most.
    pub late_ms_max: u64,
    /// Streamed lists are refused, as stores without them do.
    pub streams_refused: bool,
}

impl Faults {
    /// Nothing goes wrong.
    pub const NONE: Self = Self {
        read_refused: 0,
        write_refused: 0,
        write_unanswered: 0,
        list_stale: 0,
        expired: 0,
        watch_cut: 0,
        watch_stalled: 0,
        watch_late: 0,
        late_ms_max: 0,
        streams_refused: false,
    };

    /// All that a client must be ready for goes wrong now and then; every answer is true.
    pub const ROUGH: Self = Self {
        read_refused: 50,
        write_refused: 50,
        write_unanswered: 50,
        list_stale: 0,
        expired: 30,
        watch_cut: 50,
        watch_stalled: 5,
        watch_late: 200,
        late_ms_max: 2_000,
        streams_refused: false,
    };

    /// How late an event is that a random number makes late.
    pub(super) fn lateness(&self, random: u64) -> Duration {
        Duration::from_millis(random % self.late_ms_max.max(1))
    }
}
