//! A machine on which a candidate runs: it can be paused, crash, be cut off, and have a clock of its own.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use setpoint_core::env::{Env, Environment, Instant};

/// What befalls a machine.
#[derive(Default)]
pub(super) struct Fate(Mutex<State>);

#[derive(Default, Clone)]
pub(super) struct State {
    pub(super) dead: bool,
    pub(super) paused: bool,
    /// Requests and answers get lost.
    pub(super) cut: bool,
    /// Requests are on their way, and do not arrive.
    pub(super) held: bool,
    next: u64,
    wakers: BTreeMap<u64, Waker>,
}

impl Fate {
    pub(super) fn change(&self, change: impl FnOnce(&mut State)) {
        let wakers = {
            let state = &mut *self.0.lock();
            change(state);
            std::mem::take(&mut state.wakers)
        };
        wakers.into_values().for_each(Waker::wake);
    }

    pub(super) fn is(&self, test: impl FnOnce(&State) -> bool) -> bool {
        test(&self.0.lock())
    }

    /// Waits until it is so.
    pub(super) async fn until(&self, test: impl Fn(&State) -> bool) {
        std::future::poll_fn(|cx| {
            let state = &mut *self.0.lock();
            if test(state) {
                return Poll::Ready(());
            }
            state.next += 1;
            state.wakers.insert(state.next, cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

/// The environment of a machine.
pub(super) struct Machine {
    pub(super) world: Env,
    pub(super) fate: Arc<Fate>,
    /// How many seconds its time of day is off.
    pub(super) offset: i64,
    /// How fast its clock runs.
    pub(super) rate: f64,
}

impl Environment for Machine {
    fn now(&self) -> Instant {
        Instant::after_start(self.world.now().since_start().mul_f64(self.rate))
    }

    fn wall(&self) -> Timestamp {
        self.world.wall().saturating_add(SignedDuration::from_secs(self.offset)).expect("within range")
    }

    fn sleep_until(&self, at: Instant) -> BoxFuture<'static, ()> {
        let at = at.since_start();
        if at.as_secs() > 1 << 40 {
            return self.world.sleep_until(Instant::NEVER);
        }
        // Rounded up, so that it is never too early.
        let at = at.div_f64(self.rate) + std::time::Duration::from_micros(1);
        self.world.sleep_until(Instant::after_start(at))
    }

    fn spawn(&self, name: &str, task: BoxFuture<'static, ()>) {
        Environment::spawn(
            &self.world,
            name,
            Living { fate: Arc::clone(&self.fate), task: Some(task) }.boxed(),
        );
    }

    fn random_u64(&self) -> u64 {
        self.world.random_u64()
    }
}

struct Living {
    fate: Arc<Fate>,
    task: Option<BoxFuture<'static, ()>>,
}

impl Future for Living {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let paused = {
            let state = &mut *self.fate.0.lock();
            state.next += 1;
            state.wakers.insert(state.next, cx.waker().clone());
            if state.dead { None } else { Some(state.paused) }
        };
        match (paused, &mut self.task) {
            (Some(true), Some(_)) => Poll::Pending,
            (Some(false), Some(task)) => task.as_mut().poll(cx),
            _ => {
                let ended = self.task.take();
                drop(ended);
                Poll::Ready(())
            }
        }
    }
}
