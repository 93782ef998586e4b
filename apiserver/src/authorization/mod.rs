//! What the sender of a request may do (AUTH-01, AUTH-05, AUTH-06).

mod always_allow;
mod attributes;
mod authorizer;
mod component_roles;
mod default_roles;
mod public;
mod rbac;
#[cfg(test)]
mod tests;

pub use self::always_allow::AlwaysAllow;
pub use self::attributes::{Attributes, Resource, Subject};
pub(crate) use self::authorizer::forbidden;
pub use self::authorizer::{Authorizer, Decision, Rules};
pub use self::default_roles::ensure_default_roles;
pub(crate) use self::public::is_public;
pub use self::rbac::RbacAuthorizer;
