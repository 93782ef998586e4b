//! The scenarios of the reference controllers.

mod workloads;

pub use self::workloads::scenarios;
