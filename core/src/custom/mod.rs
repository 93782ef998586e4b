//! Custom kinds: what a `CustomResourceDefinition` makes (CRD rows).
//!
//! A [`Definition`] is read from such an object and gives a [`Kind`](crate::kind::Kind) whose objects are kept as JSON
//! and follow a structural schema: what it does not know is pruned, defaults are filled in, and everything is
//! validated by the part of OpenAPI that upstream takes, by list types, and by CEL rules.
//!
//! What it promises:
//!
//! 1. A definition that is not accepted says why with upstream's fields and words (CRD-02).
//! 2. Pruning and defaulting are idempotent, and so is what a stored object looks like to its readers (CRD-03).
//! 3. An update is not refused for what it leaves as it was (CRD-05).
//! 4. Whatever a definition says, its cost is bounded: see [`limits`].
//!
//! What it does not do: call conversion webhooks; write objects. The [`lifecycle`] of definitions is decided here and
//! driven by a store.

mod accept;
mod correlated;
mod correlation;
mod declared;
mod definition;
mod embedded;
mod field_path;
mod fill;
mod form;
mod formats;
pub mod lifecycle;
mod lifted;
pub mod limits;
mod list_types;
mod prune;
mod read;
mod renew;
mod rule;
mod rules;
mod scale;
mod structural;
#[cfg(test)]
mod tests;
mod validate;
mod validations;

pub(crate) use self::accept::DefinitionRules;
pub use self::definition::{Definition, DefinitionError};
pub(crate) use self::formats::{fits as fits_format, go_duration};
pub use self::read::SchemaError;
pub(crate) use self::read::check_depth;
pub use self::renew::{renewed, shown};
pub use self::rule::Rule;
pub use self::rules::CustomRules;
pub use self::structural::{Additional, Checks, ListKind, Structural, Type};
