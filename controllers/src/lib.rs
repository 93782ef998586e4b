//! The reference controllers, one folder each. They meet only in objects.
//!
//! What several of them need: [`claim`] (which children belong to an owner), [`controller_ref`] (how a
//! child names its owner) and [`pod`] (whether a pod is active, ready, available).

pub mod claim;
pub mod cluster_role_aggregation;
pub mod controller_ref;
pub mod deployment;
pub mod disruption;
pub mod furniture;
pub mod garbage_collector;
pub mod namespace;
pub mod node_taints;
#[cfg(test)]
mod place;
pub mod pod;
pub mod replica_set;
pub mod replication_controller;
pub mod resource_quota;
