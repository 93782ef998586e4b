use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures::future::BoxFuture;
use parking_lot::Mutex;
use setpoint_core::env::{Env, Instant};

use super::meter::Meter;
use super::waiters::Waiters;
use super::{Config, Full, Key, Lane, Run, Shutdown, State};

/// A shared handle to a work queue: any number of producers and workers hold clones of it.
///
/// Time, and the randomness of retries, come from its [`Env`]. What its methods do is told at those of
/// [`State`]; promises are told at the [module](super).
pub struct Queue<K>(Arc<Shared<K>>);

struct Shared<K> {
    env: Env,
    name: Box<str>,
    inner: Mutex<Inner<K>>,
}

struct Inner<K> {
    state: State<K>,
    meter: Meter,
    /// Workers in [`Queue::next`].
    idle: Waiters,
    /// Those in [`Queue::drained`].
    draining: Waiters,
}

/// Who must be woken after a change.
#[derive(Default)]
struct Wake {
    worker: Option<Waker>,
    drained: Option<Waker>,
}

impl Wake {
    /// Called without the lock: a waker may run or drop anything.
    fn wake(self) {
        self.worker.into_iter().chain(self.drained).for_each(Waker::wake);
    }
}

impl<K: Key> Inner<K> {
    /// A worker is needed for a key that is ready, to learn of the end, and to wait for the next deadline if
    /// nobody does. One is woken at a time, and wakes the next if there is more to do.
    fn take_wakers(&mut self) -> Wake {
        let needs_worker = self.state.ready() > 0
            || self.state.is_finished()
            || self.state.next_deadline().is_some_and(|at| !self.idle.covers(at));
        Wake {
            worker: if needs_worker { self.idle.next() } else { None },
            drained: if self.state.is_drained() { self.draining.next() } else { None },
        }
    }
}

impl<K: Key> Queue<K> {
    /// An empty queue. `name` is the label of its metrics.
    pub fn new(env: Env, name: &str, config: Config) -> Self {
        let inner = Inner {
            state: State::new(config),
            meter: Meter::new(name),
            idle: Waiters::default(),
            draining: Waiters::default(),
        };
        Self(Arc::new(Shared { env, name: name.into(), inner: Mutex::new(inner) }))
    }

    /// Asks for a run of `key` that starts after now, see [`State::add`].
    ///
    /// # Errors
    ///
    /// [`Full`] if the key is new and there is no room for it.
    pub fn add(&self, key: K, lane: Lane) -> Result<(), Full> {
        self.change(|inner, now| inner.state.add(key, lane, now))
    }

    /// Asks for a run of `key` after `delay`; the earliest of several wins, see [`State::add_after`].
    ///
    /// # Errors
    ///
    /// [`Full`] if the key is new and there is no room for it.
    pub fn add_after(&self, key: K, delay: Duration) -> Result<(), Full> {
        self.change(|inner, now| {
            inner.meter.delayed();
            inner.state.add_after(key, delay, now)
        })
    }

    /// Counts a failure of `key` and asks for a run after its backoff, see [`State::add_rate_limited`].
    ///
    /// # Errors
    ///
    /// [`Full`] if the key is new and there is no room for it.
    pub fn add_rate_limited(&self, key: K) -> Result<(), Full> {
        let random = self.0.env.random_u64();
        self.change(|inner, now| {
            inner.meter.delayed();
            inner.state.add_rate_limited(key, random, now)
        })
    }

    /// Clears the failures of `key`, see [`State::forget`].
    pub fn forget(&self, key: &K) {
        self.change(|inner, _| inner.state.forget(key));
    }

    /// The failures of `key` since it was last forgotten.
    pub fn retries(&self, key: &K) -> u32 {
        self.0.inner.lock().state.retries(key)
    }

