//! What the whole does together.

mod conformance;
mod far_store;
mod licences;
mod node;
#[cfg(feature = "scheduler")]
mod scheduler;
