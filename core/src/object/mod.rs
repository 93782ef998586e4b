//! Objects as they are stored, watched and shared: taken apart, immutable, and cheap to pass on.
//!
//! An [`Object`] is metadata, a spec part and a status part, each shared on its own, so a status write
//! shares metadata and spec with the version before, and the pods of one template share one spec. It is
//! read through [`Object::meta`] and, for a known kind, through [`Obj`]; a whole value of the API type is
//! built on demand and kept.
//!
//! An [`Object`] never changes. A write starts from a [`Draft`], which a store turns into the next object.

mod draft;
mod json;
mod key;
mod meta;
mod obj;
mod part;
mod revision;
mod shared_texts;
mod stored;
mod text;
mod uid;
mod wire_meta;

pub use self::draft::Draft;
pub use self::key::Key;
pub use self::meta::{Meta, OwnerReference, OwnerReferences};
pub use self::obj::Obj;
pub use self::part::Part;
pub use self::revision::Revision;
pub use self::shared_texts::{NoTexts, SharedTexts};
pub use self::stored::{Object, ObjectRef};
pub use self::text::{Text, TextMap, Texts};
pub use self::uid::Uid;
