//! Schedules in the language of cron, as CronJobs have them (CJ rows).
//!
//! A [`Schedule`] is parsed from five fields or a descriptor such as `@hourly`, with upstream's words for what
//! is wrong, and knows the next time it is met after any other. Time zones are those of the bundled IANA
//! database, so the same text means the same on every machine.
//!
//! ```
//! use jiff::{Timestamp, tz::TimeZone};
//! use setpoint_core::cron::Schedule;
//!
//! let schedule: Schedule = "30 8 * * mon-fri".parse()?;
//! let saturday: Timestamp = "2026-11-21T09:00:00Z".parse()?;
//! assert_eq!(schedule.next(saturday, &TimeZone::UTC), Some("2026-11-23T08:30:00Z".parse()?));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! It does not decide what to do about times that were missed; the controller does.

mod duration;
mod parse;
mod schedule;
mod zone;

pub use self::parse::ParseError;
pub use self::schedule::Schedule;
pub use self::zone::{NotAZone, time_zone};

#[cfg(test)]
mod tests;
