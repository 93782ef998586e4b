use std::ops::{Add, AddAssign, Sub};
use std::time::Duration;

/// A moment on an environment's clock, counted from the environment's beginning.
///
/// Instants of two environments do not compare. Arithmetic saturates instead of overflowing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(Duration);

impl Instant {
    /// The environment's beginning.
    pub const START: Self = Self(Duration::ZERO);

    /// A moment that never comes.
    pub const NEVER: Self = Self(Duration::MAX);

    /// The moment this long after the environment's beginning.
    pub const fn after_start(duration: Duration) -> Self {
        Self(duration)
    }

    /// Time since the environment's beginning.
    pub const fn since_start(self) -> Duration {
        self.0
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

impl Sub for Instant {
    type Output = Duration;

    /// Zero if `earlier` is later.
    fn sub(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}
