//! Addresses and node ports of Services.
//!
//! What it promises:
//!
//! 1. No two services of an engine have an address or a node port in common, however many stores write at once, in however
//!    many processes.
//! 2. What is given out is what the services in the store have, and nothing else: there is nothing to repair after a
//!    restart, and what a deleted service had is free.
//! 3. A dry run takes nothing.
//! 4. The choice follows from the environment's entropy.
//!
//! A request finds out what is taken from an index of the newest snapshot; between that and its commit it *holds* what it
//! chose, so that nobody else chooses it meanwhile. A write whose outcome is unknown holds what it chose for as long as
//! the store lives. Another store over the same engine does not know what is held here, so the engine has the last word: the
//! index is [unique](crate::tables::Index::unique), and who comes second chooses anew.

mod allocator;
mod held;
mod network;
mod range;
#[cfg(test)]
mod tests;

pub(crate) use self::allocator::{Allocator, Refusal, index};
pub(crate) use self::held::Hold;
pub use self::network::ServiceNetwork;
pub use self::range::{AddressRange, RangeError};
