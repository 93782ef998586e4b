//! Why an object is as it is: what was written to it, by which run, and what had woken that run.
//!
//! A [`History`] keeps the newest runs of controllers with their causes and writes, a bounded number of each.
//! [`History::why`] follows an object's last write to the run that made it, that run to the changes that woke
//! it, and those to the writes that made them. A history that is [`History::off`], as it is unless somebody
//! asks for one, records nothing and costs nothing.
//!
//! A run's causes and writes are its controller's to record. [`History::over`] records the writes of everybody else:
//! of users, schedulers and agents it is known what they wrote and when, not why. What is not known at all: writes of
//! other processes, and of this one in another life; deletions of collections in a store that is somewhere else, or
//! that failed half way; what the store does by itself, such as Events that expire; reads.
//!
//! ```
//! use setpoint_reconcile::history::History;
//!
//! let history = History::keeping(History::RECORDS);
//! // ... a manager is given it by `Manager::with_history` and runs controllers ...
//! # let key = setpoint_core::object::Key::cluster(setpoint_core::kind::KindId(0), "a");
//! print!("{}", history.why(&key)); // the newest write first, what led to it below, indented
//! ```

mod journal;
mod noting_store;
mod record;
mod why;

pub(crate) use self::record::Asked;
pub use self::record::{Cause, History, RunId, RunRecord, WriteRecord};
pub use self::why::{Why, WhyStep};

#[cfg(test)]
mod tests;
