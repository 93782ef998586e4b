use std::hash::Hash;

use crate::backoff::{Backoff, RateLimiter};

/// What can be queued: small, cheap to clone, compared by value.
pub trait Key: Clone + Eq + Hash {}

impl<K: Clone + Eq + Hash> Key for K {}

/// How a queue delays and bounds.
#[derive(Debug, Clone)]
pub struct Config {
    /// The wait per key after each failure.
    pub backoff: Backoff,
    /// What all retries share; `None` for no common limit.
    pub retry_limit: Option<RateLimiter>,
    /// Whether an event cuts a backoff short.
    pub gate: Gate,
    /// The most keys that are known at a time, those that run and those that only have failures included.
    pub keys_max: u32,
}

impl Config {
    /// What [`Config::default`] allows: ten times the objects of the largest cluster upstream supports.
    pub const KEYS_MAX: u32 = 1 << 20;
}

impl Default for Config {
    /// Upstream's retries (DEP-08, RS-04): 5 ms doubled up to 1000 s per key, 10 a second for all, and events
    /// run at once.
    fn default() -> Self {
        Self {
            backoff: Backoff::RETRY,
            retry_limit: Some(RateLimiter::RETRY),
            gate: Gate::Pass,
            keys_max: Self::KEYS_MAX,
        }
    }
}

/// What an [`add`](super::State::add) or a due delay does to a key in backoff.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// The key runs when its backoff ends, not before.
    Respect,
    /// The key runs at once. If that early run fails too, the backoff goes on as it was.
    Pass,
}

/// How a queue ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shutdown {
    /// Keys that are ready still run, and so do those that were added during their run. Keys that wait for
    /// their time are dropped.
    Drain,
    /// No key runs any more.
    Now,
}

/// A new key was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the queue already holds {keys_max} keys")]
pub struct Full {
    /// The limit, see [`Config::keys_max`].
    pub keys_max: u32,
}
