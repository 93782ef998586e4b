//! The shared informer: one watch of a store, any number of readers.
//!
//! Promises:
//!
//! 1. Every reader is told what is there as additions, then each change, once, in order, after
//!    [`Informer::snapshot`](crate::View::snapshot) shows it (INV-IN-03).
//! 2. What went unseen while the watch was cut, removals included, is told when it is known again; never is
//!    a change skipped or repeated (INV-IN-02).
//! 3. A reader that does not read costs no more memory than [`InformerConfig::pending_max`] changes: past
//!    that it gets [`Notice::Reread`](crate::Notice) and what is there anew. Nobody waits for it.
//! 4. It has synced once a complete first state was taken in, and not before (INV-IN-04).
//! 5. It ends when it is shut down or its last handle is dropped; then its readers' streams end.
//!
//! It does not survive the process, and it does not write.

mod handle;
mod queue;
mod shared;
mod stream;

pub use self::handle::{Informer, InformerConfig, InformerHealth};

#[cfg(test)]
mod tests;
