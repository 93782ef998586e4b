//! Defaults, validation and write rules of the first kinds, as pure functions on API types.
//!
//! Each kind's module has what applies to it of:
//!
//! - `default`: fills in what upstream's decoder fills in, and brings the value into its normal form
//!   ([`normal_form`]), in which the derived `PartialEq` is upstream's semantic equality. Doing so twice
//!   changes nothing more (ADM-01 to ADM-05).
//! - `prepare_create`, `prepare_update`, `prepare_status_update`: what the server decides and what it keeps
//!   of the stored object, beyond spec and status being written apart (SUB-01, SUB-02).
//! - `validate_create`, `validate_update`, `validate_status_update`: all that is wrong, with upstream's
//!   fields, kinds and words. They expect normalized values. Metadata is looked at too, exactly as often as
//!   upstream's strategies do; see [`object_meta`] for what is common to all kinds.
//! - `warnings`: what is valid and yet deserves a word.
//! - `is_new_generation`: whether a change counts (STORE-13).
//!
//! Not here: admission, the choice of addresses, anything that needs another object. Feature gates are those
//! 1.36 starts with: `default` drops fields behind gates that are off.

mod absent;
mod address;
mod checks;
mod conditions;
pub mod config_map;
pub mod controller_revision;
pub mod cron_job;
pub mod csi_driver;
pub mod csi_node;
pub mod daemon_set;
pub mod deployment;
mod endpoint_address;
pub mod endpoint_slice;
pub mod endpoints;
mod entries;
pub mod event;
pub mod horizontal_pod_autoscaler;
pub mod ingress;
pub mod ingress_class;
mod internal_form;
pub mod job;
pub mod labels;
pub mod lease;
pub mod limit_range;
mod line_diff;
pub mod namespace;
pub mod network_policy;
pub mod node;
pub mod normal_form;
pub mod object_meta;
pub mod persistent_volume;
pub mod persistent_volume_claim;
pub mod pod;
pub mod pod_disruption_budget;
pub mod pod_template;
pub mod priority_class;
pub mod rbac;
pub mod replica_set;
pub mod replication_controller;
pub mod resource_quota;
pub mod runtime_class;
pub mod secret;
pub mod service;
pub mod service_account;
pub mod service_addresses;
pub mod stateful_set;
pub mod storage_class;
pub mod volume_attachment;

pub use self::entries::Entries;
