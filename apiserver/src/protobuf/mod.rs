//! Request bodies in protobuf, which typed Go clients send (WIRE-02).
//!
//! A body is an envelope: four bytes, then a message that says which kind it holds. What is in it is read by a table of
//! field numbers (`apiserver/data/protobuf.txt`) into the JSON that the same client would have sent, so that everything
//! behind the reader is the same for both.
//!
//! What it promises: no panic, no more than [`DEPTH_MAX`](message::DEPTH_MAX) levels and
//! [`VALUES_MAX`](message::VALUES_MAX) values. Fields that the table does not
//! have are passed over, as upstream does. Kinds that are made at run time are never protobuf (WIRE-03).
//!
//! What it does not do: write. Answers are JSON.

mod envelope;
mod message;
mod table;
#[cfg(test)]
mod tests;
mod wire;
mod words;

pub(crate) use self::envelope::{Unread, is_protobuf, parse};
