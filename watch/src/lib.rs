//! From change stream to local view.
//!
//! A [`View`] is what a controller reads: everything it knows, indexed, and the changes that led there. In the
//! store's own process it is the store's snapshot, with no copy ([`DirectView`]); elsewhere informers keep one
//! up ([`InformerView`]), each by a watch of its own.
//!
//! | you want | you use |
//! |---|---|
//! | to read objects of a kind as values of the API type | [`Lister`] |
//! | to watch one kind, or some of its objects | [`Informer`] |
//! | to run controllers on a store that is somewhere else | [`InformerView`] |
//! | list and watch without the rest | [`reflector`], [`Cache`] |
//! | to see what your controller does when the store fails | [`faulty`] |

mod cache;
mod direct;
pub mod faulty;
#[cfg(test)]
mod fixture;
pub mod informer;
mod informer_view;
mod lister;
pub mod reflector;
mod view;

pub use self::cache::{Cache, Differences};
pub use self::direct::DirectView;
pub use self::informer::{Informer, InformerConfig, InformerHealth};
pub use self::informer_view::InformerView;
pub use self::lister::{Lister, ListerIndex};
pub use self::view::{Changes, Notice, View};
