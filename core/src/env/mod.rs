//! The one clock, the one entropy source and the one spawner.
//!
//! Everything that waits, draws a random number or starts a task does it through an [`Env`] that was
//! handed to it. Nothing here is global, so two control planes in one process do not meet, and a whole
//! control plane runs on virtual time when its `Env` comes from a [`Simulation`].
//!
//! Promises:
//!
//! 1. [`Env::now`] never goes back. [`Env::wall`] may be moved by a simulation, and is for timestamps only.
//! 2. A [`Task`] ends no later than its handle: dropping the handle cancels the task.
//! 3. Under a [`Simulation`] the order of all steps, all times and all random numbers follow from the seed.
//!
//! ```
//! use setpoint_core::env::Simulation;
//! use std::time::Duration;
//!
//! let sim = Simulation::new(7);
//! let env = sim.env();
//! let slept = sim.block_on(async move {
//!     let before = env.now();
//!     env.sleep(Duration::from_secs(3600)).await; // takes no real time
//!     env.now() - before
//! });
//! assert_eq!(slept, Ok(Duration::from_secs(3600)));
//! ```

mod choices;
mod instant;
mod random;
mod sim;
mod task;
mod tokio_env;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, Either, FutureExt, select};
use jiff::Timestamp;

pub use self::choices::Choices;
pub use self::instant::Instant;
pub use self::random::Random;
pub use self::sim::{Bounds, Halt, Simulation, Stalled};
pub use self::task::{Task, TaskEnd};
pub use self::tokio_env::TokioEnv;

/// What an environment must offer. Users hold an [`Env`] around it.
pub trait Environment: Send + Sync {
    /// Time since the environment began; never goes back.
    fn now(&self) -> Instant;

    /// The time of day, for timestamps in objects.
    fn wall(&self) -> Timestamp;

    /// Resolves at `at`, at once if that is in the past.
    fn sleep_until(&self, at: Instant) -> BoxFuture<'static, ()>;

    /// Starts `task`; it is polled until it is done.
    fn spawn(&self, name: &str, task: BoxFuture<'static, ()>);

    /// Does `work`, which may block its thread, beside everything else, and to its end.
    ///
    /// An environment without threads does it as one step of a task.
    fn spawn_blocking(&self, name: &str, work: Box<dyn FnOnce() + Send>) {
        self.spawn(name, async move { work() }.boxed());
    }

    /// The next 64 random bits.
    fn random_u64(&self) -> u64;
}

/// A shared handle to the environment: clock, entropy and spawner.
#[derive(Clone)]
pub struct Env(Arc<dyn Environment>);

/// A bounded wait ran out, see [`Env::timeout`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not done within {0:?}")]
pub struct Elapsed(pub Duration);

impl Env {
    /// Wraps an environment.
    pub fn new(environment: impl Environment + 'static) -> Self {
        Self(Arc::new(environment))
    }

    /// The environment of the tokio runtime this is called in: its clock (which tests can pause), its
    /// tasks, and entropy from the operating system.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime, as `tokio::spawn` does.
    pub fn tokio() -> Self {
        Self::new(TokioEnv::current())
    }

    /// Time since the environment began.
    pub fn now(&self) -> Instant {
        self.0.now()
    }

    /// The time of day.
    pub fn wall(&self) -> Timestamp {
        self.0.wall()
    }

    /// Resolves after `duration`.
    pub fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.0.sleep_until(self.0.now() + duration)
    }

    /// Resolves at `at`, at once if that is in the past.
    pub fn sleep_until(&self, at: Instant) -> BoxFuture<'static, ()> {
        self.0.sleep_until(at)
    }

    /// Waits for `future`, at most for `limit`. The future is dropped when the time is up.
    pub async fn timeout<F: Future>(&self, limit: Duration, future: F) -> Result<F::Output, Elapsed> {
        let future = std::pin::pin!(future);
        match select(future, self.sleep(limit)).await {
            Either::Left((output, _)) => Ok(output),
            Either::Right(((), _)) => Err(Elapsed(limit)),
        }
    }

    /// Starts a task. It runs until it is done or its handle is dropped.
    ///
    /// A panic inside is caught and told by [`Task::join`].
    pub fn spawn<F>(&self, name: &str, future: F) -> Task<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (body, handle) = Task::pair(name, future);
        self.0.spawn(name, body.boxed());
        handle
    }

    /// Does `work`, which may block its thread for a while, such as waiting for a disk, without holding up any task.
    ///
    /// It begins at once and, other than a task, goes on to its end if the answer is no longer waited for. In a
    /// [`Simulation`] it takes [`Simulation::blocking_cost`] of virtual time and then happens in one step.
    ///
    /// # Errors
    ///
    /// [`TaskEnd`] if it panics, or the environment ends before it is done.
    pub fn blocking<F, R>(
        &self,
        name: &str,
        work: F,
    ) -> impl Future<Output = Result<R, TaskEnd>> + Send + use<F, R>
    where
        F: FnOnce() -> R + Send + 'static,
        R: Send + 'static,
    {
        let (body, outcome) = task::blocking_pair(name, work);
        self.0.spawn_blocking(name, Box::new(body));
        outcome
    }

    /// The next 64 random bits.
    pub fn random_u64(&self) -> u64 {
        self.0.random_u64()
    }

    /// A random number below `bound`; 0 if `bound` is 0.
    pub fn random_below(&self, bound: u64) -> u64 {
        // The bias is below 2^-32 for every bound used here, all of which fit 32 bits.
        if bound == 0 { 0 } else { self.0.random_u64() % bound }
    }

    /// `duration` times a random factor in `[1, 1 + spread)`, as upstream's jitter does.
    pub fn jitter(&self, duration: Duration, spread: f64) -> Duration {
        let unit = (self.0.random_u64() >> 11) as f64 / (1u64 << 53) as f64;
        duration.mul_f64(1.0 + unit * spread)
    }

    /// A random (version 4) UUID.
    pub fn uuid(&self) -> uuid::Uuid {
        let high = u128::from(self.0.random_u64()) << 64;
        let bits = high | u128::from(self.0.random_u64());
        uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid()
    }
}

/// An environment around an environment changes what it wants to and asks the inner one for the rest.
impl Environment for Env {
    fn now(&self) -> Instant {
        self.0.now()
    }

    fn wall(&self) -> Timestamp {
        self.0.wall()
    }

    fn sleep_until(&self, at: Instant) -> BoxFuture<'static, ()> {
        self.0.sleep_until(at)
    }

    fn spawn(&self, name: &str, task: BoxFuture<'static, ()>) {
        self.0.spawn(name, task);
    }

    fn spawn_blocking(&self, name: &str, work: Box<dyn FnOnce() + Send>) {
        self.0.spawn_blocking(name, work);
    }

    fn random_u64(&self) -> u64 {
        self.0.random_u64()
    }
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Env").field("now", &self.now()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
