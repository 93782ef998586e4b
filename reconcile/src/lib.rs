//! The reconciler runtime: what decides when a key runs, and tells what came of it.

pub mod backoff;
pub mod events;
pub mod queue;
