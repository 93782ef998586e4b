//! The built-in kinds: their names, their parts, and the rules they follow.
//!
//! One file for each kind. [`register`] adds them all to a registry.

mod autoscaler;
mod core_kinds;
mod event;
mod network_kinds;
mod parts;
mod pod;
mod policy_kinds;
mod rules;
mod selectable;
mod storage_kinds;
mod table;

pub use self::pod::SharedPodSpec;
pub use self::table::register;
