//! Sessions in containers: `exec` and `attach` (SUB-10).
//!
//! A client asks by `GET` for an upgrade to a WebSocket that speaks `v5.channel.k8s.io` or `v4.channel.k8s.io`. Everything that
//! can be refused is refused before the upgrade, as a Status. Without the upgrade, as with SPDY, the answer is a Status too.
//!
//! Sessions need somebody who upgrades connections: they work behind the `serve` feature's server, or any other that leaves
//! hyper's `OnUpgrade` in the request's extensions.

#[cfg(feature = "serve")]
mod channel;
mod connect;
mod pod_sessions;
#[cfg(feature = "serve")]
mod pump;

#[cfg(feature = "serve")]
pub(crate) use self::connect::Subprotocol;
pub use self::pod_sessions::{PodSessions, RuntimeSessions};
#[cfg(feature = "serve")]
pub(crate) use self::pump::OpenSessions;
