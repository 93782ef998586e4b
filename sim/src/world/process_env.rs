use std::sync::Arc;

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
}

impl ProcessEnv {
    pub(crate) fn around(world: &Env, life: &Arc<Life>, skew: &Skew) -> Env {
        Env::new(Self { world: world.clone(), life: Arc::clone(life), skew: skew.clone() })
    }
}

impl Environment for ProcessEnv {
    fn now(&self) -> Instant {
        self.world.now()
    }

    fn wall(&self) -> Timestamp {
        let skew = *self.skew.0.lock();
        self.world.wall().saturating_add(skew).unwrap_or(Timestamp::MAX)
    }

    fn sleep_until(&self, at: Instant) -> BoxFuture<'static, ()> {
        Environment::sleep_until(&self.world, at)
    }

    fn spawn(&self, name: &str, task: BoxFuture<'static, ()>) {
        Environment::spawn(&self.world, name, Living::new(Arc::clone(&self.life), task).boxed());
    }

    fn random_u64(&self) -> u64 {
        Environment::random_u64(&self.world)
    }
}
