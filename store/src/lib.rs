//! A typed object store with Kubernetes semantics over exchangeable engines.

pub mod engine;
pub mod tables;
