use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::{
    DnsSink, ImageService, NetworkProbe, NodeFingerprint, PodNetwork, PressureSource, RuntimeService,
    ServiceDataplane, StatsProvider, StreamingService, VolumeNode,
};

/// Everything the agent of one node works with. Embedders fill in what they have.
///
/// Cloning shares the back ends.
#[derive(Clone)]
#[non_exhaustive]
pub struct NodeRuntime {
    /// Sandboxes and containers.
    pub runtime: Arc<dyn RuntimeService>,
    /// Images.
    pub images: Arc<dyn ImageService>,
    /// Commands, logs, terminals. Without it exec probes and hooks fail, and there are no logs.
    pub streaming: Option<Arc<dyn StreamingService>>,
    /// Figures for metrics and eviction.
    pub stats: Option<Arc<dyn StatsProvider>>,
    /// What the node is. Without it the agent reports what it was configured with.
    pub fingerprint: Option<Arc<dyn NodeFingerprint>>,
    /// The pod network, for runtimes that do not connect pods themselves.
    pub network: Option<Arc<dyn PodNetwork>>,
    /// Volume drivers by name; a pod with a volume of any other waits.
    pub volumes: BTreeMap<String, Arc<dyn VolumeNode>>,
    /// Services.
    pub dataplane: Option<Arc<dyn ServiceDataplane>>,
    /// Names.
    pub dns: Option<Arc<dyn DnsSink>>,
    /// What is left on the node. Without it nothing is evicted for pressure.
    pub pressure: Option<Arc<dyn PressureSource>>,
    /// Probes over the network. Without it the agent opens sockets itself.
    pub probe: Option<Arc<dyn NetworkProbe>>,
}

impl NodeRuntime {
    /// The two back ends without which nothing runs (RUNTIME-01).
    pub fn new(runtime: Arc<dyn RuntimeService>, images: Arc<dyn ImageService>) -> Self {
        Self {
            runtime,
            images,
            streaming: None,
            stats: None,
            fingerprint: None,
            network: None,
            volumes: BTreeMap::new(),
            dataplane: None,
            dns: None,
            pressure: None,
            probe: None,
        }
    }

    /// One back end that does containers, images and streams.
    pub fn of<R>(backend: Arc<R>) -> Self
    where
        R: RuntimeService + ImageService + StreamingService + 'static,
    {
        Self::new(backend.clone(), backend.clone()).with_streaming(backend)
    }

    /// With commands, logs and terminals.
    #[must_use]
    pub fn with_streaming(mut self, streaming: Arc<dyn StreamingService>) -> Self {
        self.streaming = Some(streaming);
        self
    }

    /// With figures.
    #[must_use]
    pub fn with_stats(mut self, stats: Arc<dyn StatsProvider>) -> Self {
        self.stats = Some(stats);
        self
    }

    /// With what the node is.
    #[must_use]
    pub fn with_fingerprint(mut self, fingerprint: Arc<dyn NodeFingerprint>) -> Self {
        self.fingerprint = Some(fingerprint);
        self
    }

    /// With a pod network.
    #[must_use]
    pub fn with_network(mut self, network: Arc<dyn PodNetwork>) -> Self {
        self.network = Some(network);
        self
    }

    /// With a volume driver, replacing the one of that name.
    #[must_use]
    pub fn with_volumes(mut self, driver: impl Into<String>, volumes: Arc<dyn VolumeNode>) -> Self {
        self.volumes.insert(driver.into(), volumes);
        self
    }

    /// With services.
    #[must_use]
    pub fn with_dataplane(mut self, dataplane: Arc<dyn ServiceDataplane>) -> Self {
        self.dataplane = Some(dataplane);
        self
    }

    /// With names.
    #[must_use]
    pub fn with_dns(mut self, dns: Arc<dyn DnsSink>) -> Self {
        self.dns = Some(dns);
        self
    }

    /// With what is left on the node.
    #[must_use]
    pub fn with_pressure(mut self, pressure: Arc<dyn PressureSource>) -> Self {
        self.pressure = Some(pressure);
        self
    }

    /// With its own way of probing over the network.
    #[must_use]
    pub fn with_probe(mut self, probe: Arc<dyn NetworkProbe>) -> Self {
        self.probe = Some(probe);
        self
    }
}

impl fmt::Debug for NodeRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeRuntime")
            .field("capabilities", &self.runtime.capabilities())
            .field("streaming", &self.streaming.is_some())
            .field("volumes", &self.volumes.keys())
            .finish_non_exhaustive()
    }
}
