//! The filters and scores of upstream's default scheduler.
//!
//! Not here: ImageLocality, NodeVolumeLimits, VolumeZone and VolumeRestrictions, which have nothing to say;
//! binding and provisioning of volumes that wait for their first consumer, and dynamic resources, whose pods
//! are refused with a reason that says so.

mod balanced_allocation;
mod dynamic_resources;
mod inter_pod_affinity;
mod node_affinity;
mod node_name;
mod node_ports;
mod node_resources_fit;
mod node_unschedulable;
mod pod_topology_spread;
mod taint_toleration;
mod volume_binding;

#[cfg(test)]
mod tests;

pub use self::balanced_allocation::BalancedAllocation;
pub use self::dynamic_resources::DynamicResources;
pub use self::inter_pod_affinity::InterPodAffinity;
pub use self::node_affinity::NodeAffinity;
pub use self::node_name::NodeName;
pub use self::node_ports::NodePorts;
pub use self::node_resources_fit::NodeResourcesFit;
pub use self::node_unschedulable::NodeUnschedulable;
pub use self::pod_topology_spread::PodTopologySpread;
pub use self::taint_toleration::TaintToleration;
pub use self::volume_binding::VolumeBinding;
