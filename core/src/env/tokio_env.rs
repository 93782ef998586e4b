use std::time::SystemTime;

use futures::future::{BoxFuture, FutureExt};
use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::runtime::Handle;

use super::{Environment, Instant, Random};

/// The environment of a tokio runtime.
///
/// Wall time is the time of day at the start plus what tokio's clock has advanced since, so that a paused
/// clock pauses both.
#[derive(Debug)]
pub struct TokioEnv {
    runtime: Handle,
    start: tokio::time::Instant,
    wall_at_start: Timestamp,
    random: Mutex<Random>,
}

impl TokioEnv {
    /// The environment of the runtime this is called in.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn current() -> Self {
        Self::with_random(Random::from_os())
    }

    /// The same with chosen entropy, for a repeatable test on a paused runtime.
    pub fn seeded(seed: u64) -> Self {
        Self::with_random(Random::seeded(seed))
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place where real time comes in")]
    fn with_random(random: Random) -> Self {
        let now = SystemTime::now();
        Self {
            runtime: Handle::current(),
            start: tokio::time::Instant::now(),
            wall_at_start: Timestamp::try_from(now).expect("the system clock is within jiff's range"),
            random: Mutex::new(random),
        }
    }
}

impl Environment for TokioEnv {
    #[expect(clippy::disallowed_methods, reason = "this is the one place where real time comes in")]
    fn now(&self) -> Instant {
        Instant::after_start(tokio::time::Instant::now().duration_since(self.start))
    }

    fn wall(&self) -> Timestamp {
        self.wall_at_start.saturating_add(self.now().since_start()).unwrap_or(Timestamp::MAX)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place where real time comes in")]
    fn sleep_until(&self, at: Instant) -> BoxFuture<'static, ()> {
        match self.start.checked_add(at.since_start()) {
            Some(deadline) => tokio::time::sleep_until(deadline).boxed(),
            None => futures::future::pending().boxed(),
        }
    }

    fn spawn(&self, _name: &str, task: BoxFuture<'static, ()>) {
        // The owner joins through the Task that wraps the future, not through tokio's handle.
        drop(self.runtime.spawn(task));
    }

    fn spawn_blocking(&self, _name: &str, work: Box<dyn FnOnce() + Send>) {
        drop(self.runtime.spawn_blocking(work));
    }

    fn random_u64(&self) -> u64 {
        self.random.lock().next_u64()
    }
}
