//! PersistentVolumes.

mod defaults;
mod sources;
mod spec;
#[cfg(test)]
mod tests;
mod update;

pub use self::defaults::{default, default_status, prepare_create};
pub(crate) use self::spec::{Place, driver_name, validate as validate_spec};
pub use self::update::{validate_create, validate_status_update, validate_update};
