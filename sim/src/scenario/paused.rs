use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, Either, select};
use jiff::Timestamp;
use parking_lot::Mutex;
use setpoint_core::env::{Choices, Env, Environment, Instant};
use tokio::runtime::{Builder, EnterGuard, Handle, Runtime};

use crate::choices::Stream;

/// A tokio runtime of one thread whose clock goes on only when nothing can run.
///
/// Tasks run in the order in which they became ready, so each seed has one schedule; tokio's timers and whatever is
/// built on them work.
pub(crate) struct Paused {
    runtime: Runtime,
    env: Env,
}

/// The environment of such a runtime.
struct PausedEnv {
    runtime: Handle,
    start: tokio::time::Instant,
    bits: Mutex<Box<dyn Choices>>,
}

/// Virtual 2026-01-01T00:00:00Z, as in a simulation.
const WALL_AT_START: i64 = 1_767_225_600;

impl Paused {
    #[expect(clippy::disallowed_methods, reason = "the clock is tokio's, which is paused")]
    pub(crate) fn new(choices: &Stream) -> Self {
        let runtime = Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime without sockets needs nothing from the system");
        let env = {
            let _inside = runtime.enter();
            Env::new(PausedEnv {
                runtime: runtime.handle().clone(),
                start: tokio::time::Instant::now(),
                bits: Mutex::new(Box::new(choices.executor())),
            })
        };
        Self { runtime, env }
    }

    pub(crate) fn env(&self) -> Env {
        self.env.clone()
    }

    /// The clock is this runtime's as long as the guard lives.
    pub(crate) fn enter(&self) -> EnterGuard<'_> {
        self.runtime.enter()
    }

    pub(super) fn run<F: Future>(&self, future: F, time_max: Duration) -> Result<F::Output, String> {
        self.runtime.block_on(async {
            let (future, end) = (std::pin::pin!(future), self.env.sleep(time_max));
            match select(future, end).await {
                Either::Left((output, _)) => Ok(output),
                Either::Right(_) => Err(format!("it was not done {time_max:?} after the start")),
            }
        })
    }
}

impl Environment for PausedEnv {
    #[expect(clippy::disallowed_methods, reason = "the clock is tokio's, which is paused")]
    fn now(&self) -> Instant {
        // After the end of the runtime there is no clock, and nobody who asks in earnest.
        match Handle::try_current() {
            Ok(_) => Instant::after_start(tokio::time::Instant::now().duration_since(self.start)),
            Err(_) => Instant::START,
        }
    }

    fn wall(&self) -> Timestamp {
        let start = Timestamp::from_second(WALL_AT_START).expect("within jiff's range");
        start.saturating_add(self.now().since_start()).unwrap_or(Timestamp::MAX)
    }

    #[expect(clippy::disallowed_methods, reason = "the clock is tokio's, which is paused")]
    fn sleep_until(&self, at: Instant) -> BoxFuture<'static, ()> {
        match self.start.checked_add(at.since_start()) {
            Some(deadline) => tokio::time::sleep_until(deadline).boxed(),
            None => futures::future::pending().boxed(),
        }
    }

    fn spawn(&self, _name: &str, task: BoxFuture<'static, ()>) {
        drop(self.runtime.spawn(task));
    }

    fn random_u64(&self) -> u64 {
        self.bits.lock().bits()
    }
}
