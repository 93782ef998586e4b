//! What the whole does together.

mod conformance;
mod durable;
mod far_store;
mod kube_client;
mod kubectl;
mod licences;
mod node;
mod parity;
mod remote;
#[cfg(feature = "scheduler")]
mod scheduler;
mod workload_api;
