//! What is on which node, as of the last change seen, plus the pods that were just placed.
//!
//! Promises:
//!
//! 1. A pod counts on its node from the moment it is assumed there, until it is forgotten, deleted or at its
//!    end, and never twice (SCHED-12). Its own change confirms it; nothing else lets it expire.
//! 2. A change costs the same however many nodes and pods there are.
//! 3. Changes may be told again: what is older than what is known is passed over by its owner,
//!    [`Scheduling`](crate::scheduling::Scheduling).

mod members;
mod node_info;
mod state;

pub use self::members::{Member, Members, PER_SELECTOR_MAX, Terminating};
pub use self::node_info::{NodeInfo, Slot};
pub use self::state::Cache;
