//! What roles and their bindings allow (AUTH-06), read from a snapshot.
//!
//! Rules only add to each other: what nothing allows is not allowed. Bindings are found by their subjects through an
//! index, so that a question costs as much as the user has groups and bindings, not as there are bindings.

mod demand;
mod policy;
mod rule;
mod subject;
#[cfg(test)]
mod tests;

pub use self::demand::{Demand, Thing};
pub use self::policy::{Allowed, Policy, RoleKinds};
pub use self::rule::{allows, compacted, covers, described, uncovered};
pub(crate) use self::subject::index;

/// The group whose members may do everything (AUTH-05).
pub const MASTERS: &str = "system:masters";
