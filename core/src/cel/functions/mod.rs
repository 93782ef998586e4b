//! The functions that there are, with the types they are for.

mod addresses;
mod amounts;
mod conversions;
mod formats;
mod lists;
mod operators;
mod optionals;
mod patterns;
mod sets;
mod signature;
mod strings;
mod table;
mod text_format;
mod times;
mod urls;
mod versions;

pub use self::formats::NamedFormat;
pub(super) use self::lists::sorted;
pub(super) use self::signature::{Bindings, Param};
pub(super) use self::table::{Function, named};
