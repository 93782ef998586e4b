//! A typed object store with Kubernetes semantics over exchangeable engines.
//!
//! - [`ObjectStore`] is the one seam of the whole system: get, list, watch, write.
//! - [`Store`] makes one of an [`engine::Engine`], by the rules of Kubernetes.
//! - `remote` (feature) makes one of a Kubernetes API server.
//! - [`Objects`] reads and writes one kind of it as values of the API type.
//! - [`tables::Snapshot`] is everything at one revision, for those who share the process.
//! - [`rbac`] tells what roles and their bindings allow.
//! - [`admission`] is where an embedder changes or refuses writes.

pub mod admission;
pub mod contract;
mod definitions;
pub mod engine;
mod memo;
mod object_store;
mod objects;
pub mod rbac;
#[cfg(feature = "remote")]
pub mod remote;
pub mod request;
pub mod service_network;
mod store;
pub mod tables;

pub use self::definitions::Definitions;
pub use self::object_store::{ObjectStore, ObjectStoreExt, WatchStream};
pub use self::objects::Objects;
pub use self::store::Store;
