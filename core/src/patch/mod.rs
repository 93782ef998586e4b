//! Changes to objects as clients send them: JSON patch, merge patch and strategic merge patch.
//!
//! What it promises:
//!
//! 1. A patch does to JSON what the same patch does to an object of a kube-apiserver 1.36 (PATCH-05 to PATCH-08).
//! 2. No patch takes unbounded time, memory or stack: operations, copied bytes and depth have limits.
//! 3. Errors say whether the patch cannot be read, cannot be applied, or is too large.
//!
//! What it does not do: read objects or write them, decode to the kind's type, default or validate the result
//! (PATCH-04), retry (PATCH-02), check preconditions (PATCH-03). Server-side apply needs to know who owns what:
//! see [`ownership`](crate::ownership).
//!
//! ```
//! use serde_json::json;
//! use setpoint_core::patch::{Patch, PatchType};
//! use setpoint_core::schema::Schema;
//!
//! let pod = Schema::of_kind("", "v1", "Pod").expect("a built-in kind");
//! let mut object = json!({"spec": {"containers": [{"name": "a", "image": "a:1"}, {"name": "b", "image": "b:1"}]}});
//! let body = json!({"spec": {"containers": [{"name": "b", "image": "b:2"}]}});
//! Patch::decode(PatchType::Strategic, body)?.apply(&mut object, pod)?;
//! assert_eq!(object["spec"]["containers"][1], json!({"name": "b", "image": "b:2"}));
//! assert_eq!(object["spec"]["containers"][0], json!({"name": "a", "image": "a:1"}));
//! # Ok::<(), setpoint_core::patch::PatchError>(())
//! ```

mod body;
mod depth;
mod error;
mod json;
mod options;
mod ordering;
mod strategic;
mod strategic_list;
#[cfg(test)]
mod tests;

pub use self::body::{Patch, PatchType};
pub use self::depth::DEPTH_MAX;
pub use self::error::PatchError;
pub use self::json::{COPIED_BYTES_MAX, OPERATIONS_MAX};
pub use self::options::{FIELD_MANAGER_BYTES_MAX, validate_options};
