//! The engine that keeps everything in memory and in files: what is acknowledged survives a crash.
//!
//! Promises, beside those of [every engine](super):
//!
//! 1. A change is answered, read and watched only after it is on the disk (INV-ST-02, INV-ST-03). Many writers share
//!    one sync.
//! 2. After a crash exactly the acknowledged changes are there, and perhaps a beginning of those that were not
//!    answered yet (INV-ST-04).
//! 3. Damage is found when a store is opened, and told with file and offset; it never makes the history shorter in
//!    silence (INV-ST-15). Only what was provably never acknowledged is cut off.
//! 4. After a failed sync nothing more is written; what was waiting is answered [`Unknown`](super::CommitError::Unknown).
//!    Reads go on.
//! 5. On a full disk writes are refused and reads go on; writes succeed again when there is room (INV-ST-16).
//! 6. A restart keeps revisions, watch history and continue tokens, as far as the log reaches back.
//!
//! All objects are in memory too, so a store is as large as memory at the most. One process has it open at a time. The
//! files are described in `docs/store-format.md`.
//!
//! ```
//! use setpoint_core::env::Simulation;
//! use setpoint_store::Store;
//! use setpoint_store::engine::durable::Faulty;
//!
//! let sim = Simulation::new(1);
//! let disk = Faulty::new(); // or a folder: Disk::at("/var/lib/example")
//! let revision = sim.block_on(async {
//!     let store = Store::durable(&sim.env(), disk.clone()).await?;
//!     store.ensure_namespace("team").await.expect("it is valid");
//!     store.engine().close().await;
//!     Ok::<_, setpoint_store::engine::durable::StorageError>(store.engine().health().revision)
//! });
//! let again = sim.block_on(Store::durable(&sim.env(), disk)).unwrap().unwrap();
//! assert_eq!(again.engine().health().revision, revision.unwrap().unwrap());
//! ```

mod codec;
mod commits;
mod digest;
mod error;
mod files;
mod log;
mod offline;
mod open;
mod parked;
mod replay;
mod settings;
mod shared;
mod snapshot;
mod snapshots;
pub mod storage;
mod survey;
mod writing;

pub use self::commits::Durable;
pub use self::error::{Damage, StorageError};
pub use self::offline::{CheckReport, REVISION_LEAP, backup, check, restore};
pub use self::parked::Quarantined;
pub use self::settings::Settings;
pub use self::shared::{Condition, Health};
pub use self::storage::{Disk, Faulty, Storage};

#[cfg(test)]
mod tests;
