//! The reference controllers in simulated worlds.

mod author;
mod bugs;
mod determinism;
#[cfg(feature = "paused-tokio")]
mod paused;
mod random;
mod sweeps;
