use std::collections::BTreeMap;
use std::net::IpAddr;

use async_trait::async_trait;

use crate::Result;

/// One record of a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DnsRecord {
    /// A or AAAA.
    Address(IpAddr),
    /// CNAME.
    Alias(String),
    /// SRV.
    Service {
        /// Lower comes first.
        priority: u16,
        /// The share among equals.
        weight: u16,
        /// The port.
        port: u16,
        /// The name it is at.
        target: String,
    },
}

/// All records of a zone, by name relative to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordSet {
    /// Records by name.
    pub records: BTreeMap<String, Vec<DnsRecord>>,
    /// How long others may remember them, in seconds.
    pub ttl_seconds: u32,
}

/// Publishes names of services and pods.
#[async_trait]
pub trait DnsSink: Send + Sync {
    /// Makes the zone say exactly this: the whole zone each time.
    ///
    /// # Errors
    ///
    /// If the zone could not be changed; it is then as before or as asked.
    async fn publish(&self, zone: &str, records: &RecordSet) -> Result<()>;
}
