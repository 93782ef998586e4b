use std::time::Duration;

use setpoint_core::env::Instant;

/// How long pods wait after an attempt (SCHED-06).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// After the first.
    pub initial: Duration,
    /// At the most; zero switches it off.
    pub max: Duration,
}

impl Backoff {
    /// Upstream's: from a second to ten.
    pub const UPSTREAM: Self = Self { initial: Duration::from_secs(1), max: Duration::from_secs(10) };

    /// How long after the n-th attempt in a row that led to nothing.
    pub fn after(&self, attempts: u32) -> Duration {
        if attempts == 0 {
            return Duration::ZERO;
        }
        let factor = 1_u32.checked_shl(attempts - 1).unwrap_or(u32::MAX);
        self.initial.saturating_mul(factor).min(self.max)
    }

    /// When it ends for a pod that was given back at `since`: at a whole second, so that pods end theirs
    /// together.
    pub fn end(&self, since: Instant, attempts: u32) -> Instant {
        let end = since + self.after(attempts);
        Instant::after_start(Duration::from_secs(end.since_start().as_secs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_up_to_its_maximum() {
        // SCHED-06
        let seconds = |attempts| Backoff::UPSTREAM.after(attempts).as_secs();
        assert_eq!([0, 1, 2, 3, 4, 5, 6, 40].map(seconds), [0, 1, 2, 4, 8, 10, 10, 10]);
        let off = Backoff { max: Duration::ZERO, ..Backoff::UPSTREAM };
        assert_eq!(off.after(3), Duration::ZERO);
    }

    #[test]
    fn it_ends_at_a_whole_second() {
        // SCHED-06
        let since = Instant::after_start(Duration::from_millis(1700));
        assert_eq!(Backoff::UPSTREAM.end(since, 1), Instant::after_start(Duration::from_secs(2)));
    }
}
