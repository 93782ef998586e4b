//! The rules of the built-in kinds: [`crate::rules`], which are functions on API types, put behind
//! [`KindRules`](crate::kind::KindRules), which knows objects in parts.

mod config_map;
mod controller_revision;
mod cron_job;
mod daemon_set;
mod deployment;
mod divided;
mod event;
mod job;
mod lease;
mod namespace;
mod node;
mod persistent_volume_claim;
mod pod;
mod priority_class;
mod rbac;
mod replica_set;
mod replication_controller;
mod secret;
mod service;
mod stateful_set;
mod undivided;
mod whole;

pub(super) use self::config_map::ConfigMapRules;
pub(super) use self::controller_revision::ControllerRevisionRules;
pub(super) use self::cron_job::CronJobRules;
pub(super) use self::daemon_set::DaemonSetRules;
pub(super) use self::deployment::DeploymentRules;
pub(super) use self::divided::Divided;
pub(super) use self::event::EventRules;
pub(super) use self::job::JobRules;
pub(super) use self::lease::LeaseRules;
pub(super) use self::namespace::NamespaceRules;
pub(super) use self::node::NodeRules;
pub(super) use self::persistent_volume_claim::PersistentVolumeClaimRules;
pub(super) use self::pod::PodRules;
pub(super) use self::priority_class::PriorityClassRules;
pub(super) use self::rbac::{ClusterRoleBindingRules, ClusterRoleRules, RoleBindingRules, RoleRules};
pub(super) use self::replica_set::ReplicaSetRules;
pub(super) use self::replication_controller::ReplicationControllerRules;
pub(super) use self::secret::SecretRules;
pub(super) use self::service::ServiceRules;
pub(super) use self::stateful_set::StatefulSetRules;
pub(super) use self::undivided::{COUNTED, UNDIVIDED};
pub(super) use self::whole::{Whole, silent};
