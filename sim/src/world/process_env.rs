use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use setpoint_core::env::{Env, Environment, Instant};

use super::life::{Life, Living};

/// How far a process's clock is off. It outlives the process.
#[derive(Debug, Clone, Default)]
pub(crate) struct Skew(Arc<Mutex<SignedDuration>>);

impl Skew {
    pub(crate) fn shift(&self, by: SignedDuration) {
        let skew = &mut *self.0.lock();
        *skew = skew.saturating_add(by);
    }

    pub(crate) fn correct(&self) {
        *self.0.lock() = SignedDuration::ZERO;
    }
}

/// The environment of one life of a process: its tasks end with it, and its wall clock can be wrong.
pub(crate) struct ProcessEnv {
    world: Env,
    life: Arc<Life>,
    skew: Skew,
    rate: Rate,
}

/// How fast a clock runs, from the moment on when it was right.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    base: Instant,
    /// What it shows in a second, in thousandths of one.
    per_mille: u32,
}

impl Rate {
    pub(crate) const EXACT: Self = Self { base: Instant::START, per_mille: 1000 };

    pub(crate) fn from_now(base: Instant, per_mille: u32) -> Self {
        Self { base, per_mille: per_mille.max(1) }
    }

    /// What the clock shows at a moment.
    fn shown(self, at: Instant) -> Instant {
        if self.per_mille == 1000 || at <= self.base {
            return at;
        }
        self.base + (at - self.base) * self.per_mille / 1000
    }

    /// When the clock shows this.
    fn when(self, shown: Instant) -> Instant {
        if self.per_mille == 1000 || shown <= self.base || shown == Instant::NEVER {
            return shown;
        }
        // Not before it does, whatever was rounded.
        let real = (shown - self.base).saturating_mul(1000) / self.per_mille;
        self.base + real + Duration::from_nanos(1)
    }
}

impl ProcessEnv {
    pub(crate) fn around(world: &Env, life: &Arc<Life>, skew: &Skew, rate: Rate) -> Env {
        Env::new(Self { world: world.clone(), life: Arc::clone(life), skew: skew.clone(), rate })
    }
}

impl Environment for ProcessEnv {
    fn now(&self) -> Instant {
        self.rate.shown(self.world.now())
    }

    fn wall(&self) -> Timestamp {
        let skew = *self.skew.0.lock();
        self.world.wall().saturating_add(skew).unwrap_or(Timestamp::MAX)
    }

    fn sleep_until(&self, at: Instant) -> BoxFuture<'static, ()> {
        Environment::sleep_until(&self.world, self.rate.when(at))
    }

    fn spawn(&self, name: &str, task: BoxFuture<'static, ()>) {
        Environment::spawn(&self.world, name, Living::new(Arc::clone(&self.life), task).boxed());
    }

    fn random_u64(&self) -> u64 {
        Environment::random_u64(&self.world)
    }
}
