//! Places pods on nodes as upstream's default scheduler does.
//!
//! - [`Scheduler`] is a scheduler at work: it reads a view, decides, binds, tells.
//! - [`scheduling::Scheduling`] is its state, without clock, store or task: told of changes, asked for
//!   decisions.
//! - [`queue`] holds the pods that wait, [`cache`] what is on which node.
//! - [`framework`] is how filters and scores are written, [`plugins`] those of upstream.
//!
//! What it does not do: preempt pods (a pod that fits only if others leave waits, and says so), bind or
//! provision volumes, allocate dynamic resources, call extenders.
//!
//! ```
//! use setpoint_scheduler::framework::Profile;
//! use setpoint_scheduler::{Settings, plugins};
//!
//! // Only what fits, where most is left.
//! let profile = Profile::empty()
//!     .filter(plugins::NodeResourcesFit)
//!     .score(plugins::NodeResourcesFit, 1);
//! let settings = Settings { profile, ..Settings::upstream() };
//! assert_eq!(settings.scheduler_name, "default-scheduler");
//! ```

pub mod cache;
mod condition;
pub mod framework;
mod inputs;
pub mod node_terms;
pub mod placement;
pub mod plugins;
pub mod pod;
pub mod ports;
pub mod queue;
pub mod requests;
mod scheduler;
pub mod scheduling;
mod settings;
pub mod siblings;
pub mod taints;
#[cfg(test)]
mod testing;

pub use self::scheduler::{BATCH_MAX, Scheduler, WRITE_TIMEOUT, WRITES_MAX};
pub use self::settings::Settings;
