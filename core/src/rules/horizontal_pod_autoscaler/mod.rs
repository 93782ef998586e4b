//! HorizontalPodAutoscalers.

mod defaults;
mod metrics;
mod spec;
#[cfg(test)]
mod tests;

pub use self::defaults::{default, default_status};
pub use self::spec::{prepare_create, validate_create, validate_status_update, validate_update};
