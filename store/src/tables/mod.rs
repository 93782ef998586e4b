//! All objects of a store at one revision, with their indices, as a value that can be kept.
//!
//! A [`Snapshot`] never changes and is never too old to be read. Taking one costs a pointer; writers go on
//! meanwhile and copy the few nodes they change (a persistent tree).

mod index;
mod snapshot;
mod table;
mod tree;

pub use self::index::{Index, IndexValue};
pub use self::snapshot::Snapshot;
pub use self::table::Tables;
pub(crate) use self::tree::{Entry, Tree};
