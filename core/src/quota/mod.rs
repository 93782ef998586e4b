//! How much of what objects use, and whether a quota has room for it (ADM-16, OTHER-06).
//!
//! Pure functions that admission and the quota controller share: [`Item::usage`] measures one object, [`matches()`]
//! says whether a quota counts it, [`charge()`] what a quota's usage is after it, or why it may not come.

mod charge;
mod item;
mod scope;
mod tracked;
mod usage;

pub use self::charge::{Refusal, charge, refund};
pub use self::item::Item;
pub use self::scope::{matches, scopes};
pub use self::tracked::tracks;
pub use crate::rules::pod::Amounts;

#[cfg(test)]
mod tests;
