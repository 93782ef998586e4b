//! The one stream from which every choice of a simulated world comes.
//!
//! A choice has a *site*, such as `write/control-plane` or `order`, and is the n-th of that site. Its value is a
//! small number, and 0 is always the plain course of things: no fault, no delay, the task whose turn it is. So
//! a run is a list of departures from the plain course, a [`Schedule`], whatever made it: a seed, a sweep, or a
//! file. Whoever takes departures away from a schedule has a simpler run; that is how failures are shrunk.
//!
//! Random bits that no fault depends on, such as those of uids and jitter, come from a generator beside it, whose
//! seed is part of the schedule.

mod schedule;
mod stream;

pub use self::schedule::{NotASchedule, Schedule};
pub(crate) use self::stream::{Drawn, Site, Stream};

#[cfg(test)]
mod tests;
