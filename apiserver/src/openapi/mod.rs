//! OpenAPI documents: what clients read to validate, explain and merge objects (DISC-08 to DISC-11).
//!
//! What it promises: a document for each group and version with the schemas of its kinds and of all they consist of
//! (merge keys, list types and kinds as extensions, as upstream publishes them), and the operations by which clients
//! find out what a server can do (`fieldValidation`, the patch types); an index of them with hashes; all of it in one
//! document of version 2 as well. A custom kind is an object with typed metadata and unknown
//! fields. Questions (AUTH-07) have the one operation by which they are asked.
//!
//! What it does not do: protobuf, which is refused so that clients ask for JSON; subresources other than status and
//! scale; the schema of a custom kind's definition.

pub mod descriptions;

mod answer;
mod custom;
mod dialect;
mod documents;
mod operations;
mod parameters;
mod schemas;
mod serve;
#[cfg(test)]
mod tests;
mod v2;
mod v3;

pub use self::answer::{Answer, Request, answer};
pub use self::documents::{Document, Documents};
pub(crate) use self::serve::serve;
