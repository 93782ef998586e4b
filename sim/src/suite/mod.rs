//! The scenarios of the reference controllers.

pub mod bugs;
mod workloads;

pub use self::workloads::{scenario, scenarios};
