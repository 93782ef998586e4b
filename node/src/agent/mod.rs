//! The node agent: makes the pods that are bound to its node real.
//!
//! It promises:
//!
//! 1. What runs follows from the pods bound to the node, by uid: nothing runs twice, and what no pod asks for
//!    is stopped and removed (INV-RT-01).
//! 2. For one pod at most one thing is done at a time. A call to the runtime whose outcome is not known is
//!    followed by a look at what there is, before anything else is decided (INV-RT-04).
//! 3. A pod that is being deleted is confirmed gone only after its containers have ended (AGENT-14); a terminal
//!    phase is reported only then, and never left (AGENT-10, AGENT-13).
//! 4. An agent that starts again takes over what runs, and restarts nothing (AGENT-38).
//! 5. A pod at rest costs no timer: one heap of deadlines serves all.
//!
//! Decisions are pure functions over the pod and what the runtime has of it: `actions` (what to do),
//! `pod_status` (what to report), `admission` (whether to take it), `backoff` and `probe` (when). What waits
//! lives in `sync`, `start`, `terminate` and `publish`, one call to the outside at a time, driven by `driver`.
//!
//! It does not: evict under pressure, collect images, run static or ephemeral containers, resize in place,
//! make control groups, set up name resolution, or serve the kubelet's HTTP API.

mod actions;
mod admission;
mod backoff;
mod conditions;
mod config;
mod container_status;
mod driver;
mod environment;
mod expansion;
mod field_value;
#[cfg(test)]
mod fixtures;
mod heartbeat;
mod hooks;
mod host;
mod images;
mod memory;
mod network_prober;
mod node_status;
mod observed;
mod phase;
mod pod_source;
mod pod_status;
mod pod_work;
mod pods;
mod probe;
mod probing;
mod publish;
mod relist;
mod restart;
mod running;
mod settings;
mod sources;
mod start;
mod sync;
mod terminate;
#[cfg(test)]
mod tests;
mod volumes;

pub use self::backoff::Growth;
pub use self::network_prober::SocketProber;
pub use self::running::{Agent, Shutdown};
pub use self::settings::AgentSettings;
pub use self::volumes::LOCAL_VOLUME_DRIVERS;
