//! Pods and pod templates: defaults, validation, what may change, quality of service, requests.
//!
//! The functions here take whole specs, `nodeName` and `hostname` included. All specs they validate are in
//! the form [`default`] or [`default_template`] gives them.
//!
//! Not here: the fields of dynamic resource allocation in a pod's status beyond names of claims.

mod affinity;
mod annotations;
mod claim_template;
mod containers;
mod create;
mod defaults;
mod dns;
mod env;
mod field_ref;
mod gates;
mod handlers;
mod image;
mod mounts;
mod options;
mod overlaps;
pub(in crate::rules) mod paths;
mod projected;
mod qos;
mod requests;
mod resource_name;
mod resources;
mod restart;
mod security;
mod spec;
mod spread;
mod status;
mod subresources;
mod template;
mod tolerations;
mod update;
mod volume_defaults;
pub(in crate::rules) mod volume_sources;
pub(in crate::rules) mod volumes;
mod warnings;
mod windows;

pub(crate) use self::affinity::validate_node_selector;
pub(crate) use self::claim_template::validate_spec as validate_claim_spec;
pub use self::create::{prepare_create, validate_create};
pub use self::defaults::{default, default_status, default_template};
pub use self::qos::{QosClass, qos_class};
pub use self::requests::{Amounts, pod_limits, pod_requests};
pub(crate) use self::resource_name::{
    is_extended as is_extended_resource, is_overcommit_allowed, validate as validate_resource_name,
    validate_for_container as validate_container_resource_name,
};
pub(crate) use self::resources::{validate_amount, validate_amounts};
pub use self::restart::is_restarted;
pub use self::status::{prepare_status_update, validate_status_update};
pub use self::subresources::{
    resized, validate_ephemeral_update, validate_resize, with_ephemeral_containers,
};
pub(crate) use self::template::{
    validate_for_replicas, validate_runs_forever, validate_template, validate_template_metadata,
};
pub(crate) use self::tolerations::{validate as validate_tolerations, validate_effect};
pub use self::update::{is_new_generation, validate_update};
pub use self::warnings::{template_warnings, warnings};
