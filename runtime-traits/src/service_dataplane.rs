use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::Result;

/// A transport protocol, with its name in the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TransportProtocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

/// Where one port of a service leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceEndpoint {
    /// The pod's address.
    pub ip: IpAddr,
    /// The pod's port.
    pub port: u16,
    /// Whether the pod is on this node.
    pub local: bool,
}

/// One port of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServicePortRules {
    /// Its name; empty if it is the only one.
    pub name: String,
    /// Its transport.
    pub protocol: TransportProtocol,
    /// The port at the service's addresses.
    pub port: u16,
    /// The port on every node, if it has one.
    pub node_port: Option<u16>,
    /// Where it leads; empty means that connections are refused.
    pub endpoints: Vec<ServiceEndpoint>,
}

impl ServicePortRules {
    /// A port that leads nowhere yet.
    pub fn new(name: impl Into<String>, protocol: TransportProtocol, port: u16) -> Self {
        Self { name: name.into(), protocol, port, node_port: None, endpoints: Vec::new() }
    }
}

/// What a node is to do with the connections to one service.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceRules {
    /// The service's namespace.
    pub namespace: String,
    /// The service's name.
    pub name: String,
    /// Its cluster addresses; none for a headless one, which has no rules.
    pub cluster_ips: Vec<IpAddr>,
    /// Addresses from outside that lead to it.
    pub external_ips: Vec<IpAddr>,
    /// Keeps a client at its endpoint for this long.
    pub affinity: Option<Duration>,
    /// Connections from the node itself only go to endpoints on it.
    pub internal_local_only: bool,
    /// Connections from outside only go to endpoints on this node.
    pub external_local_only: bool,
    /// Its ports.
    pub ports: Vec<ServicePortRules>,
}

impl ServiceRules {
    /// A service without addresses and ports.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            namespace: namespace.into(),
            name: name.into(),
            cluster_ips: Vec::new(),
            external_ips: Vec::new(),
            affinity: None,
            internal_local_only: false,
            external_local_only: false,
            ports: Vec::new(),
        }
    }
}

/// What a sync did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SyncReport {
    /// How many rules are in force.
    pub rules: usize,
    /// How many changed.
    pub changed: usize,
    /// Services that could not be served, with the reason.
    pub refused: Vec<(String, String)>,
}

/// Leads connections to services to their endpoints: a back end of kube-proxy.
#[async_trait]
pub trait ServiceDataplane: Send + Sync {
    /// Makes the node do exactly what `desired` says: the whole state each time, and what is not in it goes.
    ///
    /// # Errors
    ///
    /// If nothing could be changed; what could be is told in the report.
    async fn sync(&self, desired: &[ServiceRules]) -> Result<SyncReport>;

    /// Removes everything it ever made. Idempotent.
    ///
    /// # Errors
    ///
    /// If something is left.
    async fn cleanup(&self) -> Result<()>;
}
