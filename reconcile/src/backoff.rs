//! When to try again: exponential waits per key, and a bucket of tokens for all of them together.
//!
//! Both are pure: the moment and the random bits are arguments. Neither knows what it delays.
//!
//! ```
//! use setpoint_reconcile::backoff::Backoff;
//! use std::time::Duration;
//!
//! let waits: Vec<_> = (0..4).map(|failures| Backoff::RETRY.delay(failures, 0)).collect();
//! assert_eq!(waits, [5, 10, 20, 40].map(Duration::from_millis));
//! ```

use std::time::Duration;

use setpoint_core::env::Instant;

/// Waits that grow by a factor up to a cap, each stretched by a random share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backoff {
    initial: Duration,
    factor: f64,
    cap: Duration,
    jitter: f64,
}

/// A setting that makes no sense, see [`Backoff::try_new`] and [`RateLimiter::try_new`].
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum InvalidBackoff {
    /// Nothing would ever be waited for.
    #[error("initial wait {0:?} is zero")]
    Initial(Duration),
    /// Waits would shrink, or not be numbers.
    #[error("factor {0} is not a number from 1 to {max}", max = Backoff::FACTOR_MAX)]
    Factor(f64),
    /// The first wait would be longer than the longest.
    #[error("cap {cap:?} is below the initial wait {initial:?}")]
    Cap {
        /// The longest wait.
        cap: Duration,
        /// The first wait.
        initial: Duration,
    },
    /// The random share must be a share.
    #[error("jitter {0} is not a number from 0 to 1")]
    Jitter(f64),
    /// Tokens would come at once, so nothing would be limited.
    #[error("token interval {0:?} is zero")]
    Every(Duration),
    /// No token would ever fit the bucket.
    #[error("burst {0} is zero")]
    Burst(u32),
}

impl Backoff {
    /// What controllers wait per key: 5 ms doubled up to 1000 s (DEP-08, RS-04), up to a tenth longer so that
    /// keys which failed together do not come back together.
    pub const RETRY: Self =
        Self { initial: Duration::from_millis(5), factor: 2.0, cap: Duration::from_secs(1000), jitter: 0.1 };

    /// The largest growth from one wait to the next.
    pub const FACTOR_MAX: f64 = 100.0;

    /// Waits of `initial · factorⁿ` after `n` earlier failures, at most `cap`; each is stretched by a random
    /// share of up to `jitter`, still at most `cap`.
    ///
    /// # Errors
    ///
    /// The first setting that makes no sense, by name and value.
    pub fn try_new(
        initial: Duration,
        factor: f64,
        cap: Duration,
        jitter: f64,
    ) -> Result<Self, InvalidBackoff> {
        if initial.is_zero() {
            return Err(InvalidBackoff::Initial(initial));
        }
        if !(1.0..=Self::FACTOR_MAX).contains(&factor) {
            return Err(InvalidBackoff::Factor(factor));
        }
        if cap < initial {
            return Err(InvalidBackoff::Cap { cap, initial });
        }
        if !(0.0..=1.0).contains(&jitter) {
            return Err(InvalidBackoff::Jitter(jitter));
        }
        Ok(Self { initial, factor, cap, jitter })
    }

    /// The wait after this many earlier failures. `random` decides the jitter; 0 gives none.
    pub fn delay(&self, failures: u32, random: u64) -> Duration {
        let unit = (random >> 11) as f64 / (1u64 << 53) as f64;
        let stretched = power(self.factor, failures) * (1.0 + unit * self.jitter);
        let seconds = self.initial.as_secs_f64() * stretched;
        Duration::try_from_secs_f64(seconds).map_or(self.cap, |delay| delay.min(self.cap))
    }

    /// The longest wait.
    pub const fn cap(&self) -> Duration {
        self.cap
    }
}

/// By squaring, since `f64::powi` may differ between machines and replays may not.
fn power(base: f64, mut exponent: u32) -> f64 {
    let (mut result, mut square) = (1.0, base);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result *= square;
        }
        square *= square;
        exponent >>= 1;
    }
    result
}

/// A bucket of `burst` tokens, full at the start, that gains one `every` so often.
///
/// It is two numbers and no timer: what is stored is the moment at which the bucket will be full again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimiter {
    every: Duration,
    burst: u32,
    full_at: Instant,
}

impl RateLimiter {
    /// What all retries of one controller share: 10 a second, 100 at once (DEP-08, RS-04).
    pub const RETRY: Self = Self { every: Duration::from_millis(100), burst: 100, full_at: Instant::START };

    /// A full bucket.
    ///
    /// # Errors
    ///
    /// If either is zero.
    pub const fn try_new(every: Duration, burst: u32) -> Result<Self, InvalidBackoff> {
        if every.is_zero() {
            return Err(InvalidBackoff::Every(every));
        }
        if burst == 0 {
            return Err(InvalidBackoff::Burst(burst));
        }
        Ok(Self { every, burst, full_at: Instant::START })
    }

