use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

/// How waits grow: from `initial`, doubled up to `cap`, forgotten after twice the cap without a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Growth {
    /// The first wait.
    pub initial: Duration,
    /// The longest wait.
    pub cap: Duration,
}

impl Growth {
    /// 10 s doubled up to 300 s: of restarts (AGENT-09) and of pulls (AGENT-30).
    pub const STANDARD: Self = Self { initial: Duration::from_secs(10), cap: Duration::from_secs(300) };

    fn forgets_after(self) -> Duration {
        self.cap.saturating_mul(2)
    }
}

/// Waits by key. A key is forgotten with its pod, so there are as many as a pod has containers and images.
#[derive(Debug, Clone, Default)]
pub(super) struct Backoffs(BTreeMap<String, Backoff>);

#[derive(Debug, Clone, Copy)]
struct Backoff {
    wait: Duration,
    /// When the wait last grew.
    updated: Timestamp,
}

/// A wait that is not over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Waiting {
    /// How long it is in all.
    pub(super) wait: Duration,
    /// How much of it is left.
    pub(super) left: Duration,
}

impl Backoffs {
    /// Whether the wait that began at `event` is still on.
    pub(super) fn waiting(
        &self,
        key: &str,
        event: Timestamp,
        now: Timestamp,
        growth: Growth,
    ) -> Option<Waiting> {
        let backoff = self.0.get(key)?;
        if since(backoff.updated, event) > growth.forgets_after() {
            return None;
        }
        // A clock that was set back makes nobody wait longer than the whole.
        let left = backoff.wait.saturating_sub(since(event, now));
        (!left.is_zero()).then_some(Waiting { wait: backoff.wait, left })
    }

    /// The same for a wait that began when it last grew.
    pub(super) fn waiting_since_update(&self, key: &str, now: Timestamp, growth: Growth) -> Option<Waiting> {
        let updated = self.0.get(key)?.updated;
        self.waiting(key, updated, now, growth)
    }

    /// Lets the wait grow, after an event at `event`.
    pub(super) fn grow(&mut self, key: &str, event: Timestamp, now: Timestamp, growth: Growth) {
        let wait = match self.0.get(key) {
            Some(backoff) if since(backoff.updated, event) <= growth.forgets_after() => {
                backoff.wait.saturating_mul(2).min(growth.cap)
            }
            _ => growth.initial,
        };
        self.0.insert(key.to_owned(), Backoff { wait, updated: now });
    }

    /// Forgets a key.
    pub(super) fn forget(&mut self, key: &str) {
        self.0.remove(key);
    }
}

/// Time from one moment to a later one; nothing if it is earlier.
pub(super) fn since(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

/// A duration as upstream's messages show it: `10s`, `2m40s`, `1h0m0s`, `350ms`.
pub(super) fn go_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds == 0 {
        return match duration.as_millis() {
            0 => "0s".to_owned(),
            millis => format!("{millis}ms"),
        };
    }
    let millis = duration.subsec_millis();
    let fraction = match millis {
        0 => String::new(),
        _ => format!(".{millis:03}").trim_end_matches('0').to_owned(),
    };
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest}{fraction}s"),
        (0, _) => format!("{minutes}m{rest}{fraction}s"),
        _ => format!("{hours}h{minutes}m{rest}{fraction}s"),
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    fn at(seconds: i64) -> Timestamp {
        START + SignedDuration::from_secs(seconds)
    }

    #[test]
    fn the_first_restart_is_free_and_waits_double_to_five_minutes() {
        // AGENT-09
        let mut backoffs = Backoffs::default();
        let (mut now, mut waits) = (0, Vec::new());
        for _ in 0..8 {
            let wait = backoffs.waiting("web", at(now), at(now), Growth::STANDARD);
            waits.push(wait.map_or(0, |waiting| waiting.left.as_secs()));
            now += i64::try_from(*waits.last().expect("just added")).expect("small");
            backoffs.grow("web", at(now), at(now), Growth::STANDARD);
        }
        assert_eq!(waits, [0, 10, 20, 40, 80, 160, 300, 300]);
    }

    #[test]
    fn the_wait_is_counted_from_the_end_of_the_container() {
        let mut backoffs = Backoffs::default();
        backoffs.grow("web", at(0), at(0), Growth::STANDARD);
        let left = |finished, now| {
            backoffs.waiting("web", at(finished), at(now), Growth::STANDARD).map(|it| it.left.as_secs())
        };
        assert_eq!(left(100, 100), Some(10));
        assert_eq!(left(100, 104), Some(6));
        assert_eq!(left(100, 110), None);
        assert_eq!(left(100, 50), Some(10), "the clock was set back");
    }

    #[test]
    fn after_ten_minutes_of_running_it_starts_over() {
        // AGENT-09
        let mut backoffs = Backoffs::default();
        for _ in 0..4 {
            backoffs.grow("web", at(0), at(0), Growth::STANDARD);
        }
        assert!(backoffs.waiting("web", at(600), at(600), Growth::STANDARD).is_some());
        assert!(backoffs.waiting("web", at(601), at(601), Growth::STANDARD).is_none());
        backoffs.grow("web", at(601), at(601), Growth::STANDARD);
        let waiting = backoffs.waiting("web", at(602), at(602), Growth::STANDARD).expect("a new wait");
        assert_eq!(waiting.wait, Growth::STANDARD.initial);
    }

    #[test]
    fn durations_read_as_upstream_writes_them() {
        let table =
            [(0, "0s"), (10_000, "10s"), (160_000, "2m40s"), (300_000, "5m0s"), (3_600_000, "1h0m0s")];
        for (millis, text) in table.into_iter().chain([(350, "350ms"), (1500, "1.5s")]) {
            assert_eq!(go_duration(Duration::from_millis(millis)), text);
        }
    }
}
