use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;

use crate::{ContainerId, Result};

/// What a probe over the network asks.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProbeTarget {
    /// A GET; statuses from 200 to 399 are a success (AGENT-20).
    HttpGet {
        /// The port.
        port: u16,
        /// The path with its query.
        path: String,
        /// Whether it is asked over TLS, whose certificate is not checked.
        tls: bool,
        /// Headers to send.
        headers: Vec<(String, String)>,
    },
    /// A connection.
    TcpSocket {
        /// The port.
        port: u16,
    },
    /// A gRPC health check.
    Grpc {
        /// The port.
        port: u16,
        /// The service asked about; empty for the server as a whole.
        service: String,
    },
}

/// One probe over the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeRequest {
    /// The container that is probed.
    pub container_id: ContainerId,
    /// The address it is asked at.
    pub ip: IpAddr,
    /// What it is asked.
    pub target: ProbeTarget,
    /// After this it has failed.
    pub timeout: Duration,
}

/// What a probe found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProbeAnswer {
    /// It works.
    Success,
    /// It does not, and why.
    Failure(String),
}

/// Probes pods over the network.
///
/// A node with real addresses does without: its agent opens sockets. A back end whose pods have none, like a
/// simulated one, answers here.
#[async_trait]
pub trait NetworkProbe: Send + Sync {
    /// Probes once.
    ///
    /// # Errors
    ///
    /// If the machinery of probing failed, which says nothing about the container.
    async fn probe(&self, request: &ProbeRequest) -> Result<ProbeAnswer>;
}
