//! Deterministic simulation of control planes, with faults: for the controllers here, and for yours.
//!
//! A whole control plane, its nodes and its users run in one thread on virtual time. Every choice, from the order
//! of tasks to what goes wrong, comes from one stream: a seed, or a record of an earlier run. A [`Scenario`] says
//! which processes there are, what people do and what must hold; then
//!
//! - [`Scenario::sweep`] tries every fault at every place where it can happen, one at a time,
//! - [`Scenario::random`] tries mixtures of many,
//! - [`Scenario::replay`] makes one run again,
//!
//! and what goes wrong is a [`Failure`]: a short history of what the controllers saw and did, and the command
//! that shows it again.
//!
//! Without a line of code from you it is checked that your controllers touch nothing that is not theirs, write
//! within bounds, do not panic, come to rest, stay at rest, and come to the state that they would have come to
//! without the faults ([`checks`]).
//!
//! # What goes wrong
//!
//! [`Faults`] has the list: crashes before and after each write, refused, lost, unanswered and late requests,
//! conflicts, late, coalesced, cut, expired and silent watches, a server whose cache is behind after a restart,
//! pauses, partitions, clocks that jump.
//!
//! # What it does not show
//!
//! Real disks, threads, sockets and kernels. See `docs/testing.md`.

pub mod checks;
mod choices;
mod end_state;
mod kubelet;
mod link;
mod scenario;
mod search;
#[cfg(feature = "suite")]
pub mod suite;
mod user;
mod world;

pub use self::choices::{NotASchedule, Schedule};
pub use self::link::Faults;
pub use self::scenario::{ProcessSpec, Scenario, View};
pub use self::search::{Failure, NotARecording, Recording, Summary, Sweep, trace_of};
pub use self::user::User;
pub use self::world::{Part, Step, Surroundings, Violation};