    /// Takes a token, if need be one that is still to come, and tells how long to wait for it.
    ///
    /// The debt has no limit of its own: callers hold at most one reservation per key.
    pub fn reserve(&mut self, now: Instant) -> Duration {
        self.full_at = self.full_at.max(now) + self.every;
        self.full_at - self.full_when_empty(now)
    }

    /// Takes a token if there is one now.
    ///
    /// The bucket is at worst empty: a clock that was set back blocks for no longer than that, and the debt of
    /// earlier reservations is forgiven.
    #[must_use]
    pub fn try_take(&mut self, now: Instant) -> bool {
        let empty = self.full_when_empty(now);
        self.full_at = self.full_at.clamp(now, empty);
        let after = self.full_at + self.every;
        let taken = after <= empty;
        if taken {
            self.full_at = after;
        }
        taken
    }

    /// The moment an empty bucket would be full again.
    fn full_when_empty(&self, now: Instant) -> Instant {
        now + self.every.saturating_mul(self.burst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn waits_double_from_5_ms_to_1000_s() {
        // DEP-08, RS-04
        for (failures, millis) in [(0, 5), (1, 10), (7, 640), (17, 655_360), (18, 1_000_000), (63, 1_000_000)]
        {
            assert_eq!(Backoff::RETRY.delay(failures, 0), MS * millis, "after {failures} failures");
        }
        assert_eq!(Backoff::RETRY.delay(u32::MAX, u64::MAX), Backoff::RETRY.cap());
    }

    #[test]
    fn jitter_stretches_by_at_most_its_share_and_never_past_the_cap() {
        let backoff = Backoff::try_new(MS * 100, 2.0, MS * 1000, 0.5).expect("sensible");
        assert_eq!(backoff.delay(0, 1 << 63), MS * 125);
        assert!(backoff.delay(0, u64::MAX) <= MS * 150);
        assert_eq!(backoff.delay(3, u64::MAX), MS * 1000);
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        let zero = Duration::ZERO;
        let cases = [
            (Backoff::try_new(zero, 2.0, MS, 0.0), "initial wait 0ns is zero"),
            (Backoff::try_new(MS, 0.5, MS, 0.0), "factor 0.5 is not a number from 1 to 100"),
            (Backoff::try_new(MS, f64::NAN, MS, 0.0), "factor NaN is not a number from 1 to 100"),
            (Backoff::try_new(MS * 2, 2.0, MS, 0.0), "cap 1ms is below the initial wait 2ms"),
            (Backoff::try_new(MS, 2.0, MS, -0.1), "jitter -0.1 is not a number from 0 to 1"),
            (Backoff::try_new(MS, 2.0, MS, 1.5), "jitter 1.5 is not a number from 0 to 1"),
        ];
        for (result, message) in cases {
            assert_eq!(result.expect_err(message).to_string(), message);
        }
        assert_eq!(RateLimiter::try_new(zero, 1), Err(InvalidBackoff::Every(zero)));
        assert_eq!(RateLimiter::try_new(MS, 0), Err(InvalidBackoff::Burst(0)));
    }

    #[test]
    fn a_hundred_at_once_then_ten_a_second() {
        // DEP-08
        let mut bucket = RateLimiter::RETRY;
        let now = Instant::after_start(MS * 7);
        let waits: Vec<_> = (0..103).map(|_| bucket.reserve(now)).collect();
        assert!(waits[..100].iter().all(Duration::is_zero));
        assert_eq!(waits[100..], [MS * 100, MS * 200, MS * 300]);
        assert_eq!(bucket.reserve(now + MS * 1000), Duration::ZERO);
    }

    #[test]
    fn a_refused_take_costs_nothing() {
        let mut bucket = RateLimiter::try_new(MS * 10, 2).expect("sensible");
        let start = Instant::after_start(MS * 1000);
        assert!(bucket.try_take(start) && bucket.try_take(start));
        for _ in 0..5 {
            assert!(!bucket.try_take(start + MS * 9));
        }
        assert!(bucket.try_take(start + MS * 10));
        assert!(!bucket.try_take(start + MS * 10));
    }

    #[test]
    fn a_clock_set_back_blocks_no_longer_than_an_empty_bucket() {
        let mut bucket = RateLimiter::try_new(MS * 10, 2).expect("sensible");
        assert!(bucket.try_take(Instant::after_start(MS * 1_000_000)));
        let back = Instant::after_start(MS * 5);
        assert!(!bucket.try_take(back));
        assert!(bucket.try_take(back + MS * 1_000));
    }

    #[test]
    fn times_near_the_end_saturate() {
        let mut bucket = RateLimiter::try_new(Duration::MAX, u32::MAX).expect("sensible");
        assert_eq!(bucket.reserve(Instant::NEVER), Duration::ZERO);
        assert!(bucket.try_take(Instant::NEVER));
    }
}
