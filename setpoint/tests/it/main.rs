//! What the whole does together.

mod conformance;
mod durable;
#[cfg(feature = "etcd")]
mod fail_over;
mod far_store;
mod kube_client;
mod kubectl;
#[cfg(feature = "controllers")]
mod leader;
mod licences;
mod node;
mod parity;
mod remote;
#[cfg(feature = "scheduler")]
mod scheduler;
#[cfg(all(feature = "controllers", feature = "node", feature = "scheduler"))]
mod why;
mod workload_api;
