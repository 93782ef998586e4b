//! The reference controllers in simulated worlds.

mod bugs;
mod determinism;
mod random;
mod sweeps;
