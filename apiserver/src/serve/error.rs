use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a server cannot be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// It cannot listen there.
    #[error("cannot listen at {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file of keys, certificates or configuration cannot be read or written.
    #[error("cannot use {path:?}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A certificate or key is not one, or does not go with another.
    #[error("{what} cannot be used: {why}")]
    Certificate {
        /// What it is for.
        what: &'static str,
        /// What is wrong with it. Nothing of it is told.
        why: String,
    },
}

impl ServeError {
    pub(super) fn certificate(what: &'static str, why: impl ToString) -> Self {
        Self::Certificate { what, why: why.to_string() }
    }
}
