//! The reflector: from list and watch to an unbroken account of what is there.
//!
//! Promises:
//!
//! 1. It begins with everything that is there at one revision, then gives every change after it, each once,
//!    in order; where changes can no longer be had, everything there is anew ([`Update::Replace`]).
//! 2. It never goes back: neither a repeated event nor a list older than what it has shown is given on
//!    (INV-IN-01). Only a store that goes on answering with an older state, as one restored from a backup
//!    does, is believed at last.
//! 3. A failed or partial list is never taken for a list (INV-IN-10).
//! 4. It tries for ever, with waits that grow (INV-IN-08), and tells what its trouble is.
//!
//! [`Reflector`] is the state machine: no clock, no entropy, no store. A loop around it makes the requests
//! that it asks for:
//!
//! ```
//! use setpoint_core::env::Instant;
//! use setpoint_core::kind::KindId;
//! use setpoint_core::object::Revision;
//! use setpoint_store::request::{ObjectList, Selection};
//! use setpoint_watch::reflector::{Answer, Fill, Reflector, Request, Update};
//!
//! let mut reflector = Reflector::new(Selection::all(KindId(0)), Fill::Paged { page_max: 500 });
//! let now = Instant::START;
//! assert!(matches!(reflector.request(), Request::List(_)));
//! let list = ObjectList { items: vec![], revision: Revision(7), continue_token: None, remaining: None };
//! let update = reflector.answer(Answer::Listed(list), now);
//! assert!(matches!(update, Some(Update::Replace { revision: Revision(7), .. })));
//! assert!(matches!(reflector.request(), Request::Watch(_)));
//! ```

mod driver;
mod failure;
mod message;
mod state;

pub(crate) use self::driver::drive;
pub use self::failure::{Failure, Trouble, backoff};
pub use self::message::{Answer, Fill, Request, Update};
pub use self::state::Reflector;

#[cfg(test)]
mod tests;
