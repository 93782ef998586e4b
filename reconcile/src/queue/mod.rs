//! The work queue: which key runs next, and when.
//!
//! It carries keys, not events: who runs a key looks at what *is*, so that two events of one key are one run.
//!
//! Promises:
//!
//! 1. *Fair.* Keys of one [`Lane`] run in the order in which they became ready. A key that is first in its lane
//!    runs within [`Lane::pops_max`] pops, whatever is added to other lanes.
//! 2. *Stingy.* A key that is added any number of times before it runs, runs once.
//! 3. *Alone.* A key is with one worker at a time. Added while it runs, it runs exactly once more.
//! 4. *Complete.* A queue that shuts down with [`Shutdown::Drain`] runs what was ready, and tells when the last
//!    run has ended.
//! 5. A key has one deadline, the earliest asked for. A run that starts earlier for another reason uses it up:
//!    who still needs it asks again. (Upstream's delaying queue would run the key a second time.)
//! 6. A key in backoff runs at its end, or earlier as its [`Gate`] allows; a run that began early is not counted
//!    as a failure, so that a burst of events does not drive the backoff to its cap.
//! 7. *Bounded.* At most [`Config::keys_max`] keys are known; the next one is refused with [`Full`]. There is at
//!    most one entry per key in any of its structures.
//!
//! It does not run anything, keeps nothing over a restart, and does not order keys that run at the same time.
//!
//! [`State`] is the machine; [`Queue`] is the handle that workers share.
//!
//! ```
//! use setpoint_core::env::Simulation;
//! use setpoint_reconcile::queue::{Config, Lane, Queue, Shutdown};
//!
//! let sim = Simulation::new(1);
//! let queue = Queue::new(sim.env(), "example", Config::default());
//! queue.add("web", Lane::High)?;
//! queue.add("web", Lane::High)?;
//! queue.shut_down(Shutdown::Drain);
//! let runs = sim.block_on(async {
//!     let mut runs = 0;
//!     while let Some(run) = queue.next().await {
//!         assert_eq!(*run.key(), "web");
//!         runs += 1;
//!     }
//!     runs
//! });
//! assert_eq!(runs, Ok(1));
//! # Ok::<(), setpoint_reconcile::queue::Full>(())
//! ```

pub(crate) mod chain;
mod config;
mod handle;
mod lane;
mod meter;
mod run;
mod slots;
mod state;
mod timers;
mod waiters;

pub use self::config::{Config, Full, Gate, Key, Shutdown};
pub use self::handle::{Drained, Next, Queue};
pub use self::lane::Lane;
pub use self::run::Run;
pub use self::state::{Popped, State};

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
