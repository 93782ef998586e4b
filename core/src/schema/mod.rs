//! How the fields of the Kubernetes API are typed and merged.
//!
//! What it promises: every type of the stable API that k8s-openapi knows, with the list types, map types and merge
//! keys that a kube-apiserver 1.36 publishes (PATCH-07, PATCH-10). It is immutable data, parsed once when first
//! asked for; where it comes from is in `core/data/README.md`.
//!
//! What it does not do: validate, default or convert. Types of alpha and beta versions are unknown. A kind that is
//! not known here has the [untyped](Schema::untyped) schema, or one that is made of its definition
//! ([`Schema::made`]).
//!
//! ```
//! use setpoint_core::schema::{ListType, Node, Schema};
//!
//! let spec = Schema::of("io.k8s.api.core.v1.PodSpec").expect("a type of the API");
//! let containers = spec.field("containers").expect("one of its fields");
//! assert_eq!(containers.patch_merge_key(), Some("name"));
//! let Node::List(list) = containers.node() else { panic!("containers is a list") };
//! assert_eq!(list.list_type(), &ListType::Map(Box::new(["name"])));
//! ```

mod made;
mod node;
mod strict;
mod table;
#[cfg(test)]
mod tests;
mod type_;

pub use self::made::{Form, FormField, FormListType, MADE_BYTES_MAX};
pub use self::node::{List, ListType, Map, Node, Scalar, Struct};
pub use self::strict::{UNKNOWN_FIELDS_MAX, unknown_fields};
pub use self::table::Schema;
pub use self::type_::{Field, Kind, Type};
