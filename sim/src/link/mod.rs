//! What is between a process and the store: the place where requests, answers and events go wrong.
//!
//! It promises that what gets through is true: no object, event or success is invented, and events keep their
//! order. What it does instead is in [`Faults`].

mod faults;
mod stale;
mod store;
mod watch;

pub use self::faults::Faults;
pub(crate) use self::store::Link;
