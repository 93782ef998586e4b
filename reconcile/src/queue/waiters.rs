use std::collections::VecDeque;
use std::task::Waker;

use setpoint_core::env::Instant;

/// Futures that wait, in the order in which they began to. Each takes itself out when it is dropped, so there
/// are at most as many as there are futures.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    waiting: VecDeque<Waiter>,
    last_id: u64,
}

#[derive(Debug)]
struct Waiter {
    id: u64,
    waker: Waker,
    /// When it will look by itself.
    armed: Instant,
}

impl Waiters {
    /// Adds one at the end, or where it was if it still waits. Gives back the waker that this replaces, to be
    /// dropped without a lock: it may be the last owner of a future.
    pub(super) fn enter(&mut self, id: Option<u64>, waker: &Waker, armed: Instant) -> (u64, Option<Waker>) {
        if let Some(waiter) = self.waiting.iter_mut().find(|waiter| Some(waiter.id) == id) {
            waiter.armed = armed;
            let replaced = (!waiter.waker.will_wake(waker)).then(|| waker.clone());
            return (waiter.id, replaced.map(|waker| std::mem::replace(&mut waiter.waker, waker)));
        }
        self.last_id += 1;
        self.waiting.push_back(Waiter { id: self.last_id, waker: waker.clone(), armed });
        (self.last_id, None)
    }

    /// Takes one out, and gives back its waker unless it was woken before. To be dropped without a lock.
    pub(super) fn leave(&mut self, id: u64) -> Option<Waker> {
        let index = self.waiting.iter().position(|waiter| waiter.id == id)?;
        self.waiting.remove(index).map(|waiter| waiter.waker)
    }

    /// Takes out the one that has waited longest, to be woken.
    pub(super) fn next(&mut self) -> Option<Waker> {
        self.waiting.pop_front().map(|waiter| waiter.waker)
    }

    /// Whether one of them will look no later than `at`.
    pub(super) fn covers(&self, at: Instant) -> bool {
        self.waiting.iter().any(|waiter| waiter.armed <= at)
    }
}
