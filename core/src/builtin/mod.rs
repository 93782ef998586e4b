//! The built-in kinds: their names, their parts, and the rules they follow.
//!
//! One file for each kind. [`register`] adds them all to a registry.

mod event;
mod parts;
mod pod;
mod rules;
mod selectable;
mod table;

pub use self::pod::SharedPodSpec;
pub use self::table::register;
