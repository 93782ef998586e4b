//! The engine over etcd: objects are where kube-apiserver has them, and several processes share them.
//!
//! Promises, beside those of [every engine](super):
//!
//! 1. A revision is etcd's: the one at which the object's key was last modified. Each change is a transaction of its own,
//!    which compares the revisions of all keys that it depends on, also of such as an election's epoch.
//! 2. What is read is in memory, at a known revision, kept up to date by one watch. A change is answered when what is read
//!    shows it; so is a conflict. [`Engine::catch_up`](super::Engine::catch_up) asks etcd's majority how far that must be.
//! 3. After a lost connection the watch goes on where it was. If etcd has forgotten what came after (INV-ST-09), everything
//!    is read anew, all feeds end, and whoever resumes from before is told [`Expired`](super::Expired).
//! 4. A change that was sent and not answered is [`Unknown`](super::CommitError::Unknown); only what certainly never
//!    came to anything is [`Unavailable`](super::CommitError::Unavailable).
//! 5. Values that do not fit their kind, and keys of kinds that are not registered, are left alone and told by
//!    [`Etcd::health`]; the second take their places when their kinds are registered (INV-ST-14).
//!
//! 6. The members of a batch are made one after the other, so that a crash leaves a beginning of them (INV-ST-04). If nobody can
//!    tell whether one was made, those after it are not.
//! 7. A value of a unique [index](crate::tables::Index::unique) is one object's, whichever process gives it out: it has a key of
//!    its own below `setpoint-claims/`, in the transaction of the change. Objects of other programs have no such keys, and
//!    their values are protected as far as they are seen.
//!
//! What it does not do: a restart forgets the history: what was seen before it is Expired. Objects that are changed together in
//! one transaction, which neither this engine nor kube-apiserver does, have one revision, and a watch that is resumed in
//! their midst misses the rest of them. For that reason a batch is no transaction either, and costs a round to etcd for
//! each of its members; writers that do not need an order write beside each other.
//!
//! # Keys and values
//!
//! Keys are `/registry/<resource>/<namespace>/<name>` for the built-in kinds, with the exceptions that kube-apiserver makes
//! (`minions`, `services/specs`, `services/endpoints`, `controllers`, `ingress`), and `/registry/<group>/<resource>/…` for all
//! others. Values are JSON, as kube-apiserver writes them with `--storage-media-type=application/json`; its protobuf
//! values and encrypted ones cannot be read. Events are attached to leases of etcd, which remove them after an hour.

mod claims;
mod codec;
mod commits;
mod compaction;
mod events;
mod failure;
mod follow;
mod keys;
mod load;
mod local;
mod own;
mod settings;
mod shared;
mod transactions;
mod unshown;

/// etcd's own client, for what goes past the engine.
pub use etcd_client as client;

pub use self::commits::Etcd;
pub use self::failure::EtcdError;
pub use self::local::LocalEtcd;
pub use self::settings::{EtcdSettings, VALUE_BYTES_MAX};
pub use self::shared::EtcdHealth;
pub use self::unshown::Undecodable;

#[cfg(test)]
mod tests;
