//! The Kubernetes object model as pure values and functions, and the environment it runs in.
//!
//! Nothing here waits or fails for outside reasons: no files, no sockets, no clock of its own. What needs
//! time, entropy or tasks gets them from an [`env::Env`].

pub mod builtin;
pub mod cel;
pub mod conditions;
pub mod cron;
pub mod custom;
pub mod env;
mod error;
pub mod field;
pub mod int_or_percent;
pub mod kind;
pub mod names;
pub mod object;
pub mod ownership;
pub mod patch;
mod pattern;
pub mod quantity;
pub mod quota;
pub mod rules;
pub mod schema;
pub mod selector;
pub mod template_hash;

pub use self::error::{Cause, Details, Error, GroupResource, Reason, Result};
