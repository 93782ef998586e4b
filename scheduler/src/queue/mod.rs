//! Pods that wait to be placed (SCHED-05).
//!
//! A synchronous state machine; who owns it gives it the time. Promises:
//!
//! 1. [`SchedulingQueue::pop`] gives the pod of the highest priority, of several the one that waits longest. A
//!    pod that was popped is in nobody's hands but the caller's until it is given back.
//! 2. A pod that was refused waits until something happens that one of the filters that refused it is helped
//!    by, or five minutes; and at least its back-off, unless nobody else waits.
//! 3. A pod that met an error waits its back-off, whatever happens (SCHED-06).
//! 4. A gated pod waits until its last gate is gone (SCHED-10).
//! 5. It holds one entry for each pod that waits, and nothing else.
//!
//! Between [`SchedulingQueue::pop`] and giving the pod back as refused its owner lets nothing happen, so that no
//! event is missed (SCHED-08).
//!
//! After any call, [`SchedulingQueue::next_due`] tells when [`SchedulingQueue::tick`] is to be called next.

mod backoff;
mod queued;
mod state;
#[cfg(test)]
mod tests;

pub use self::backoff::Backoff;
pub use self::queued::QueuedPod;
pub use self::state::{Counts, FLUSH_INTERVAL, SchedulingQueue, UNSCHEDULABLE_MAX};
