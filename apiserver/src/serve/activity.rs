use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use setpoint_core::env::{Env, Instant};

/// What a connection is doing, as far as it matters for how long it is kept.
#[derive(Clone)]
pub(super) struct Activity(Arc<Shared>);

struct Shared {
    env: Env,
    header_time: Duration,
    idle_time: Duration,
    state: Mutex<State>,
}

struct State {
    /// Requests that are being answered.
    requests: usize,
    /// When the last one ended, or the connection began.
    idle_since: Instant,
    /// When the first byte of a request came whose head is not complete.
    head_since: Option<Instant>,
}

/// A request that is being answered, until this is dropped.
pub(super) struct InAnswer(Activity);

/// Tells when a connection has been kept long enough. To be polled after each poll of the connection.
pub(super) struct Patience {
    activity: Activity,
    armed: Option<(Instant, BoxFuture<'static, ()>)>,
}

impl Activity {
    pub(super) fn new(env: &Env, header_time: Duration, idle_time: Duration) -> Self {
        let state = State { requests: 0, idle_since: env.now(), head_since: None };
        Self(Arc::new(Shared { env: env.clone(), header_time, idle_time, state: Mutex::new(state) }))
    }

    /// Bytes came in: if no request is being answered, they are the head of one.
    pub(super) fn received(&self) {
        let state = &mut *self.0.state.lock();
        if state.requests == 0 && state.head_since.is_none() {
            state.head_since = Some(self.0.env.now());
        }
    }

    /// The head of a request is complete.
    pub(super) fn begin(&self) -> InAnswer {
        let state = &mut *self.0.state.lock();
        state.requests += 1;
        state.head_since = None;
        InAnswer(self.clone())
    }

    /// Until when the connection is kept if nothing happens; `None` while there is something to answer.
    fn kept_until(&self) -> Option<Instant> {
        let state = &*self.0.state.lock();
        match (state.requests, state.head_since) {
            (0, Some(since)) => Some(since + self.0.header_time),
            (0, None) => Some(state.idle_since + self.0.idle_time),
            _ => None,
        }
    }
}

impl Drop for InAnswer {
    fn drop(&mut self) {
        let shared = &*self.0.0;
        let state = &mut *shared.state.lock();
        state.requests -= 1;
        state.idle_since = shared.env.now();
    }
}

impl Patience {
    pub(super) const fn new(activity: Activity) -> Self {
        Self { activity, armed: None }
    }

    /// Ready when the connection is to end.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(until) = self.activity.kept_until() else { return Poll::Pending };
        let env = &self.activity.0.env;
        if env.now() >= until {
            return Poll::Ready(());
        }
        // A timer that is set for too early a time only looks once more: that is cheaper than to set it with every
        // request.
        if self.armed.as_ref().is_none_or(|(at, _)| *at > until) {
            self.armed = Some((until, env.sleep_until(until)));
        }
        while let Some((_, timer)) = &mut self.armed {
            if timer.poll_unpin(cx).is_pending() {
                break;
            }
            self.armed = Some((until, env.sleep_until(until)));
        }
        Poll::Pending
    }
}
