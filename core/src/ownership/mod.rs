//! Who set which fields: `managedFields`, and server-side apply on top of them.
//!
//! What it promises:
//!
//! 1. After a write, the same manager owns the same fields as after the same write to a kube-apiserver 1.36
//!    (PATCH-12, PATCH-13), for kinds in the [`schema`](crate::schema) and, with granular maps and atomic lists, for
//!    any other.
//! 2. An apply merges, removes, refuses and answers as there (PATCH-09 to PATCH-11, PATCH-15, PATCH-17).
//! 3. Sets, entries and records are shared: objects made alike have one record, and a write that changes nothing about
//!    ownership allocates next to nothing.
//!
//! What it does not do: read or write objects, know the time, or convert between versions. A kind whose versions
//! differ in their fields has ownership in the fields of the preferred version.
//!
//! ```
//! use setpoint_core::ownership::{Element, FieldSet};
//!
//! let path = |name: &str| vec![Element::field("data"), Element::field(name)];
//! let mine: FieldSet = [path("a"), path("b")].into_iter().collect();
//! assert_eq!(mine.to_json(), r#"{"f:data":{"f:a":{},"f:b":{}}}"#);
//! assert!(mine.difference(&FieldSet::of_path(&path("a"))).contains(&path("b")));
//! ```

mod apply;
mod comparison;
mod element;
mod entry;
mod fields_v1;
mod granular;
mod last_applied;
mod place;
mod scalar;
mod set;
mod tape;
#[cfg(test)]
mod tests;
mod update;

pub use self::apply::{Applied, Apply, ApplyError, BEFORE_FIRST_APPLY, Conflict};
pub use self::comparison::Comparison;
pub use self::element::{Element, ElementError};
pub use self::entry::{Entry, EntryError, ManagedFields, Manager, Operation};
pub use self::fields_v1::FieldsError;
pub use self::granular::Misfit;
pub use self::scalar::{Name, Scalar};
pub use self::set::FieldSet;
pub use self::tape::Tape;
pub use self::update::{ANCIENT_CHANGES, UPDATE_MANAGERS_MAX};
