//! What can only be seen from outside the crate.

mod queue_allocations;
