//! A simulated world: the store as it truly is, the processes that work on it, and what is written down of both.

mod crashing_store;
mod fingerprint;
mod ledger;
mod life;
mod process;
mod process_env;
mod recovery;
mod surroundings;
mod truth;
mod user_store;
mod watched_view;

pub(crate) use self::crashing_store::{CrashingStore, Syncs};
pub(crate) use self::fingerprint::Fingerprint;
pub(crate) use self::ledger::{Entry, Ledger};
pub(crate) use self::life::Life;
pub use self::process::Part;
pub(crate) use self::process::{Parts, Process, Restart};
pub(crate) use self::process_env::{ProcessEnv, Rate};
pub use self::surroundings::Surroundings;
pub(crate) use self::truth::{Origin, USER, World, describe};
pub use self::truth::{Step, Violation};
pub(crate) use self::user_store::PlainStore;
pub(crate) use self::watched_view::WatchedView;
