//! A store that is a Kubernetes API server, somewhere else.
//!
//! [`Remote`] is an [`ObjectStore`](crate::ObjectStore) over the `kube` crate's client: the same reconcilers, informers and
//! controllers run on a real cluster, or on this project's own API over the network. It applies no rules: defaults,
//! admission, validation and ownership are the server's.
//!
//! Promises:
//!
//! 1. What the server answers is what the caller is told: its statuses are [errors](setpoint_core::Error) with reason, causes and
//!    the time of the next attempt.
//! 2. A request is sent again only if that is safe: a read, or a write that was surely not applied because it was not
//!    sent, or was refused with 429, or by the server itself with 503 and a time to come back. At most
//!    [`limits::ATTEMPTS_MAX`] times, and never past the request's deadline.
//! 3. A write that may have been applied, and of which nobody can tell, is answered with an error that says so
//!    ([`is_outcome_unknown`](setpoint_core::Error::is_outcome_unknown)).
//! 4. A watch tells every change after where it began, once and in order, also if its connection is cut: it goes on after the
//!    last revision it has told. If it cannot it ends, or says `Expired`.
//! 5. Everything that is read has a limit.
//!
//! It is not: able to compare other objects in a write, so it cannot fence the writes of a deposed leader: it does not
//! [honour guards](crate::ObjectStore::honours_guards) and refuses writes that have any. It asks as whoever the client is, not as the context's user. A batch is as many requests, some at a time. There are no snapshots and no feed;
//! an informer has what is there, with indices.
//!
//! What the server does not tell is filled in as well as can be: see [`Remote`] for deletions.
//!
//! ```no_run
//! use k8s_openapi::api::core::v1::ConfigMap;
//! use setpoint_core::env::Env;
//! use setpoint_store::Objects;
//! use setpoint_store::remote::Remote;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let store = Remote::inferred(&Env::tokio()).await?; // the current context of kubectl, or that of the pod
//! for map in Objects::<ConfigMap>::namespaced(&store, "default")?.list().await? {
//!     println!("{}", map.metadata.name.as_deref().unwrap_or_default());
//! }
//! # Ok(())
//! # }
//! ```

mod address;
mod batch;
mod connection;
mod decode;
mod deletion;
mod discovery;
mod exchange;
mod failure;
pub mod limits;
mod lines;
mod list;
mod pods;
mod request;
mod retry;
mod shared_parts;
mod store;
mod watch;
mod watching;
mod write;

pub use kube::{Client, Config};

pub use self::store::Remote;

#[cfg(test)]
mod tests;
