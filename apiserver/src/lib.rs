//! The Kubernetes HTTP API over any object store.

pub mod openapi;
pub mod table;
