//! Jobs (JOB-01 to JOB-11).
//!
//! The functions here take specs and statuses in the form [`default`] and [`default_status`] give them.

mod defaults;
mod failure_policy;
mod indexes;
mod selector;
mod spec;
mod status;
mod success_policy;
mod update;
mod warnings;

pub use self::defaults::{default, default_conditions, default_status, template_labels};
pub use self::selector::generate_selector;
pub(crate) use self::spec::validate_any;
pub use self::spec::validate_create;
pub use self::status::validate_status_update;
pub use self::update::{is_new_generation, validate_update};
pub(crate) use self::warnings::spec_warnings;
pub use self::warnings::{create_warnings, update_warnings};

/// The completion mode in which each pod has an index.
const INDEXED: &str = "Indexed";

/// The completion mode in which all pods are the same.
const NON_INDEXED: &str = "NonIndexed";

#[cfg(test)]
mod tests;