    /// Waits for the next key; `None` when the queue was shut down and gives no more. Dropping the future loses
    /// nothing.
    pub fn next(&self) -> Next<'_, K> {
        Next { queue: self, waiter: None, sleep: None }
    }

    /// The next key, if one is ready now.
    pub fn try_next(&self) -> Option<Run<K>> {
        self.change(Self::pop).map(|popped| Run::new(self.clone(), popped))
    }

    /// Ends the queue, see [`State::shut_down`].
    pub fn shut_down(&self, how: Shutdown) {
        self.change(|inner, _| inner.state.shut_down(how));
    }

    /// Waits until the queue was shut down, gives no more keys, and every run has ended.
    pub fn drained(&self) -> Drained<'_, K> {
        Drained { queue: self, waiter: None }
    }

    /// How many keys are known: ready, waiting, running, or kept for their failures.
    pub fn len(&self) -> usize {
        self.0.inner.lock().state.len()
    }

    /// Whether no key is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The label of its metrics.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Brings the two gauges about running keys up to date, which nothing else does: the owner of the workers
    /// calls this from time to time. Upstream does so every 500 ms.
    pub fn sample_metrics(&self) {
        self.change(|inner, now| inner.meter.running(&inner.state, now));
    }

    pub(super) fn done(&self, key: &K) {
        self.change(|inner, now| {
            if let Some(worked) = inner.state.done(key, now) {
                inner.meter.ended(worked);
            }
        });
    }

    fn pop(inner: &mut Inner<K>, now: Instant) -> Option<super::Popped<K>> {
        let popped = inner.state.pop(now)?;
        inner.meter.started(popped.waited);
        Some(popped)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Inner<K>, Instant) -> T) -> T {
        let now = self.0.env.now();
        let (result, wake) = {
            let inner = &mut *self.0.inner.lock();
            let result = change(inner, now);
            inner.meter.level(&inner.state);
            (result, inner.take_wakers())
        };
        wake.wake();
        result
    }
}

impl<K> Clone for Queue<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K> fmt::Debug for Queue<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("name", &self.0.name).finish_non_exhaustive()
    }
}

/// The future of [`Queue::next`].
#[must_use = "futures do nothing unless polled"]
pub struct Next<'a, K: Key> {
    queue: &'a Queue<K>,
    waiter: Option<u64>,
    sleep: Option<(Instant, BoxFuture<'static, ()>)>,
}

enum Looked<K> {
    Popped(super::Popped<K>),
    Finished,
    /// Nothing until this moment, or until it is woken.
    Nothing(Instant),
}

impl<K: Key> Next<'_, K> {
    /// Takes a key, or enters itself among those to be woken, in one step.
    fn look(&mut self, waker: &Waker) -> Looked<K> {
        let before = self.waiter.take();
        let (looked, waiter, replaced) = self.queue.change(|inner, now| {
            let looked = match Queue::pop(inner, now) {
                Some(popped) => Looked::Popped(popped),
                None if inner.state.is_finished() => Looked::Finished,
                None => {
                    let until = inner.state.next_deadline().unwrap_or(Instant::NEVER);
                    let (id, replaced) = inner.idle.enter(before, waker, until);
                    return (Looked::Nothing(until), Some(id), replaced);
                }
            };
            (looked, None, before.and_then(|id| inner.idle.leave(id)))
        });
        self.waiter = waiter;
        drop(replaced);
        looked
    }
}

impl<K: Key> Future for Next<'_, K> {
    type Output = Option<Run<K>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let until = match self.look(cx.waker()) {
                Looked::Popped(popped) => return Poll::Ready(Some(Run::new(self.queue.clone(), popped))),
                Looked::Finished => return Poll::Ready(None),
                Looked::Nothing(until) => until,
            };
            if until == Instant::NEVER {
                self.sleep = None;
                return Poll::Pending;
            }
            let (_, mut sleep) = match self.sleep.take() {
                Some(armed) if armed.0 == until => armed,
                _ => (until, self.queue.0.env.sleep_until(until)),
            };
            if sleep.as_mut().poll(cx).is_pending() {
                self.sleep = Some((until, sleep));
                return Poll::Pending;
            }
        }
    }
}

impl<K: Key> Drop for Next<'_, K> {
    fn drop(&mut self) {
        // It may have been woken for a key that it now does not take, or have been the one that watched a
        // deadline: the change wakes another one for it.
        if let Some(id) = self.waiter.take() {
            drop(self.queue.change(|inner, _| inner.idle.leave(id)));
        }
    }
}

impl<K: Key> fmt::Debug for Next<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").field("queue", self.queue).finish_non_exhaustive()
    }
}

/// The future of [`Queue::drained`].
#[must_use = "futures do nothing unless polled"]
pub struct Drained<'a, K: Key> {
    queue: &'a Queue<K>,
    waiter: Option<u64>,
}

impl<K: Key> Future for Drained<'_, K> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let before = self.waiter.take();
        let (waiter, replaced) = self.queue.change(|inner, _| {
            if inner.state.is_drained() {
                return (None, before.and_then(|id| inner.draining.leave(id)));
            }
            let (id, replaced) = inner.draining.enter(before, cx.waker(), Instant::NEVER);
            (Some(id), replaced)
        });
        self.waiter = waiter;
        drop(replaced);
        if waiter.is_some() { Poll::Pending } else { Poll::Ready(()) }
    }
}

impl<K: Key> Drop for Drained<'_, K> {
    fn drop(&mut self) {
        if let Some(id) = self.waiter.take() {
            drop(self.queue.change(|inner, _| inner.draining.leave(id)));
        }
    }
}

impl<K: Key> fmt::Debug for Drained<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drained").field("queue", self.queue).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
