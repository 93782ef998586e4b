//! The reference controllers in simulated worlds.

mod sweeps;
