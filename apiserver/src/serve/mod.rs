//! The API on the network (feature `serve`): HTTP/1.1 and HTTP/2 over TLS.
//!
//! What it promises:
//!
//! 1. Nothing is said in the clear, and nothing to TLS before 1.2.
//! 2. Who shows a token or a client certificate is who that says; who shows something wrong, or a certificate that
//!    is foreign or has expired, is refused.
//! 3. A client that is slow costs little and is cut off: in its handshake, its headers, its body, and in reading what
//!    it is told. The limits are in [`ServeLimits`].
//! 4. [`Server::shut_down`] ends watches at the end of a line, lets other requests come to their end for a bounded
//!    time, and waits for everything that was started.
//! 5. A target that Go's server would read is read, escaped or not, over HTTP/1.1; no body is touched for that, and no
//!    request is found where there is none.
//! 6. Keys are written to files that only their owner can read, and to nowhere else.
//!
//! ```
//! use std::sync::Arc;
//!
//! use setpoint_apiserver::ApiServer;
//! use setpoint_apiserver::serve::Server;
//! use setpoint_core::env::Env;
//! use setpoint_store::Store;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let env = Env::tokio();
//! let api = ApiServer::builder(&env, Arc::new(Store::memory(&env)));
//! let server = Server::builder(&env, api).start().await?; // on a free port of this machine
//! let folder = tempfile::tempdir()?;
//! server.kubeconfig().write(&folder.path().join("config"))?; // for kubectl --kubeconfig
//! server.shut_down().await;
//! # Ok(())
//! # }
//! ```

mod activity;
mod authority;
mod body;
mod certificate_subject;
mod connection;
mod error;
mod kubeconfig;
mod lenient_targets;
mod limits;
mod listener;
mod paced_io;
mod private_file;
mod request_framing;
mod server;
mod streams;
#[cfg(test)]
mod tests;
mod tls;

pub use self::authority::{Authority, KeyPair};
pub use self::error::ServeError;
pub use self::kubeconfig::Kubeconfig;
pub use self::limits::ServeLimits;
pub use self::server::{Server, ServerBuilder};
