use std::sync::Arc;

use futures::future::{Either, select};
use parking_lot::Mutex;
use setpoint_core::env::{Env, Instant};
use setpoint_runtime_traits::{ErrorKind, Result, RuntimeError};
use tokio::sync::Notify;

use super::Script;
use super::control::Responder;
use super::state::{Moment, World};

/// What the runtime and its driver share.
pub(super) struct Shared {
    pub(super) env: Env,
    pub(super) script: Arc<Script>,
    pub(super) responder: Mutex<Option<Arc<Responder>>>,
    world: Mutex<World>,
    /// A deadline came that is earlier than all before.
    earlier: Notify,
}

impl Shared {
    pub(super) fn new(env: Env, script: Script, world: World) -> Self {
        Self {
            env,
            script: Arc::new(script),
            responder: Mutex::new(None),
            world: Mutex::new(world),
            earlier: Notify::new(),
        }
    }

    /// Does something with the world as it is now.
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut World, Moment) -> T) -> T {
        let now = Moment::now(&self.env);
        let mut world = self.world.lock();
        world.settle(now);
        let before = world.next_deadline();
        let answer = act(&mut world, now);
        if world.next_deadline() < before {
            self.earlier.notify_one();
        }
        answer
    }

    /// The same for a call of the runtime, which fails while the runtime is told not to answer.
    pub(super) fn call<T>(&self, act: impl FnOnce(&mut World, Moment) -> Result<T>) -> Result<T> {
        self.with(|world, now| {
            if !world.available {
                return Err(RuntimeError::new(ErrorKind::Unavailable, "the runtime does not answer"));
            }
            act(world, now)
        })
    }

    fn settle(&self) -> Instant {
        self.with(|world, _| world.next_deadline())
    }
}

/// Ends containers when they are due, for those who wait or listen.
pub(super) async fn drive(shared: Arc<Shared>) {
    loop {
        let earlier = std::pin::pin!(shared.earlier.notified());
        let due = shared.env.sleep_until(shared.settle());
        match select(due, earlier).await {
            Either::Left(_) | Either::Right(_) => {}
        }
    }
}
