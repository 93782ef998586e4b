//! One file for each kind that upstream prints in a way of its own; [`printer`] finds it.

mod cluster_role_binding;
mod config_map;
mod controller_revision;
mod cron_job;
mod csi_driver;
mod csi_node;
mod daemon_set;
mod deployment;
mod endpoint_slice;
mod endpoints;
mod event;
mod horizontal_pod_autoscaler;
mod ingress;
mod ingress_class;
mod job;
mod lease;
mod lookup;
mod namespace;
mod network_policy;
mod node;
mod persistent_volume;
mod persistent_volume_claim;
mod pod;
mod pod_disruption_budget;
mod pod_summary;
mod pod_template;
mod priority_class;
mod replica_set;
mod replication_controller;
mod resource_quota;
mod role_binding;
mod runtime_class;
mod secret;
mod service;
mod service_account;
mod stateful_set;
mod storage_class;
mod subjects;
#[cfg(test)]
mod tests;
mod volume_attachment;

pub(super) use self::lookup::printer;
