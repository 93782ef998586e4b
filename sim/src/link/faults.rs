use setpoint_core::env::Random;

/// How often what goes wrong, in thousandths of the occasions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Faults {
    /// At each write.
    pub write: WriteFaults,
    /// A read fails.
    pub read_refused: u32,
    /// A watch does not open.
    pub watch_refused: u32,
    /// A watch that is to be resumed is told that its revision is no longer kept.
    pub watch_expired: u32,
    /// At each event.
    pub event: EventFaults,
    /// At each second of each process.
    pub process: ProcessFaults,
    /// How often machines fail, in hundredths of what they do by themselves.
    pub machine: u32,
    /// The whole control plane's store crashes while it writes, if it is a durable one.
    pub store_crash: u32,
}

/// What goes wrong with writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteFaults {
    /// The process crashes before the request leaves.
    pub crash_before: u32,
    /// The process crashes after the request is applied, before it reads the answer.
    pub crash_after: u32,
    /// The same, and the process comes back to a server whose cache is behind.
    pub crash_behind: u32,
    /// 503; not applied.
    pub refused: u32,
    /// A time-out; applied.
    pub unanswered: u32,
    /// A time-out; not applied.
    pub lost: u32,
    /// A time-out; applied some time later.
    pub late: u32,
    /// 409 where a version was named, as if somebody had been faster.
    pub conflict: u32,
    /// Applied after a while.
    pub slow: u32,
}

/// What goes wrong with events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventFaults {
    /// It and all that follow are some seconds late.
    pub late: u32,
    /// They are half a minute late.
    pub very_late: u32,
    /// The watch ends before it.
    pub cut: u32,
    /// The watch ends with 410.
    pub expired: u32,
    /// It and the next one are never shown: the watch is silent until both have happened, and then ends
    /// with 410, so that only the last state is seen.
    pub unobserved: u32,
    /// The watch is silent for good.
    pub stalled: u32,
}

/// What befalls processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessFaults {
    /// It crashes and is back in a second.
    pub crash: u32,
    /// It crashes and is back after half a minute.
    pub long_crash: u32,
    /// It stops for some seconds and goes on.
    pub pause: u32,
    /// It stops for two minutes.
    pub long_pause: u32,
    /// It cannot reach the store for twenty seconds.
    pub partition: u32,
    /// Its wall clock jumps an hour ahead.
    pub clock_ahead: u32,
    /// Its wall clock jumps an hour back.
    pub clock_back: u32,
    /// Its machine has no power for a minute.
    pub power: u32,
    /// At each start: its clock is too fast by a fiftieth. As often it is too slow.
    pub clock_rate: u32,
}

impl Faults {
    /// Nothing goes wrong.
    pub const NONE: Self = Self {
        write: WriteFaults {
            crash_before: 0,
            crash_after: 0,
            crash_behind: 0,
            refused: 0,
            unanswered: 0,
            lost: 0,
            late: 0,
            conflict: 0,
            slow: 0,
        },
        read_refused: 0,
        watch_refused: 0,
        watch_expired: 0,
        event: EventFaults { late: 0, very_late: 0, cut: 0, expired: 0, unobserved: 0, stalled: 0 },
        process: ProcessFaults {
            crash: 0,
            long_crash: 0,
            pause: 0,
            long_pause: 0,
            partition: 0,
            clock_ahead: 0,
            clock_back: 0,
            power: 0,
            clock_rate: 0,
        },
        machine: 0,
        store_crash: 0,
    };

    /// Everything goes wrong now and then.
    pub const ALL: Self = Self {
        write: WriteFaults {
            crash_before: 10,
            crash_after: 20,
            crash_behind: 20,
            refused: 40,
            unanswered: 40,
            lost: 30,
            late: 20,
            conflict: 40,
            slow: 60,
        },
        read_refused: 40,
        watch_refused: 40,
        watch_expired: 60,
        event: EventFaults { late: 100, very_late: 20, cut: 30, expired: 20, unobserved: 30, stalled: 3 },
        process: ProcessFaults {
            crash: 5,
            long_crash: 3,
            pause: 10,
            long_pause: 2,
            partition: 5,
            clock_ahead: 3,
            clock_back: 3,
            power: 3,
            clock_rate: 50,
        },
        machine: 100,
        store_crash: 10,
    };

    /// Some of these, each much rarer, as it is, or more often (swarm testing): faults that are always
    /// there hide what only happens without them.
    #[must_use]
    pub fn swarm(self, seed: u64) -> Self {
        let mut random = Random::seeded(seed ^ 0x5157_4152_4d00);
        let mut mix = self;
        let WriteFaults {
            crash_before,
            crash_after,
            crash_behind,
            refused,
            unanswered,
            lost,
            late,
            conflict,
            slow,
        } = &mut mix.write;
        let EventFaults { late: event_late, very_late, cut, expired, unobserved, stalled } = &mut mix.event;
        let ProcessFaults {
            crash,
            long_crash,
            pause,
            long_pause,
            partition,
            clock_ahead,
            clock_back,
            power,
            clock_rate,
        } = &mut mix.process;
        let chances = [
            crash_before,
            crash_after,
            crash_behind,
            refused,
            unanswered,
            lost,
            late,
            conflict,
            slow,
            event_late,
            very_late,
            cut,
            expired,
            unobserved,
            stalled,
            crash,
            long_crash,
            pause,
            long_pause,
            partition,
            clock_ahead,
            clock_back,
            power,
            clock_rate,
            &mut mix.machine,
            &mut mix.store_crash,
            &mut mix.read_refused,
            &mut mix.watch_refused,
            &mut mix.watch_expired,
        ];
        for chance in chances {
            *chance = match random.below(6) {
                0..3 => 0,
                3 => chance.div_ceil(4),
                4 => *chance,
                _ => (*chance * 2).min(100),
            };
        }
        mix
    }
}

impl WriteFaults {
    pub(super) fn chances(&self) -> [u32; 9] {
        let Self { crash_before, crash_after, crash_behind, refused, unanswered, lost, late, conflict, slow } =
            *self;
        [crash_before, crash_after, crash_behind, refused, unanswered, lost, late, conflict, slow]
    }
}

impl EventFaults {
    pub(super) fn chances(&self) -> [u32; 6] {
        let Self { late, very_late, cut, expired, unobserved, stalled } = *self;
        [late, very_late, cut, expired, unobserved, stalled]
    }
}

impl ProcessFaults {
    pub(crate) fn chances(&self) -> [u32; 8] {
        let Self { crash, long_crash, pause, long_pause, partition, clock_ahead, clock_back, power, .. } =
            *self;
        [crash, long_crash, pause, long_pause, partition, clock_ahead, clock_back, power]
    }
}
