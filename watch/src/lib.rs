//! From change stream to local view.
//!
//! A [`View`] is what a controller reads: everything at one revision, and the changes that led there. In the
//! store's own process it is the store's snapshot, with no copy ([`DirectView`]).

mod direct;
mod view;

pub use self::direct::DirectView;
pub use self::view::{Changes, Notice, View};
