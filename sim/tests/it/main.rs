//! The reference controllers in simulated worlds.

mod author;
mod bugs;
mod determinism;
mod memory;
#[cfg(feature = "paused-tokio")]
mod paused;
mod random;
mod sweeps;
