//! Objects as bytes: compact, and with what objects share written once.
//!
//! What is shared is written into a numbered place of a shelf where it first comes up and named by that number from
//! then on, in memory by the writer's [`Shelf`], and again by the reader's [`Shelves`]. So the pods of one template are
//! a hundred bytes each, and share in memory after a restart what they shared before.

mod bytes;
mod object;
mod raw;
mod shelf;

pub(super) use self::bytes::{Reader, Writer};
pub(super) use self::object::{read_key, read_object, write_object, write_raw_object, write_removal};
pub(super) use self::raw::{KindName, RawKey, RawObject};
pub(super) use self::shelf::{Shelf, Shelves};

#[cfg(test)]
mod tests;
