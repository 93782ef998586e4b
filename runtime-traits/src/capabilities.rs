/// What a back end can do, declared instead of failing by surprise (RUNTIME-16).
///
/// A flag that is off means that the call answers [`Unsupported`](crate::ErrorKind::Unsupported).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// What keeps containers apart.
    pub isolation: Isolation,
    /// Every pod has an address of its own.
    pub pod_network: bool,
    /// Pods can share the node's network.
    pub host_network: bool,
    /// `exec_sync` works; needed by exec probes and hooks.
    pub exec: bool,
    /// Interactive `exec` and `attach` work.
    pub attach: bool,
    /// `port_forward` works.
    pub port_forward: bool,
    /// `container_events` works, so that relisting can be rare (AGENT-04).
    pub events: bool,
    /// `logs` and `reopen_log` work.
    pub logs: bool,
    /// A [`StatsProvider`](crate::StatsProvider) has figures for its containers.
    pub stats: bool,
    /// `update_container_resources` works (AGENT-39).
    pub resize: bool,
    /// How limits are enforced.
    pub cgroup: CgroupMode,
    /// Where images come from.
    pub images: ImageMode,
}

impl Capabilities {
    /// Nothing but the essential calls (RUNTIME-01), without isolation, network, limits or images.
    pub const fn essential() -> Self {
        Self {
            isolation: Isolation::None,
            pod_network: false,
            host_network: true,
            exec: false,
            attach: false,
            port_forward: false,
            events: false,
            logs: false,
            stats: false,
            resize: false,
            cgroup: CgroupMode::None,
            images: ImageMode::None,
        }
    }
}

/// What keeps containers apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Isolation {
    /// Nothing: containers are processes of this user.
    None,
    /// Kernel namespaces.
    Namespaces,
    /// A machine each.
    VirtualMachine,
    /// There is nothing that could be isolated: no process runs.
    Simulated,
}

/// How resource limits are enforced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CgroupMode {
    /// Not at all.
    None,
    /// Control groups, version 1.
    V1,
    /// Control groups, version 2.
    V2,
}

/// Where images come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImageMode {
    /// There are none; every name is accepted.
    None,
    /// Only what is on the node already; pulling looks it up.
    LocalOnly,
    /// A registry.
    Registry,
}
